"""Terms as 64-bit numbers: a tag of what kind of term it is, and a payload.

An id is ``tag << 58 | payload``, positive, so that ids sort by tag: blank nodes, IRIs, literals, as
``ORDER BY`` wants them. Within a tag the payload is either a number in the dictionary or the value
itself ("inline"). Two terms are the same term exactly when their ids are equal: what an inline
payload cannot give back to the letter (``"01"^^xsd:integer``) is in the dictionary, under another tag.

Inline ids of one tag sort by value, decimals excepted (they carry their scale).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum

from conflictkg.answers import RDF_LANG_STRING, XSD, XSD_STRING, Blank, Iri, Literal, Term

SHIFT = 58
PAYLOAD = (1 << SHIFT) - 1
DEFAULT_GRAPH = 0
"""In the place of a graph's id: the unnamed default graph."""


class Tag(IntEnum):
    """What kind of term an id stands for; *dictionary* where the payload is a number in it."""

    BLANK = 1
    """Payload: a number of its own; no dictionary entry. Its label is ``b<number>``."""
    IRI = 2
    """Dictionary."""
    STRING = 3
    """Dictionary: ``xsd:string``."""
    LANG = 4
    """Dictionary: ``rdf:langString``."""
    INTEGER = 5
    """Inline: canonical ``xsd:integer`` of at most 2**53."""
    DECIMAL = 6
    """Inline: ``xsd:decimal`` of at most 15 digits, with its scale."""
    DOUBLE = 7
    """Dictionary: well-formed ``xsd:double``; its value is the entry's ``num``."""
    NUMERIC = 8
    """Dictionary: any other well-formed number (float, derived integers, long or not canonical)."""
    BOOLEAN = 9
    """Inline: ``true`` and ``false``."""
    DATETIME = 10
    """Inline: canonical ``xsd:dateTime`` without a zone, microseconds since 1970."""
    DATETIME_UTC = 11
    """Inline: canonical ``xsd:dateTime`` that ends in ``Z``."""
    DATE = 12
    """Inline: ``xsd:date`` without a zone, days since 1970."""
    SPECIAL = 13
    """Dictionary: literals of other datatypes that SPARQL or XML Schema gives a meaning (zoned times,
    ``"1"^^xsd:boolean``, ill-typed numbers, durations): only the evaluator in Python knows them."""
    OTHER = 14
    """Dictionary: literals of datatypes that we know nothing of."""


INLINE = frozenset(
    {Tag.INTEGER, Tag.DECIMAL, Tag.BOOLEAN, Tag.DATETIME, Tag.DATETIME_UTC, Tag.DATE}
)
DICTIONARY = frozenset(Tag) - INLINE - {Tag.BLANK}

INTEGER_LIMIT = 1 << 53
INTEGER_OFFSET = 1 << 57
DECIMAL_LIMIT = 10**15
DECIMAL_OFFSET = 1 << 50
DECIMAL_SCALE_BITS = 4
DATETIME_OFFSET = 1 << 57
DATE_OFFSET = 1 << 31

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,15}))?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DATETIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{0,5}[1-9]))?(Z?)"
)
_DATETIME_YEARS = range(1, 6501)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def make_id(tag: Tag, payload: int) -> int:
    """The id of a tag and a payload.

    >>> tag_of(make_id(Tag.IRI, 7)), payload_of(make_id(Tag.IRI, 7))
    (<Tag.IRI: 2>, 7)
    """
    return (tag << SHIFT) | payload


def tag_of(term_id: int) -> Tag:
    """The tag of an id."""
    return Tag(term_id >> SHIFT)


def payload_of(term_id: int) -> int:
    """The payload of an id."""
    return term_id & PAYLOAD


def id_range(tag: Tag) -> tuple[int, int]:
    """The least and the greatest id of a tag, both included."""
    return tag << SHIFT, (tag << SHIFT) | PAYLOAD


