"""UCDP GED at world size, made from the shape of the Pakistan file: the same rows many times over, each time elsewhere.

    python benchmarks/conversion/synthesize.py ../shared/data/ucdp/conflict_data_pak.csv world.csv --rows 420000

Each copy of a row has an identifier, sides, dyad, conflict, country and coordinates of its own, so that nothing is
shared between copies that would not be shared in the world.
"""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

_OWN = ("conflict_new_id", "dyad_new_id", "side_a_new_id", "side_b_new_id", "country_id")
_TAGS = "#"


def iter_copies(rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The rows again and again, the copies moved to places and numbers of their own."""
    copy = 0
    while True:
        for row in rows:
            yield _moved(row, copy)
        copy += 1


def _moved(row: dict[str, str], copy: int) -> dict[str, str]:
    if copy == 0:
        return row
    # Some conflicts of the world are of the same sides: a third of the copies share those of another.
    world = copy % 43
    moved = {**row, "id": f"{copy}{int(row['id']):07d}"}
    for name in _OWN:
        if row[name] not in {"", "1"}:
            moved[name] = f"{int(row[name]) + 10_000 * world}"
    latitude = float(row["latitude"]) - 1.5 * (copy % 40)
    longitude = float(row["longitude"]) - 2.5 * (copy % 80)
    moved["latitude"], moved["longitude"] = f"{latitude:.6f}", f"{longitude:.6f}"
    moved["geom_wkt"] = f"POINT ({moved['longitude']} {moved['latitude']})"
    for name in ("country", "conflict_name"):
        moved[name] = f"{row[name]} {world}"
    return moved


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--rows", default=420_000, show_default=True, help="How many to write.")
def main(source: Path, target: Path, rows: int) -> None:
    """Write so many rows of the shape of SOURCE to TARGET."""
    with source.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        columns = list(reader.fieldnames or ())
        given = [row for row in reader if not any(each.startswith(_TAGS) for each in row.values())]
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(islice(iter_copies(given), rows))
    click.echo(f"{target}: {rows:,} rows, {target.stat().st_size / 1e6:,.0f} MB", err=True)


if __name__ == "__main__":
    main()
