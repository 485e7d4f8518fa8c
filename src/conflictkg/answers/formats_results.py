"""SPARQL results in JSON, XML, CSV and TSV, written by the column.

A cell is what stands before its text, the text, and what stands behind it. Both ends depend only on
kind, datatype and language, of which there are few, so they are made once each and Arrow joins the
three; only texts that hold a character to be escaped are looked at one by one.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from itertools import islice
from json.encoder import encode_basestring
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from conflictkg.answers import XSD_STRING, Batch, Solutions, Stream, Term, TermColumn
from conflictkg.answers.batches import split_term
from conflictkg.answers.columns import BLANK, IRI, LITERAL
from conflictkg.answers.ntriples import BARE_LITERALS, escape_string
from conflictkg.answers.utf8 import encode_text
from conflictkg.answers.xml import escape_xml

XML_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<sparql xmlns="http://www.w3.org/2005/sparql-results#">\n'
)

_HELD_BYTES = 1 << 16
"""Of JSON that are made before the first is written: shorter answers say at their beginning whether they are whole."""

_ROWS_AT_ONCE = 8_192
"""Rows whose text is made in one go: some megabytes."""
_FEW_ROWS = 512
"""The same, where they are written one by one."""
_BARE = 4
"""Beside the kinds of columns.py: a literal that TSV writes without quotation marks."""
_KINDS = 5
_FEW = 65_536

Ends = Callable[[int, str, str], tuple[str, str]]
"""By kind, datatype and language: what stands before and behind a text."""


def _table_of(characters: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters)] = True
    return table


_CONTROLS = bytes(range(32))


@dataclass(frozen=True, slots=True)
class _Escape:
    """How texts are escaped.

    Args:
        suspects: Bytes that a text which must be escaped has one of.
        escape: The whole text, escaped.
        only_literals: Whether IRIs and labels stay as they are.
    """

    suspects: npt.NDArray[np.bool_]
    escape: Callable[[str], str]
    only_literals: bool = False

    def apply(self, lexical: pa.LargeStringArray, kind: npt.NDArray[np.uint8]) -> Any:
        """The texts, escaped."""
        rows = _rows_with(lexical, self.suspects)
        if self.only_literals:
            rows = rows[kind[rows] >= LITERAL]
        if not len(rows):
            return lexical
        escaped = [self.escape(text) for text in lexical.take(pa.array(rows)).to_pylist()]
        mask = np.zeros(len(lexical), np.bool_)
        mask[rows] = True
        return pc.replace_with_mask(lexical, mask, pa.array(escaped, pa.large_string()))


def _rows_with(lexical: pa.LargeStringArray, suspects: npt.NDArray[np.bool_]) -> Any:
    """Which rows hold one of these bytes."""
    _, offset_buffer, text_buffer = lexical.buffers()
    if text_buffer is None or not len(lexical):
        return np.empty(0, np.int64)
    first = lexical.offset
    offsets = np.frombuffer(offset_buffer, np.int64)[first : first + len(lexical) + 1]
    text = np.frombuffer(text_buffer, np.uint8)[offsets[0] : offsets[-1]]
    places = np.flatnonzero(suspects[text])
    if not len(places):
        return places
    return np.unique(np.searchsorted(offsets, places + offsets[0], side="right") - 1)


def _write_cells(
    column: TermColumn, kind: npt.NDArray[np.uint8], ends: Ends, escape: _Escape
) -> Any:
    """Each cell's text; null where the variable is unbound.

    Args:
        column: The terms.
        kind: Their kinds, or finer ones that ``ends`` knows.
        ends: What stands around a text.
        escape: What is done to it.
    """
    heads, tails = _write_ends(column, kind, ends)
    return _join(heads, escape.apply(column.lexical, kind), tails)


def _write_ends(column: TermColumn, kind: npt.NDArray[np.uint8], ends: Ends) -> tuple[Any, Any]:
    """What stands before and behind each text: arrays, or scalars if it is the same for all."""
    datatypes = [*column.datatype.dictionary.to_pylist(), ""]
    languages = [*column.language.dictionary.to_pylist(), ""]
    width = len(languages)
    datatype, language = _indices(column.datatype), _indices(column.language)
    codes = (kind.astype(np.int64) * len(datatypes) + datatype) * width + language
    used, index = _number(codes, _KINDS * len(datatypes) * width)
    pairs = []
    for code in used.tolist():
        rest, language_at = divmod(code, width)
        kind_at, datatype_at = divmod(rest, len(datatypes))
        pairs.append(ends(kind_at, datatypes[datatype_at], languages[language_at]))
    if len(pairs) == 1:
        head, tail = pairs[0]
        return pa.scalar(head, pa.large_string()), pa.scalar(tail, pa.large_string())
    heads = pa.array([head for head, _ in pairs], pa.large_string())
    tails = pa.array([tail for _, tail in pairs], pa.large_string())
    places = pa.array(index)
    return heads.take(places), tails.take(places)


def _indices(column: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """Places in the dictionary; one past its end for null."""
    indices = column.indices
    if indices.null_count:
        indices = indices.fill_null(len(column.dictionary))
    return np.asarray(indices.to_numpy(zero_copy_only=False), np.int64)


def _number(
    codes: npt.NDArray[np.int64], bound: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The codes that occur, and for each row which of them it has."""
    if bound > _FEW:
        used, index = np.unique(codes, return_inverse=True)
        return used, index
    used = np.flatnonzero(np.bincount(codes, minlength=bound))
    numbers = np.zeros(bound, np.int64)
    numbers[used] = np.arange(len(used))
    return used, numbers[codes]


