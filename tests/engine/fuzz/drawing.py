"""Drawn requests: queries of every form, and updates."""

from dataclasses import dataclass, replace

from engine.conformance.engines import Quad
from hypothesis import strategies as st

from conflictkg.answers import Blank, Term

from .data import BLANKS, GRAPHS, NODES, PREDICATES, draw_object, draw_quads, pens, write_term
from .expressions import draw_any, draw_number, draw_text
from .patterns import Piece, draw_group
from .pen import VARIABLES, Pen

PROLOGUE = "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"


@dataclass(frozen=True, slots=True)
class Request:
    """What all engines are given.

    Args:
        quads: The dataset.
        text: The query, without LIMIT and OFFSET at its end, or the update.
        is_update: Whether it is an update.
        is_union: Whether the default graph is the union of all graphs.
        is_reduced: Whether it is a SELECT REDUCED.
        cut: LIMIT and OFFSET at the end, which only we are asked to do: the peers may order ties otherwise.
        first_key: The variable of the first ORDER BY key, and whether it descends.
    """

    quads: tuple[Quad, ...]
    text: str
    is_update: bool = False
    is_union: bool = False
    is_reduced: bool = False
    cut: tuple[int, int] | None = None
    first_key: tuple[str, bool] | None = None

    @property
    def cut_text(self) -> str:
        """The query with LIMIT and OFFSET."""
        limit, offset = self.cut or (0, 0)
        return f"{self.text} LIMIT {limit} OFFSET {offset}"


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A dataset and a query or update of it."""
    pen = draw(pens())
    # The pen was made with another draw, which Hypothesis has closed.
    pen.draw = draw
    quads = draw_quads(pen)
    if pen.chance(6):
        return Request(quads, PROLOGUE + _draw_update(pen), is_update=True)
    return replace(_draw_query(pen, quads), is_union=pen.chance(3))


def _draw_query(pen: Pen, quads: tuple[Quad, ...]) -> Request:
    kind = pen.number(0, 9)
    if kind <= 5:
        return _draw_select(pen, quads)
    if kind <= 7:
        return _draw_aggregation(pen, quads)
    if kind == 8:
        text = f"ASK {_draw_from(pen)}{draw_group(pen, 2).text}"
        return Request(quads, PROLOGUE + text)
    return _draw_construct(pen, quads)


def _draw_from(pen: Pen) -> str:
    if not pen.chance(8):
        return ""
    clauses = [
        f"FROM {'NAMED ' if pen.chance(2) else ''}{write_term(pen.pick(GRAPHS))}"
        for _ in range(pen.number(1, 2))
    ]
    return " ".join([*clauses, "WHERE "])


def _draw_select(pen: Pen, quads: tuple[Quad, ...]) -> Request:
    group = draw_group(pen, pen.number(1, 3))
    names = sorted(group.variables)
    word = pen.pick(("", "", "DISTINCT ", "REDUCED "))
    dataset = _draw_from(pen) or "WHERE "
    if not names or pen.chance(3):
        projected = "*"
        if not names:
            return Request(quads, f"{PROLOGUE}SELECT {word}* {dataset}{group.text}")
    else:
        kept = sorted({pen.pick(names) for _ in range(pen.number(1, 3))})
        extra = [f"({draw_any(pen, 3)} AS {pen.new_name('?s')})" for _ in range(pen.number(0, 2))]
        projected, names = " ".join([*kept, *extra]), kept
    text = f"{PROLOGUE}SELECT {word}{projected} {dataset}{group.text}"
    first_key = None
    if pen.chance(3):
        keys = [_draw_key(pen, names) for _ in range(pen.number(1, 2))]
        text += " ORDER BY " + " ".join(key for key, _ in keys)
        first_key = keys[0][1]
    cut = (pen.number(0, 4), pen.number(0, 2)) if pen.chance(5) else None
    return Request(quads, text, is_reduced=word == "REDUCED ", cut=cut, first_key=first_key)


def _draw_key(pen: Pen, names: list[str]) -> tuple[str, tuple[str, bool] | None]:
    descends = pen.chance(3)
    if pen.chance(4):
        expression = draw_any(pen, 2)
        return f"{'DESC' if descends else 'ASC'}({expression})", None
    name = pen.pick(names)
    return (f"DESC({name})" if descends else name), (name[1:], descends)


# Aggregates


def _draw_aggregation(pen: Pen, quads: tuple[Quad, ...]) -> Request:
    group = draw_group(pen, 2)
    names = sorted(group.variables) or list(VARIABLES)
    keys = sorted({pen.pick(names) for _ in range(pen.number(0, 2))})
    key_clauses = list(keys)
    if pen.chance(4):
        alias = pen.new_name("?k")
        key_clauses.append(f"({draw_any(pen, 2)} AS {alias})")
        keys.append(alias)
    items = [*keys]
    items += [
        f"({_draw_aggregate_expression(pen, keys)} AS {pen.new_name('?s')})"
        for _ in range(pen.number(1, 2))
    ]
    having = ""
    if pen.chance(4):
        comparison = pen.pick((">", "<", "=", "!="))
        having = f" HAVING ({_draw_aggregate(pen, keys)} {comparison} {pen.number(0, 3)})"
    grouping = f" GROUP BY {' '.join(key_clauses)}" if key_clauses else ""
    dataset = _draw_from(pen) or "WHERE "
    text = f"SELECT {' '.join(items)} {dataset}{group.text}{grouping}{having}"
    return Request(quads, PROLOGUE + text)


def _draw_aggregate_expression(pen: Pen, keys: list[str]) -> str:
    aggregate = _draw_aggregate(pen, keys)
    kind = pen.number(0, 5)
    if kind <= 3:
        return aggregate
    if kind == 4:
        return f"({aggregate} + {_draw_aggregate(pen, keys)})"
    return f"IF({aggregate} > 1, {aggregate}, {_draw_aggregate(pen, keys)})"


def _draw_aggregate(pen: Pen, keys: list[str]) -> str:
    word = "DISTINCT " if pen.chance(3) else ""
    kind = pen.number(0, 8)
    if kind == 0:
        return f"COUNT({word}*)"
    if kind <= 2:
        return f"COUNT({word}{_draw_aggregated(pen)})"
    if kind <= 4:
        name = pen.pick(("SUM", "AVG"))
        return f"{name}({word}{pen.variable() if pen.chance(2) else draw_number(pen, 2)})"
    if kind == 5:
        name = pen.pick(("MIN", "MAX"))
        # Of values that have an order whatever the engine.
        return f"{name}({word}{pen.pick(('STR', 'STRLEN'))}({draw_text(pen, 1)}))"
    if kind == 6:
        return f"{pen.pick(('MIN', 'MAX'))}({word}{pen.variable()})"
    if kind == 7 and keys:
        return f"SAMPLE({pen.pick(keys)})"
    separator = pen.pick(("", '; SEPARATOR=","', '; SEPARATOR=""'))
    # Items come in any order: only how long they are together is certain.
    return f"STRLEN(GROUP_CONCAT({word}{draw_text(pen, 1)}{separator}))"


def _draw_aggregated(pen: Pen) -> str:
    return pen.variable() if pen.chance(2) else draw_any(pen, 2)


# CONSTRUCT


def _draw_construct(pen: Pen, quads: tuple[Quad, ...]) -> Request:
    group = draw_group(pen, 2)
    template = " ".join(_draw_template_triple(pen, group) for _ in range(pen.number(1, 3)))
    return Request(
        quads, f"{PROLOGUE}CONSTRUCT {{ {template} }} {_draw_from(pen) or 'WHERE '}{group.text}"
    )


def _draw_template_triple(pen: Pen, group: Piece, *, blanks: bool = True) -> str:
    names = sorted(group.variables) or list(VARIABLES)
    subject = pen.pick((pen.pick(names), write_term(pen.pick(NODES)), "_:made" if blanks else "?a"))
    predicate = pen.pick((write_term(pen.pick(PREDICATES)), pen.pick(names)))
    object_ = pen.pick(
        (pen.pick(names), _written(pen, blanks=blanks), "_:made" if blanks else "?b")
    )
    return f"{subject} {predicate} {object_} ."


def _written(pen: Pen, *, blanks: bool) -> str:
    drawn: Term = draw_object(pen)
    if isinstance(drawn, Blank) and not blanks:
        return write_term(NODES[0])
    return write_term(drawn)


# Updates


def _draw_update(pen: Pen) -> str:
    operations = [_draw_operation(pen) for _ in range(pen.number(1, 3))]
    return " ;\n".join(operations)


def _draw_operation(pen: Pen) -> str:
    kind = pen.number(0, 8)
    if kind <= 1:
        return f"INSERT DATA {{ {_draw_data(pen, blanks=True)} }}"
    if kind == 2:
        return f"DELETE DATA {{ {_draw_data(pen, blanks=False)} }}"
    if kind <= 5:
        return _draw_modify(pen)
    if kind == 6:
        piece = _draw_delete_where(pen)
        return f"DELETE WHERE {{ {piece} }}"
    if kind == 7:
        target = pen.pick((f"GRAPH {_graph(pen)}", "DEFAULT", "NAMED", "ALL"))
        return f"{pen.pick(('CLEAR', 'DROP'))} SILENT {target}"
    source, target = (pen.pick(("DEFAULT", f"GRAPH {_graph(pen)}")) for _ in range(2))
    return f"{pen.pick(('ADD', 'COPY', 'MOVE'))} SILENT {source} TO {target}"


def _graph(pen: Pen) -> str:
    return write_term(pen.pick(GRAPHS))


def _draw_data(pen: Pen, *, blanks: bool) -> str:
    blocks = []
    for _ in range(pen.number(1, 3)):
        subject = pen.pick(BLANKS) if blanks and pen.chance(3) else pen.pick(NODES)
        predicate, object_ = write_term(pen.pick(PREDICATES)), _written(pen, blanks=blanks)
        triple = f"{write_term(subject)} {predicate} {object_} ."
        blocks.append(f"GRAPH {_graph(pen)} {{ {triple} }}" if pen.chance(3) else triple)
    return " ".join(blocks)


def _draw_delete_where(pen: Pen) -> str:
    triple = f"{pen.variable()} {write_term(pen.pick(PREDICATES))} {pen.variable()} ."
    return f"GRAPH {_graph(pen)} {{ {triple} }}" if pen.chance(3) else triple


def _draw_modify(pen: Pen) -> str:
    group = draw_group(pen, 2)
    parts = [f"WITH {_graph(pen)}"] if pen.chance(4) else []
    which = pen.number(0, 2)
    if which != 1:
        parts.append(f"DELETE {{ {_draw_quads(pen, group, blanks=False)} }}")
    if which != 0:
        parts.append(f"INSERT {{ {_draw_quads(pen, group, blanks=True)} }}")
    if pen.chance(5):
        parts.append(f"USING {'NAMED ' if pen.chance(2) else ''}{_graph(pen)}")
    return " ".join([*parts, f"WHERE {group.text}"])


def _draw_quads(pen: Pen, group: Piece, *, blanks: bool) -> str:
    lines = []
    for _ in range(pen.number(1, 2)):
        triple = _draw_template_triple(pen, group, blanks=blanks)
        if pen.chance(4):
            name = "?g" if "?g" in group.variables and pen.chance(2) else _graph(pen)
            triple = f"GRAPH {name} {{ {triple} }}"
        lines.append(triple)
    return " ".join(lines)
