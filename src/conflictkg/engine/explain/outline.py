"""The algebra as an indented outline, one operation a line."""

from collections.abc import Iterator, Mapping

from conflictkg.engine.algebra import (
    Ask,
    Bgp,
    Construct,
    Describe,
    Distinct,
    Extend,
    Filter,
    Graph,
    Group,
    Join,
    LeftJoin,
    Minus,
    OrderBy,
    Pattern,
    Project,
    Query,
    Reduced,
    Select,
    Service,
    Slice,
    Union,
    Values,
    Var,
)
from conflictkg.engine.check.advice import list_names
from conflictkg.engine.syntax import unparse

_MOST_ROWS = 5


def outline_query(query: Query, prefixes: Mapping[str, str]) -> tuple[str, ...]:
    r"""A query, from its outermost operation inwards.

    Args:
        query: The query.
        prefixes: With which IRIs are shortened.

    >>> from conflictkg.engine.syntax import parse_query
    >>> print("\n".join(outline_query(parse_query("ASK { ?s ?p 1 FILTER(?p > 2) }"), {})))
    ask
      filter ?p > 2
        triples
          ?s ?p 1
    """
    head = {Select: "select", Ask: "ask", Construct: "construct", Describe: "describe"}[type(query)]
    if isinstance(query, Construct):
        template = " . ".join(unparse(each, prefixes=prefixes) for each in query.template)
        head = f"construct {template}"
    elif isinstance(query, Describe):
        head = "describe " + " ".join(unparse(each, prefixes=prefixes) for each in query.resources)
    if query.dataset is not None:
        default, named = query.dataset.default, query.dataset.named
        head += "".join(f" from {unparse(each, prefixes=prefixes)}" for each in default)
        head += "".join(f" from named {unparse(each, prefixes=prefixes)}" for each in named)
    return tuple(_Outline(prefixes).lines(head, [query.pattern]))


class _Outline:
    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes

    def lines(self, head: str, inner: list[Pattern]) -> Iterator[str]:
        """A line, and below it what it is of."""
        waiting: list[tuple[int, str | Pattern]] = [(0, head), *((1, each) for each in inner)]
        # A stack, since an outline can be deep.
        waiting.reverse()
        while waiting:
            depth, item = waiting.pop()
            if isinstance(item, str):
                yield "  " * depth + item
                continue
            text, parts = self._describe(item)
            yield "  " * depth + text
            waiting += [(depth + 1, each) for each in reversed(parts)]

    def _describe(self, pattern: Pattern) -> tuple[str, list[str | Pattern]]:
        match pattern:
            case Bgp(triples):
                return "triples" if triples else "nothing", [self._show(each) for each in triples]
            case Join():
                return "join", [*_joined(pattern)]
            case LeftJoin(left, right, condition):
                head = "optional" if condition is None else f"optional if {self._show(condition)}"
                return head, [left, right]
            case Union(branches):
                return "union", [*branches]
            case Minus(left, right):
                return "minus", [left, right]
            case Filter(inner, condition):
                return f"filter {self._show(condition)}", [inner]
            case Graph(name, inner):
                return f"graph {self._show(name)}", [inner]
            case Service(name, inner):
                return f"service {self._show(name)}", [inner]
            case Extend(inner, variable, expression):
                return f"bind {self._name(variable)} := {self._show(expression)}", [inner]
            case Values(variables, rows):
                return f"values {' '.join(map(self._name, variables))}: {len(rows):,} rows", []
            case Group(inner, keys, aggregates):
                return self._group(keys, aggregates), [inner]
            case OrderBy(inner, keys):
                names = [
                    f"{self._show(key.expression)}{' descending' if key.descending else ''}"
                    for key in keys
                ]
                return f"order by {', '.join(names)}", [inner]
            case Project(inner, variables):
                return f"project {' '.join(map(self._name, variables))}", [inner]
            case Distinct(inner):
                return "distinct", [inner]
            case Reduced(inner):
                return "reduced", [inner]
            case Slice(inner, offset, limit):
                parts = [f"offset {offset:,}"] if offset else []
                parts += [f"limit {limit:,}"] if limit is not None else []
                return " ".join(parts) or "all", [inner]

    def _group(self, keys: object, aggregates: object) -> str:
        names = []
        for variable, expression in keys:  # type: ignore[attr-defined]  # pairs
            shown = self._show(expression)
            names.append(shown if variable == expression else f"{self._name(variable)} := {shown}")
        found = [f"{self._name(name)} := {self._show(each)}" for name, each in aggregates]  # type: ignore[attr-defined]
        head = f"group by {list_names(names)}" if names else "one group"
        return f"{head}: {', '.join(found)}" if found else head

    def _show(self, node: object) -> str:
        # Variables of the compiler's own, such as ?.agg0, read like blank nodes.
        return unparse(node, prefixes=self._prefixes, short=True)  # type: ignore[arg-type]

    def _name(self, variable: Var) -> str:
        return self._show(variable)


def _joined(pattern: Join) -> Iterator[Pattern]:
    """All that a chain of joins joins, from left to right."""
    chain: list[Pattern] = []
    node: Pattern = pattern
    while isinstance(node, Join):
        chain.append(node.right)
        node = node.left
    yield node
    yield from reversed(chain)
