"""A real UCDP GED file converted and checked against the shapes, all of it, some hundred rows at a time.

    python benchmarks/conversion/validate.py ../shared/data/ucdp/conflict_data_pak.csv

pySHACL takes more than twice as long for twice as much, so that a large file in one piece has no end. An event refers
to nothing in the rows of others that is not said again with it, so parts can be checked one by one, each beside the
registry of organizations.
"""

import csv
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import click

from conflictkg.files import data_files, shapes_files
from conflictkg.graphs import load_graphs
from conflictkg.shacl import validate_graphs
from conflictkg.sources.converting import convert_source, make_job

_REGISTRY = "entities.ttl"


def check(part: tuple[Path, Path]) -> tuple[int, int, Counter[str]]:
    """Rows, triples, and findings by severity and message of one part: a file of rows, and where Turtle goes."""
    rows, turtle = part
    job = make_job("ucdp-ged", rows, release="part", is_part=True)
    turtle.write_bytes(b"".join(bytes(each) for each in convert_source(job)))
    registry = [each for each in data_files() if each.name == _REGISTRY]
    data = load_graphs([turtle, *registry])
    report = validate_graphs(data, load_graphs(shapes_files()))
    found = Counter(f"{each.severity.label}: {each.message}" for each in report.findings)
    return job.report.converted, len(data[0].graph), found


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rows", default=200, show_default=True, help="Of a part.")
@click.option("--parts", default=0, help="Only so many parts.  [default: all]")
def main(source: Path, rows: int, parts: int) -> None:
    """Convert and check all rows of SOURCE."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        jobs = write_parts(source, Path(folder), rows)
        jobs = jobs[: parts or None]
        total, triples, found = 0, 0, Counter[str]()
        with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
            for done, (count, size, findings) in enumerate(pool.imap_unordered(check, jobs), 1):
                total, triples, found = total + count, triples + size, found + findings
                passed = time.perf_counter() - start
                left = passed / done * (len(jobs) - done)
                click.echo(
                    f"{done} of {len(jobs)} parts, {total:,} rows, {left:.0f} s left", err=True
                )
    click.echo(f"{total:,} rows, {triples:,} triples, {time.perf_counter() - start:.0f} s")
    for message, count in found.most_common():
        click.echo(f"{count:,} {message}")


def write_parts(source: Path, folder: Path, rows: int) -> list[tuple[Path, Path]]:
    """Cut a table into files of so many rows."""
    with source.open(encoding="utf-8", newline="") as stream:
        header, *body = csv.reader(stream)
    body = [row for row in body if not any(cell.startswith("#") for cell in row)]
    found = []
    for number, first in enumerate(range(0, len(body), rows)):
        part = folder / f"{number:04d}.csv"
        with part.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(header)
            writer.writerows(body[first : first + rows])
        found.append((part, part.with_suffix(".ttl")))
    return found


if __name__ == "__main__":
    main()
