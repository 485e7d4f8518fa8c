"""The words of a text, as the text index has them: the same in Python and in SQL.

A word is a run of letters and digits, in lower case and without accents, so that "Haqqânî" is found as
"haqqani". Characters that are newer than Python's tables of Unicode are words only in SQL.
"""

import unicodedata

from sqlglot import exp

_WORD = r"[\p{L}\p{N}]+"


def tokenize(text: str) -> tuple[str, ...]:
    """The different words of a text, in the order of their first use.

    >>> tokenize("Lashkar-e-Jhangvi's  HAQQÂNÎ e")
    ('lashkar', 'e', 'jhangvi', 's', 'haqqani')
    """
    marks = unicodedata.normalize("NFD", text)
    letters = (each for each in marks if unicodedata.category(each)[0] != "M")
    plain = unicodedata.normalize("NFC", "".join(letters))
    # Character by character: in whole words Python gives a final sigma another form.
    lowered = (each.lower() for each in plain)
    kept = (each if unicodedata.category(each)[0] in "LN" else " " for each in "".join(lowered))
    return tuple(dict.fromkeys("".join(kept).split()))


def tokens_of(text: exp.Expression) -> exp.Func:
    """SQL: the words of a text as an array, repeated ones too."""
    # DuckDB's strip_accents stops at a zero character.
    whole = exp.func(
        "replace", text, exp.func("chr", exp.Literal.number(0)), exp.Literal.string(" ")
    )
    plain = exp.func("lower", exp.func("strip_accents", whole))
    return exp.func("regexp_extract_all", plain, exp.Literal.string(_WORD))
