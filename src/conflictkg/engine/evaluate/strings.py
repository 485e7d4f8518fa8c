"""Functions on strings (section 17.4.3), on operands.

A string is ``str`` or, with a language, :class:`~conflictkg.engine.evaluate.values.Tagged`. ``REGEX`` and
``REPLACE`` are not here: SQL evaluates them, where they can be interrupted.
"""

import math
import re
from collections.abc import Callable
from hashlib import md5, sha1, sha256, sha384, sha512
from urllib.parse import quote

from conflictkg.answers import RDF_DIR_LANG_STRING, RDF_LANG_STRING, Iri, Literal, Term
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.numbers import (
    RANKS,
    Number,
    round_half_up,
)
from conflictkg.engine.evaluate.values import LONGEST_TEXT, Operand, Tagged

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")


def text_of(operand: Operand) -> str:
    """The characters of a string, with or without a language; an error for all else."""
    if type(operand) is str:
        return operand
    if isinstance(operand, Tagged):
        return operand.text
    raise ExpressionError


def simple_text(operand: Operand) -> str:
    """The characters of a string without a language; an error for all else."""
    if type(operand) is str:
        return operand
    raise ExpressionError


def _like(source: Operand, text: str) -> Operand:
    if len(text) > LONGEST_TEXT:
        raise ExpressionError
    return Tagged(text, source.language) if isinstance(source, Tagged) else text


def _compatible(first: Operand, second: Operand) -> tuple[str, str]:
    # Section 17.4.3.1.2: the second has no language, or both have the same.
    if type(second) is not str and (
        not isinstance(first, Tagged)
        or not isinstance(second, Tagged)
        or first.language != second.language
    ):
        raise ExpressionError
    return text_of(first), text_of(second)


def length(source: Operand) -> Operand:
    """``STRLEN``, in characters."""
    return len(text_of(source))


def substring(source: Operand, start: Operand, count: Operand | None = None) -> Operand:
    """``SUBSTR``: characters are counted from 1; positions that are no integers are rounded, as XPath does.

    >>> substring("motor car", 0, 4), substring("12345", 1.5, 2.6)
    ('mot', '234')
    """
    text = text_of(source)
    begin = _position(start)
    end = math.inf if count is None else begin + _position(count)
    if not begin < end:
        # Also where one of them is NaN.
        return _like(source, "")
    first = 1 if begin < 1 else begin
    last = len(text) + 1 if end > len(text) else end
    if first >= last:
        return _like(source, "")
    return _like(source, text[int(first) - 1 : int(last) - 1])


def _position(operand: Operand) -> int | float:
    if type(operand) is int:
        return operand
    if type(operand) not in RANKS:
        raise ExpressionError
    number: Number = operand  # type: ignore[assignment]
    rounded = round_half_up(number)
    # Integers, where they are finite: of doubles they would lose digits in sums.
    return int(rounded) if math.isfinite(rounded) else float(rounded)


def upper_case(source: Operand) -> Operand:
    """``UCASE``."""
    return _like(source, text_of(source).upper())


def lower_case(source: Operand) -> Operand:
    """``LCASE``."""
    return _like(source, text_of(source).lower())


def starts_with(source: Operand, part: Operand) -> Operand:
    """``STRSTARTS``."""
    text, sought = _compatible(source, part)
    return text.startswith(sought)


def ends_with(source: Operand, part: Operand) -> Operand:
    """``STRENDS``."""
    text, sought = _compatible(source, part)
    return text.endswith(sought)


def contains(source: Operand, part: Operand) -> Operand:
    """``CONTAINS``."""
    text, sought = _compatible(source, part)
    return sought in text


def before(source: Operand, part: Operand) -> Operand:
    """``STRBEFORE``; where nothing is found, the empty string without a language."""
    text, sought = _compatible(source, part)
    index = text.find(sought)
    return "" if index < 0 else _like(source, text[:index])


def after(source: Operand, part: Operand) -> Operand:
    """``STRAFTER``; where nothing is found, the empty string without a language."""
    text, sought = _compatible(source, part)
    index = text.find(sought)
    return "" if index < 0 else _like(source, text[index + len(sought) :])


def concatenate(*parts: Operand) -> Operand:
    """``CONCAT``; with a language if all parts have the same.

    >>> concatenate(Tagged("a", "en"), Tagged("b", "en")), concatenate(Tagged("a", "en"), "b")
    (Tagged(text='ab', language='en'), 'ab')
    """
    text = join("", [text_of(part) for part in parts])
    first = parts[0] if parts else ""
    if isinstance(first, Tagged) and all(
        isinstance(part, Tagged) and part.language == first.language for part in parts
    ):
        return Tagged(text, first.language)
    return text


def join(separator: str, texts: list[str]) -> str:
    """The texts in one, unless that were too long."""
    if sum(map(len, texts)) + len(separator) * len(texts) > LONGEST_TEXT:
        raise ExpressionError
    return separator.join(texts)


def language_matches(tag: Operand, span: Operand) -> Operand:
    """``LANGMATCHES``: basic filtering of RFC 4647.

    >>> language_matches("de-CH", "de"), language_matches("", "*"), language_matches("den", "de")
    (True, False, False)
    """
    text, wanted = simple_text(tag).lower(), simple_text(span).lower()
    if wanted == "*":
        return bool(text)
    return text == wanted or text.startswith(wanted + "-")


def encode_for_uri(source: Operand) -> Operand:
    """``ENCODE_FOR_URI``."""
    return _like("", quote(_encoded(text_of(source)), safe="-_.~"))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate is no character.
        raise ExpressionError from None


def _hash_function(algorithm: Callable[..., "object"]) -> Callable[[Operand], Operand]:
    def digest(source: Operand) -> Operand:
        state = algorithm(_encoded(simple_text(source)), usedforsecurity=False)
        text: str = state.hexdigest()  # type: ignore[attr-defined]
        return text

    return digest


HASHES = {
    "MD5": _hash_function(md5),
    "SHA1": _hash_function(sha1),
    "SHA256": _hash_function(sha256),
    "SHA384": _hash_function(sha384),
    "SHA512": _hash_function(sha512),
}


def with_language(text: Operand, tag: Operand) -> Operand:
    """``STRLANG``; an error where the tag is not formed as one."""
    language = simple_text(tag)
    if not _LANGUAGE.fullmatch(language):
        raise ExpressionError
    return Tagged(simple_text(text), language.lower())


def with_datatype(text: Operand, datatype: Operand) -> Term:
    """``STRDT``; an error for datatypes of strings with a language, which such a literal lacks."""
    lexical = simple_text(text)
    if not isinstance(datatype, Iri) or datatype.value in {RDF_LANG_STRING, RDF_DIR_LANG_STRING}:
        raise ExpressionError
    return Literal(lexical, datatype.value)


def lexical_of(term: Term) -> Operand:
    """``STR``."""
    if isinstance(term, Literal):
        return term.lexical
    if isinstance(term, Iri):
        return term.value
    raise ExpressionError


def language_of(term: Term) -> Operand:
    """``LANG``."""
    if isinstance(term, Literal):
        return term.language
    raise ExpressionError


def datatype_of(term: Term) -> Operand:
    """``DATATYPE``."""
    if isinstance(term, Literal):
        return Iri(term.datatype)
    raise ExpressionError
