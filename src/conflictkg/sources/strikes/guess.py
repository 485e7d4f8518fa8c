"""Proposes a profile for a table, from its header and the first of its rows, for a person to complete.

What the header's words and the cells suggest is written; what they cannot say (who publishes it, under which terms,
what a code means) is left open, so that the profile is refused until somebody has decided. Columns that nothing is
guessed of are ignored for a reason that is still to be given.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from conflictkg.errors import InvalidValueError, SourceError
from conflictkg.sources.cells import parse_count, parse_day, parse_point
from conflictkg.sources.strikes.profile import DECIDE
from conflictkg.sources.tables import Layout, name_columns, open_binary
from conflictkg.sources.workbooks import SUFFIXES, read_first_rows

_ROWS = 1_000
_BYTES = 1 << 22
_SEPARATORS = ",;\t|"
_FORMATS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%B %d, %Y", "%d %b %Y", "%d-%b-%Y",
    "%d-%b-%y", "%Y/%m/%d", "%B %Y", "%Y",
)  # fmt: skip
# In the order in which their words are sought; a profile has the smallest first.
_PLACES = (
    ("second-order", r"district|area|admin ?2|adm_?2|county|tehsil|agency"),
    ("exact", r"location|town|village|city|place|settlement|site"),
    ("first-order", r"province|region|governorate|state|admin ?1|adm_?1|provstate"),
    ("country", r"country|nation"),
)
_SMALLEST_FIRST = ("exact", "second-order", "first-order", "country")
_CATEGORIES = (
    ("killed-children", r"child"),
    ("killed-civilians", r"civilian|noncombatant"),
    ("killed-combatants", r"militant|combatant|fighter|terrorist"),
    ("injured", r"injur|wound"),
    ("killed", r"kill|dead|death|died|fatal|casualt|total"),
    ("events", r"(?:number of |minimum |maximum )strikes|strikes$"),
)
_PARTS = (("low", r"min|low|least"), ("high", r"max|high|most"), ("best", r"best|estimate"))
_WHOLE = {
    "killed-children": "killed-civilians",
    "killed-civilians": "killed",
    "killed-combatants": "killed",
}
_CODES = (
    ("means", "strike-means", r"means|weapon|type of attack|strike[ _]type|attack[ _]type|munition"),
    ("attributionLevel", "attribution-level", r"confirm|attribut|certain"),
)  # fmt: skip
_ACTORS = (
    ("perpetrator", "state", r"perpetrator|attacker|belligerent|actor1?$|operator|gname"),
    ("targetOrganization", "armed-group", r"target.*(?:org|group|name)|target$"),
)  # fmt: skip
_MEANT = {
    "strike-means": (("drone", "drone|uav"), ("cruise-missile", "cruise"), ("naval-fire", "naval|ship"),
                     ("helicopter", "helicopter"), ("artillery", "artillery|mortar|shell"),
                     ("unspecified-air", "air"), ("unknown", "unknown|unclear")),
    "attribution-level": (("confirmed", "^confirm|^yes$"), ("suspected", "possibl|suspect|probabl|alleg"),
                          ("claimed", "claim"), ("disputed", "contest|disput"), ("unknown", "unknown|unclear")),
}  # fmt: skip
_MOST_CODES = 40
_UNKNOWN = frozenset({"?", "-", "Unknown", "unknown"})
_ENOUGH = 0.8


@dataclass(slots=True)
class _Sample:
    """The first rows of a table, with what is still to be explained of it."""

    columns: list[str]
    rows: list[list[str]]
    separator: str = ","
    sheet: str = ""
    left: list[str] = field(default_factory=list)

    def cells(self, column: str) -> list[str]:
        """What stands in a column, without empty cells."""
        at = self.columns.index(column)
        return [row[at].strip() for row in self.rows if at < len(row) and row[at].strip()]

    def take(self, column: str) -> str:
        """A column whose part is known now."""
        self.left.remove(column)
        return column

    def like(self, pattern: str) -> Iterator[str]:
        """Columns that are left and whose names have some words."""
        sought = re.compile(pattern, re.IGNORECASE)
        return iter([each for each in self.left if sought.search(each)])


def guess_profile(path: Path) -> str:
    """Propose a profile for a table.

    Args:
        path: A delimited file, a ZIP archive of one, or a workbook.

    Returns:
        A TOML file with comments that say what a person must decide.

    Raises:
        SourceError: The file cannot be read as a table.
    """
    sample = _read_sample(path)
    sample.left = list(dict.fromkeys(sample.columns))
    parts = [_guess_id(sample), _guess_date(sample), _guess_place(sample)]
    parts += [
        _guess_counts(sample),
        _guess_link(sample),
        _guess_codes(sample),
        _guess_actors(sample),
    ]
    return "\n".join([_head(path, sample), *(each for each in parts if each), _rest(sample)])


# The file


def _read_sample(path: Path) -> _Sample:
    if path.suffix.lower() in SUFFIXES:
        sheet, rows = read_first_rows(path, path.name, _ROWS + 1)
        return _sample_of(rows, path, sheet=sheet)
    with open_binary(path, path.name) as stream:
        content = stream.read(_BYTES)
    try:
        text = content.decode("utf-8-sig", "strict" if len(content) < _BYTES else "ignore")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"is not UTF-8: 0x{content[error.start]:02X}. Save the file as UTF-8.",
            source=path.name,
            line=line,
        ) from error
    first = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=separator)
    try:
        rows = list(islice(reader, _ROWS + 1))
    except csv.Error as error:
        raise SourceError(f"cannot be read as a table: {error}", source=path.name) from error
    return _sample_of(rows, path, separator=separator)


def _sample_of(
    rows: list[list[str]], path: Path, *, separator: str = ",", sheet: str = ""
) -> _Sample:
    if len(rows) < 2 or len(rows[0]) < 2:
        raise SourceError(
            "is no table with a header, two columns and a row at least. Nothing can be proposed.",
            source=path.name,
        )
    columns = name_columns(rows[0], Layout((), unnamed=True))
    while (
        columns
        and columns[-1].startswith("column ")
        and not any(len(row) >= len(columns) and row[len(columns) - 1].strip() for row in rows[1:])
    ):
        columns.pop()
    return _Sample(columns, rows[1:], separator, sheet)


# Its columns


def _guess_id(sample: _Sample) -> str:
    total = sum(any(each.strip() for each in row) for row in sample.rows)
    found = [
        *sample.like(r"\bid\b|_id|id$|identifier|^column 1$"),
        *sample.like(r"number|\bno\b|code|key"),
    ]
    for column in found:
        cells = sample.cells(column)
        if total and len(set(cells)) >= 0.9 * total:
            sample.take(column)
            return (
                f"[id]\ncolumn = {_quoted(column)}\n"
                f"# What identifiers look like, from the first {len(cells)}. Check it against the whole table.\n"
                f"pattern = '{_pattern_of(cells)}'\n"
            )
    return (
        "# No column has a value of its own in each row, so hashes of rows stand for identifiers: a row that is\n"
        "# corrected becomes another one. Name the column if there is one after all.\n[id]\n"
    )


def _pattern_of(cells: Iterable[str]) -> str:
    shapes = set()
    for each in cells:
        found = re.fullmatch(r"([A-Za-z]*)([-_ ]?)([0-9]+)([a-z]{0,2})", each)
        if found is None:
            return r"[^\x00-\x1f]{1,80}"
        shapes.add((found[1], found[2], bool(found[4])))
    if len(shapes) > 12:
        return r"[A-Za-z]*[-_ ]?[0-9]+[a-z]{0,2}"
    starts = sorted({start + between for start, between, _ in shapes})
    ending = "[a-z]{0,2}" if any(has_ending for *_, has_ending in shapes) else ""
    start = starts[0] if len(starts) == 1 else f"(?:{'|'.join(starts)})"
    return f"{start}[0-9]+{ending}"


def _guess_date(sample: _Sample) -> str:
    for column in sample.like(r"date|\bday\b|when"):
        cells = sample.cells(column)
        formats = _formats_of(cells)
        if formats:
            sample.take(column)
            years = sorted(_years_of(cells, formats))
            note = ""
            if {"%d/%m/%Y", "%m/%d/%Y"} <= set(formats):
                formats = ["%d/%m/%Y"]
                note = "# Decide: no day is above 12, so it may be the month that comes first (%m/%d/%Y).\n"
            return (
                f"[date]\ncolumn = {_quoted(column)}\n{note}formats = {json.dumps(formats)}\n"
                f"# The first and last year that can be; in the first rows it is {years[0]} to {years[-1]}.\n"
                f"years = [{years[0]}, {max(years[-1], 2030)}]\n"
            )
    parts = [next(sample.like(rf"^i?{each}$"), "") for each in ("year", "month", "day")]
    if all(parts):
        for each in parts:
            sample.take(each)
        return f"[date]\n# 0 or nothing is unknown.\ncolumns = {json.dumps(parts)}\n"
    return (
        "# Decide: no column holds days in a form that is known.\n"
        f'[date]\ncolumn = "{DECIDE}"\nformats = ["%d/%m/%Y"]\n'
    )


def _formats_of(cells: Sequence[str]) -> list[str]:
    """The forms that read all cells, or together nearly all; both orders of day and month if either will do."""
    cells = [each for each in cells if each not in _UNKNOWN]
    texts = [each for each in cells if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", each)]
    if not cells:
        return []
    if not texts:
        # In a workbook these are days as such, and text beside them has a form that is to be decided.
        return ["%Y-%m-%d"]
    reads = {form: sum(_reads(each, form) for each in texts) for form in _FORMATS}
    whole = [form for form, number in reads.items() if number == len(texts)]
    if whole and texts:
        return whole if {"%d/%m/%Y", "%m/%d/%Y"} <= set(whole) else whole[:1]
    best = max(reads, key=lambda form: reads[form])
    rest = [each for each in texts if not _reads(each, best)]
    more = [form for form in _FORMATS if form != best and all(_reads(each, form) for each in rest)]
    if reads[best] >= _ENOUGH * len(texts):
        return [best, *more[:1]]
    return []


def _reads(cell: str, form: str) -> bool:
    try:
        parse_day(cell, [form])
    except InvalidValueError:
        return False
    return True


def _years_of(cells: Iterable[str], formats: Sequence[str]) -> Iterator[int]:
    for each in cells:
        try:
            yield parse_day(each, [*formats, "%Y-%m-%d"]).first.year
        except InvalidValueError:
            continue


def _guess_place(sample: _Sample) -> str:
    latitude, longitude = _guess_point(sample)
    found: list[tuple[str, str]] = []
    for member, words in _PLACES:
        for column in sample.like(words):
            cells = sample.cells(column)
            is_other = re.search("target|type", column, re.IGNORECASE)
            if cells and not _is_numeric(cells) and not is_other:
                found.append((member, sample.take(column)))
    found.sort(key=lambda each: _SMALLEST_FIRST.index(each[0]))
    columns, precision = [each[1] for each in found], [each[0] for each in found]
    text = "[place]\n# The smallest first, each with how closely a place is known that is named there.\n"
    text += f"columns = {json.dumps(columns, ensure_ascii=False)}\nprecision = {json.dumps(precision)}\n"
    if "country" not in precision:
        text += '# Decide: the country that all lie in, if it is one, from the registry.\n# country = "place/0001"\n'
    if any(" or " in each for column in columns for each in sample.cells(column)):
        text += 'alternatives = [" or "]\n'
    if latitude:
        text += f"latitude = {_quoted(latitude)}\nlongitude = {_quoted(longitude)}\n"
        text += "# Decide: exact, or near where they are those of the next town.\n"
        text += 'coordinates = "near"\n'
    return text


def _guess_point(sample: _Sample) -> tuple[str, str]:
    latitude = next(sample.like(r"\blat(itude)?\b|_lat$|^lat"), "")
    longitude = next(sample.like(r"\blon(g|gitude)?\b|_lon$|^lon|\blng\b"), "")
    if not latitude or not longitude:
        return "", ""
    read, total = 0, 0
    for north, east in zip(sample.cells(latitude), sample.cells(longitude), strict=False):
        total += 1
        try:
            read += parse_point(north, east) is not None
        except InvalidValueError:
            continue
    if read < _ENOUGH * total or not total:
        return "", ""
    return sample.take(latitude), sample.take(longitude)


def _guess_counts(sample: _Sample) -> str:
    found: dict[str, dict[str, str]] = {}
    for category, words in _CATEGORIES:
        for column in sample.like(words):
            part = next(
                (part for part, each in _PARTS if re.search(each, column, re.IGNORECASE)), "cell"
            )
            cells = sample.cells(column)
            if (
                part in found.get(category, {})
                or not _are_counts(cells)
                or (part == "cell" and not cells)
            ):
                continue
            if "cell" in {part, *found.get(category, {})} and category in found:
                continue
            found.setdefault(category, {})[part] = sample.take(column)
    text = ""
    for category, parts in found.items():
        whole = _WHOLE.get(category, "")
        whole = whole if whole in found else _WHOLE.get(whole, "")
        text += f'[[count]]\nof = "{category}"\n'
        text += f'within = "{whole}"\n' if whole in found else ""
        text += (
            "".join(f"{part} = {_quoted(column)}\n" for part, column in sorted(parts.items()))
            + "\n"
        )
    return text.rstrip("\n") + "\n" if text else ""


def _are_counts(cells: Sequence[str]) -> bool:
    read = 0
    for each in cells:
        try:
            parse_count(each)
            read += 1
        except InvalidValueError:
            continue
    return read >= _ENOUGH * len(cells)


def _guess_link(sample: _Sample) -> str:
    for column in sample.like(r"link|url|source|reference|http"):
        cells = sample.cells(column)
        if cells and sum(
            bool(re.match(r"https?://|=HYPERLINK", each)) for each in cells
        ) > 0.5 * len(cells):
            return f"[link]\ncolumn = {_quoted(sample.take(column))}\n"
    return ""


def _guess_codes(sample: _Sample) -> str:
    text = ""
    for name, scheme, words in _CODES:
        for column in sample.like(words):
            codes = sorted(set(sample.cells(column)))
            if not 0 < len(codes) <= _MOST_CODES:
                continue
            text += f'[[code]]\nproperty = "{name}"\nscheme = "{scheme}"\n'
            text += f'column = {_quoted(sample.take(column))}\nlookup = "{name}"\n\n'
            text += f"# Decide what each code means: a member of the scheme {scheme}, or nothing.\n[lookup.{name}]\n"
            text += "".join(_code_line(each, scheme) for each in codes) + "\n"
            break
    return text.rstrip("\n") + "\n" if text else ""


def _code_line(code: str, scheme: str) -> str:
    meant = next(
        (member for member, words in _MEANT[scheme] if re.search(words, code, re.IGNORECASE)), ""
    )
    return f"{_quoted(code)} = {_quoted(meant)}\n" if meant else f'# {_quoted(code)} = ""\n'


def _guess_actors(sample: _Sample) -> str:
    text = ""
    for name, level, words in _ACTORS:
        column = next(sample.like(words), "")
        if column and sample.cells(column) and not _is_numeric(sample.cells(column)):
            text += f'[[actor]]\nproperty = "{name}"\ncolumn = {_quoted(sample.take(column))}\n'
            text += f'# Decide: what sort of body those are that the registry lacks.\nlevel = "{level}"\n\n'
    if not text:
        return (
            "# Decide: if all are of one actor, name it.\n"
            '# [[actor]]\n# property = "perpetrator"\n# is = "organization/0001"\n'
        )
    return (
        text
        + '# Spellings of actors that the registry has.\n[lookup.actor]\n# "US" = "organization/0001"\n'
    )


def _is_numeric(cells: Sequence[str]) -> bool:
    return bool(cells) and all(re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", each) for each in cells)


# What stands around


def _head(path: Path, sample: _Sample) -> str:
    title = re.sub(r"[^\w .,-]+", " ", path.stem)
    table = f"sheet = {_quoted(sample.sheet)}\n" if sample.sheet else ""
    table += f"separator = {_quoted(sample.separator)}\n" if sample.separator != "," else ""
    return (
        f"# A profile for {path.name}, proposed from its header and its first {len(sample.rows):,} rows.\n"
        f"# It is refused until everything that says {DECIDE} is decided. The name of this file becomes part of IRIs.\n"
        f'title = "{title}"\n'
        f"# Who publishes the table, in data/entities/organizations.toml.\n"
        f'publisher = "{DECIDE}"\n'
        f"# The address of the terms under which it is published, and whether they let others pass it on.\n"
        f'licence = "{DECIDE}"\nredistribution = false\n\n'
        '[release]\ndefault = "undated"\n\n[rows]\nleast = 1\nmost = 1_000_000\n\n[review]\nstatus = "unreviewed"\n\n'
        f"[table]\n{table}# Columns that not each file of this kind has.\noptional = []\n\n"
        '[event]\n# ConflictEvent if not each row is a strike.\nclass = "Strike"\nname = "strike"\n'
    )


def _rest(sample: _Sample) -> str:
    if not sample.left:
        return ""
    lines = "".join(
        f'{_quoted(each)} = "{DECIDE}: say why, or what it is"\n' for each in sample.left
    )
    return f"# Columns that nothing is guessed of. Give each a reason, or make it one of the above.\n[ignore]\n{lines}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
