"""What changed between two releases of a data set: records that were added, removed and revised.

Works on what a converter made of them, whatever the source: records have identifiers and hashes, and
what they say are claims. So what is compared is what the graph holds, and each change can be looked up in it.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from conflictkg.answers import Iri, Literal, Solutions, Term
from conflictkg.errors import SourceError
from conflictkg.store import Limits, Store, open_store
from conflictkg.store.loading import Load
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files
from conflictkg.terms import PREFIXES

_RECORDS = "SELECT ?record ?sha256 WHERE { ?record a ckg:SourceRecord ; ckg:rowSha256 ?sha256 }"
_COUNTS = """SELECT ?record ?name ?low ?best ?high ?none ?vague WHERE {
  ?claim a ckg:CountClaim ; prov:wasDerivedFrom ?record ; ckg:countOf ?name .
  OPTIONAL { ?claim ckg:lowerBound ?low } OPTIONAL { ?claim ckg:bestEstimate ?best }
  OPTIONAL { ?claim ckg:upperBound ?high } OPTIONAL { ?claim ckg:notReported ?none }
  OPTIONAL { ?claim ckg:vague ?vague }
}"""
_DATES = """SELECT ?record ?first ?last WHERE {
  ?claim a ckg:DateClaim ; prov:wasDerivedFrom ?record ;
    sem:hasEarliestBeginTimeStamp ?first ; sem:hasLatestEndTimeStamp ?last .
}"""
_VALUES = """SELECT ?record ?name ?value WHERE {
  ?claim prov:wasDerivedFrom ?record ; ckg:claimProperty ?name ; ckg:claimObject|ckg:claimValue ?value .
}"""
# All else that is said of a record or with its claims: it says whether a record is the same, where those above are.
_ABOUT_RECORDS = """SELECT ?record ?of ?name ?value WHERE {
  ?record a ckg:SourceRecord ; ?name ?value .
  FILTER(?name NOT IN (rdf:type, dct:identifier, dct:isPartOf, ckg:line, ckg:rowSha256))
}"""
_ABOUT_CLAIMS = """SELECT ?record ?of ?name ?value WHERE {
  ?claim prov:wasDerivedFrom ?record ; ?name ?value . FILTER NOT EXISTS { ?claim a ckg:SourceRecord }
  OPTIONAL { ?claim ckg:countOf|ckg:claimProperty ?of }
  FILTER(?name NOT IN (rdf:type, prov:wasDerivedFrom, ckg:claimSubject, ckg:claimProperty, ckg:claimObject,
    ckg:claimValue, ckg:countOf, ckg:lowerBound, ckg:bestEstimate, ckg:upperBound))
}"""
_PROLOGUE = "".join(
    f"PREFIX {name}: <{PREFIXES[name]}> " for name in ("ckg", "dct", "prov", "rdf", "sem")
)
# The part of an IRI that names the release, which is another in each.
_OF_RELEASE = re.compile(r"^(record|claim|release)/[^/]+")
_CATEGORY = "count-category-"


class Kind(StrEnum):
    """What became of a record."""

    ADDED = "added"
    REMOVED = "removed"
    REVISED = "revised"


@dataclass(frozen=True, slots=True)
class Change:
    """One record that is not what it was.

    Args:
        kind: What became of it.
        record: Its key within its release, which is its identifier, or that with a hash where the data set repeats it.
        before: What it said, by what it is said of: ``date``, ``killed``, ``place``.
        after: What it says now. Of a revised record both hold only what differs.
    """

    kind: Kind
    record: str
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two releases side by side.

    Args:
        changes: By record.
        unchanged: How many records are the same.
        unconverted: Records of which only fields differ that are not converted: their rows have other hashes, and
            say the same. So it is of all where a header gains or loses a column that is ignored.
    """

    changes: tuple[Change, ...]
    unchanged: int
    unconverted: tuple[str, ...] = ()

    def count(self, kind: Kind) -> int:
        """How many records changed in a way."""
        return sum(each.kind is kind for each in self.changes)


def compare_releases(old: Path, new: Path) -> Comparison:
    """Compare what two releases were converted to.

    Args:
        old: Turtle or another RDF file, or a Parquet file of quads, as ``conflictkg convert`` writes them.
        new: Another.

    Raises:
        SourceError: One holds no records.
        RdfSyntaxError: One breaks its format.
        StoreError: One cannot be read.
    """
    with _opened(old) as first, _opened(new) as second:
        before, after = _records(first, old), _records(second, new)
        differing = {key for key in before.keys() & after.keys() if before[key] != after[key]}
        wanted = (before.keys() ^ after.keys()) | differing
        said, says = _facts(first, wanted), _facts(second, wanted)
        alike = {key for key in differing if said.get(key) == says.get(key)}
        if alike:
            said |= _details(first, alike)
            says |= _details(second, alike)
    unconverted = {key for key in alike if said.get(key) == says.get(key)}
    changes = []
    for key in sorted(wanted - unconverted, key=_order_of):
        if key not in after:
            changes.append(Change(Kind.REMOVED, key, before=said.get(key, {})))
        elif key not in before:
            changes.append(Change(Kind.ADDED, key, after=says.get(key, {})))
        else:
            old_facts, new_facts = said.get(key, {}), says.get(key, {})
            names = [n for n in {**old_facts, **new_facts} if old_facts.get(n) != new_facts.get(n)]
            changes.append(
                Change(
                    Kind.REVISED,
                    key,
                    {name: old_facts[name] for name in names if name in old_facts},
                    {name: new_facts[name] for name in names if name in new_facts},
                )
            )
    unchanged = len(before.keys() & after.keys()) - len(differing)
    return Comparison(tuple(changes), unchanged, tuple(sorted(unconverted, key=_order_of)))


