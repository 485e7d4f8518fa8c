"""Solutions as Apache Arrow and Parquet, for those who go on with data frames.

Each variable is a column of texts: IRI, label or lexical form, null where it is unbound. Beside it stands a column
``<variable>:type`` that says what the text is: ``iri``, ``blank``, the IRI of a datatype, or ``@en`` for a
text in a language. So nothing is lost or guessed, whatever a column mixes.
"""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from conflictkg.answers import Batch, Solutions, TermColumn
from conflictkg.answers.columns import BLANK, IRI
from conflictkg.answers.pieces import Pieces

_ROWS_A_GROUP = 65_536


def _schema_of(answer: Solutions) -> pa.Schema:
    fields = []
    for name in answer.variables:
        fields += [pa.field(name, pa.large_string()), pa.field(f"{name}:type", pa.string())]
    return pa.schema(fields)


def _to_record_batch(batch: Batch, schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for column in batch.columns:
        arrays += [column.lexical, _types_of(column)]
    if not arrays:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * batch.size, pa.struct([])))
    return pa.record_batch(arrays, schema=schema)


def _types_of(column: TermColumn) -> pa.StringArray:
    """What each text is."""
    kinds = pa.array(column.kind)
    language = column.language.cast(pa.string())
    tagged = pc.binary_join_element_wise("@", language, "")
    literal = pc.if_else(language.is_null(), column.datatype.cast(pa.string()), tagged)
    node = pc.if_else(pc.equal(kinds, IRI), "iri", pa.scalar(None, pa.string()))
    node = pc.if_else(pc.equal(kinds, BLANK), "blank", node)
    return pc.coalesce(node, literal)


def _describe(answer: Solutions, rows: int) -> dict[str, str]:
    return {
        "conflictkg.complete": "false" if answer.complete is False else "true",
        "conflictkg.rows": str(rows),
    }


def _write_arrow(answer: Solutions) -> Iterator[bytes]:
    schema, sink, rows = _schema_of(answer), Pieces(), 0
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema) as writer:
        for batch in answer.batches:
            writer.write_batch(_to_record_batch(batch, schema))
            rows += batch.size
            yield sink.take()
        # A last batch without rows has room for what is known only now.
        last = pa.RecordBatch.from_pylist([], schema=schema)
        writer.write_batch(last, custom_metadata=_describe(answer, rows))
    yield sink.take()


def _write_parquet(answer: Solutions) -> Iterator[bytes]:
    schema, sink, rows = _schema_of(answer), Pieces(), 0
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in answer.batches:
            waiting.append(_to_record_batch(batch, schema))
            rows += batch.size
            if sum(each.num_rows for each in waiting) >= _ROWS_A_GROUP:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting.clear()
                yield sink.take()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema))
        writer.add_key_value_metadata(_describe(answer, rows))
    yield sink.take()


ARROW_WRITERS: Mapping[str, Callable[[Solutions], Iterator[bytes]]] = {
    "arrow": _write_arrow,
    "parquet": _write_parquet,
}
"""By format name."""
