"""The base of the dictionary as files that are mapped into memory, so that decoding needs no SQL.

A folder holds one set of files for each tag that has terms, which are sorted by code point (so by
bytes, in UTF-8) and cut into blocks of 16. A block's terms begin alike; the prefix is stored once::

    dictionary/
      contents.json        counts, widths and names, by tag
      2.prefix  2.prefixes   the blocks' prefixes one after the other, and where each begins
      2.suffix  2.suffixes   the same of the rest of each term
      4.codes                for literals of several kinds: place of the datatype or language in the names

Files of places have one more than there are texts, as Arrow wants them: of 4 bytes, or of 8 where
4 do not suffice.
"""

import json
import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from conflictkg.answers import RDF_LANG_STRING, XSD_STRING, Iri, Literal, Term
from conflictkg.engine.ids import DICTIONARY, Tag, id_range, make_id
from conflictkg.errors import StoreError
from conflictkg.store.delta import Entry

Ids = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

BLOCK = 16
CONTENTS = "contents.json"
_BATCH = BLOCK * 8192
_CODED = DICTIONARY - {Tag.IRI, Tag.STRING}
_WIDE = 2**31 - 1


# Writing


def write_arena(cursor: duckdb.DuckDBPyConnection, table: str, folder: Path) -> dict[Tag, int]:
    """Write the terms of a table like ``term``, sorted by id, into an empty folder.

    Returns:
        How many there are by tag.
    """
    folder.mkdir()
    contents: dict[str, Any] = {}
    for tag in sorted(DICTIONARY):
        writer = _TagWriter(folder, tag)
        low, high = id_range(tag)
        reader = cursor.sql(
            f"SELECT lex, dt, lang FROM {table} WHERE id BETWEEN {low} AND {high} ORDER BY id"  # noqa: S608
        ).to_arrow_reader(_BATCH)
        rest: pa.Table | None = None
        for batch in reader:
            # Whole blocks only, for as long as more comes.
            rest = pa.concat_tables([*([rest] if rest else []), pa.Table.from_batches([batch])])
            whole = len(rest) // BLOCK * BLOCK
            writer.add(rest.slice(0, whole))
            rest = rest.slice(whole)
        if rest is not None:
            writer.add(rest)
        if writer.count:
            contents[str(int(tag))] = writer.close()
    (folder / CONTENTS).write_text(json.dumps(contents), encoding="utf-8")
    return {Tag(int(key)): each["count"] for key, each in contents.items()}


class _TagWriter:
    def __init__(self, folder: Path, tag: Tag) -> None:
        self._folder, self._tag = folder, tag
        self.count = 0
        self._names: dict[str, int] = {}
        self._prefixes, self._suffixes = _TextWriter(), _TextWriter()
        self._files: dict[str, Any] = {}

    def add(self, rows: pa.Table) -> None:
        if not len(rows):
            return
        self.count += len(rows)
        texts = rows.column(0).cast(pa.large_binary()).combine_chunks()
        offsets = np.frombuffer(texts.buffers()[1], np.int64)[
            texts.offset : texts.offset + len(texts) + 1
        ]
        data = memoryview(texts.buffers()[2] or b"")
        prefixes = [
            _shared(data[a:b], data[c:d])
            for a, b, c, d in zip(*_ends(offsets, len(texts)), strict=True)
        ]
        lengths = np.repeat([len(each) for each in prefixes], BLOCK)[: len(texts)]
        self._write("prefix", b"".join(prefixes))
        self._prefixes.add(np.fromiter(map(len, prefixes), np.int64, len(prefixes)))
        self._write("suffix", _without_heads(data, offsets, lengths))
        self._suffixes.add(np.diff(offsets) - lengths)
        if self._tag in _CODED:
            names = rows.column(2 if self._tag is Tag.LANG else 1).combine_chunks()
            coded = names.dictionary_encode()
            own = [
                self._names.setdefault(each, len(self._names))
                for each in coded.dictionary.to_pylist()
            ]
            codes = np.array(own, np.int32)[coded.indices.to_numpy()]
            self._write("codes", codes.tobytes())

    def close(self) -> dict[str, Any]:
        widths = {}
        for name, texts in (("prefixes", self._prefixes), ("suffixes", self._suffixes)):
            offsets = texts.offsets()
            widths[name] = offsets.itemsize
            self._write(name, offsets.tobytes())
        for file in self._files.values():
            file.close()
        return {"count": self.count, "names": list(self._names), **widths}

    def _write(self, name: str, data: bytes | memoryview) -> None:
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = (self._folder / f"{self._tag:d}.{name}").open("wb")
        file.write(data)


class _TextWriter:
    def __init__(self) -> None:
        self._lengths: list[Ids] = []

    def add(self, lengths: Ids) -> None:
        self._lengths.append(lengths)

    def offsets(self) -> npt.NDArray[np.int32] | Ids:
        lengths = np.concatenate(self._lengths)
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return offsets if offsets[-1] > _WIDE else offsets.astype(np.int32)


