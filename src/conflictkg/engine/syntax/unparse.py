"""The algebra as SPARQL text again: for plans, for messages, and for tests that read it back."""

from collections.abc import Mapping

from conflictkg.answers import Blank
from conflictkg.engine.algebra import (
    Aggregate,
    Ask,
    Bgp,
    Construct,
    Dataset,
    Describe,
    Distinct,
    Expression,
    Extend,
    Filter,
    Graph,
    Group,
    Join,
    LeftJoin,
    Minus,
    OrderBy,
    OrderKey,
    Path,
    PathPattern,
    Pattern,
    Project,
    Query,
    Reduced,
    Select,
    Service,
    Slice,
    TriplePattern,
    Union,
    Values,
    Var,
)
from conflictkg.engine.syntax.printing import Printer, variable_text

_SELECTS = (Project, Distinct, Reduced, Slice, OrderBy, Group)


def unparse(
    node: Expression | Aggregate | Path | Pattern | TriplePattern | PathPattern | Query,
    *,
    prefixes: Mapping[str, str] | None = None,
    short: bool = False,
) -> str:
    """SPARQL for a part of an algebra, on one line.

    What it writes for a query that :func:`parse_query` gave is read back as an equal query, but for the
    names of the variables between the steps of a path. Prefixes are used and not declared.

    Args:
        node: An expression, a path, a pattern (as the inside of its braces) or a whole query.
        prefixes: With which IRIs are shortened.
        short: Whether long lists are cut, with their number.

    >>> from conflictkg.engine.algebra import Call
    >>> unparse(Call("!", (Call("BOUND", (Var("x"),)),)))
    '!BOUND(?x)'
    """
    return _Writer(prefixes or {}, is_short=short).write(node)


