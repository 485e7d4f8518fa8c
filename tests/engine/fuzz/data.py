"""Drawn terms and datasets: a small vocabulary, so that things meet."""

from engine.conformance.engines import Quad
from hypothesis import strategies as st

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, Blank, Iri, Literal, Term

from .pen import Pen

E = "http://e/"
NODES = tuple(Iri(E + name) for name in "abcd")
PREDICATES = tuple(Iri(E + name) for name in "pqr")
CLASSES = (Iri(E + "C"), Iri(E + "D"))
TYPE = Iri(RDF + "type")
GRAPHS = tuple(Iri(E + name) for name in ("g1", "g2", "g3"))
BLANKS = (Blank("x"), Blank("y"), Blank("z"))


def _typed(datatype: str, *lexical: str) -> list[Literal]:
    return [Literal(each, XSD + datatype) for each in lexical]


def _tagged(language: str, *lexical: str) -> list[Literal]:
    return [Literal(each, RDF_LANG_STRING, language) for each in lexical]


TAME = (
    *_typed("integer", "1", "2", "-1", "0", "10"),
    *_typed("string", "a", "b", "ab", "", "1", "Zoë"),
    *_typed("decimal", "1.5", "0.5", "-2.25"),
    *_typed("boolean", "true", "false"),
    *_typed("double", "1.5", "-0.25"),
    *_tagged("en", "a", "b"),
    *_tagged("fr", "a"),
    *_tagged("en-GB", "ab"),
    *_typed("date", "2017-06-13", "2010-01-01"),
    *_typed("dateTime", "2017-06-13T10:00:00", "2010-01-01T00:00:00Z", "2017-06-13T10:00:00Z"),
    Literal("a", E + "datatype"),
)
"""Literals that all engines keep as they are written."""

WILD = (
    *TAME,
    *_typed("integer", "01", "+1", "-0", "one", "", "99999999999999999999"),
    *_typed("decimal", "1.0", "01.50", "1", "1e0", "100000000000.000000000001"),
    *_typed("double", "1", "1.0E0", "1e3", "INF", "-INF", "NaN", "-0", "0", "1e400", "x"),
    *_typed("float", "1.5", "1", "0.1", "NaN"),
    *_typed("boolean", "1", "0", "TRUE"),
    *_typed("byte", "1", "300"),
    *_typed("nonNegativeInteger", "1", "-1"),
    *_typed("date", "2017-06-13Z", "2017-06-13+02:00", "2017-13-01", "-0044-03-15"),
    *_typed("dateTime", "2017-06-13T12:00:00+02:00", "2017-06-13T10:00:00.500Z", "2017-06-13"),
    *_typed("dateTime", "2017-06-13T24:00:00Z", "2017-06-13T10:00:00.0"),
    *_typed("time", "10:00:00", "10:00:00Z"),
    *_typed("gYear", "2017"),
    *_typed("duration", "P1Y", "P12M"),
    *_typed("dayTimeDuration", "PT60S", "PT1M"),
    *_typed("string", "\n\t\"'\\", "𝔘nicode", "e\u0301", "a b-c"),
    *_tagged("EN", "a"),
    Literal("b", E + "datatype"),
)
"""Also those that are not canonical, or no value of their datatype."""


def draw_literal(pen: Pen) -> Literal:
    """A literal."""
    return pen.pick(WILD if pen.is_wild else TAME)


def draw_object(pen: Pen) -> Term:
    """Anything that can be an object."""
    kind = pen.number(0, 5)
    if kind <= 1:
        return pen.pick(NODES)
    if kind == 2:
        return pen.pick(BLANKS)
    return draw_literal(pen)


def draw_quads(pen: Pen) -> tuple[Quad, ...]:
    """A small dataset: the default graph and up to two named ones; a triple may stand in several."""
    quads: list[Quad] = []
    for _ in range(pen.number(1, 9)):
        subject = pen.pick(BLANKS) if pen.chance(4) else pen.pick(NODES)
        triple = subject, pen.pick(PREDICATES), draw_object(pen)
        quads.append((*triple, _draw_graph(pen)))
        if pen.chance(5):
            quads.append((*triple, _draw_graph(pen)))
    quads += [
        (pen.pick(NODES), TYPE, pen.pick(CLASSES), _draw_graph(pen))
        for _ in range(pen.number(0, 3))
    ]
    return tuple(dict.fromkeys(quads))


def _draw_graph(pen: Pen) -> Iri | None:
    return pen.pick((None, None, GRAPHS[0], GRAPHS[1]))


def write_term(term: Term) -> str:
    """A term as SPARQL and N-Quads have it.

    >>> write_term(Literal("a", RDF_LANG_STRING, "en"))
    '"a"@en'
    """
    if isinstance(term, Iri):
        return f"<{term.value}>"
    if isinstance(term, Blank):
        return f"_:{term.label}"
    if not isinstance(term, Literal):
        raise TypeError(f"{term!r} is not drawn")
    text = term.lexical.translate(_ESCAPES)
    if term.language:
        return f'"{text}"@{term.language}'
    if term.datatype == XSD + "string":
        return f'"{text}"'
    return f'"{text}"^^<{term.datatype}>'


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def write_quad(quad: Quad) -> str:
    """A line of N-Quads."""
    return " ".join(write_term(term) for term in quad if term is not None) + " ."


def pens() -> st.SearchStrategy[Pen]:
    """Pens, tame and wild."""

    @st.composite
    def make(draw: object) -> Pen:
        pen = Pen(draw)  # type: ignore[arg-type]  # Hypothesis's own type is not generic enough
        pen.is_wild = pen.chance(3)
        return pen

    return make()