def inline_id(lexical: str, datatype: str) -> int | None:
    """The id of a literal that carries its value; ``None`` for one that does not.

    >>> literal_of(inline_id("33.50", XSD + "decimal")).lexical
    '33.50'
    >>> inline_id("01", XSD + "integer") is None
    True
    """
    encode = _ENCODERS.get(datatype)
    return encode(lexical) if encode is not None else None


def literal_of(term_id: int) -> Literal:
    """The literal of an inline id."""
    decode = _DECODERS.get(term_id >> SHIFT)
    if decode is None:
        raise ValueError(f"{tag_of(term_id).name} is not inline")
    return decode(term_id & PAYLOAD)


def dictionary_tag(term: Iri | Literal) -> Tag:
    """Under which tag a term that is not inline stands in the dictionary.

    A double, or a literal of another numeric datatype whose lexical form is not one of it (ill-typed),
    is :attr:`Tag.SPECIAL`.
    """
    if isinstance(term, Iri):
        return Tag.IRI
    if term.datatype == XSD_STRING:
        return Tag.STRING
    if term.datatype == RDF_LANG_STRING:
        return Tag.LANG
    if term.datatype in _NUMERIC_TYPES:
        if numeric_value(term) is None:
            return Tag.SPECIAL
        return Tag.DOUBLE if term.datatype == XSD + "double" else Tag.NUMERIC
    return Tag.SPECIAL if term.datatype.startswith(XSD) else Tag.OTHER


_INTEGER_FORM = re.compile(r"[+-]?[0-9]+")
_DECIMAL_FORM = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DOUBLE_FORM = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")


_NUMBER_FORMS = {"decimal": _DECIMAL_FORM, "double": _DOUBLE_FORM, "float": _DOUBLE_FORM}
INTEGER_RANGES: Mapping[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "nonNegativeInteger": (0, None),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
    "positiveInteger": (1, None),
}
"""Local names of the datatypes of integers, and the least and greatest that each holds."""
_NUMERIC_TYPES = frozenset(XSD + name for name in (*INTEGER_RANGES, "decimal", "float", "double"))
LONGEST_NUMBER = 1000
"""Characters of an integer, decimal or float; longer ones are not read as numbers."""


def numeric_value(literal: Literal) -> float | None:
    """The value of a numeric literal as a double; ``None`` where it is ill-typed or no number.

    >>> numeric_value(Literal("1e3", XSD + "double"))
    1000.0
    >>> numeric_value(Literal("1200", XSD + "byte")) is None
    True
    """
    if literal.datatype not in _NUMERIC_TYPES:
        return None
    name, lexical = literal.datatype.removeprefix(XSD), literal.lexical
    form = _NUMBER_FORMS.get(name, _INTEGER_FORM)
    if (name != "double" and len(lexical) > LONGEST_NUMBER) or not form.fullmatch(lexical):
        return None
    least, greatest = INTEGER_RANGES.get(name, (None, None))
    if (least is not None and int(lexical) < least) or (
        greatest is not None and int(lexical) > greatest
    ):
        return None
    return float(lexical.replace("INF", "inf"))


def blank_label(term_id: int) -> str:
    """The label of a stored blank node."""
    return f"b{payload_of(term_id)}"


def _encode_integer(lexical: str) -> int | None:
    if not _INTEGER.fullmatch(lexical) or abs(int(lexical)) > INTEGER_LIMIT:
        return None
    return make_id(Tag.INTEGER, int(lexical) + INTEGER_OFFSET)


def _encode_decimal(lexical: str) -> int | None:
    match = _DECIMAL.fullmatch(lexical)
    if match is None:
        return None
    sign, whole, fraction = match[1], match[2], match[3] or ""
    mantissa = int(whole + fraction)
    # "-0.0" would lose its sign.
    if mantissa >= DECIMAL_LIMIT or (sign and not mantissa):
        return None
    if sign:
        mantissa = -mantissa
    payload = ((mantissa + DECIMAL_OFFSET) << DECIMAL_SCALE_BITS) | len(fraction)
    return make_id(Tag.DECIMAL, payload)


