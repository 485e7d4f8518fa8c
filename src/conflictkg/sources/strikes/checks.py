# ruff: noqa: S608 -- SQL here is made of our own names
"""What is wrong with the rows of a table: what its cells do not say, and what they contradict.

Makes the table ``accepted`` of the rows that are converted, with their identifiers (``id``), which stand in IRIs as
``id_key``.
"""

from datetime import date

from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.strikes.cellwise import Cellwise, exceeds
from conflictkg.sources.strikes.reading import tell_mixed_days

ADDRESS = r"https?://[^\x00-\x20<>\x22{}|\\^`]+"
"""What an address looks like that can be an IRI."""

_AT_ONCE = 20_000

_SAME_ROW = """
INSERT INTO issue
SELECT line, id, ?, 'rejected', format('is the same row as line {} once more.', first_line)
FROM (SELECT line, id, min(line) OVER (PARTITION BY id, sha256) AS first_line FROM named)
WHERE line <> first_line
"""
_ACCEPTED = """
CREATE TABLE accepted AS
SELECT *, row_number() OVER (PARTITION BY id ORDER BY sha256) AS place_in_id
FROM named WHERE line NOT IN (SELECT line FROM issue WHERE fate = 'rejected')
"""
_REVISED = """
INSERT INTO issue
SELECT line, id, ?, 'kept', format('{} stands in the file {} times with other contents: a revision of it.', id, times)
FROM (SELECT *, count(*) OVER (PARTITION BY id) AS times FROM accepted) WHERE place_in_id > 1
"""
_IDENTIFIER = """
INSERT INTO issue
SELECT line, id, ?, 'rejected', CASE WHEN id = '' THEN 'has no identifier.'
  ELSE format('"{}" is no identifier of this table; they look like {}.', substring(id, 1, 60), ?) END
FROM named WHERE NOT regexp_full_match(id, ?) OR id = ''
"""
# What is told of a row that is rejected for another reason is of no use any more.
_TOLD = """
SELECT line, record, noted, fate, problem FROM issue
WHERE fate = 'rejected' OR line IN (SELECT line FROM accepted) ORDER BY ALL
"""


def check(table: Cellwise) -> None:
    """Find all issues, and tell them."""
    table.job.progress("check", None, "")
    identifier = table.profile.identifier
    table.run(
        "CREATE TABLE issue (line BIGINT, record VARCHAR, noted VARCHAR, fate VARCHAR, problem VARCHAR)"
    )
    _name_rows(table)
    for reader in table.readers:
        table.run(
            "INSERT INTO issue SELECT line, id, noted, fate, problem FROM named"
            f" {table.join(reader.name, reader.columns, 'named')} WHERE problem IS NOT NULL"
        )
    table.run(_SAME_ROW, [identifier])
    table.run(_ACCEPTED)
    table.run("DROP TABLE named")
    table.run(_REVISED, [identifier])
    _check_parts(table)
    _check_links(table)
    _check_days(table)
    rows = table.tables.connection.cursor().execute(_TOLD)
    while chunk := rows.fetchmany(_AT_ONCE):
        table.job.report.extend(
            Issue(line, column, problem, Fate(fate), record, table.part)
            for line, record, column, fate, problem in chunk
        )


def _name_rows(table: Cellwise) -> None:
    """Make the table ``named``: rows with their identifiers; hashes stand for those that have none."""
    identifier, pattern = table.profile.identifier, table.profile.pattern
    if not identifier:
        hashed = "substring(sha256, 1, 16)"
        table.run(f'CREATE TABLE named AS SELECT *, {hashed} AS id, {hashed} AS id_key FROM "row"')
        return
    cell = table.cell(identifier)
    # A tilde tells revisions, and claims of the release, from the rest.
    key = f"replace(url_encode({cell}), '~', '%7E')"
    table.run(f'CREATE TABLE named AS SELECT *, {cell} AS id, {key} AS id_key FROM "row"')
    table.run(_IDENTIFIER, [identifier, pattern, pattern])


def _check_parts(table: Cellwise) -> None:
    for part in table.profile.counts:
        if not part.within:
            continue
        whole = next(each for each in table.profile.counts if each.category == part.within)
        of_part, of_whole = f'"read_count_{part.category}"', f'"read_count_{whole.category}"'
        shown = ", ".join(
            f"coalesce({each}.low, {each}.best)::VARCHAR, coalesce({each}.high, {each}.best)::VARCHAR"
            for each in (of_part, of_whole)
        )
        text = f"{part.category} are {{}} to {{}}, and {whole.category}, of which they are a part, {{}} to {{}}."
        table.run(
            f"INSERT INTO issue SELECT line, id, ?, 'kept', format(?, {shown}) FROM accepted"
            f" {table.join(f'count_{part.category}', part.columns.values(), 'accepted')}"
            f" {table.join(f'count_{whole.category}', whole.columns.values(), 'accepted')}"
            f" WHERE {exceeds(of_part, of_whole)}",
            [next(iter(part.columns.values())), text],
        )


def _check_links(table: Cellwise) -> None:
    if table.profile.link:
        cell = table.cell(table.profile.link)
        table.run(
            "INSERT INTO issue SELECT line, id, ?, 'kept',"
            f" format('\"{{}}\" is no address of a page; it is not converted.', substring({cell}, 1, 60))"
            f" FROM accepted WHERE {cell} <> '' AND NOT regexp_full_match({cell}, ?)",
            [table.profile.link, ADDRESS],
        )


def _check_days(table: Cellwise) -> None:
    """Tell it where a spreadsheet seems to have taken days for months in some rows, which no row shows alone."""
    rule = table.profile.date
    if len(rule.columns) != 1 or not table.part:
        return
    found = table.tables.connection.execute(
        f'SELECT DISTINCT {table.cell(rule.columns[0])} FROM "row"'
    )
    cells = [cell for (cell,) in found.fetchall()]
    days = [day for each in cells if (day := _day_of(each)) is not None]
    if told := tell_mixed_days(cells, days):
        header = table.profile.header
        table.job.report.add(Issue(header, rule.columns[0], told, Fate.KEPT, part=table.part))


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
