"""Arrow streams as an endpoint writes them, read back into columns of terms."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from conflictkg.answers import Batch, TermColumn
from conflictkg.answers.columns import BLANK, IRI, LITERAL, UNBOUND
from conflictkg.client.reading import BodyReader
from conflictkg.errors import IncompleteAnswerError

_NODES = {"iri": IRI, "blank": BLANK}


def open_rows(reader: BodyReader) -> pa.RecordBatchStreamReader:
    """Begin to read a stream.

    Raises:
        IncompleteAnswerError: It ends before its columns are told.
    """
    try:
        return pa.ipc.open_stream(pa.PythonFile(reader, mode="r"))
    except (pa.ArrowException, OSError) as error:
        raise IncompleteAnswerError(0, str(reader.error or error)) from error


def iter_batches(rows: pa.RecordBatchStreamReader, reader: BodyReader) -> Iterator[Batch]:
    """The batches of a stream.

    Raises:
        IncompleteAnswerError: It ends before its end.
    """
    told: dict[bytes, bytes] = {}
    count = 0
    try:
        while True:
            found = rows.read_next_batch_with_custom_metadata()
            told = dict(found.custom_metadata or {})
            if found.batch.num_rows:
                count += found.batch.num_rows
                yield _to_batch(found.batch)
    except StopIteration:
        pass
    except (pa.ArrowException, OSError) as error:
        raise IncompleteAnswerError(count, str(reader.error or error)) from error
    # What an endpoint knows at the end stands with the last batch: without it that was not the end.
    if told.get(b"conflictkg.rows") != str(count).encode():
        raise IncompleteAnswerError(count, "the stream ended without saying that it did")
    return told.get(b"conflictkg.complete") != b"false"  # type: ignore[return-value]  # Stream reads it


def _to_batch(batch: pa.RecordBatch) -> Batch:
    columns = [
        _to_column(batch.column(place), batch.column(place + 1))
        for place in range(0, batch.num_columns, 2)
    ]
    return Batch(tuple(columns), batch.num_rows)


def _to_column(texts: pa.Array, types: pa.Array) -> TermColumn:
    """A column of texts with what each is."""
    coded = types.dictionary_encode()
    names = [*coded.dictionary.to_pylist(), None]
    places = pc.fill_null(coded.indices, len(names) - 1).to_numpy(zero_copy_only=False)
    kinds = [UNBOUND if each is None else _NODES.get(each, LITERAL) for each in names]
    # A datatype is told by its IRI, a language by "@" and its tag.
    datatypes = [None if each in {*_NODES, None} or each[0] == "@" else each for each in names]
    languages = [each[1:] if each and each[0] == "@" else None for each in names]
    indices = pa.array(places)
    return TermColumn(
        np.array(kinds, np.uint8)[places],
        texts.cast(pa.large_string()),
        pa.array(datatypes, pa.string()).take(indices).dictionary_encode(),
        pa.array(languages, pa.string()).take(indices).dictionary_encode(),
    )