def _join(*parts: Any) -> Any:
    return pc.binary_join_element_wise(*parts, pa.scalar("", pa.large_string()))


def _bytes_of(rows: pa.LargeStringArray) -> memoryview:
    """All texts one after another: that is how Arrow keeps them."""
    _, offset_buffer, text_buffer = rows.buffers()
    if text_buffer is None or not len(rows):
        return memoryview(b"")
    offsets = np.frombuffer(offset_buffer, np.int64)
    return memoryview(text_buffer)[offsets[rows.offset] : offsets[rows.offset + len(rows)]]


def _pieces(answer: Solutions) -> Iterator[Batch]:
    """The batches, none larger than what is written in one go, none empty."""
    for batch in answer.batches:
        for start in range(0, batch.size, _ROWS_AT_ONCE):
            size = min(_ROWS_AT_ONCE, batch.size - start)
            yield batch.slice(start, size)


def _write_rows(cells: Sequence[Any], before: str, between: str, behind: str) -> memoryview:
    """Rows of cells, those that are null left out with what stands between."""
    head, tail = pa.scalar(before, pa.large_string()), pa.scalar(behind, pa.large_string())
    return _bytes_of(_join(head, _join_bound(cells, between), tail))


def _join_bound(cells: Sequence[Any], between: str) -> Any:
    if len(cells) == 1:
        return pc.fill_null(cells[0], "")
    first, *others = cells
    if all(each.null_count for each in cells):
        # Arrow drops a row of nulls only, instead of giving an empty text.
        is_bare = reduce(pc.and_, [each.is_null() for each in cells])
        first = pc.if_else(is_bare, pa.scalar("", pa.large_string()), first)
    separator = pa.scalar(between, pa.large_string())
    return pc.binary_join_element_wise(first, *others, separator, null_handling="skip")


# JSON


def _write_json(answer: Solutions) -> Iterator[bytes]:
    head = json.dumps({"vars": list(answer.variables)}, ensure_ascii=False)
    counter = _Counter()
    pieces = _write_bindings(answer, counter)
    held, size = [], 0
    # Some readers stop at the last row, so what is known of the whole stands before the first one.
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > _HELD_BYTES:
            break
    is_known = size <= _HELD_BYTES

    def end() -> str:
        return f'"conflictkg":{json.dumps(describe_end(answer, counter.rows))}'

    yield f'{{"head":{head},{end() + "," if is_known else ""}"results":{{"bindings":[\n'.encode()
    yield from held
    yield from pieces
    yield b"\n]}}\n" if is_known else f"\n]}},{end()}}}\n".encode()


@dataclass(slots=True)
class _Counter:
    rows: int = 0


