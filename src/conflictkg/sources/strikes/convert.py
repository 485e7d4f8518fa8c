"""Tables of strikes to triples: each different cell is read once, and SQL joins rows with what their cells say."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from conflictkg.iris import mint_graph
from conflictkg.sources.job import Job
from conflictkg.sources.strikes.cellwise import Cellwise
from conflictkg.sources.strikes.checks import check
from conflictkg.sources.strikes.mapping import make_sections
from conflictkg.sources.strikes.profile import Profile, load_profile
from conflictkg.sources.strikes.relations import make_relations
from conflictkg.sources.tables import Layout, Row, open_table
from conflictkg.sources.tabular import Related, staging
from conflictkg.sources.workbooks import SUFFIXES, open_sheet


@contextmanager
def relate(job: Job) -> Iterator[Related]:
    """Read and check a table, or the sheet of a workbook, by the profile that the job's options name.

    Raises:
        SourceError: It is no such table, or the profile is at fault.
    """
    profile = load_profile(job.options.get("profile", ""))
    with staging(job) as tables:
        with _open(job, profile) as (columns, rows, part):
            table = Cellwise(job, profile.of_columns(columns), tables, part)
            table.stage(columns, rows)
        table.read()
        check(table)
        job.require_counts()
        make_relations(table)
        # Of a relation without rows not even the prefixes are written.
        sections = [
            each for each in make_sections(table.profile, job) if table.has_rows(each.relation)
        ]
        yield Related(job, tables, sections, str(mint_graph(job.release_key)))


def convert(job: Job) -> Iterator[memoryview | bytes]:
    """Convert to Turtle; arguments and errors as for :func:`relate`."""
    with relate(job) as found:
        yield from found.iter_turtle()


@contextmanager
def _open(job: Job, profile: Profile) -> Iterator[tuple[list[str], Iterable[Row], str]]:
    """The columns and rows of the file, and which sheet they are of."""
    optional = [*profile.optional, *profile.lookups.ignored]
    layout = Layout(
        [each for each in profile.columns if each not in optional],
        list(dict.fromkeys([*optional, *profile.columns])),
        separator=profile.separator,
        aliases=profile.aliases,
        unnamed=True,
        lookups="the profile",
    )
    if job.path.suffix.lower() not in SUFFIXES:
        with open_table(job.path, layout, job.report) as table:
            yield table.columns, table, ""
        return
    with open_sheet(
        job.path, profile.sheet, layout, profile.columns, job.report, profile.header
    ) as sheet:
        yield sheet.columns, sheet, sheet.name
