"""Whether an answer is the expected one: up to the names of blank nodes, and no further.

Rows are compared as multisets, or in order where the test says so. One renaming of blank nodes must
hold for the whole result. Whoever is content with equal values asks :func:`compare` for the degree.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import Enum

from conflictkg.answers import XSD, Blank, Literal, Row, Term

_STEPS = 200_000


class Match(Enum):
    """How far two results agree."""

    SAME = "same terms"
    BY_VALUE = "same values, other lexical forms"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Table:
    """Solutions.

    Args:
        variables: In any order; rows are as wide.
        rows: In the order of the answer.
        ordered: Whether the order is part of what is expected.
    """

    variables: tuple[str, ...]
    rows: tuple[Row, ...]
    ordered: bool = False

    def arranged(self) -> "Table":
        """The same, its variables sorted by name."""
        places = sorted(range(len(self.variables)), key=lambda place: self.variables[place])
        rows = tuple(tuple(row[place] for place in places) for row in self.rows)
        return replace(self, variables=tuple(sorted(self.variables)), rows=rows)


@dataclass(frozen=True, slots=True)
class TripleSet:
    """A graph: its triples, each once."""

    triples: frozenset[Row]


Result = Table | TripleSet | bool


class MatchingGaveUpError(Exception):
    """Too many blank nodes that look alike."""


def compare(expected: Result, got: Result, *, reduced: bool = False) -> Match:
    """How far an answer is the expected one.

    Args:
        expected: What the test asks for.
        got: What the engine gave.
        reduced: Whether a row may also come less often than expected, but not never (REDUCED).

    >>> row = lambda lexical: Table(("a",), ((Literal(lexical, XSD + "integer"),),))
    >>> compare(row("1"), row("01")), compare(row("1"), row("2"))
    (<Match.BY_VALUE: 'same values, other lexical forms'>, <Match.DIFFERENT: 'different'>)
    """
    if isinstance(expected, bool) or isinstance(got, bool):
        # ``True == 1``, but nothing here is a number.
        return Match.SAME if expected is got else Match.DIFFERENT
    if isinstance(expected, TripleSet):
        if not isinstance(got, TripleSet):
            return Match.DIFFERENT
        return _compare_triples(expected.triples, got.triples)
    if not isinstance(got, Table) or set(expected.variables) != set(got.variables):
        return Match.DIFFERENT
    return _compare_tables(expected.arranged(), got.arranged(), reduced=reduced)


def _compare_triples(expected: Iterable[Row], got: Iterable[Row]) -> Match:
    if same_rows(_plain(expected), _plain(got)):
        return Match.SAME
    return _by_value(
        same_rows(list(set(_valued(expected))), list(set(_valued(got)))),
    )


def _compare_tables(expected: Table, got: Table, *, reduced: bool) -> Match:
    wanted, had = _plain(expected.rows), _plain(got.rows)
    if reduced:
        most, counts = Counter(wanted), Counter(had)
        fits = set(most) == set(counts) and all(counts[row] <= most[row] for row in counts)
        return Match.SAME if fits else Match.DIFFERENT
    same = same_ordered_rows if expected.ordered else same_rows
    if same(wanted, had):
        return Match.SAME
    return _by_value(same(_valued(wanted), _valued(had)))


def _by_value(same: bool) -> Match:
    return Match.BY_VALUE if same else Match.DIFFERENT


def _plain(rows: Iterable[Row]) -> list[Row]:
    """Rows whose language tags are in small letters: RDF does not tell them apart."""
    return [tuple(_lower_tag(term) for term in row) for row in rows]


def _lower_tag(term: Term | None) -> Term | None:
    if isinstance(term, Literal) and term.language:
        return replace(term, language=term.language.lower())
    return term


def _valued(rows: Iterable[Row]) -> list[Row]:
    return [tuple(value_form(term) for term in row) for row in _plain(rows)]


# Values

_FLOATS = {XSD + "float": 5, XSD + "double": 12}
_INTEGERS = """
    integer nonPositiveInteger negativeInteger long int short byte
    nonNegativeInteger unsignedLong unsignedInt unsignedShort unsignedByte positiveInteger
