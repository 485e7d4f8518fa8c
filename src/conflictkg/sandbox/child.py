"""The child of :mod:`conflictkg.sandbox`: reads RDF from stdin, writes N-Triples to stdout.

It is a program of its own and imports nothing of ours, so that it starts within a few milliseconds. The last line of
stderr is its report, a JSON object.
"""

import contextlib
import ctypes
import json
import os
import re
import resource
import signal
import sys
from typing import Any, NoReturn
from xml.parsers import expat

import pyoxigraph as ox

FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
PARENT = "CONFLICTKG_PARENT"
"""Variable of the environment: the process that waits for the answer."""

_MOST_NESTED = 200
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_CHUNK = 1 << 16
_MOST_LITERAL_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BRACKETS = re.compile(rb"[][()]")
_PLACE = re.compile(r"Parser error at line \d+ (?:column \d+|between .*?): ")


def confine(memory_mb: int, seconds: int, output_mb: int) -> None:
    """Give up what the work does not need."""
    for what, most in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, output_mb << 20),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (wanted, wanted))
    # A network of its own, in which there is nobody. Where the system does not allow it, what is left is
    # that the parsers open no connection by themselves, and that Python may not.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    # Nobody waits for the answer once the parent is dead, killed without a word as it may be.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get(PARENT, str(os.getppid())) != str(os.getppid()):
        os._exit(3)  # it died before that could be asked for
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:  # noqa: ARG001 -- the hook's signature
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork")):
        raise PermissionError(event)


def fail(kind: str, problem: str, line: int = 0, column: int = 0) -> NoReturn:
    """Report a failure and end."""
    report = {"kind": kind, "problem": problem, "line": line, "column": column}
    sys.stderr.write("\n" + json.dumps(report))
    sys.stderr.flush()
    os._exit(3)


def require_utf8(data: bytes) -> None:
    """Refuse other encodings, before a parser stumbles over them."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        fail(
            "encoding",
            f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8. Send UTF-8.",
            line,
            column,
        )


def require_plain_xml(data: bytes) -> None:
    """Refuse a document type: entities are how a small file becomes a large one, or reads another."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        fail(
            "xml-entities",
            "the XML has a document type (DOCTYPE), which is not read. Take it out and write entities "
            "as what they stand for.",
            parser.CurrentLineNumber,
            parser.CurrentColumnNumber + 1,
        )

    depth = 0

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MOST_NESTED:
            fail("nesting", f"elements are nested more than {_MOST_NESTED} deep. Nest less deep.")

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    with contextlib.suppress(expat.ExpatError):  # what is wrong with it the RDF parser says
        for start in range(0, len(data), _CHUNK):
            parser.Parse(data[start : start + _CHUNK])


