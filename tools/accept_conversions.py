"""Write what the examples of a source are converted to as what is expected: ``make accept SOURCE=<name>``."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests" / "sources"
sys.path.insert(0, str(TESTS))

from test_conversions import job_of, run  # noqa: E402  stands beside the examples


def main(name: str) -> None:
    """Write ``expected.ttl`` and ``findings.txt`` of each case of a source."""
    for given in sorted((TESTS / name.replace("-", "_")).glob("*/input*")):
        text, findings = run(job_of(given.parent))
        (given.parent / "expected.ttl").write_text(text, encoding="utf-8")
        (given.parent / "findings.txt").write_text(findings, encoding="utf-8")
        sys.stderr.write(f"{given.parent}: {findings.splitlines()[0]}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
