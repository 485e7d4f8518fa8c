"""Converting UCDP GED at world size, beside morph-kgc and rdflib's way of building a graph.

    python benchmarks/conversion/synthesize.py ../shared/data/ucdp/conflict_data_pak.csv build/bench/world.csv
    python benchmarks/conversion/run.py build/bench/world.csv --morph build/bench/morph/bin/python

Ours reads the whole CSV file, checks it and writes Turtle. The two others are given less to do: rows that are checked
and related already, of which they make the triples of the largest relation (events, their claims and records). rdflib
gets a part of the rows, for it takes long, and its time is scaled up; morph-kgc gets an RML mapping that is generated
from ours. morph-kgc does not go with the versions that this project pins, so it has a Python environment of its own.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rdflib import Graph, Literal, URIRef

from conflictkg.sources.converting import make_job
from conflictkg.sources.mapping import Column, Section, Term
from conflictkg.sources.tabular import Related, load_sections
from conflictkg.sources.ucdp_ged.convert import relate

_LARGE = ("event", "record")
_CLI = "from conflictkg.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run.

    Args:
        name: Who.
        rows: Of the table.
        triples: That were written.
        seconds: For so many rows.
        peak_mb: Of memory; 0 where it was not measured.
    """

    name: str
    rows: int
    triples: int
    seconds: float
    peak_mb: float = 0.0

    def line(self, ours: "Measured") -> str:
        """A row of the table; the ratio is that of times a triple."""
        ratio = (self.seconds / self.triples) / (ours.seconds / ours.triples)
        return (
            f"| {self.name} | {self.rows:,} | {self.triples:,} | {self.seconds:.1f} |"
            f" {self.triples / self.seconds:,.0f} | {ratio:.1f} | {self.peak_mb:,.0f} |"
        )


def run_child(command: list[str], cwd: Path | None = None) -> tuple[float, float]:
    """Seconds and peak megabytes of a program and its children."""
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  our own words
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure_ours(world: Path, folder: Path, suffix: str) -> tuple[float, float]:
    """From CSV to Turtle or to a table of quads, by the command."""
    target = folder / f"ours{suffix}"
    return run_child(
        [sys.executable, "-c", _CLI, "convert", "ucdp-ged", str(world), "-o", str(target)]
    )


def measure_loading(folder: Path) -> tuple[float, float]:
    """From the table of quads to a store."""
    command = [sys.executable, "-c", _CLI, "load", "ours.parquet", "--store", "store"]
    return run_child(command, folder)


# rdflib


def measure_rdflib(found: Related, sections: list[Section], rows: int) -> Measured:
    """A loop over rows that adds triples to a graph and writes it."""
    cursor = found.tables.connection.cursor()
    start = time.perf_counter()
    graph = Graph()
    for section in sections:
        cursor.execute(f'SELECT * FROM "{section.relation}" LIMIT {rows}')  # noqa: S608  our own names
        names = [each[0] for each in cursor.description or ()]
        while chunk := cursor.fetchmany(1_000):
            for values in chunk:
                row = dict(zip(names, values, strict=True))
                for triple in iter_triples(section, row):
                    graph.add(triple)
    graph.serialize(destination="/dev/null", format="nt", encoding="utf-8")
    return Measured("rdflib", rows, len(graph), time.perf_counter() - start)


def iter_triples(
    section: Section, row: dict[str, object]
) -> Iterator[tuple[URIRef, URIRef, URIRef | Literal]]:
    """What a row stands for."""
    for block in section.blocks:
        if block.when and not row[block.when]:
            continue
        subject = URIRef(fill(block.subject, row) or "")
        for each in block.properties:
            for term in each.values:
                text = fill(term, row)
                if text is None or term.list_column:
                    continue
                if term.kind == "iri":
                    yield subject, URIRef(each.predicate), URIRef(text)
                else:
                    kind = URIRef(term.datatype) if term.datatype else None
                    yield (
                        subject,
                        URIRef(each.predicate),
                        Literal(text, term.language or None, kind),
                    )


def fill(term: Term, row: dict[str, object]) -> str | None:
    """A term's text; none where a column has no value."""
    parts = [row[each.name] if isinstance(each, Column) else each for each in term.parts]
    return None if any(each is None for each in parts) else "".join(map(str, parts))


# morph-kgc


