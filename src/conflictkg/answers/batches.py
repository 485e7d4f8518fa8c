"""Rows to batches of columns and back: for whoever wants one and has the other."""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from conflictkg.answers.columns import BLANK, IRI, LITERAL, UNBOUND, Batch, TermColumn
from conflictkg.answers.terms import RDF_LANG_STRING, XSD_STRING, Blank, Iri, Literal, Row, Term
from conflictkg.answers.utf8 import half_character
from conflictkg.errors import QueryError

_MANY = 2
"""Rows a different term from which on terms are shared."""


def iter_rows(batch: Batch) -> Iterator[Row]:
    """The solutions of a batch as tuples of terms.

    >>> list(iter_rows(make_batch([(Iri("http://e/"), None)], 2)))
    [(Iri(value='http://e/'), None)]
    """
    if not batch.columns:
        return repeat((), batch.size)
    return zip(*(column_terms(each) for each in batch.columns), strict=True)


def column_terms(column: TermColumn) -> list[Term | None]:
    """The terms of a column, ``None`` where it is unbound. Equal ones may be one object."""
    kinds = np.unique(column.kind).tolist()
    if kinds == [IRI]:
        return _make_each(column.lexical, Iri)
    datatypes, languages = column.datatype, column.language
    if kinds == [LITERAL] and languages.null_count == len(column):
        different = pc.unique(datatypes.indices).to_pylist()
        if len(different) == 1 and different[0] is not None:
            datatype = datatypes.dictionary[different[0]].as_py()
            return _make_each(column.lexical, lambda lexical: Literal(lexical, datatype))
    parts = (
        column.kind.tolist(),
        column.lexical.to_pylist(),
        _decode(datatypes),
        _decode(languages),
    )
    return [_make_term(*each) for each in zip(*parts, strict=True)]


def _make_each(lexical: pa.LargeStringArray, make: Callable[[str], Term]) -> list[Term | None]:
    """A term for each text; one for all that are equal, where many are: most of the time goes into making them."""
    encoded = lexical.dictionary_encode()
    if len(encoded.dictionary) > len(lexical) // _MANY:
        return [make(each) for each in lexical.to_pylist()]
    made = [make(each) for each in encoded.dictionary.to_pylist()]
    return [made[each] for each in encoded.indices.to_pylist()]


def _decode(column: pa.DictionaryArray) -> list[str | None]:
    values = column.dictionary.to_pylist()
    return [None if each is None else values[each] for each in column.indices.to_pylist()]


def _make_term(kind: int, lexical: str, datatype: str | None, language: str | None) -> Term | None:
    if kind == LITERAL:
        if language:
            return Literal(lexical, RDF_LANG_STRING, language)
        return Literal(lexical, datatype or XSD_STRING)
    if kind == IRI:
        return Iri(lexical)
    return Blank(lexical) if kind == BLANK else None


def make_batch(rows: Sequence[Row], width: int) -> Batch:
    """Some rows as a batch.

    Args:
        rows: As wide as ``width``.
        width: How many variables.

    Raises:
        QueryError: A term holds what no format of ours can write: half a character, a triple.
    """
    columns = zip(*rows, strict=True) if rows else repeat((), width)
    return Batch(tuple(make_column(each) for each in columns), len(rows))


def make_column(terms: Sequence[Term | None]) -> TermColumn:
    """Terms as a column.

    Raises:
        QueryError: A term holds what no format of ours can write: half a character, a triple.
    """
    parts = [split_term(each) for each in terms]
    kinds, lexical, datatypes, languages = zip(*parts, strict=True) if parts else ((), (), (), ())
    try:
        return TermColumn(
            np.array(kinds, np.uint8),
            pa.array(lexical, pa.large_string()),
            pa.array(datatypes, pa.string()).dictionary_encode(),
            pa.array(languages, pa.string()).dictionary_encode(),
        )
    except UnicodeEncodeError as error:
        raise half_character(error) from error


def split_term(term: Term | None) -> tuple[int, str | None, str | None, str | None]:
    """Kind, lexical form, datatype and language, as a column holds them.

    Raises:
        QueryError: It is a term that no format of ours can write.
    """
    if term is None:
        return UNBOUND, None, None, None
    if isinstance(term, Iri):
        return IRI, term.value, None, None
    if isinstance(term, Blank):
        return BLANK, term.label, None, None
    if isinstance(term, Literal) and not term.direction:
        return LITERAL, term.lexical, term.datatype, term.language or None
    raise QueryError(
        "the answer holds a triple term or a direction, of RDF 1.2, which results of SPARQL 1.1 "
        "cannot hold."
    )
