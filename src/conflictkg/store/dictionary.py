"""Terms and their ids: the base, laid down by a bulk load, and the delta of what came later.

Decoding needs no SQL: the base lies in memory-mapped files beside the database
(:mod:`conflictkg.store.arena`).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from conflictkg.answers import RDF_LANG_STRING, XSD_STRING, Blank, Iri, Literal, Term, TermColumn
from conflictkg.answers import columns as kinds
from conflictkg.engine.ids import (
    DICTIONARY,
    INLINE,
    PAYLOAD,
    SHIFT,
    Tag,
    blank_label,
    dictionary_tag,
    inline_id,
    literal_of,
    make_id,
)
from conflictkg.store.delta import Delta, Entry, canonical_entry
from conflictkg.store.inline import DATATYPES, write_blank, write_inline
from conflictkg.store.pending import Numbers

Ids = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

_TAGS: Mapping[int, Tag] = {tag: tag for tag in Tag}
_KINDS = np.full(64, kinds.LITERAL, np.uint8)
_KINDS[[Tag.BLANK, Tag.IRI]] = kinds.BLANK, kinds.IRI


class Base(Protocol):
    """The terms of a bulk load, numbered by tag in code point order."""

    def count(self, tag: Tag) -> int:
        """How many terms of a tag there are; their numbers begin at 0."""

    def find(self, tag: Tag, term: Entry) -> int | None:
        """The number of a term."""

    def entry(self, tag: Tag, number: int) -> Entry:
        """The term of a number."""

    def entries(self, tag: Tag, numbers: Sequence[int]) -> list[Term]:
        """The terms of several numbers, all of which there are."""

    def lexical(self, tag: Tag, numbers: Ids) -> pa.LargeStringArray:
        """IRIs or lexical forms."""

    def kind_codes(self, tag: Tag, numbers: Ids) -> Codes:
        """Place in :meth:`kind_names` of each term's datatype (of a LANG, of its language)."""

    def kind_names(self, tag: Tag) -> Sequence[str]:
        """The datatypes (of LANG, the languages) of a tag."""


class NoBase:
    """The base of a store that was made empty."""

    def count(self, tag: Tag) -> int:  # noqa: ARG002 -- of none
        """None."""
        return 0

    def find(self, tag: Tag, term: Entry) -> int | None:  # noqa: ARG002 -- of none
        """None."""
        return None

    def entry(self, tag: Tag, number: int) -> Entry:
        """There is none."""
        raise KeyError(make_id(tag, number))

    def entries(self, tag: Tag, numbers: Sequence[int]) -> list[Term]:
        """There is none."""
        raise KeyError(make_id(tag, numbers[0]))

    def lexical(self, tag: Tag, numbers: Ids) -> pa.LargeStringArray:
        """There is none."""
        raise KeyError(make_id(tag, int(numbers[0])))

    def kind_codes(self, tag: Tag, numbers: Ids) -> Codes:
        """There is none."""
        raise KeyError(make_id(tag, int(numbers[0])))

    def kind_names(self, tag: Tag) -> Sequence[str]:  # noqa: ARG002 -- of none
        """None."""
        return ()