def measure_morph(
    found: Related, sections: list[Section], folder: Path, python: str, rows: int
) -> Measured:
    """By its command, with as many processes as there are cores."""
    connection = found.tables.connection
    for section in sections:
        connection.execute(
            f"COPY (SELECT * FROM \"{section.relation}\" LIMIT {rows}) TO '{folder / section.relation}.csv' (HEADER)"  # noqa: S608  our own names
        )
    (folder / "mapping.ttl").write_text("".join(iter_rml(sections)), encoding="utf-8")
    (folder / "config.ini").write_text(
        "[CONFIGURATION]\noutput_file=morph.nt\nnumber_of_processes=2\n[source]\nmappings=mapping.ttl\n",
        encoding="utf-8",
    )
    seconds, peak = run_child([python, "-m", "morph_kgc", "config.ini"], folder)
    with (folder / "morph.nt").open("rb") as stream:
        triples = sum(1 for _ in stream)
    return Measured("morph-kgc", rows, triples, seconds, peak)


def iter_rml(sections: list[Section]) -> Iterator[str]:
    """The mapping in RML, without what only some rows have as a whole and without lists."""
    yield "@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix rml: <http://semweb.mmlab.be/ns/rml#> .\n"
    yield "@prefix ql: <http://semweb.mmlab.be/ns/ql#> . @base <http://example.org/> .\n"
    for section in sections:
        for number, block in enumerate(section.blocks):
            if block.when:
                continue
            yield f"<{section.relation}{number}> a rr:TriplesMap ;\n"
            yield f'  rml:logicalSource [ rml:source "{section.relation}.csv" ; rml:referenceFormulation ql:CSV ] ;\n'
            yield f'  rr:subjectMap [ rr:template "{template(block.subject)}" ]'
            for each in block.properties:
                for term in each.values:
                    if not term.list_column:
                        yield f" ;\n  rr:predicateObjectMap [ rr:predicate <{each.predicate}> ;"
                        yield f" rr:objectMap [ {object_map(term)} ] ]"
            yield " .\n"


def object_map(term: Term) -> str:
    """A term map."""
    if term.kind == "iri":
        return (
            f'rr:template "{template(term)}"'
            if term.columns
            else f"rr:constant <{''.join(map(str, term.parts))}>"
        )
    kind = f'rr:language "{term.language}"' if term.language else f"rr:datatype <{term.datatype}>"
    return f'rr:template "{template(term)}" ; rr:termType rr:Literal ; {kind}'


def template(term: Term) -> str:
    """A term's text with its columns in braces."""
    return "".join(
        "{" + each.name + "}" if isinstance(each, Column) else each for each in term.parts
    )


@click.command()
@click.argument("world", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--morph", help="Python of an environment with morph-kgc; without it, it is left out."
)
@click.option("--rdflib-rows", default=5_000, show_default=True, help="Rows that rdflib is given.")
@click.option(
    "--morph-rows", default=50_000, show_default=True, help="Rows that morph-kgc is given."
)
def main(world: Path, morph: str | None, rdflib_rows: int, morph_rows: int) -> None:
    """Print a Markdown table."""
    world = world.resolve()
    with world.open("rb") as stream:
        rows = sum(1 for _ in stream)
    with tempfile.TemporaryDirectory(dir=world.parent) as name:
        folder = Path(name)
        turtle_s, turtle_mb = measure_ours(world, folder, ".ttl")
        table_s, table_mb = measure_ours(world, folder, ".parquet")
        load_s, load_mb = measure_loading(folder)
        job = make_job("ucdp-ged", world)
        with relate(job) as found:
            ((quads,),) = found.tables.connection.execute(
                f"SELECT count(*) FROM ({found.quads.sql('duckdb')})"  # noqa: S608  our own SQL
            ).fetchall()
            rows = job.report.read
            ours = Measured("conflictkg, CSV to Turtle", rows, quads, turtle_s, turtle_mb)
            sections = [each for each in load_sections(job) if each.relation in _LARGE]
            peers = [measure_rdflib(found, sections, rdflib_rows)]
            if morph:
                peers.append(measure_morph(found, sections, folder, morph, morph_rows))
    click.echo(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n"
    )
    click.echo("| who | rows | triples | seconds | triples/s | times ours | peak MB |")
    click.echo("|---|---:|---:|---:|---:|---:|---:|")
    for each in (ours, *peers):
        click.echo(each.line(ours))
    click.echo(
        f"\nEnd to end, CSV to a store: {table_s:.0f} s to quads ({table_mb:,.0f} MB) and {load_s:.0f} s to load"
        f" ({load_mb:,.0f} MB), {table_s + load_s:.0f} s together."
    )


if __name__ == "__main__":
    main()
