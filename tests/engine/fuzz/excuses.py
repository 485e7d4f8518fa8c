"""What the peers are known to do otherwise, each with its reason. Nothing else is excused.

A *reading* brings both answers into a form that can be compared, and they must then be equal. An
*excuse* says that a peer's answer to such a request tells nothing about ours; it is looked at only
where no reading makes the answers equal.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from engine.conformance.comparing import Match, Result, Table, TripleSet, compare

from conflictkg.answers import XSD, Blank, Iri, Literal, Row, Term

from .drawing import Request

Applies = Callable[[Request, Result, Result], bool]
Read = Callable[[Request, Result, Result], tuple[Result, Result]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A peer's known deviation that leaves its answers comparable.

    Args:
        name: For the report.
        peer: Whose.
        reason: What it does, and what the standard says.
        read: Request, our answer and its answer to the two that are compared.
    """

    name: str
    peer: str
    reason: str
    read: Read


@dataclass(frozen=True, slots=True)
class Excuse:
    """A peer's known deviation.

    Args:
        name: For the report.
        peer: Whose; empty for either.
        reason: What it does, and what the standard says.
        applies: Whether it can be what makes the answers differ: request, our answer, its answer.
        values_only: Whether it excuses only other lexical forms of equal values.
    """

    name: str
    peer: str
    reason: str
    applies: Applies
    values_only: bool = False


# Readings

_DERIVED_NAMES = """
    nonPositiveInteger negativeInteger long int short byte
    nonNegativeInteger unsignedLong unsignedInt unsignedShort unsignedByte positiveInteger
"""
_DERIVED = {XSD + name for name in _DERIVED_NAMES.split()}


def _map_terms(result: Result, change: Callable[[Term], Term]) -> Result:
    def change_row(row: Row) -> Row:
        return tuple(None if term is None else change(term) for term in row)

    if isinstance(result, Table):
        return replace(result, rows=tuple(change_row(row) for row in result.rows))
    if isinstance(result, TripleSet):
        return TripleSet(frozenset(change_row(row) for row in result.triples))
    return result


def _as_integer(term: Term) -> Term:
    if isinstance(term, Literal) and term.datatype in _DERIVED:
        return replace(term, datatype=XSD + "integer")
    return term


def _with_integers(request: Request, mine: Result, theirs: Result) -> tuple[Result, Result]:
    return _map_terms(mine, _as_integer), _map_terms(theirs, _as_integer)


def _without_unbound(request: Request, mine: Result, theirs: Result) -> tuple[Result, Result]:
    if not isinstance(mine, Table) or not isinstance(theirs, Table) or "* " not in request.text:
        return mine, theirs
    kept = [
        place
        for place, name in enumerate(theirs.variables)
        if name in mine.variables or any(row[place] is not None for row in theirs.rows)
    ]
    rows = tuple(tuple(row[place] for place in kept) for row in theirs.rows)
    return mine, Table(tuple(theirs.variables[place] for place in kept), rows)


def _without_literal_subjects(
    request: Request, mine: Result, theirs: Result
) -> tuple[Result, Result]:
    if not isinstance(theirs, TripleSet):
        return mine, theirs
    kept = (row for row in theirs.triples if not isinstance(row[0], Literal))
    return mine, TripleSet(frozenset(row for row in kept if isinstance(row[1], Iri)))


READINGS: tuple[Reading, ...] = (
    Reading(
        "oxigraph-keeps-derived-integers-as-integers",
        "oxigraph",
        "It stores xsd:byte and its like as xsd:integer; RDF keeps datatypes apart.",
        _with_integers,
    ),
    Reading(
        "rdflib-star-is-all-variables",
        "rdflib",
        "Its SELECT * also has variables of FILTER and MINUS, which section 18.2.1 has not in scope.",
        _without_unbound,
    ),
    Reading(
        "rdflib-constructs-literals-as-subjects",
        "rdflib",
        "CONSTRUCT makes triples of it that RDF has not; section 16.2 leaves them out.",
        _without_literal_subjects,
    ),
)


# Excuses


def _always(request: Request, mine: Result, theirs: Result) -> bool:
    return True


