"""Answers as bytes: SPARQL results in JSON, XML, CSV, TSV, Arrow and Parquet; graphs in the formats of RDF.

Everything is written as it comes, or in parts of bounded size, so that an answer larger than memory can be passed on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conflictkg.answers import Answer, Boolean, Kind, Solutions
from conflictkg.answers.formats_arrow import ARROW_WRITERS
from conflictkg.answers.formats_graphs import GRAPH_WRITERS
from conflictkg.answers.formats_results import RESULT_WRITERS, XML_HEAD
from conflictkg.answers.ntriples import to_ntriples as to_ntriples
from conflictkg.answers.utf8 import encode_text
from conflictkg.errors import NotAcceptableError

_PIECE = 65_536
"""Bytes that are gathered before they are handed on."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write an answer.

    Args:
        name: What people write after ``--format``: ``"json"``.
        media_type: For ``Content-Type``, without parameters.
        extension: Ending of files, without its dot.
        kinds: The kinds of answers that it can hold.
    """

    name: str
    media_type: str
    extension: str
    kinds: frozenset[Kind]


_RESULTS: frozenset[Kind] = frozenset({"solutions", "boolean"})
_ROWS: frozenset[Kind] = frozenset({"solutions"})
_GRAPHS: frozenset[Kind] = frozenset({"graph"})

FORMATS = (
    Format("json", "application/sparql-results+json", "srj", _RESULTS),
    Format("xml", "application/sparql-results+xml", "srx", _RESULTS),
    Format("csv", "text/csv", "csv", _ROWS),
    Format("tsv", "text/tab-separated-values", "tsv", _ROWS),
    Format("spreadsheet", "text/csv", "spreadsheet.csv", _ROWS),
    Format("arrow", "application/vnd.apache.arrow.stream", "arrows", _ROWS),
    Format("parquet", "application/vnd.apache.parquet", "parquet", _ROWS),
    Format("turtle", "text/turtle", "ttl", _GRAPHS),
    Format("ntriples", "application/n-triples", "nt", _GRAPHS),
    Format("rdfxml", "application/rdf+xml", "rdf", _GRAPHS),
    Format("jsonld", "application/ld+json", "jsonld", _GRAPHS),
    Format("trig", "application/trig", "trig", _GRAPHS),
    Format("nquads", "application/n-quads", "nq", _GRAPHS),
)
"""All formats; of those for one kind of answer, the favourite first."""


def formats_for(kind: Kind) -> tuple[Format, ...]:
    """The formats that can hold a kind of answer, the favourite first.

    >>> [each.name for each in formats_for("boolean")]
    ['json', 'xml']
    """
    return tuple(each for each in FORMATS if kind in each.kinds)


def write_answer(
    answer: Answer, format_name: str, prefixes: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    r"""Write an answer, piece by piece.

    Args:
        answer: The answer; it is read to its end.
        format_name: The ``name`` of one of :func:`formats_for` its kind.
        prefixes: Prefix to namespace, for Turtle and TriG.

    Returns:
        UTF-8, but for Arrow and Parquet. Errors of the query, such as its deadline, are raised between pieces.

    Raises:
        NotAcceptableError: That format cannot hold this kind of answer; raised at once.

    >>> b"".join(write_answer(Boolean(True), "json")).decode()
    '{"head":{},"boolean":true}\n'
    """
    offered = formats_for(answer.kind)
    if format_name not in {each.name for each in offered}:
        raise NotAcceptableError(format_name, [each.name for each in offered])
    if isinstance(answer, Solutions):
        if format_name in ARROW_WRITERS:
            return ARROW_WRITERS[format_name](answer)
        return _gather(RESULT_WRITERS[format_name](answer))
    if isinstance(answer, Boolean):
        return iter([_write_boolean(answer.value, format_name).encode()])
    return _gather(map(encode_text, GRAPH_WRITERS[format_name](answer, prefixes or {})))


def _gather(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces large enough to be worth a system call."""
    buffer = bytearray()
    for text in texts:
        buffer += text
        if len(buffer) >= _PIECE:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def _write_boolean(value: bool, format_name: str) -> str:
    word = "true" if value else "false"
    if format_name == "json":
        return f'{{"head":{{}},"boolean":{word}}}\n'
    return f"{XML_HEAD}<head/>\n<boolean>{word}</boolean>\n</sparql>\n"
