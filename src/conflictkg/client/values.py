"""Terms as values of Python."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from conflictkg.answers import XSD, Blank, Iri, Literal, Term, Triple

_SIZES = ("int", "long", "short", "byte")
_SIGNS = ("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger")
_UNSIGNED = ("unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte")
INTEGERS = frozenset(XSD + name for name in ("integer", *_SIZES, *_SIGNS, *_UNSIGNED))
NUMBERS = INTEGERS | {XSD + "decimal", XSD + "double", XSD + "float"}
BOOLEAN, DATE, DATE_TIME = XSD + "boolean", XSD + "date", XSD + "dateTime"

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(INTEGERS, int),
    XSD + "decimal": Decimal,
    XSD + "double": float,
    XSD + "float": float,
    BOOLEAN: _BOOLEANS.__getitem__,
    DATE: date.fromisoformat,
    DATE_TIME: datetime.fromisoformat,
}


def to_python(term: Term | None) -> Any:
    """The value of a term: a number, boolean, date or time of Python, else its text.

    What is no value of its datatype, or one that Python has no room for, is its text too.

    >>> to_python(Literal("3", XSD + "integer")), to_python(Literal("soon", XSD + "date"))
    (3, 'soon')
    >>> to_python(Iri("http://e/a"))
    'http://e/a'
    """
    match term:
        case None:
            return None
        case Literal():
            return read_lexical(term.lexical, term.datatype)
        case Iri():
            return term.value
        case Blank():
            return f"_:{term.label}"
        case Triple():
            return tuple(map(to_python, (term.subject, term.predicate, term.object)))


def read_lexical(lexical: str, datatype: str) -> Any:
    """The value of a lexical form.

    >>> read_lexical("2017-06-13", DATE)
    datetime.date(2017, 6, 13)
    """
    reader = _READERS.get(datatype)
    if reader is None:
        return lexical
    try:
        # int() takes "1_0", which no datatype does.
        return lexical if "_" in lexical else reader(lexical)
    except (ValueError, ArithmeticError, KeyError):
        return lexical
