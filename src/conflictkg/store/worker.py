"""A process that answers queries over one store, one after another, until it is killed.

Started by :mod:`conflictkg.store.pool` as ``python -m conflictkg.store.worker``; frames come on stdin
and go to stdout. Strangers' queries run here and nowhere else: the engine can neither be interrupted
nor kept from aborting its process.
"""

import json
import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import pyoxigraph

from conflictkg.answers import XSD_STRING
from conflictkg.errors import NotPermittedError, QueryError, QuerySyntaxError, StoreError
from conflictkg.store import sandbox, wire
from conflictkg.store.guard import Outline, check_query
from conflictkg.store.layout import QUADS

_FIRST_ROWS = 16
_MORE_ROWS = 512
_MORE_BYTES = 262_144
_POSITION = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


def main() -> None:
    """Answer queries from stdin. The arguments are one JSON object: directory and memory in MiB."""
    options = json.loads(sys.argv[1])
    # Whatever prints to stdout by mistake shall not break a frame.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    is_isolated = sandbox.enter(options["memory_mb"])
    try:
        store = pyoxigraph.Store.read_only(str(Path(options["directory"]) / QUADS))
    except (OSError, RuntimeError, ValueError) as error:
        out.write(wire.pack_frame(wire.ERROR, wire.pack_error(StoreError(str(error)))))
        return
    graphs = {each.value for each in store.named_graphs()}
    out.write(wire.pack_frame(wire.READY, {"isolated": is_isolated}))
    for request in _iter_requests():
        for frame in _answer(store, graphs, request):
            out.write(frame)


def _iter_requests() -> Iterator[Any]:
    """Requests as they come. The end of stdin means that nobody is left to answer to."""
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen(source: BinaryIO) -> None:
        while (frame := wire.read_frame(source)) is not None:
            requests.put(frame[1])
        # At once: the main thread may be in a query that never ends.
        os._exit(0)

    threading.Thread(target=listen, args=(sys.stdin.buffer,), daemon=True).start()
    while True:
        yield requests.get()


def _answer(store: pyoxigraph.Store, graphs: set[str], request: Any) -> Iterator[bytes]:
    """The frames that answer a request; errors are frames too."""
    try:
        yield from _run(store, graphs, request)
    except (QueryError, StoreError) as error:
        failure: QueryError | StoreError = error
    except MemoryError:
        failure = QueryError("needs more memory than a query may have")
    except RecursionError:
        failure = QuerySyntaxError("nested too deeply. Split the query.")
    except (OSError, RuntimeError, ValueError) as error:
        failure = QueryError(f"the engine cannot answer: {error}")
    else:
        return
    yield wire.pack_frame(wire.ERROR, wire.pack_error(failure))


def _run(store: pyoxigraph.Store, graphs: set[str], request: Any) -> Iterator[bytes]:
    outline = check_query(request["text"], request["base_iri"])
    dataset = _choose_dataset(outline, graphs, request)
    bindings: dict[pyoxigraph.Variable, Any] = {
        pyoxigraph.Variable(name): _to_engine(wire.unpack_term(term))
        for name, term in request["bindings"].items()
    }
    try:
        found = store.query(
            outline.text,
            base_iri=request["base_iri"],
            substitutions=bindings or None,
            **dataset,
        )
    except SyntaxError as error:
        raise _explain(str(error), outline) from error
    if outline.doubts:
        raise outline.doubts[0].to_error()
    if isinstance(found, pyoxigraph.QueryBoolean):
        yield wire.pack_frame(wire.BOOLEAN, bool(found))
    elif isinstance(found, pyoxigraph.QuerySolutions):
        yield wire.pack_frame(wire.SOLUTIONS, [each.value for each in found.variables])
        yield from _pack_items(found, _pack_row, request["max_rows"])
    else:
        yield wire.pack_frame(wire.GRAPH, None)
        yield from _pack_items(found, _pack_triple, request["max_rows"])


