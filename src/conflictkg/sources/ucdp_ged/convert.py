"""UCDP GED to triples: reads its files and their lists of reports; SQL and mapping beside this module do the rest.

Source: UCDP GED codebook; which releases have which columns was seen in their files.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from conflictkg.iris import mint_graph
from conflictkg.sources.job import Job
from conflictkg.sources.pages import is_pages, iter_page_rows
from conflictkg.sources.tables import Layout, Row, open_table
from conflictkg.sources.tabular import Related, Staging, load_sections, staging

_REQUIRED = (
    "id", "year", "type_of_violence", "conflict_new_id", "conflict_name", "dyad_new_id", "side_a_new_id", "side_a",
    "side_b_new_id", "side_b", "number_of_sources", "source_article", "source_office", "source_date",
    "source_headline", "source_original", "where_prec", "where_coordinates", "adm_1", "adm_2", "latitude",
    "longitude", "geom_wkt", "country", "country_id", "event_clarity", "date_prec", "date_start", "date_end",
    "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "low", "best", "high",
)  # fmt: skip
_OPTIONAL = ("code_status", "where_description")
_CODES = ("type_of_violence", "where_prec", "event_clarity", "date_prec", "outlet")
_COLUMNS = (*_REQUIRED, *_OPTIONAL)

_NO_DATE = "1753-01-01"
# A report among the quoted ones of source_article: outlet, day, headline.
_QUOTED = re.compile(r'"([^"]*?),\s*(\d{4}-\d{2}-\d{2}),([^"]*)"(?:;|$)')
_DAY = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_MOST_REPORTS = 50_000


@contextmanager
def stage(job: Job) -> Iterator[Staging]:
    """Read and check a file, a ZIP archive of one, or pages of the API.

    Raises:
        SourceError: It is no such file.
    """
    with staging(job) as tables:
        reports = _Reports(tables)
        tables.fill(_COLUMNS, reports.take(_rows(job)))
        reports.flush()
        tables.add_lookups(_CODES)
        tables.connection.create_function("place_of", job.report.place_of, ["BIGINT"], "VARCHAR")
        tables.check()
        _tell_descriptions(job, tables)
        job.require_counts()
        tables.add_release({"release": job.release, "review": job.description.review})
        yield tables


@contextmanager
def relate(job: Job) -> Iterator[Related]:
    """Make relations of what :func:`stage` has read; errors as there."""
    with stage(job) as tables:
        tables.relate()
        yield Related(job, tables, load_sections(job), str(mint_graph(job.release_key)))


def convert(job: Job) -> Iterator[memoryview | bytes]:
    """Convert to Turtle; arguments and errors as for :func:`relate`."""
    with relate(job) as found:
        yield from found.iter_turtle()


def _tell_descriptions(job: Job, tables: Staging) -> None:
    """Count descriptions of places that are left out: many rows have one, so that each is no issue."""
    ((number,),) = tables.connection.execute(
        "SELECT count(*) FROM accepted WHERE trim(where_description) <> '' AND place_words IS NULL"
    ).fetchall()
    for _ in range(number):
        job.report.ignore(f"where_description: {job.lookups.ignored['where_description']}")


# Reading


def _rows(job: Job) -> Iterator[Row]:
    if is_pages(job.path):
        yield from iter_page_rows(job, _REQUIRED, job.lookups.ignored, also=_OPTIONAL)
        return
    layout = Layout(_REQUIRED, (*_OPTIONAL, *job.lookups.ignored), tags=True)
    with open_table(job.path, layout, job.report) as table:
        places = [table.columns.index(each) if each in table.columns else -1 for each in _COLUMNS]
        for row in table:
            values = row.values
            yield Row(row.line, [values[at] if at >= 0 else "" for at in places], row.sha256)


# Reports that an event rests on


class _Reports:
    """Puts into the table ``report`` what rows say of the reports that they rest on."""

    def __init__(self, tables: Staging) -> None:
        self._tables = tables
        self._found: list[tuple[int, str | None, str | None, str]] = []
        tables.connection.execute(
            "CREATE TABLE report (line BIGINT, outlet VARCHAR, issued DATE, sha256 VARCHAR)"
        )

    def take(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows; what they rest on is noted as they pass."""
        wanted = (
            "number_of_sources",
            "source_article",
            "source_office",
            "source_date",
            "source_headline",
        )
        places = [_COLUMNS.index(each) for each in wanted]
        for row in rows:
            number, article, offices, dates, headlines = (row.values[at] for at in places)
            self._found += (
                (row.line, outlet, issued, sha256)
                for outlet, issued, sha256 in split_reports(
                    number, article, offices, dates, headlines
                )
            )
            if len(self._found) >= _MOST_REPORTS:
                self.flush()
            yield row

    def flush(self) -> None:
        """Put what was noted into the table."""
        if not self._found:
            return
        line, outlet, issued, sha256 = zip(*self._found, strict=True)
        self._tables.insert(
            "report",
            pa.table(
                [line, outlet, pa.array(issued, pa.string()), sha256],
                names=["line", "outlet", "issued", "sha256"],
            ),
        )
        self._found.clear()


def split_reports(
    number: str, article: str, offices: str, dates: str, headlines: str
) -> list[tuple[str | None, str | None, str]]:
    """Take apart what an event says of the reports that it rests on.

    Before 2013 there is one free text, which stays whole. Since then there are lists, in which a headline may
    hold the separator; the quoted reports of ``source_article`` are clearer where there are as many as there should be.

    Args:
        number: ``number_of_sources``.
        article: ``source_article``.
        offices: ``source_office``, parted by semicolons, like the next two.
        dates: ``source_date``; 1753-01-01 stands for none.
        headlines: ``source_headline``.

    Returns:
        Outlet and day of each report where they are known, and the SHA-256 of its headline or of the free text.

    >>> split_reports("1", '"Dawn,2017-06-14,Two killed; one hurt"', "Dawn", "2017-06-14", "Two killed")[0][:2]
    ('Dawn', '2017-06-14')
    """
    if number.strip() in {"", "-1"}:
        return [(None, None, _hash(article))] if article.strip() else []
    quoted = _QUOTED.findall(article)
    if len(quoted) == _whole(number):
        return [
            (outlet.strip() or None, _day(day), _hash(headline)) for outlet, day, headline in quoted
        ]
    outlets, days, texts = (each.split(";") for each in (offices, dates, headlines))
    found = [each.strip() for each in outlets if each.strip()]
    is_aligned, has_texts = len(days) == len(found), len(texts) == len(found)
    return [
        (outlet, _day(days[at]) if is_aligned else None, _hash(texts[at] if has_texts else article))
        for at, outlet in enumerate(found)
    ]


def _whole(text: str) -> int:
    return int(text) if text.strip().isdecimal() else -1


def _day(text: str) -> str | None:
    text = text.strip()[:10]
    return text if text != _NO_DATE and _DAY.fullmatch(text) else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()