def _write_bindings(answer: Solutions, counter: _Counter) -> Iterator[bytes]:
    names = [json.dumps(each, ensure_ascii=False) for each in answer.variables]
    if answer.has_rows:
        yield from _write_binding_rows(answer, names, counter)
        return
    writers = [_json_ends(name) for name in names]
    separator = b""
    for batch in _pieces(answer):
        yield separator
        separator = b",\n"
        counter.rows += batch.size
        if not names:
            yield separator.join([b"{}"] * batch.size)
            continue
        cells = [
            _write_cells(column, column.kind, ends, _JSON_ESCAPE)
            for column, ends in zip(batch.columns, writers, strict=True)
        ]
        yield bytes(_write_rows(cells, "{", ",", "},\n")[:-2])


def _write_binding_rows(
    answer: Solutions, names: Sequence[str], counter: _Counter
) -> Iterator[bytes]:
    """The same row by row: for few of them Arrow takes longer to begin than this to end."""
    ends_of = cache(_json_ends_of)

    def write(term: Term) -> str:
        kind, text, datatype, language = split_term(term)
        head, tail = ends_of(kind, datatype or "", language or "")
        return f"{head}{_escape_json(text or '')}{tail}"

    while rows := list(islice(answer.rows, _FEW_ROWS)):
        separator = ",\n" if counter.rows else ""
        counter.rows += len(rows)
        lines = (
            ",".join(
                f"{name}:{write(term)}"
                for name, term in zip(names, row, strict=True)
                if term is not None
            )
            for row in rows
        )
        yield encode_text(separator + ",\n".join(f"{{{line}}}" for line in lines))


def describe_end(answer: Solutions, rows: int) -> dict[str, object]:
    """What can be said of an answer when its last row has been written: whether there were others."""
    if answer.complete is not False:
        return {"complete": True, "rows": rows}
    return {"complete": False, "reason": "row-limit", "limit": rows, "rows": rows}


def _json_ends(name: str) -> Ends:
    def ends(kind: int, datatype: str, language: str) -> tuple[str, str]:
        head, tail = _json_ends_of(kind, datatype, language)
        return f"{name}:{head}", tail

    return ends


def _json_ends_of(kind: int, datatype: str, language: str) -> tuple[str, str]:
    word = {IRI: "uri", BLANK: "bnode"}.get(kind, "literal")
    head = f'{{"type":"{word}","value":"'
    if kind != LITERAL or (datatype == XSD_STRING and not language):
        return head, '"}'
    key, value = ("xml:lang", language) if language else ("datatype", datatype)
    return head, f'","{key}":{json.dumps(value, ensure_ascii=False)}}}'


def _escape_json(text: str) -> str:
    return encode_basestring(text)[1:-1]


_JSON_ESCAPE = _Escape(_table_of(_CONTROLS + b'"\\'), _escape_json)

# XML


def _write_xml(answer: Solutions) -> Iterator[bytes]:
    names = [quoteattr(each) for each in answer.variables]
    head = "".join(f"<variable name={name}/>" for name in names)
    yield f"{XML_HEAD}<head>{head}</head>\n<results>\n".encode()
    writers = [_xml_ends(name) for name in names]
    rows = 0
    for batch in _pieces(answer):
        rows += batch.size
        if not names:
            yield b"<result></result>\n" * batch.size
            continue
        cells = [
            _write_cells(column, column.kind, ends, _XML_ESCAPE)
            for column, ends in zip(batch.columns, writers, strict=True)
        ]
        yield bytes(_write_rows(cells, "<result>", "", "</result>\n"))
    end = " ".join(f"{name}={value}" for name, value in describe_end(answer, rows).items())
    yield f"</results>\n<!-- {end.lower()} -->\n</sparql>\n".encode()


def _xml_ends(name: str) -> Ends:
    def ends(kind: int, datatype: str, language: str) -> tuple[str, str]:
        head = f"<binding name={name}>"
        if kind != LITERAL:
            tag = "uri" if kind == IRI else "bnode"
            return f"{head}<{tag}>", f"</{tag}></binding>"
        attribute = ""
        if language:
            attribute = f" xml:lang={quoteattr(language)}"
        elif datatype != XSD_STRING:
            attribute = f" datatype={quoteattr(datatype)}"
        return f"{head}<literal{attribute}>", "</literal></binding>"

    return ends


# 0xEF begins U+FFFE and U+FFFF, which XML cannot hold.
_XML_ESCAPE = _Escape(_table_of(_CONTROLS + b"&<>\xef"), escape_xml)

