"""Ids of terms in SQL: what :mod:`conflictkg.engine.ids` does for one term, for a column of them.

Each function gives an SQL expression over the columns ``lex`` (lexical form), ``dt`` (IRI of the
datatype, NULL for IRIs) and ``lang``. A test compares them with Python on lexical forms of all kinds.
"""

from conflictkg.answers import RDF_LANG_STRING, XSD, XSD_STRING
from conflictkg.engine.ids import (
    DATE_OFFSET,
    DATETIME_OFFSET,
    DECIMAL_LIMIT,
    DECIMAL_OFFSET,
    DECIMAL_SCALE_BITS,
    INTEGER_LIMIT,
    INTEGER_OFFSET,
    INTEGER_RANGES,
    LONGEST_NUMBER,
    SHIFT,
    Tag,
)

_BEYOND_64_BITS = {
    "integer": "[+-]?[0-9]+",
    "nonNegativeInteger": "[+]?[0-9]+|-0+",
    "positiveInteger": "[+]?0*[1-9][0-9]*",
    "nonPositiveInteger": "-[0-9]+|[+]?0+",
    "negativeInteger": "-0*[1-9][0-9]*",
}
"""Datatypes of integers that any number of digits can have, and what their lexical forms match."""
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)"
_DOUBLE = _NUMBER + r"([eE][+-]?[0-9]+)?|[+-]?INF|NaN"


def inline_id() -> str:
    """The id of a literal that carries its value, else NULL."""
    return f"""CASE dt
        WHEN '{XSD}integer' THEN {_integer()}
        WHEN '{XSD}decimal' THEN {_decimal()}
        WHEN '{XSD}boolean' THEN
            CASE lex WHEN 'true' THEN {_tagged(Tag.BOOLEAN)} + 1
                WHEN 'false' THEN {_tagged(Tag.BOOLEAN)} END
        WHEN '{XSD}date' THEN {_date()}
        WHEN '{XSD}dateTime' THEN {_datetime()}
    END"""


def dictionary_tag() -> str:
    """The tag under which a term that is not inline stands in the dictionary."""
    return f"""CASE
        WHEN dt IS NULL THEN {Tag.IRI:d}
        WHEN dt = '{XSD_STRING}' THEN {Tag.STRING:d}
        WHEN dt = '{RDF_LANG_STRING}' THEN {Tag.LANG:d}
        WHEN {_is_number()} THEN CASE dt WHEN '{XSD}double' THEN {Tag.DOUBLE:d}
            ELSE {Tag.NUMERIC:d} END
        WHEN starts_with(dt, '{XSD}') THEN {Tag.SPECIAL:d}
        ELSE {Tag.OTHER:d}
    END"""


def numeric_value() -> str:
    """The value of a well-formed number as DOUBLE, else NULL."""
    # DuckDB reads "1e400" as NULL; IEEE and Python say infinity.
    return f"""CASE WHEN {_is_number()} THEN coalesce(
        try_cast(replace(lex, 'INF', 'inf') AS DOUBLE),
        if(starts_with(lex, '-'), '-inf', 'inf')::DOUBLE
    ) END"""


def _is_number() -> str:
    cases = [
        f"WHEN '{XSD}double' THEN {_has_form(_DOUBLE)}",
        f"WHEN '{XSD}float' THEN {_is_short()} AND {_has_form(_DOUBLE)}",
        f"WHEN '{XSD}decimal' THEN {_is_short()} AND {_has_form(_NUMBER)}",
    ]
    for name, (least, greatest) in INTEGER_RANGES.items():
        form = _BEYOND_64_BITS.get(name)
        condition = _has_form(form) if form else _is_between(least, greatest)
        cases.append(f"WHEN '{XSD}{name}' THEN {_is_short()} AND {condition}")
    return f"coalesce(CASE dt {' '.join(cases)} END, FALSE)"


def _has_form(pattern: str) -> str:
    return f"regexp_full_match(lex, '{pattern}')"


def _is_short() -> str:
    return f"length(lex) <= {LONGEST_NUMBER}"


def _is_between(least: int | None, greatest: int | None) -> str:
    # Without leading zeros, of which there may be more than a HUGEINT has digits.
    digits = r"regexp_replace(ltrim(lex, '+'), '^(-?)0+([0-9])', '\1\2')"
    return f"""({_has_form("[+-]?[0-9]+")}
        AND try_cast({digits} AS HUGEINT) BETWEEN {least} AND {greatest})"""


def _tagged(tag: Tag) -> str:
    return f"{tag << SHIFT}::BIGINT"


def _integer() -> str:
    return f"""CASE WHEN regexp_full_match(lex, '0|-?[1-9][0-9]{{0,15}}')
        AND abs(try_cast(lex AS BIGINT)) <= {INTEGER_LIMIT}
        THEN {_tagged(Tag.INTEGER)} + {INTEGER_OFFSET} + try_cast(lex AS BIGINT) END"""


def _decimal() -> str:
    mantissa = "try_cast(replace(lex, '.', '') AS HUGEINT)"
    scale = "if(contains(lex, '.'), strlen(lex) - strpos(lex, '.'), 0)"
    return f"""CASE WHEN regexp_full_match(lex, '-?(0|[1-9][0-9]{{0,14}})([.][0-9]{{1,15}})?')
        AND abs({mantissa}) < {DECIMAL_LIMIT}
        AND NOT (starts_with(lex, '-') AND {mantissa} = 0)
        THEN {_tagged(Tag.DECIMAL)}
            + (({mantissa} + {DECIMAL_OFFSET}) * {1 << DECIMAL_SCALE_BITS} + {scale})::BIGINT END"""


def _date() -> str:
    day = "try_cast(lex AS DATE)"
    return f"""CASE WHEN regexp_full_match(lex, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')
        AND NOT starts_with(lex, '0000')
        THEN {_tagged(Tag.DATE)} + {DATE_OFFSET} + ({day} - DATE '1970-01-01') END"""


def _datetime() -> str:
    form = (
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{0,5}[1-9])?Z?"
    )
    moment = "epoch_us(try_cast(rtrim(lex, 'Z') AS TIMESTAMP))"
    return f"""CASE WHEN regexp_full_match(lex, '{form}')
        AND lex[:4] BETWEEN '0001' AND '6500'
        THEN if(ends_with(lex, 'Z'), {_tagged(Tag.DATETIME_UTC)}, {_tagged(Tag.DATETIME)})
            + {DATETIME_OFFSET} + {moment} END"""