def _choose_dataset(outline: Outline, graphs: set[str], request: Any) -> dict[str, Any]:
    """The graphs to ask, as the engine wants them: always said, so that its own reading of FROM is moot."""
    asked = (
        [(iri, 0) for iri in request["default_graphs"]],
        [(iri, 0) for iri in request["named_graphs"]],
    )
    default, named = asked if any(asked) else (outline.default_graphs, outline.named_graphs)
    if not default and not named:
        # It holds the union of all the others: see conflictkg.store.writer.
        return {"default_graph": pyoxigraph.DefaultGraph()}
    for iri, line in chain(default, named):
        if iri not in graphs:
            known = ", ".join(f"<{each}>" for each in sorted(graphs))
            where = f" (line {line})" if line else ""
            raise NotPermittedError(
                f"graph <{iri}>{where}",
                f"the store does not hold it, and nothing is fetched. It holds {known}.",
            )
    return {
        "default_graph": [pyoxigraph.NamedNode(iri) for iri, _ in default],
        "named_graphs": [pyoxigraph.NamedNode(iri) for iri, _ in named],
    }


def _explain(message: str, outline: Outline) -> QuerySyntaxError:
    """The engine's syntax error in our words, at its position."""
    match = _POSITION.match(message)
    if match is None:
        return QuerySyntaxError(message)
    line, column = int(match[1]), int(match[2])
    if outline.doubts:
        return outline.doubts[0].to_error(line, column)
    expected = match[3].removeprefix("expected ").removeprefix("one of ").strip()
    # Of the many things that could stand here, only a sentence tells a reader something.
    sentence = re.match(
        r"[A-Z][a-z]+(?: [A-Za-z]+)+|The SELECT [a-z ]+|IRI [a-z ]+|\\u [a-z ]+", expected
    )
    if sentence:
        return QuerySyntaxError(f"{sentence[0].rstrip()}.", line, column)
    return QuerySyntaxError("the query cannot be read on from here.", line, column)


def _pack_items(
    items: Iterable[Any], pack: Callable[[Any], Any], max_rows: int | None
) -> Iterator[bytes]:
    """Frames of rows or triples: small ones first, so that a reader sees something early."""
    source = iter(items)
    limited = source if max_rows is None else islice(source, max_rows)
    batch: list[str] = []
    size, wanted = 0, _FIRST_ROWS
    for item in limited:
        batch.append(json.dumps(pack(item), separators=(",", ":")))
        size += len(batch[-1])
        if len(batch) >= wanted or size >= _MORE_BYTES:
            yield _pack_batch(batch)
            batch, size, wanted = [], 0, _MORE_ROWS
    if batch:
        yield _pack_batch(batch)
    complete = max_rows is None or next(source, None) is None
    yield wire.pack_frame(wire.END, complete)


def _pack_batch(batch: list[str]) -> bytes:
    body = f"[{','.join(batch)}]".encode()
    if len(body) > wire.MAX_PAYLOAD:
        raise QueryError(
            "a row of the answer is too large to be passed on. Ask for parts (SUBSTR)."
        )
    return wire.HEAD.pack(wire.ITEMS, len(body)) + body


def _pack_row(solution: pyoxigraph.QuerySolution) -> Any:
    return [_pack(term) for term in solution]


def _pack_triple(triple: pyoxigraph.Triple) -> Any:
    return [_pack(triple.subject), _pack(triple.predicate), _pack(triple.object)]


def _pack(term: Any) -> Any:
    """Straight from the engine's terms to what :func:`wire.unpack_term` reads, for speed."""
    if term is None:
        return None
    if isinstance(term, pyoxigraph.NamedNode):
        return term.value
    if isinstance(term, pyoxigraph.Literal):
        datatype = term.datatype.value
        if term.language:
            direction = term.direction.value if term.direction is not None else ""
            return [term.value, datatype, term.language, direction]
        return [term.value] if datatype == XSD_STRING else [term.value, datatype]
    if isinstance(term, pyoxigraph.BlankNode):
        return {"b": term.value}
    return {"t": _pack_triple(term)}


def _to_engine(term: Any) -> pyoxigraph.NamedNode | pyoxigraph.Literal:
    packed = wire.pack_term(term)
    if isinstance(packed, str):
        return pyoxigraph.NamedNode(packed)
    if isinstance(packed, list):
        if len(packed) > 2:
            return pyoxigraph.Literal(packed[0], language=packed[2])
        datatype = packed[1] if len(packed) > 1 else XSD_STRING
        return pyoxigraph.Literal(packed[0], datatype=pyoxigraph.NamedNode(datatype))
    raise QueryError("only IRIs and literals can be bound to variables of a query")


if __name__ == "__main__":
    main()
