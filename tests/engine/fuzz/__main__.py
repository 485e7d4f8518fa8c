# ruff: noqa: T201 -- a command prints
"""Draw data and queries, ask all engines, and tell where we agree with none."""

import argparse
import logging
import sys
import time

from engine.conformance.registry import ENGINES

from .running import run


def main() -> int:
    """Run what the command line asks for; 1 if anything fails."""
    parser = argparse.ArgumentParser(prog="python -m engine.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="how many requests")
    parser.add_argument("--seed", type=int, default=0, help="equal seeds draw equal requests")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="ours", help="who is judged")
    parser.add_argument("--no-shrink", action="store_true", help="show failures as they were found")
    options = parser.parse_args()
    start = time.perf_counter()
    logging.getLogger("conflictkg").setLevel(logging.CRITICAL)  # what is raised is in the report
    report = run(
        options.examples,
        options.seed,
        ENGINES[options.engine],
        shrink=not options.no_shrink,
        tell=lambda report: print(report.lines()[0], file=sys.stderr),
    )
    for signature, failure in report.failures.items():
        print(f"=== {signature}\n{failure}\n")
    print(*report.lines(), sep="\n")
    print(f"seed {options.seed}, {time.perf_counter() - start:.0f} s")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