def _ends(offsets: Ids, count: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """Where the first and the last text of each block begin and end."""
    firsts = np.arange(0, count, BLOCK)
    lasts = np.minimum(firsts + BLOCK, count) - 1
    places = (offsets[firsts], offsets[firsts + 1], offsets[lasts], offsets[lasts + 1])
    return tuple(each.tolist() for each in places)


def _shared(first: memoryview, last: memoryview) -> bytes:
    """How two texts begin, and so all that are sorted between them; whole characters only."""
    one, other = bytes(first), bytes(last)
    if one == other:
        return one
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    while low and low < len(one) and one[low] & 0xC0 == 0x80:
        low -= 1
    return one[:low]


def _without_heads(data: memoryview, offsets: Ids, heads: Ids) -> bytes:
    """The texts one after the other, each without its first so many bytes."""
    start = int(offsets[0])
    marks = np.zeros(int(offsets[-1]) - start + 1, np.int8)
    # +1 where what is kept begins, -1 where it ends; both fall together in empty texts.
    np.add.at(marks, offsets[:-1] + heads - start, 1)
    np.subtract.at(marks, offsets[1:] - start, 1)
    kept = np.cumsum(marks[:-1], dtype=np.int8).view(np.bool_)
    whole = np.frombuffer(data, np.uint8)[start : int(offsets[-1])]
    return whole[kept].tobytes()


# Reading


class Arena:
    """Implements :class:`conflictkg.store.dictionary.Base` over a folder of files.

    Raises:
        StoreError: A file is missing or cut short.
    """

    def __init__(self, folder: Path) -> None:
        try:
            contents = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
            self._tags = {
                Tag(int(key)): _TagTexts(folder, Tag(int(key)), each)
                for key, each in contents.items()
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            # memoryview raises TypeError where half a number stands at the end.
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreError(f"its dictionary cannot be read: {reason}") from error

    def count(self, tag: Tag) -> int:
        """How many terms of a tag there are; their numbers begin at 0."""
        found = self._tags.get(tag)
        return found.count if found else 0

    def find(self, tag: Tag, term: Entry) -> int | None:
        """The number of a term."""
        found = self._tags.get(tag)
        return found.find(term) if found else None

    def entry(self, tag: Tag, number: int) -> Entry:
        """The term of a number; raises KeyError where there is none."""
        found = self._tags.get(tag)
        if found is None or number >= found.count:
            raise KeyError(make_id(tag, number))
        return found.entry(number)

    def entries(self, tag: Tag, numbers: Sequence[int]) -> list[Term]:
        """The terms of several numbers, all of which there are."""
        return self._tags[tag].entries(numbers)

    def lexical(self, tag: Tag, numbers: Ids) -> pa.LargeStringArray:
        """IRIs or lexical forms."""
        return self._tags[tag].lexical(numbers)

    def kind_codes(self, tag: Tag, numbers: Ids) -> Codes:
        """Place in :meth:`kind_names` of each term's datatype (of a LANG, of its language)."""
        return self._tags[tag].codes[numbers]

    def kind_names(self, tag: Tag) -> Sequence[str]:
        """The datatypes (of LANG, the languages) of a tag."""
        return self._tags[tag].names


class _TagTexts:
    def __init__(self, folder: Path, tag: Tag, contents: dict[str, Any]) -> None:
        self._tag = tag
        self.count: int = contents["count"]
        self.names: tuple[str, ...] = tuple(contents["names"])
        blocks = -(-self.count // BLOCK)
        path = folder / str(int(tag))
        self._prefixes = _Texts(path, "prefix", blocks, contents["prefixes"])
        self._suffixes = _Texts(path, "suffix", self.count, contents["suffixes"])
        self.codes: Codes = np.empty(0, np.int32)
        if self.names:
            self.codes = np.frombuffer(map_file(path.with_suffix(".codes")), np.int32, self.count)

    def entries(self, numbers: Sequence[int]) -> list[Term]:
        if self._tag is not Tag.IRI:
            return [self.entry(each) for each in numbers]
        prefix, suffix = self._prefixes.at, self._suffixes.at
        return [Iri((prefix(each // BLOCK) + suffix(each)).decode()) for each in numbers]

    def entry(self, number: int) -> Entry:
        text = self._text(number).decode()
        if self._tag is Tag.IRI:
            return Iri(text)
        if self._tag is Tag.STRING:
            return Literal(text, XSD_STRING)
        name = self.names[self.codes[number]]
        if self._tag is Tag.LANG:
            return Literal(text, RDF_LANG_STRING, name)
        return Literal(text, name)

    def find(self, term: Entry) -> int | None:
        wanted = (term.value if isinstance(term, Iri) else term.lexical).encode()
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self._text(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        # Terms of one lexical form stand together, by datatype and language.
        while low < self.count and self._text(low) == wanted:
            if self.entry(low) == term:
                return low
            low += 1
        return None

    def lexical(self, numbers: Ids) -> pa.LargeStringArray:
        suffixes = self._suffixes.array.take(pa.array(numbers))
        prefixes = self._prefixes.array.take(pa.array(numbers // BLOCK)).cast(suffixes.type)
        whole = pc.binary_join_element_wise(prefixes, suffixes, pa.scalar("", suffixes.type))
        return whole.cast(pa.large_string())

    def _text(self, number: int) -> bytes:
        return self._prefixes.at(number // BLOCK) + self._suffixes.at(number)


class _Texts:
    """Texts one after the other in one file, their places in another."""

    def __init__(self, path: Path, name: str, count: int, width: int) -> None:
        places = map_file(path.with_suffix(f".{name}es"))
        data = map_file(path.with_suffix(f".{name}"))
        self._data = data
        self._places = memoryview(places).cast("i" if width == 4 else "q")
        if len(self._places) != count + 1 or self._places[count] != len(data):
            raise ValueError(f"{path.name}.{name} is cut short")
        kind = pa.StringArray if width == 4 else pa.LargeStringArray
        self.array = kind.from_buffers(count, pa.py_buffer(places), pa.py_buffer(data))

    def at(self, number: int) -> bytes:
        return bytes(self._data[self._places[number] : self._places[number + 1]])


def map_file(path: Path) -> memoryview:
    """The bytes of a file, read as they are looked at."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