# CSV and TSV


def _write_csv(answer: Solutions) -> Iterator[bytes]:
    yield (",".join(_quote_csv(each) for each in answer.variables) + "\r\n").encode()
    for batch in _pieces(answer):
        if not batch.columns:
            yield b"\r\n" * batch.size
            continue
        cells = [
            pc.fill_null(_write_cells(column, column.kind, _csv_ends, _CSV_ESCAPE), "")
            for column in batch.columns
        ]
        yield bytes(_write_rows(cells, "", ",", "\r\n"))


def _write_spreadsheet(answer: Solutions) -> Iterator[bytes]:
    """CSV for programs that run what looks like a formula: such texts begin with an apostrophe here.

    It is not the CSV of the standard, whose cells are exact; who asks for it says so. The mark at the
    beginning has such programs read UTF-8.
    """
    batches = (
        Batch(tuple(_defuse(column) for column in batch.columns), batch.size)
        for batch in answer.batches
    )
    yield b"\xef\xbb\xbf"
    yield from _write_csv(Solutions(answer.variables, batches=Stream(batches)))


def _defuse(column: TermColumn) -> TermColumn:
    is_number = pc.is_in(column.datatype.cast(pa.string()), pa.array(sorted(BARE_LITERALS)))
    is_formula = pc.match_substring_regex(column.lexical, r"^[=+\-@\t\r]")
    dangerous = pc.fill_null(pc.and_(is_formula, pc.invert(pc.fill_null(is_number, False))), False)
    marked = _join(pa.scalar("'", pa.large_string()), column.lexical)
    return replace(column, lexical=pc.if_else(dangerous, marked, column.lexical))


def _csv_ends(kind: int, datatype: str, language: str) -> tuple[str, str]:  # noqa: ARG001  see Ends
    return ("_:" if kind == BLANK else ""), ""


def _quote_csv(text: str) -> str:
    if any(each in text for each in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


_CSV_ESCAPE = _Escape(_table_of(b',"\r\n'), _quote_csv)


def _write_tsv(answer: Solutions) -> Iterator[bytes]:
    yield ("\t".join(f"?{name}" for name in answer.variables) + "\n").encode()
    for batch in _pieces(answer):
        if not batch.columns:
            yield b"\n" * batch.size
            continue
        cells = [
            pc.fill_null(_write_cells(column, _find_bare(column), _tsv_ends, _TSV_ESCAPE), "")
            for column in batch.columns
        ]
        yield bytes(_write_rows(cells, "", "\t", "\n"))


def _find_bare(column: TermColumn) -> npt.NDArray[np.uint8]:
    """The kinds, with literals that need no quotation marks apart."""
    kind = column.kind
    datatypes = column.datatype.dictionary.to_pylist()
    indices = _indices(column.datatype)
    for place, datatype in enumerate(datatypes):
        if datatype not in BARE_LITERALS:
            continue
        rows = np.flatnonzero((indices == place) & (kind == LITERAL))
        if not len(rows):
            continue
        form = rf"\A(?:{BARE_LITERALS[datatype].pattern})\z"
        texts = column.lexical if len(rows) == len(kind) else column.lexical.take(pa.array(rows))
        is_bare = pc.match_substring_regex(texts, form).to_numpy(zero_copy_only=False)
        kind = kind.copy()
        kind[rows[is_bare.astype(np.bool_)]] = _BARE
    return kind


def _tsv_ends(kind: int, datatype: str, language: str) -> tuple[str, str]:
    if kind == IRI:
        return "<", ">"
    if kind == BLANK:
        return "_:", ""
    if kind != LITERAL:
        return "", ""
    if language:
        return '"', f'"@{language}'
    return '"', '"' if datatype == XSD_STRING else f'"^^<{datatype}>'


_TSV_ESCAPE = _Escape(_table_of(_CONTROLS + b'\x7f"\\'), escape_string, only_literals=True)

RESULT_WRITERS: Mapping[str, Callable[[Solutions], Iterator[bytes]]] = {
    "json": _write_json,
    "xml": _write_xml,
    "csv": _write_csv,
    "spreadsheet": _write_spreadsheet,
    "tsv": _write_tsv,
}
"""By format name."""