@contextmanager
def _opened(path: Path) -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="conflictkg-compare-") as folder:
        place = Path(folder) / "store"
        load_files([Source(path)], place, Load(()))
        with open_store(place, Limits(workers=1)) as store:
            yield store


def _rows(store: Store, query: str) -> Iterator[tuple[Term | None, ...]]:
    answer = store.query(_PROLOGUE + query, deadline_s=3_600)
    if isinstance(answer, Solutions):
        yield from answer.rows


def _records(store: Store, path: Path) -> dict[str, str]:
    found = {
        _key_of(record): sha256.lexical
        for record, sha256 in _rows(store, _RECORDS)
        if isinstance(record, Iri) and isinstance(sha256, Literal)
    }
    if not found:
        raise SourceError(
            "holds no ckg:SourceRecord. Give what conflictkg convert made of a release.",
            source=str(path),
        )
    return found


class _Noted:
    """What some records say: by record and by what it is said of."""

    def __init__(self, wanted: set[str]) -> None:
        self._wanted = wanted
        self._found: dict[str, dict[str, list[str]]] = {}

    def note(self, record: Term | None, name: str, value: str) -> None:
        """Keep a value, if its record is wanted."""
        key = _key_of(record) if isinstance(record, Iri) else ""
        if key in self._wanted:
            self._found.setdefault(key, defaultdict(list))[name].append(value)

    def joined(self) -> dict[str, dict[str, str]]:
        """Several values of one property in the order of their texts."""
        return {
            key: {name: ", ".join(sorted(values)) for name, values in facts.items()}
            for key, facts in self._found.items()
        }


def _facts(store: Store, wanted: set[str]) -> dict[str, dict[str, str]]:
    """What some records say, as people ask for it."""
    noted = _Noted(wanted)
    for record, first, last in _rows(store, _DATES):
        noted.note(record, "date", _between(first, last))
    for record, category, low, best, high, none, vague in _rows(store, _COUNTS):
        value = "not reported" if none else "some" if vague else _range_of(low, best, high)
        noted.note(record, _category_of(category), value)
    for record, name, term in _rows(store, _VALUES):
        noted.note(record, _local_name(name), _shown(term))
    return noted.joined()


def _details(store: Store, wanted: set[str]) -> dict[str, dict[str, str]]:
    """What else they say: of themselves, and beside the value of each claim (``killed dataIssue``)."""
    noted = _Noted(wanted)
    for query in (_ABOUT_RECORDS, _ABOUT_CLAIMS):
        for record, of, name, value in _rows(store, query):
            noted.note(record, f"{_category_of(of)} {_local_name(name)}".lstrip(), _detail(value))
    return noted.joined()


def _detail(value: Term | None) -> str:
    if isinstance(value, Iri) and "/id/" not in value.value:
        return _local_name(value)
    return _OF_RELEASE.sub(r"\1", _shown(value)) if isinstance(value, Iri) else _shown(value)


def _category_of(term: Term | None) -> str:
    return _local_name(term).removeprefix(_CATEGORY)


def _key_of(record: Iri) -> str:
    """The part behind the release: it is another in each."""
    _, _, rest = record.value.partition("/id/record/")
    return unquote(rest.partition("/")[2])


def _order_of(key: str) -> tuple[int, str]:
    """Numbers by size."""
    return (int(key), "") if key.isdecimal() else (1 << 62, key)


def _between(first: Term | None, last: Term | None) -> str:
    begin, end = _shown(first), _shown(last)
    return begin if begin == end else f"{begin} to {end}"


def _range_of(low: Term | None, best: Term | None, high: Term | None) -> str:
    """``1 to 3, best 2``.

    >>> from conflictkg.answers import XSD
    >>> _range_of(Literal("1", XSD + "integer"), None, Literal("3", XSD + "integer"))
    '1 to 3'
    """
    if low is None and high is None:
        return _shown(best)
    bounds = f"{_shown(low) or '?'} to {_shown(high) or '?'}"
    return f"{bounds}, best {_shown(best)}" if best is not None else bounds


def _shown(term: Term | None) -> str:
    if isinstance(term, Literal):
        return term.lexical
    return term.value.rpartition("/id/")[2] if isinstance(term, Iri) else ""


def _local_name(term: Term | None) -> str:
    text = term.value if isinstance(term, Iri) else ""
    return text.rpartition("#")[2].rpartition("/")[2]
