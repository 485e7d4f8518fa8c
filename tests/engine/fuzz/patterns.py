"""Drawn group graph patterns, with the variables that each has in scope."""

from dataclasses import dataclass

from .data import CLASSES, GRAPHS, NODES, PREDICATES, draw_literal, draw_object, write_term
from .expressions import draw_any, draw_truth
from .pen import Pen


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of a group.

    Args:
        text: As it stands in the query.
        variables: Those that it has in scope.
    """

    text: str
    variables: frozenset[str] = frozenset()


def draw_group(pen: Pen, depth: int) -> Piece:
    """A group, with its braces."""
    pieces = [draw_triples(pen)] if depth <= 0 or not pen.chance(12) else []
    pieces += [_draw_element(pen, depth) for _ in range(pen.number(0, 3) if depth > 0 else 0)]
    if len(pieces) > 1 and pen.chance(6):
        # An element before the first triples, such as an OPTIONAL that begins a group.
        pieces.append(pieces.pop(0))
    return join_pieces(pieces)


def join_pieces(pieces: list[Piece]) -> Piece:
    """Elements as a group."""
    variables = frozenset[str]().union(*(piece.variables for piece in pieces))
    return Piece("{ " + " ".join(piece.text for piece in pieces) + " }", variables)


def _draw_element(pen: Pen, depth: int) -> Piece:
    kind = pen.number(0, 12)
    if kind <= 1:
        return Piece(f"FILTER({draw_truth(pen, 2)})")
    if kind == 2:
        return draw_triples(pen)
    if kind <= 4:
        inner = draw_group(pen, depth - 1)
        return Piece(f"OPTIONAL {inner.text}", inner.variables)
    if kind == 5:
        return _draw_union(pen, depth)
    if kind == 6:
        inner = draw_group(pen, depth - 1)
        return Piece(f"MINUS {inner.text}")
    if kind == 7:
        name, value = pen.new_name("?v"), draw_any(pen, 2)
        pen.bound.append(name)
        return Piece(f"BIND({value} AS {name})", frozenset({name}))
    if kind == 8:
        return _draw_values(pen)
    if kind == 9:
        return _draw_graph(pen, depth)
    if kind == 10:
        word = pen.pick(("EXISTS", "NOT EXISTS"))
        return Piece(f"FILTER {word} {draw_group(pen, depth - 1).text}")
    if kind == 11:
        return _draw_sub_select(pen, depth)
    return draw_group(pen, depth - 1)


def _draw_union(pen: Pen, depth: int) -> Piece:
    branches = [draw_group(pen, depth - 1) for _ in range(pen.number(2, 3))]
    return Piece(
        " UNION ".join(branch.text for branch in branches),
        frozenset[str]().union(*(branch.variables for branch in branches)),
    )


def _draw_values(pen: Pen) -> Piece:
    names = tuple(dict.fromkeys(pen.variable() for _ in range(pen.number(1, 2))))
    rows = [
        "(" + " ".join("UNDEF" if pen.chance(5) else _value(pen) for _ in names) + ")"
        for _ in range(pen.number(0, 3))
    ]
    return Piece(f"VALUES ({' '.join(names)}) {{ {' '.join(rows)} }}", frozenset(names))


def _value(pen: Pen) -> str:
    return write_term(pen.pick(NODES) if pen.chance(2) else draw_literal(pen))


def _draw_graph(pen: Pen, depth: int) -> Piece:
    inner = draw_group(pen, depth - 1)
    if pen.chance(3):
        return Piece(f"GRAPH {write_term(pen.pick(GRAPHS))} {inner.text}", inner.variables)
    name = pen.pick(("?g", "?g", pen.variable()))
    return Piece(f"GRAPH {name} {inner.text}", inner.variables | {name})


_TOTAL_ORDER = "ORDER BY STR({0}) STR(DATATYPE({0})) LANG({0})"
"""Leaves no two different IRIs or literals in any order."""


def _draw_sub_select(pen: Pen, depth: int) -> Piece:
    inner = draw_group(pen, depth - 1)
    names = sorted(inner.variables)
    if not names or pen.chance(5):
        count = pen.new_name("?n")
        return Piece(f"{{ SELECT (COUNT(*) AS {count}) WHERE {inner.text} }}", frozenset({count}))
    kind = pen.number(0, 3)
    if kind <= 1:
        kept = sorted({pen.pick(names) for _ in range(pen.number(1, 2))})
        word = "DISTINCT " if kind else ""
        return Piece(f"{{ SELECT {word}{' '.join(kept)} WHERE {inner.text} }}", frozenset(kept))
    name = pen.pick(names)
    if kind == 2:
        # A blank node has no order, and which of two is taken must not be left to the engine.
        group = f"{inner.text[:-1]} FILTER(!isBlank({name})) }}"
        order = _TOTAL_ORDER.format(name)
        limit = f"LIMIT {pen.number(0, 3)}" + (" OFFSET 1" if pen.chance(3) else "")
        return Piece(
            f"{{ SELECT DISTINCT {name} WHERE {group} {order} {limit} }}", frozenset({name})
        )
    count = pen.new_name("?n")
    return Piece(
        f"{{ SELECT {name} (COUNT(*) AS {count}) WHERE {inner.text} GROUP BY {name} }}",
        frozenset({name, count}),
    )


# Triples and paths


def draw_triples(pen: Pen) -> Piece:
    """Some triple patterns, as far as there is room for more."""
    lines, variables = [], set[str]()
    star = pen.variable() if pen.chance(3) else ""
    if star and pen.chance(2):
        lines.append(f"{star} a {write_term(pen.pick(CLASSES))} .")
        variables.add(star)
    for _ in range(min(pen.number(1, 3 if star else 2), pen.triples_left)):
        pen.triples_left -= 1
        subject, object_ = star or _draw_subject(pen), _draw_object(pen)
        predicate = write_term(pen.pick(PREDICATES)) if star else _draw_predicate(pen)
        lines.append(f"{subject} {predicate} {object_} .")
        variables.update(each for each in (subject, predicate, object_) if each.startswith("?"))
    return Piece(" ".join(lines), frozenset(variables))


def _draw_subject(pen: Pen) -> str:
    kind = pen.number(0, 5)
    if kind <= 3:
        return pen.variable()
    return write_term(pen.pick(NODES)) if kind == 4 else pen.pick(("[]", pen.new_name("_:n")))


def _draw_object(pen: Pen) -> str:
    kind = pen.number(0, 6)
    if kind <= 3:
        return pen.variable()
    if kind == 4:
        return "[]"
    drawn = write_term(draw_object(pen))
    return "[]" if drawn.startswith("_:") else drawn


def _draw_predicate(pen: Pen) -> str:
    kind = pen.number(0, 7)
    if kind <= 3:
        return write_term(pen.pick(PREDICATES))
    return pen.variable() if kind == 4 else _draw_path(pen, 2)


def _draw_path(pen: Pen, depth: int) -> str:
    if depth <= 0:
        return write_term(pen.pick(PREDICATES))
    kind = pen.number(0, 7)
    if kind <= 2:
        return f"({_draw_path(pen, depth - 1)}){pen.pick('*+?')}"
    if kind == 3:
        return f"(^{_draw_path_primary(pen, depth - 1)})"
    if kind == 4:
        return f"({_draw_path(pen, depth - 1)}/{_draw_path(pen, depth - 1)})"
    if kind == 5:
        return f"({_draw_path(pen, depth - 1)}|{_draw_path(pen, depth - 1)})"
    if kind == 6:
        items = [
            pen.pick(("", "", "^")) + write_term(pen.pick(PREDICATES))
            for _ in range(pen.number(1, 3))
        ]
        return f"!({'|'.join(items)})"
    return write_term(pen.pick(PREDICATES))


def _draw_path_primary(pen: Pen, depth: int) -> str:
    return f"({_draw_path(pen, depth)})"