def _decimal_lexical(payload: int) -> str:
    scale = payload & ((1 << DECIMAL_SCALE_BITS) - 1)
    mantissa = (payload >> DECIMAL_SCALE_BITS) - DECIMAL_OFFSET
    digits = str(abs(mantissa)).rjust(scale + 1, "0")
    sign = "-" if mantissa < 0 else ""
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else sign + digits


def _encode_boolean(lexical: str) -> int | None:
    return make_id(Tag.BOOLEAN, lexical == "true") if lexical in {"true", "false"} else None


def _encode_date(lexical: str) -> int | None:
    match = _DATE.fullmatch(lexical)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return make_id(Tag.DATE, day.toordinal() - _EPOCH_DAY + DATE_OFFSET)


def _encode_datetime(lexical: str) -> int | None:
    match = _DATETIME.fullmatch(lexical)
    if match is None or int(match[1]) not in _DATETIME_YEARS:
        return None
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    fraction = int((match[7] or "").ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC)
    except ValueError:
        return None
    tag = Tag.DATETIME_UTC if match[8] else Tag.DATETIME
    return make_id(tag, (moment - _EPOCH) // _MICROSECOND + DATETIME_OFFSET)


def _decode_integer(payload: int) -> Literal:
    return Literal(str(payload - INTEGER_OFFSET), XSD + "integer")


def _decode_decimal(payload: int) -> Literal:
    return Literal(_decimal_lexical(payload), XSD + "decimal")


def _decode_boolean(payload: int) -> Literal:
    return Literal("true" if payload else "false", XSD + "boolean")


def _decode_date(payload: int) -> Literal:
    day = date.fromordinal(payload - DATE_OFFSET + _EPOCH_DAY)
    return Literal(day.isoformat(), XSD + "date")


def _decode_datetime(payload: int) -> Literal:
    moment = _EPOCH + (payload - DATETIME_OFFSET) * _MICROSECOND
    text = moment.replace(tzinfo=None).isoformat()
    return Literal(text.rstrip("0") if moment.microsecond else text, XSD + "dateTime")


def _decode_datetime_utc(payload: int) -> Literal:
    return Literal(_decode_datetime(payload).lexical + "Z", XSD + "dateTime")


_ENCODERS = {
    XSD + "integer": _encode_integer,
    XSD + "decimal": _encode_decimal,
    XSD + "boolean": _encode_boolean,
    XSD + "date": _encode_date,
    XSD + "dateTime": _encode_datetime,
}
_DECODERS: Mapping[int, Callable[[int], Literal]] = {
    Tag.INTEGER: _decode_integer,
    Tag.DECIMAL: _decode_decimal,
    Tag.BOOLEAN: _decode_boolean,
    Tag.DATE: _decode_date,
    Tag.DATETIME: _decode_datetime,
    Tag.DATETIME_UTC: _decode_datetime_utc,
}


# Computed terms


def pack_term(term: Term) -> str:
    """A term as one text, for terms that a query computes and the dictionary may not hold.

    ``I<iri>``, ``B<label>``, ``S<text>``, ``L<language> <text>``, ``T<datatype> <lexical form>``. Equal
    terms have equal texts.

    >>> pack_term(Literal("chat", RDF_LANG_STRING, "fr"))
    'Lfr chat'
    """
    if isinstance(term, Iri):
        return "I" + term.value
    if isinstance(term, Blank):
        return "B" + term.label
    if isinstance(term, Literal):
        if term.language:
            return f"L{term.language} {term.lexical}"
        if term.datatype == XSD_STRING:
            return "S" + term.lexical
        return f"T{term.datatype} {term.lexical}"
    raise ValueError("triple terms (RDF 1.2) are not held")


def unpack_term(packed: str) -> Term:
    """The term again.

    >>> unpack_term("Lfr chat") == Literal("chat", RDF_LANG_STRING, "fr")
    True
    """
    kind, rest = packed[0], packed[1:]
    if kind == "I":
        return Iri(rest)
    if kind == "B":
        return Blank(rest)
    if kind == "S":
        return Literal(rest)
    head, _, lexical = rest.partition(" ")
    return Literal(lexical, RDF_LANG_STRING, head) if kind == "L" else Literal(lexical, head)