def _rows(result: Result) -> Iterable[Row]:
    return result.rows if isinstance(result, Table) else ()


def _one_empty_group(request: Request, mine: Result, theirs: Result) -> bool:
    return "GROUP BY" in request.text and not _rows(mine) and len(list(_rows(theirs))) == 1


def _moves_what_may_be_missing(request: Request, mine: Result, theirs: Result) -> bool:
    sources = re.findall(r"(?:ADD|COPY|MOVE) SILENT GRAPH <([^>]*)>", request.text)
    held = {getattr(quad[3], "value", "") for quad in request.quads}
    emptied = re.search(r"\b(?:CLEAR|DROP|MOVE|DELETE)\b", request.text)
    return bool(sources) and (bool(emptied) or not held.issuperset(sources))


def _without_labels(row: Row) -> Row:
    return tuple(Blank("") if isinstance(term, Blank) else term for term in row)


def _differs_in_repeats(pattern: str) -> Applies:
    """For answers that are the same but for how often rows come."""
    compiled = re.compile(pattern)

    def applies(request: Request, mine: Result, theirs: Result) -> bool:
        if not compiled.search(request.text):
            return False
        if isinstance(mine, TripleSet) and isinstance(theirs, TripleSet):
            # A solution that comes twice makes blank nodes twice.
            return {*map(_without_labels, mine.triples)} == {*map(_without_labels, theirs.triples)}
        if not isinstance(mine, Table) or not isinstance(theirs, Table):
            return False
        one, other = (
            replace(each, rows=tuple(dict.fromkeys(each.rows))) for each in (mine, theirs)
        )
        return compare(one, other) is not Match.DIFFERENT

    return applies


_NODE = r"(?:<[^>]*>|\"[^\"]*\"(?:\^\^<[^>]*>|@[a-zA-Z-]+)?)"
_FROM_CONSTANT = re.compile(rf"{_NODE} [(!^][^ ]*\)[*?]|\)[*?]\)*[^ ]* {_NODE} \.")


def _no_step_from_constant(request: Request, mine: Result, theirs: Result) -> bool:
    return bool(_FROM_CONSTANT.search(request.text))


def _unbound(result: Result) -> int:
    return sum(term is None for row in _rows(result) for term in row)


def _unbound_here_only(pattern: str) -> Applies:
    """For answers in which we have less."""
    compiled = re.compile(pattern)
    return lambda request, mine, theirs: bool(
        compiled.search(request.text) and _unbound(mine) > _unbound(theirs)
    )


def _unbound_there_only(pattern: str) -> Applies:
    """For answers in which the peer has less."""
    compiled = re.compile(pattern)
    return lambda request, mine, theirs: bool(
        compiled.search(request.text) and _unbound(mine) < _unbound(theirs)
    )


def _text_has(pattern: str) -> Applies:
    compiled = re.compile(pattern)

    def applies(request: Request, mine: Result, theirs: Result) -> bool:
        return bool(compiled.search(request.text))

    return applies


def _fewer_for_unknown_datatypes(request: Request, mine: Result, theirs: Result) -> bool:
    """For answers that leave out rows where a literal is compared with one of a datatype that nobody knows."""
    return (
        "NOT IN" in request.text
        and any("<http://e/datatype>" in str(each) for each in (request.text, request.quads))
        and set(_rows(mine)) <= set(_rows(theirs))
    )


def _least_blank(request: Request, mine: Result, theirs: Result) -> bool:
    blanks = [
        sum(isinstance(term, Blank) for row in _rows(each) for term in row)
        for each in (mine, theirs)
    ]
    return bool(re.search(r"\b(?:MIN|MAX)\(", request.text)) and blanks[0] > blanks[1]