class StoreDictionary:
    """Implements :class:`conflictkg.engine.catalog.Dictionary`. Safe to use from several threads."""

    def __init__(self, base: Base, delta: Delta, numbers: Numbers) -> None:
        self._base = base
        self._delta = delta
        self._numbers = numbers
        self._counts = {tag: base.count(tag) for tag in DICTIONARY}
        self._bounds: Mapping[int, int] = {
            tag: make_id(tag, count) for tag, count in self._counts.items()
        }
        """By tag, the first id that is not of the base."""

    @property
    def delta(self) -> Delta:
        """The terms after the base."""
        return self._delta

    def find(self, term: Iri | Literal) -> int | None:
        """The id of a term; ``None`` for one that no quad has ever held."""
        if isinstance(term, Literal) and term.direction:
            return None
        entry = canonical_entry(term)
        found = self.find_in_base(entry)
        return self._delta.find(entry) if found is None else found

    def find_in_base(self, entry: Entry) -> int | None:
        """The id of a canonical term that carries its value or came with the bulk load."""
        if isinstance(entry, Literal):
            inline = inline_id(entry.lexical, entry.datatype)
            if inline is not None:
                return inline
        tag = dictionary_tag(entry)
        number = self._base.find(tag, entry)
        return None if number is None else make_id(tag, number)

    def find_blank(self, blank: Blank) -> int | None:
        """The id of a stored blank node by the label that answers give it."""
        number = blank.label.removeprefix("b")
        if blank.label == number or not (number.isascii() and number.isdigit()):
            return None
        if str(int(number)) != number or int(number) >= self._numbers.count(Tag.BLANK):
            return None
        return make_id(Tag.BLANK, int(number))

    def term(self, term_id: int) -> Term:
        """The term of one id; raises KeyError where there is none."""
        if self._is_later(term_id):
            return self._delta.terms((term_id,))[term_id]
        return self._early_term(term_id)

    def _early_term(self, term_id: int) -> Term:
        """A term that is not of the delta."""
        # Ints find the members of Tag in a mapping; to make one would take as long as all the rest.
        tag = term_id >> SHIFT
        if tag in self._bounds:
            return self._base.entry(_TAGS[tag], term_id & PAYLOAD)
        return Blank(blank_label(term_id)) if tag == Tag.BLANK else literal_of(term_id)

    def terms(self, term_ids: Sequence[int]) -> list[Term]:
        """The terms of several ids, in their order."""
        if not term_ids:
            return []
        bounds, last = self._bounds, max(term_ids)
        tag = min(term_ids) >> SHIFT
        if tag == last >> SHIFT and last < bounds.get(tag, 0):
            # All of one tag and of the base: the most frequent case, and the fastest.
            return self._base.entries(_TAGS[tag], [each & PAYLOAD for each in term_ids])
        later = {each for each in term_ids if each >= bounds.get(each >> SHIFT, each + 1)}
        if not later:
            return [self._early_term(each) for each in term_ids]
        known = self._delta.terms(list(later))
        return [known[each] if each in known else self._early_term(each) for each in term_ids]

    def is_ordered(self, tags: int) -> bool:
        """Whether ids of these tags (a bit each) sort as their terms do: a load numbers so, an update does not."""
        return all(
            self._numbers.count(tag) <= count
            for tag, count in self._counts.items()
            if tags >> tag & 1
        )

    def column(self, term_ids: Ids) -> TermColumn:
        """The terms of many ids at once; id -1 stands for unbound."""
        tags = term_ids >> SHIFT
        builder = _ColumnBuilder(len(term_ids))
        for number in np.unique(tags):
            if number < 0:
                continue
            tag = Tag(int(number))
            places = np.flatnonzero(tags == number)
            ids = term_ids[places]
            if tag in INLINE:
                builder.add(places, write_inline(tag, ids), DATATYPES[tag])
            elif tag is Tag.BLANK:
                builder.add(places, write_blank(ids), None)
            else:
                self._add_entries(builder, tag, places, ids)
        kind = _KINDS[np.where(tags < 0, 0, tags)]
        kind[tags < 0] = kinds.UNBOUND
        return builder.build(kind)

    def _add_entries(self, builder: "_ColumnBuilder", tag: Tag, places: Ids, ids: Ids) -> None:
        numbers = ids & PAYLOAD
        is_base = numbers < self._counts[tag]
        if is_base.any():
            if not is_base.all():
                self._add_later(builder, places[~is_base], ids[~is_base])
                places, numbers = places[is_base], numbers[is_base]
            lexical = self._base.lexical(tag, numbers)
            if tag is Tag.IRI:
                builder.add(places, lexical, None)
            elif tag is Tag.STRING:
                builder.add(places, lexical, XSD_STRING)
            else:
                codes, names = self._base.kind_codes(tag, numbers), self._base.kind_names(tag)
                builder.add_coded(places, lexical, codes, names, is_language=tag is Tag.LANG)
        else:
            self._add_later(builder, places, ids)

    def _add_later(self, builder: "_ColumnBuilder", places: Ids, ids: Ids) -> None:
        different, inverse = np.unique(ids, return_inverse=True)
        terms = self._delta.terms(different.tolist())
        ordered = [terms[each] for each in different.tolist()]
        texts = [each.value if isinstance(each, Iri) else each.lexical for each in ordered]
        lexical = pa.array(texts, pa.large_string()).take(pa.array(inverse))
        builder.add_terms(places, lexical, ordered, inverse)

    def _is_later(self, term_id: int) -> bool:
        return term_id >= self._bounds.get(term_id >> SHIFT, term_id + 1)


class _ColumnBuilder:
    """Puts the parts of a column, tag by tag, into their places."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._places: list[Ids] = []
        self._texts: list[pa.LargeStringArray] = []
        self._datatypes = _Codes(size)
        self._languages = _Codes(size)

    def add(self, places: Ids, texts: pa.LargeStringArray, datatype: str | None) -> None:
        self._places.append(places)
        self._texts.append(texts)
        if datatype is not None:
            self._datatypes.set(places, datatype)

    def add_coded(
        self,
        places: Ids,
        texts: pa.LargeStringArray,
        codes: Codes,
        names: Sequence[str],
        *,
        is_language: bool,
    ) -> None:
        self.add(places, texts, RDF_LANG_STRING if is_language else None)
        target = self._languages if is_language else self._datatypes
        own = np.fromiter((target.code(each) for each in names), np.int32, len(names))
        target.values[places] = own[codes]

    def add_terms(
        self, places: Ids, texts: pa.LargeStringArray, terms: Sequence[Entry], inverse: Ids
    ) -> None:
        self.add(places, texts, None)
        datatypes = [
            self._datatypes.code(each.datatype) if isinstance(each, Literal) else -1
            for each in terms
        ]
        languages = [
            self._languages.code(each.language)
            if isinstance(each, Literal) and each.language
            else -1
            for each in terms
        ]
        self._datatypes.values[places] = np.array(datatypes, np.int32)[inverse]
        self._languages.values[places] = np.array(languages, np.int32)[inverse]

    def build(self, kind: npt.NDArray[np.uint8]) -> TermColumn:
        return TermColumn(
            kind, self._lexical(), self._datatypes.to_arrow(), self._languages.to_arrow()
        )

    def _lexical(self) -> pa.LargeStringArray:
        if not self._texts:
            return pa.nulls(self._size, pa.large_string())
        if len(self._texts) == 1 and len(self._places[0]) == self._size:
            return self._texts[0]
        positions = np.full(self._size, -1, np.int64)
        start = 0
        for places in self._places:
            positions[places] = np.arange(start, start + len(places))
            start += len(places)
        indices = pa.array(positions, mask=positions < 0)
        return pa.concat_arrays(self._texts).take(indices)


class _Codes:
    """A column of few different texts, as numbers into a list of them; -1 is null."""

    def __init__(self, size: int) -> None:
        self.values: Codes = np.full(size, -1, np.int32)
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    def set(self, places: Ids, name: str) -> None:
        self.values[places] = self.code(name)

    def to_arrow(self) -> pa.DictionaryArray:
        indices = pa.array(self.values, mask=self.values < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(list(self._codes), pa.string()))
