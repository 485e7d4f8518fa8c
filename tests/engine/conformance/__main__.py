# ruff: noqa: T201 -- a command prints
"""Run the W3C's tests and show what came of them; with one that fails, all that it is about."""

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path

from .comparing import Match
from .manifests import Case, read_cases
from .registry import ENGINES
from .running import run_case
from .showing import show_case

_ROOT = Path(__file__).resolve().parents[4] / "shared/suites/rdf-tests/sparql"


def main() -> int:
    """Run what the command line asks for; 1 if anything fails."""
    parser = argparse.ArgumentParser(prog="python -m engine.conformance", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="regular expression on test names")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="ours")
    parser.add_argument("--show", action="store_true", help="query, data, expected, got and SQL")
    parser.add_argument("--root", type=Path, default=_ROOT, help="folder of sparql10 and sparql11")
    options = parser.parse_args()
    cases = [case for case in read_cases(options.root) if re.search(options.only, case.name)]
    counts: Counter[str] = Counter()
    folders: dict[str, Counter[str]] = {}
    start = time.perf_counter()
    for case in cases:
        word = _run(case, options)
        counts[word] += 1
        folders.setdefault(case.name.rpartition("/")[0], Counter())[word] += 1
    for folder, each in folders.items():
        print(folder, *(f"{number} {word}" for word, number in sorted(each.items())), sep="  ")
    print(*(f"{number} {word}" for word, number in sorted(counts.items())), sep=", ", end="")
    print(f" in {time.perf_counter() - start:.1f} s")
    return 1 if counts["failed"] else 0


def _run(case: Case, options: argparse.Namespace) -> str:
    if case.skip:
        return "skipped"
    outcome = run_case(case, ENGINES[options.engine], options.root)
    if options.show:
        print(show_case(case, options.engine, options.root))
    if outcome.match is Match.SAME:
        return "passed"
    kind = "by value" if outcome.match is Match.BY_VALUE else "failed"
    print(f"{kind.upper()} {case.name}: {outcome.detail}")
    return kind


if __name__ == "__main__":
    sys.exit(main())
