"""Values put in the place of a query's variables, before it is planned."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from conflictkg.answers import XSD, Iri, Literal, Term
from conflictkg.engine import algebra as a
from conflictkg.errors import QueryError

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_TRUE = Literal("true", XSD + "boolean")
_NOTHING = a.Values((), ())
"""Has no solution."""


def bind(query: a.Query, bindings: Mapping[str, Term]) -> a.Query:
    """A query with values for some of its variables.

    Args:
        query: The query.
        bindings: By name, without question marks.

    Raises:
        QueryError: A value is no IRI or literal, or the query has no such variable.
    """
    values = {name: _require_value(name, term) for name, term in bindings.items()}
    if not values:
        return query
    binder = _Binder(values)
    bound = binder.query(query)
    missing = values.keys() - binder.seen
    if missing:
        raise QueryError(
            f"the query has no variable ?{min(missing)}, for which a value is given. Check its name."
        )
    return bound


def _require_value(name: str, term: Term) -> Iri | Literal:
    if isinstance(term, Iri):
        if not _IRI.fullmatch(term.value):
            raise QueryError(f"the value of ?{name} is no absolute IRI: {term.value[:200]!r}")
        return term
    if isinstance(term, Literal):
        return term
    raise QueryError(f"the value of ?{name} is no IRI or literal: those alone can be given")


class _Binder:
    """Walks through a query; a sub-select's variable of the same name that is not projected is another one."""

    def __init__(self, values: Mapping[str, Iri | Literal]) -> None:
        self._values = values
        self.seen: set[str] = set()
        self._fresh = 0

    def query(self, query: a.Query) -> a.Query:
        if isinstance(query, a.Construct):
            template = tuple(self._triple(each) for each in query.template)
            return replace(query, template=template, pattern=self.pattern(query.pattern))
        if isinstance(query, a.Describe):
            resources = tuple(
                found
                for each in query.resources
                if isinstance(found := self._node(each), a.Var | Iri)
            )
            return replace(query, resources=resources, pattern=self.pattern(query.pattern))
        if isinstance(query, a.Select):
            return replace(query, pattern=self._outermost(query.pattern))
        return replace(query, pattern=self.pattern(query.pattern))

    def _outermost(self, pattern: a.Pattern) -> a.Pattern:
        """The pattern of SELECT: what it projects has the value as well."""
        if isinstance(pattern, a.Project):
            return replace(pattern, pattern=self._projected(pattern.pattern, pattern.variables))
        if isinstance(pattern, a.Slice | a.Distinct | a.Reduced | a.OrderBy):
            return replace(pattern, pattern=self._outermost(pattern.pattern))
        return self.pattern(pattern)

    def _projected(self, pattern: a.Pattern, variables: tuple[a.Var, ...]) -> a.Pattern:
        if isinstance(pattern, a.OrderBy):
            ordered = self._order(pattern)
            # The order stays outermost, where it is the answer's.
            return replace(ordered, pattern=self._extended(ordered.pattern, variables))
        return self._extended(self.pattern(pattern), variables)

    def _extended(self, pattern: a.Pattern, variables: tuple[a.Var, ...]) -> a.Pattern:
        for each in variables:
            value = self._value(each)
            if value is not None:
                pattern = a.Extend(pattern, each, value)
        return pattern

    def _value(self, variable: a.Var) -> Iri | Literal | None:
        value = self._values.get(variable.name)
        if value is not None:
            self.seen.add(variable.name)
        return value

    def _node(self, node: a.Node) -> a.Node:
        return (self._value(node) or node) if isinstance(node, a.Var) else node

    # Patterns

    def pattern(self, pattern: a.Pattern) -> a.Pattern:
        """A pattern without the variables that have a value."""
        handler: Callable[..., a.Pattern] = _PATTERNS[type(pattern)]
        return handler(self, pattern)

    def _bgp(self, pattern: a.Bgp) -> a.Pattern:
        triples: list[a.TriplePattern | a.PathPattern] = []
        for each in pattern.triples:
            if isinstance(each, a.PathPattern):
                subject, value = self._node(each.subject), self._node(each.object)
                triples.append(replace(each, subject=subject, object=value))
                continue
            bound = self._triple(each)
            predicate: a.Node = bound.predicate
            if isinstance(predicate, Literal):
                return _NOTHING
            triples.append(bound)
        return a.Bgp(tuple(triples))

    def _triple(self, triple: a.TriplePattern) -> a.TriplePattern:
        # A literal as a predicate matches nothing and makes no triple: whoever reads it sees to that.
        return replace(
            triple,
            subject=self._node(triple.subject),
            predicate=self._node(triple.predicate),  # type: ignore[arg-type]
            object=self._node(triple.object),
        )

    def _pair(self, pattern: a.Join | a.Minus) -> a.Pattern:
        return replace(pattern, left=self.pattern(pattern.left), right=self.pattern(pattern.right))

    def _left_join(self, pattern: a.LeftJoin) -> a.Pattern:
        condition = None if pattern.condition is None else self.expression(pattern.condition)
        left, right = self.pattern(pattern.left), self.pattern(pattern.right)
        return a.LeftJoin(left, right, condition)

    def _union(self, pattern: a.Union) -> a.Pattern:
        return a.Union(tuple(self.pattern(each) for each in pattern.branches))

    def _filter(self, pattern: a.Filter) -> a.Pattern:
        return a.Filter(self.pattern(pattern.pattern), self.expression(pattern.condition))

    def _graph(self, pattern: a.Graph) -> a.Pattern:
        name = self._node(pattern.name)
        if isinstance(name, Literal):
            return _NOTHING
        return a.Graph(name, self.pattern(pattern.pattern))

    def _extend(self, pattern: a.Extend) -> a.Pattern:
        inner, expression = self.pattern(pattern.pattern), self.expression(pattern.expression)
        value = self._value(pattern.variable)
        if value is None:
            return a.Extend(inner, pattern.variable, expression)
        # What the query computes must agree with the value, or be an error.
        fresh = self._fresh_variable()
        agrees = a.Call("SAMETERM", (fresh, value))
        is_unbound = a.Call("!", (a.Call("BOUND", (fresh,)),))
        return a.Filter(a.Extend(inner, fresh, expression), a.Call("||", (is_unbound, agrees)))

    def _fresh_variable(self) -> a.Var:
        self._fresh += 1
        return a.Var(f".bound{self._fresh}")

    def _values_block(self, pattern: a.Values) -> a.Pattern:
        wanted = {
            place: value
            for place, each in enumerate(pattern.variables)
            if (value := self._value(each)) is not None
        }
        rows = [
            row
            for row in pattern.rows
            if all(row[place] in (None, value) for place, value in wanted.items())
        ]
        kept = [place for place in range(len(pattern.variables)) if place not in wanted]
        return a.Values(
            tuple(pattern.variables[place] for place in kept),
            tuple(tuple(row[place] for place in kept) for row in rows),
        )

    def _group(self, pattern: a.Group) -> a.Pattern:
        keys = tuple(
            (self._fresh_variable() if self._value(variable) else variable, self.expression(each))
            for variable, each in pattern.keys
        )
        aggregates = tuple(
            (variable, self._aggregate(each)) for variable, each in pattern.aggregates
        )
        return a.Group(self.pattern(pattern.pattern), keys, aggregates)

    def _aggregate(self, aggregate: a.Aggregate) -> a.Aggregate:
        if aggregate.expression is None:
            return aggregate
        return replace(aggregate, expression=self.expression(aggregate.expression))

    def _order(self, pattern: a.OrderBy) -> a.OrderBy:
        keys = tuple(
            replace(each, expression=self.expression(each.expression)) for each in pattern.keys
        )
        return a.OrderBy(self.pattern(pattern.pattern), keys)

    def _project(self, pattern: a.Project) -> a.Pattern:
        names = {each.name for each in pattern.variables}
        inner = _Binder({name: each for name, each in self._values.items() if name in names})
        inner._fresh = self._fresh
        bound = inner.pattern(pattern.pattern)
        self._fresh = inner._fresh
        self.seen |= inner.seen | (names & self._values.keys())
        kept = tuple(each for each in pattern.variables if each.name not in self._values)
        return a.Project(bound, kept)

    def _inner(self, pattern: a.Distinct | a.Reduced | a.Slice) -> a.Pattern:
        return replace(pattern, pattern=self.pattern(pattern.pattern))

    def _service(self, pattern: a.Service) -> a.Pattern:
        name = self._node(pattern.name)
        if isinstance(name, Literal):
            return _NOTHING
        return replace(pattern, name=name, pattern=self.pattern(pattern.pattern))

    # Expressions

    def expression(self, expression: a.Expression) -> a.Expression:
        """An expression without the variables that have a value."""
        if isinstance(expression, a.Var):
            return self._value(expression) or expression
        if isinstance(expression, a.Exists):
            return replace(expression, pattern=self.pattern(expression.pattern))
        if isinstance(expression, a.Call) and expression.name == "BOUND":
            (variable,) = expression.arguments
            is_given = isinstance(variable, a.Var) and self._value(variable) is not None
            return _TRUE if is_given else expression
        if isinstance(expression, a.Call | a.FunctionCall):
            arguments = tuple(self.expression(each) for each in expression.arguments)
            return replace(expression, arguments=arguments)
        return expression


_PATTERNS: Mapping[type, Callable[..., a.Pattern]] = {
    a.Bgp: _Binder._bgp,
    a.Join: _Binder._pair,
    a.Minus: _Binder._pair,
    a.LeftJoin: _Binder._left_join,
    a.Union: _Binder._union,
    a.Filter: _Binder._filter,
    a.Graph: _Binder._graph,
    a.Extend: _Binder._extend,
    a.Values: _Binder._values_block,
    a.Service: _Binder._service,
    a.Group: _Binder._group,
    a.OrderBy: _Binder._order,
    a.Project: _Binder._project,
    a.Distinct: _Binder._inner,
    a.Reduced: _Binder._inner,
    a.Slice: _Binder._inner,
}