EXCUSES: tuple[Excuse, ...] = (
    Excuse(
        "oxigraph-writes-values",
        "oxigraph",
        "It stores values, not lexical forms, and writes 1.0E0 as 1: only values can be compared.",
        _always,
        values_only=True,
    ),
    Excuse(
        "rdflib-writes-numbers-as-python",
        "rdflib",
        "It writes computed numbers as Python does (1E+1, 0.1000), not in XML Schema's canonical form.",
        _always,
        values_only=True,
    ),
    Excuse(
        "rdflib-groups-nothing",
        "rdflib",
        "GROUP BY over no solutions gives it one group; section 18.5.1 gives none (W3C "
        "agg-empty-group-count-1, which it fails).",
        _one_empty_group,
    ),
    Excuse(
        "peers-move-missing-graphs",
        "",
        "COPY and MOVE of a graph that is not there empty the target; by section 3.2 of Update they fail, "
        "so SILENT leaves all as it was.",
        _moves_what_may_be_missing,
    ),
    Excuse(
        "peers-count-alternatives-once",
        "",
        "Paths in * + ? and | give each pair once to them; section 18.4 makes | a union, whose solutions "
        "count.",
        _differs_in_repeats(r"\)[*+?]?\)?\||\|\(|\^\(+<[^>]*>\|"),
    ),
    Excuse(
        "rdflib-nested-closures-repeat",
        "rdflib",
        "(p*)* gives it a pair more than once; section 18.4 makes the nodes that are reached a set (W3C "
        "pp37, which it fails).",
        _differs_in_repeats(r"\)[*+?]\)[*+?]"),
    ),
    Excuse(
        "oxigraph-no-step-from-what-is-not-stored",
        "oxigraph",
        "A constant that no triple has reaches itself by p* and p?; it finds nothing (W3C "
        "zero_or_more_set_start and its like, which it fails).",
        _no_step_from_constant,
    ),
    Excuse(
        "rdflib-skips-errors",
        "rdflib",
        "SUM, AVG and the like leave out errors; section 18.5.1 makes an error of them (W3C agg-err-01, "
        "which it fails).",
        _unbound_here_only(r"\b(?:SUM|AVG|MIN|MAX|GROUP_CONCAT)\("),
    ),
    Excuse(
        "rdflib-casts-never-fail",
        "rdflib",
        "A cast that cannot be gives it an ill-typed literal; section 17.5 makes an error of it (W3C "
        "cast-*, all of which it fails).",
        _text_has(r"\bxsd:[a-zA-Z]+\("),
    ),
    Excuse(
        "rdflib-least-blank-node-is-a-string",
        "rdflib",
        "MIN and MAX make a string of a blank node's label.",
        _least_blank,
    ),
    Excuse(
        "rdflib-nothing-does-not-exist",
        "rdflib",
        "EXISTS { } is false to it; the empty group has one solution (section 5.2.1).",
        _text_has(r"EXISTS \{ *\}"),
    ),
    Excuse(
        "oxigraph-in-nothing-is-an-error",
        "oxigraph",
        "IN () is an error to it; section 17.4.1.9 makes it false, as nothing is found and nothing fails.",
        _text_has(r"IN \(\)"),
    ),
    Excuse(
        "peers-know-unknown-datatypes-apart",
        "",
        "A number is not one of literals of datatypes that nobody knows to them; RDFterm-equal, and so NOT "
        "IN, fails for two literals that are not the same term (section 17.4.1.7).",
        _fewer_for_unknown_datatypes,
    ),
    Excuse(
        "oxigraph-reads-constants-by-value",
        "oxigraph",
        'The text of "01"^^xsd:integer is 1 to it, which has one character; RDF keeps lexical forms.',
        _text_has(r"(?:STR|STRLEN|CONCAT|SUBSTR)\(.*\"(?:\+|-?0)\d[.\d]*\"\^\^"),
    ),
    Excuse(
        "oxigraph-minus-in-exists-sees-outside",
        "oxigraph",
        "MINUS within EXISTS shares with it what is bound outside; section 18.6 puts values in the place of "
        "variables, which are then shared no more.",
        _text_has(r"EXISTS \{.*MINUS"),
    ),
    Excuse(
        "oxigraph-count-of-errors-is-an-error",
        "oxigraph",
        "COUNT of an expression that fails somewhere is unbound to it; section 18.5.1.2 counts what has "
        "a value.",
        _unbound_there_only(r"\bCOUNT\("),
    ),
)