class _Writer:
    def __init__(self, prefixes: Mapping[str, str], *, is_short: bool) -> None:
        self._aggregates: dict[Var, Aggregate] = {}
        self._print = Printer(prefixes, self._body, is_short=is_short, aggregates=self._aggregates)

    def write(
        self, node: Expression | Aggregate | Path | Pattern | TriplePattern | PathPattern | Query
    ) -> str:
        if isinstance(node, Aggregate):
            return self._print.aggregate(node)
        if isinstance(node, TriplePattern | PathPattern):
            return self._triple(node)
        if isinstance(node, Select):
            return self._select(node.pattern, "SELECT", node.dataset)
        if isinstance(node, Ask):
            return self._select(node.pattern, "ASK", node.dataset)
        if isinstance(node, Describe):
            resources = " ".join(map(self._print.node, node.resources)) or "*"
            return self._select(node.pattern, f"DESCRIBE {resources}", node.dataset)
        if isinstance(node, Construct):
            template = " . ".join(map(self._triple, node.template))
            return self._select(node.pattern, f"CONSTRUCT {{ {template} }}", node.dataset)
        if isinstance(node, Pattern):
            return self._body(node)
        return self._print.path(node) if isinstance(node, Path) else self._print.expression(node)

    # Groups

    def _body(self, pattern: Pattern) -> str:
        """The inside of the braces of a group that is this pattern."""
        parts: list[str] = []
        # What is joined from the left stands in one group; without recursion, since it may be long.
        while True:
            match pattern:
                case Filter(inner, condition) if not parts:
                    parts.append(f"FILTER ({self._print.expression(condition)})")
                case Join(inner, right):
                    parts.append(self._element(right, is_behind_bgp=_ends_in_triples(inner)))
                case LeftJoin(inner, right, condition):
                    is_whole = condition is not None and isinstance(right, _SELECTS)
                    is_whole = is_whole or isinstance(right, Filter)
                    body = self._braced(right) if is_whole else self._body(right)
                    if condition is not None:
                        body += f" FILTER ({self._print.expression(condition)})"
                    parts.append(f"OPTIONAL {{ {body} }}")
                case Minus(inner, right):
                    parts.append(f"MINUS {self._braced(right)}")
                case Extend(inner, variable, expression):
                    value = self._print.expression(expression)
                    parts.append(f"BIND ({value} AS {variable_text(variable)})")
                case _:
                    break
            pattern = inner
        if isinstance(pattern, _SELECTS) and not parts:
            return self._select(pattern, "SELECT", None)
        if pattern != Bgp():
            parts.append(self._element(pattern, is_behind_bgp=False))
        return " ".join(reversed(parts))

    def _element(self, pattern: Pattern, *, is_behind_bgp: bool) -> str:
        """A pattern as one element of a group."""
        match pattern:
            case Bgp(triples) if triples and not is_behind_bgp:
                return " . ".join(map(self._triple, triples))
            case Graph(name, inner):
                return f"GRAPH {self._print.node(name)} {self._braced(inner)}"
            case Service(name, inner, silent):
                word = "SERVICE SILENT" if silent else "SERVICE"
                return f"{word} {self._print.node(name)} {self._braced(inner)}"
            case Union(branches):
                return " UNION ".join(map(self._braced, branches))
            case Values():
                return self._values(pattern)
        return self._braced(pattern)

    def _braced(self, pattern: Pattern) -> str:
        body = self._body(pattern)
        return f"{{ {body} }}" if body else "{}"

    def _triple(self, triple: TriplePattern | PathPattern) -> str:
        subject, value = self._print.node(triple.subject), self._print.node(triple.object)
        if isinstance(triple, TriplePattern):
            return f"{subject} {self._print.predicate(triple.predicate)} {value}"
        return f"{subject} {self._print.path(triple.path)} {value}"

    def _values(self, values: Values) -> str:
        rows = [
            [
                "UNDEF"
                if term is None
                else f"_:{term.label}"
                if isinstance(term, Blank)
                else self._print.node(term)
                for term in row
            ]
            for row in values.rows
        ]
        if len(values.variables) == 1:
            head, texts = variable_text(values.variables[0]), [row[0] for row in rows]
        else:
            head = f"({' '.join(map(variable_text, values.variables))})"
            texts = [f"({' '.join(row)})" for row in rows]
        return f"VALUES {head} {{ {' '.join(self._print.cut(texts))} }}"

    # Queries

    def _select(self, pattern: Pattern, head: str, dataset: Dataset | None) -> str:
        """A query from its pattern, modifiers taken off from the outside in."""
        outer = dict(self._aggregates)
        tail: list[str] = []
        option, items = "", ["*"]
        if isinstance(pattern, Slice):
            if pattern.limit is not None:
                tail.append(f"LIMIT {pattern.limit}")
            if pattern.offset:
                tail.append(f"OFFSET {pattern.offset}")
            pattern = pattern.pattern
        is_select = head == "SELECT"
        if is_select and isinstance(pattern, Distinct | Reduced):
            option = " DISTINCT" if isinstance(pattern, Distinct) else " REDUCED"
            pattern = pattern.pattern
        variables: tuple[Var, ...] = ()
        if is_select and isinstance(pattern, Project):
            variables, pattern = pattern.variables, pattern.pattern
        keys: tuple[OrderKey, ...] = ()
        if isinstance(pattern, OrderBy):
            keys, pattern = pattern.keys, pattern.pattern
        extended, values, having, group, pattern = _split(pattern, variables)
        group_tail = ""
        if group is not None:
            self._aggregates.update(group.aggregates)
            group_tail = self._group_by(group)
            if having is not None:
                group_tail += f" HAVING ({self._print.expression(having)})"
            if values is not None:
                tail.append(self._values(values))
        if variables:
            items = [
                f"({self._print.expression(extended[each])} AS {variable_text(each)})"
                if each in extended
                else variable_text(each)
                for each in variables
            ]
        if keys:
            ordered = [
                f"{'DESC' if key.descending else 'ASC'}({self._print.expression(key.expression)})"
                for key in keys
            ]
            tail.insert(0, f"ORDER BY {' '.join(ordered)}")
        self._aggregates.clear()
        self._aggregates.update(outer)
        if is_select:
            head += f"{option} {' '.join(items)}"
        if dataset is not None:
            head += "".join(f" FROM {self._print.iri(iri)}" for iri in dataset.default)
            head += "".join(f" FROM NAMED {self._print.iri(iri)}" for iri in dataset.named)
        return " ".join([head, f"WHERE {self._braced(pattern)}{group_tail}", *tail])

    def _group_by(self, group: Group) -> str:
        keys = [
            variable_text(variable)
            if variable == expression
            else f"({self._print.expression(expression)})"
            if variable.name.startswith(".")
            else f"({self._print.expression(expression)} AS {variable_text(variable)})"
            for variable, expression in group.keys
        ]
        return f" GROUP BY {' '.join(keys)}" if keys else ""


def _ends_in_triples(pattern: Pattern) -> bool:
    """Whether a pattern's text ends in triples that those behind it would run into."""
    return isinstance(pattern.right if isinstance(pattern, Join) else pattern, Bgp)


def _split(
    pattern: Pattern, variables: tuple[Var, ...]
) -> tuple[dict[Var, Expression], Values | None, Expression | None, Group | None, Pattern]:
    """What SELECT names, VALUES behind a group, its HAVING, the group, and the pattern under it all."""
    extended, inner = _split_names(pattern, variables)
    bare = inner
    values: Values | None = None
    having: Expression | None = None
    if isinstance(bare, Join) and isinstance(bare.right, Values):
        values, bare = bare.right, bare.left
    if isinstance(bare, Filter):
        having, bare = bare.condition, bare.pattern
        if not extended:  # HAVING may use the names of SELECT: then it stands around them.
            extended, bare = _split_names(bare, variables)
    if isinstance(bare, Group):
        return extended, values, having, bare, bare.pattern
    return _split_names(pattern, variables)[0], None, None, None, inner


def _split_names(
    pattern: Pattern, variables: tuple[Var, ...]
) -> tuple[dict[Var, Expression], Pattern]:
    extended: dict[Var, Expression] = {}
    last = len(variables)
    while isinstance(pattern, Extend) and pattern.variable in variables[:last]:
        last = variables.index(pattern.variable)
        extended[pattern.variable] = pattern.expression
        pattern = pattern.pattern
    return extended, pattern