def require_own_context(data: bytes) -> None:
    """Refuse contexts that stand elsewhere."""
    try:
        document = json.loads(data)
    except RecursionError:
        fail("nesting", "the JSON is nested too deep. Nest less deep.")
    except ValueError:
        return  # where it is wrong the RDF parser says
    waiting: list[tuple[object, int]] = [(document, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _MOST_NESTED:
            fail("nesting", f"the JSON is nested more than {_MOST_NESTED} deep. Nest less deep.")
        if isinstance(node, dict):
            for key, value in node.items():
                contexts = value if isinstance(value, list) else [value]
                is_remote = key == "@context" and any(isinstance(each, str) for each in contexts)
                if is_remote or key == "@import":
                    fail(
                        "remote-context",
                        f"the JSON-LD refers to a context elsewhere ({str(value)[:100]}), and nothing is "
                        "fetched. Put the context's own content there.",
                    )
                waiting.append((value, depth + 1))
        elif isinstance(node, list):
            waiting += [(each, depth + 1) for each in node]


def require_shallow(data: bytes) -> None:
    """Refuse Turtle whose brackets nest so deep that the parser's stack would overflow."""
    depth = most = 0
    for found in _BRACKETS.finditer(data):
        if found[0] in b"[(":
            depth += 1
            most = max(most, depth)
        else:
            depth = max(depth - 1, 0)
    # Brackets within strings count too, so the bound is generous.
    if most > 10 * _MOST_NESTED:
        fail("nesting", f"brackets nest {most} deep. Nest less deep.")


def require_usable(literal: ox.Literal) -> None:
    """Refuse literals that answers could not hold."""
    text = literal.value
    if len(text) > _MOST_LITERAL_BYTES or len(text.encode()) > _MOST_LITERAL_BYTES:
        fail(
            "literal-too-long",
            f"a literal has more than {_MOST_LITERAL_BYTES:,} bytes; it begins {text[:40]!r}. Keep long texts "
            "elsewhere and link them.",
        )
    found = _CONTROL.search(text)
    if found is not None:
        fail(
            "control-character",
            f"a literal holds the character U+{ord(found[0]):04X}, which XML cannot write; it begins "
            f"{text[:40]!r}. Take the character out.",
        )


def require_rdf11(triple: ox.Triple) -> None:
    """Refuse what the store does not hold: triples within triples, and texts with a direction."""
    value = triple.object
    if isinstance(value, ox.Triple):
        fail(
            "rdf-1-2",
            f"a triple of {str(triple.subject)[:200]} is about a triple ({str(value)[:200]}), which only RDF 1.2 has. "
            "Give the statement an IRI of its own and say it of that.",
        )
    if isinstance(value, ox.Literal) and value.direction is not None:
        fail(
            "rdf-1-2",
            f"the text {value.value[:40]!r} has a direction, which only RDF 1.2 has. Leave it out.",
        )


def convert(data: bytes, name: str, base: str) -> int:
    """Write the triples; how many."""
    out = sys.stdout.buffer
    count = 0
    chunk: list[ox.Triple] = []
    lines = name == "ntriples"
    # New names for blank nodes: what is read now may be put together with what is read next.
    quads = ox.parse(
        data, format=FORMATS[name], base_iri=None if lines else base, rename_blank_nodes=True
    )
    for quad in quads:
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            fail(
                "named-graphs",
                f"there is a graph named {quad.graph_name} in the data, which go into one graph. Send each "
                "graph by itself.",
            )
        require_rdf11(quad.triple)
        if isinstance(quad.object, ox.Literal):
            require_usable(quad.object)
        chunk.append(quad.triple)
        count += 1
        if len(chunk) == 10_000:
            out.write(ox.serialize(chunk, format=ox.RdfFormat.N_TRIPLES) or b"")
            chunk.clear()
    if chunk:
        out.write(ox.serialize(chunk, format=ox.RdfFormat.N_TRIPLES) or b"")
    out.flush()
    return count


def main(name: str, base: str, *limits: str) -> None:
    """Read, write, report."""
    confine(*map(int, limits))
    try:
        data = sys.stdin.buffer.read()
        require_utf8(data)
        if name == "rdfxml":
            require_plain_xml(data)
        elif name == "jsonld":
            require_own_context(data)
        elif name == "turtle":
            require_shallow(data)
        triples = convert(data, name, base)
    except SyntaxError as error:
        problem = _PLACE.sub("", str(error.msg).partition("\n")[0])
        fail("syntax", problem or "syntax error", error.lineno or 0, error.offset or 0)
    except (ValueError, RecursionError) as error:
        fail("syntax", str(error).partition("\n")[0])
    except MemoryError as error:
        if "buffer" in str(error):  # the parser's own bound, of 16 MB for one token
            fail("literal-too-long", "a literal or an IRI is longer than the reader takes.")
        fail("too-large", "reading them needs more memory than there is for it. Send less at once.")
    except OSError as error:
        fail("too-large", f"what they are cannot be written ({error.strerror}). Send less at once.")
    sys.stderr.write("\n" + json.dumps({"triples": triples}))
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