"""
_DECIMALS = {XSD + name for name in ("decimal", *_INTEGERS.split())}
_MOMENTS = {XSD + "dateTime", XSD + "date", XSD + "time"}
_DURATIONS = {XSD + "duration", XSD + "dayTimeDuration", XSD + "yearMonthDuration"}
_DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?"
)
UNTYPED = ""
"""The datatype of a cell of CSV, which has none."""


def value_form(term: Term | None) -> Term | None:
    """The term, its lexical form replaced by one that equal values of the datatype share.

    >>> value_form(Literal("1.50", XSD + "decimal")).lexical
    '1.5'
    """
    if not isinstance(term, Literal):
        return term
    try:
        return replace(term, lexical=_value_text(term.lexical.strip(), term.datatype))
    except (ValueError, InvalidOperation):
        return term


def _value_text(lexical: str, datatype: str) -> str:
    if datatype in _FLOATS:
        return f"{float(lexical.replace('INF', 'inf')):.{_FLOATS[datatype]}g}"
    if datatype in _DECIMALS:
        number = round(Decimal(lexical), 12)
        return f"{number.normalize():f}" if number else "0"
    if datatype == XSD + "boolean":
        return {"1": "true", "0": "false"}.get(lexical, lexical)
    if datatype in _MOMENTS:
        text = re.sub(r"(:\d\d(?:\.\d*?[1-9])?)\.?0*(?=Z|[+-]|$)", r"\1", lexical)
        return re.sub(r"[+-]00:00$", "Z", text)
    if datatype in _DURATIONS and (match := _DURATION.fullmatch(lexical)):
        years, months, days, hours, minutes, seconds = (
            Decimal(part or 0) for part in match.groups()[1:]
        )
        whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        return f"{match[1]}{years * 12 + months}M{whole.normalize():f}S"
    if datatype == UNTYPED:
        return f"{float(lexical):.12g}"
    return lexical


# Blank nodes


def same_ordered_rows(expected: Sequence[Row], got: Sequence[Row]) -> bool:
    """Whether the rows are the same, one after the other, up to one renaming of blank nodes."""
    if len(expected) != len(got):
        return False
    renaming = _Renaming()
    return all(
        renaming.add(left, right) is not None for left, right in zip(expected, got, strict=True)
    )


def same_rows(expected: Sequence[Row], got: Sequence[Row]) -> bool:
    """Whether the rows are the same multiset, up to one renaming of blank nodes.

    >>> a, b = Blank("a"), Blank("b")
    >>> same_rows([(a, a), (b, None)], [(b, a), (a, None)])
    False

    Raises:
        MatchingGaveUpError: They look too much alike to tell in reasonable time.
    """
    if len(expected) != len(got):
        return False
    wanted, had = _coloured(expected), _coloured(got)
    if Counter(wanted) != Counter(had):
        return False
    candidates: dict[Hashable, list[Row]] = defaultdict(list)
    for row, key in zip(got, had, strict=True):
        if _has_blank(row):
            candidates[key].append(row)
    # Those first that leave least choice.
    todo = sorted(
        ((key, row) for row, key in zip(expected, wanted, strict=True) if _has_blank(row)),
        key=lambda item: len(candidates[item[0]]),
    )
    return _match(_connected(todo), candidates)


def _connected(todo: Sequence[tuple[Hashable, Row]]) -> list[tuple[Hashable, Row]]:
    """The same, each after one that it shares a blank node with, where there is one."""
    standing: dict[Term | None, list[int]] = defaultdict(list)
    for place, (_, row) in enumerate(todo):
        for term in row:
            if isinstance(term, Blank):
                standing[term].append(place)
    order: dict[int, None] = {}
    for start in range(len(todo)):
        waiting = deque([start])
        while waiting:
            place = waiting.popleft()
            if place not in order:
                order[place] = None
                waiting.extend(near for term in todo[place][1] for near in standing[term])
    return [todo[place] for place in order]


def _match(todo: Sequence[tuple[Hashable, Row]], candidates: dict[Hashable, list[Row]]) -> bool:
    """Depth first, without recursion: rows can be thousands."""
    renaming = _Renaming()
    used: set[tuple[Hashable, int]] = set()
    trail: list[tuple[int, list[Blank]]] = []
    start, steps = 0, 0
    while len(trail) < len(todo):
        key, row = todo[len(trail)]
        for place in range(start, len(candidates[key])):
            steps += 1
            if steps > _STEPS:
                raise MatchingGaveUpError(f"no match of {len(todo)} rows after {_STEPS} steps")
            if (key, place) in used:
                continue
            added = renaming.add(row, candidates[key][place])
            if added is not None:
                used.add((key, place))
                trail.append((place, added))
                start = 0
                break
        else:
            if not trail:
                return False
            place, added = trail.pop()
            renaming.remove(added)
            used.discard((todo[len(trail)][0], place))
            start = place + 1
    return True


class _Renaming:
    """Blank nodes of one side to those of the other, one to one."""

    def __init__(self) -> None:
        self._there: dict[Blank, Blank] = {}
        self._back: dict[Blank, Blank] = {}

    def add(self, left: Row, right: Row) -> list[Blank] | None:
        """Make the rows equal; what was added for it, or ``None`` where they cannot be."""
        added: list[Blank] = []
        for one, other in zip(left, right, strict=True):
            if not isinstance(one, Blank) or not isinstance(other, Blank):
                fits = one == other
            elif one in self._there or other in self._back:
                fits = self._there.get(one) == other
            else:
                self._there[one], self._back[other] = other, one
                added.append(one)
                fits = True
            if not fits:
                self.remove(added)
                return None
        return added

    def remove(self, added: Iterable[Blank]) -> None:
        for each in added:
            del self._back[self._there.pop(each)]


def _has_blank(row: Row) -> bool:
    return any(isinstance(term, Blank) for term in row)


def _coloured(rows: Sequence[Row], rounds: int = 4) -> list[Hashable]:
    """Each row with its blank nodes replaced by a number that says in what rows they stand."""
    colours: dict[Blank, int] = {term: 0 for row in rows for term in row if isinstance(term, Blank)}
    for _ in range(rounds if colours else 0):
        seen: dict[Blank, list[int]] = defaultdict(list)
        for row in rows:
            for place, term in enumerate(row):
                if isinstance(term, Blank):
                    around = tuple(
                        "itself" if other == term else _colour(other, colours) for other in row
                    )
                    seen[term].append(hash((place, around)))
        colours = {node: hash((colours[node], *sorted(each))) for node, each in seen.items()}
    return [tuple(_colour(term, colours) for term in row) for row in rows]


def _colour(term: Term | None, colours: dict[Blank, int]) -> Hashable:
    return colours[term] if isinstance(term, Blank) else term


def difference(expected: Result, got: Result, most: int = 5) -> str:
    """What is missing and what is too much, for people; blank nodes are all alike here."""
    if isinstance(expected, bool) or isinstance(got, bool) or type(expected) is not type(got):
        return f"expected {_name(expected)}, got {_name(got)}"
    if isinstance(expected, Table) and isinstance(got, Table):
        if set(expected.variables) != set(got.variables):
            return f"expected variables {expected.variables}, got {got.variables}"
        wanted, had = expected.arranged().rows, got.arranged().rows
    else:
        wanted, had = _triples(expected), _triples(got)
    one, other = (Counter(_show_row(row) for row in rows) for rows in (wanted, had))
    lines = [f"expected {len(wanted)} rows, got {len(had)}"]
    lines += [f"  missing:    {row}" for row in list((one - other).elements())[:most]]
    lines += [f"  unexpected: {row}" for row in list((other - one).elements())[:most]]
    if len(lines) == 1:
        lines.append("  the same but for order or for which blank node is which")
    return "\n".join(lines)


def _triples(result: Result) -> tuple[Row, ...]:
    return tuple(result.triples) if isinstance(result, TripleSet) else ()


def _name(result: Result) -> str:
    return str(result) if isinstance(result, bool) else type(result).__name__


def _show_row(row: Row) -> str:
    return " ".join(show_term(term) for term in row) or "(no variables)"


def show_term(term: Term | None) -> str:
    """A term as people write it; blank nodes without their labels.

    >>> show_term(Literal("1", XSD + "integer"))
    '"1"^^xsd:integer'
    """
    if term is None:
        return "-"
    if isinstance(term, Blank):
        return "_:"
    if not isinstance(term, Literal):
        return f"<{getattr(term, 'value', term)}>"
    if term.language:
        return f'"{term.lexical}"@{term.language}'
    short = term.datatype.replace(XSD, "xsd:")
    return f'"{term.lexical}"' + ("" if short in {"xsd:string", UNTYPED} else f"^^{short}")
