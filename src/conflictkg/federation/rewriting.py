"""SERVICE taken out of a query: others are asked first, and what they answer is put in its place as VALUES.

What is sent along. A SERVICE is mostly joined with something: then only those of its solutions matter that
agree with some solution of that. So the store is asked for these first, and they are sent along as VALUES, for the
variables that have a value on both sides in every solution. Then what comes back is exactly the part of the
pattern's solutions that can matter, and never one that is not among them: an answer with VALUES and one without make
the same answer of the query. What a SERVICE is joined with depends on where it stands:

- beside it in its group, and what stands around UNION, GRAPH, a filter and a sub-select without groups or LIMIT;
- within OPTIONAL, MINUS and EXISTS only what stands before these: what is outside must not thin them out;
- nothing within a sub-select that groups or has a LIMIT, and in expressions other than FILTER.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from conflictkg.answers import Blank, Iri, Literal, Row, Solutions
from conflictkg.engine import algebra as a
from conflictkg.engine.syntax import unparse
from conflictkg.errors import (
    EndpointRefusedError,
    FederationError,
    QueryError,
    QueryTooComplexError,
)
from conflictkg.federation.answers import ReadingError, read_rows
from conflictkg.federation.beside import Beside
from conflictkg.federation.budget import Budget
from conflictkg.federation.client import Ask
from conflictkg.federation.names import certain_names, is_settled, scope_of
from conflictkg.federation.policy import Policy, Target
from conflictkg.federation.walking import (
    find_services,
    has_service,
    iter_expressions,
    iter_patterns,
)

AskStore = Callable[[a.Select, int], Solutions]
"""Answers a query of our own, whose answer has at most so many rows."""

MOST_SERVICES = 16
"""SERVICE patterns in one query: each may be many requests."""
_MOST_ENDPOINTS = 8
"""Endpoints that one ``SERVICE ?variable`` may lead to."""
_MOST_SETTLED = 10_000
"""Solutions that are put into a query as they were found."""
_NOTHING_FOUND = a.Bgp()
"""One solution that binds nothing: what SILENT makes of a failure."""


class Rewriter:
    """Takes SERVICE out of one query.

    Args:
        policy: Who may be asked.
        ask: Asks an endpoint.
        ask_store: Asks the store.
        budget: The query's time.
    """

    def __init__(self, policy: Policy, ask: Ask, ask_store: AskStore, budget: Budget) -> None:
        self._policy, self._ask, self._ask_store, self._budget = policy, ask, ask_store, budget
        self._answers = count(1)
        self._dataset: a.Dataset | None = None

    def rewrite(self, query: a.Query) -> a.Query:
        """The query without SERVICE.

        Raises:
            EndpointRefusedError: It asks one that is not on the list, or in a way that cannot be followed.
            FederationError: One cannot be asked, or does not answer as it should.
            QueryError: The store cannot say what is to be sent.
        """
        # Before anybody is asked: else the first would be asked for a query that is refused in the end.
        for number, service in enumerate(find_services(query), 1):
            if number > MOST_SERVICES:
                raise QueryTooComplexError(
                    f"has more than {MOST_SERVICES} SERVICE. Ask in parts.",
                    "services",
                    MOST_SERVICES,
                    *((service.place.line, service.place.column) if service.place else (0, 0)),
                )
            if isinstance(service.name, Iri):
                self._require_target(service, service.name)
        self._dataset = query.dataset
        try:
            return replace(query, pattern=self._pattern(query.pattern, Beside()))
        except RecursionError as error:
            raise QueryError("the query is nested too deep to be run; split it up") from error

    # Patterns

    def _pattern(self, pattern: a.Pattern, beside: Beside) -> a.Pattern:
        if not has_service(pattern):
            return pattern
        match pattern:
            case a.Service():
                return self._service(pattern, beside)
            case a.Join(left, right):
                return self._join(left, right, beside)
            case a.LeftJoin(left, right, condition):
                left = self._settle(self._pattern(left, beside))
                right = self._pattern(right, self._only(left, beside))
                if condition is not None:
                    condition = self._expression(condition, beside.alone())
                return a.LeftJoin(left, right, condition)
            case a.Minus(left, right):
                left = self._settle(self._pattern(left, beside))
                return a.Minus(left, self._pattern(right, self._only(left, beside)))
            case a.Union(branches):
                return a.Union(tuple(self._pattern(each, beside) for each in branches))
            case a.Filter(inner, condition):
                return self._filter(inner, condition, beside)
            case a.Graph(name, inner):
                return a.Graph(name, self._pattern(inner, replace(beside, graph=name)))
            case a.Extend(inner, variable, expression):
                inner = self._pattern(inner, beside)
                return a.Extend(inner, variable, self._expression(expression, beside.alone()))
            case a.Project(inner, variables):
                return a.Project(self._pattern(inner, self._seen(beside, variables)), variables)
            case a.Distinct(inner) | a.Reduced(inner):
                return replace(pattern, pattern=self._pattern(inner, beside))
            case a.OrderBy(inner, keys):
                ordered = tuple(
                    replace(each, expression=self._expression(each.expression, beside.alone()))
                    for each in keys
                )
                return a.OrderBy(self._pattern(inner, beside), ordered)
            case a.Slice(inner):
                return replace(pattern, pattern=self._pattern(inner, beside.alone()))
            case a.Group():
                return self._group(pattern, beside.alone())
        return pattern

    def _join(self, left: a.Pattern, right: a.Pattern, beside: Beside) -> a.Pattern:
        # Whichever side the store can answer by itself says what is asked on the other.
        if has_service(left) and not has_service(right):
            right = self._settle(right)
            return a.Join(self._pattern(left, beside.add(right)), right)
        left = self._pattern(left, beside)
        if not has_service(right):
            return a.Join(left, right)
        left = self._settle(left)
        return a.Join(left, self._pattern(right, beside.add(left)))

    def _only(self, pattern: a.Pattern, beside: Beside) -> Beside:
        return beside.alone().add(pattern)

    def _settle(self, pattern: a.Pattern) -> a.Pattern:
        """A pattern that has the same solutions whenever it is asked, if there is one.

        LIMIT takes any solutions, and RAND() has another value each time: what others were asked for must be
        what the query then has.
        """
        if is_settled(pattern):
            return pattern
        variables = tuple(map(a.Var, _visible(pattern)))
        select = a.Select(
            a.Slice(a.Project(pattern, variables), 0, _MOST_SETTLED + 1), variables, self._dataset
        )
        with self._ask_store(select, _MOST_SETTLED + 1) as answer:
            rows = list(answer.rows)
        if len(rows) > _MOST_SETTLED or any(
            isinstance(each, Blank) for row in rows for each in row
        ):
            return pattern
        return a.Values(variables, tuple(map(_require_plain, rows)))

    def _filter(self, inner: a.Pattern, condition: a.Expression, beside: Beside) -> a.Pattern:
        here = beside
        if is_settled(condition) and not any(
            isinstance(each, a.Exists) for each in iter_expressions(condition)
        ):
            here = replace(beside, conditions=(*beside.conditions, condition))
        inner = self._pattern(inner, here)
        if has_service(condition):
            inner = self._settle(inner)
        return a.Filter(inner, self._expression(condition, self._only(inner, beside)))

    def _seen(self, beside: Beside, variables: Sequence[a.Var]) -> Beside:
        """What is beside a sub-select, as its inside is joined with it: by what it projects alone."""
        if beside.pattern is None:
            return beside.alone()
        names = scope_of(beside.pattern)
        shared = tuple(each for each in variables if each.name in names)
        return Beside(a.Project(beside.pattern, shared), beside.graph)

    def _group(self, group: a.Group, alone: Beside) -> a.Group:
        keys = tuple((each, self._expression(value, alone)) for each, value in group.keys)
        aggregates = tuple(
            (
                each,
                value
                if value.expression is None
                else replace(value, expression=self._expression(value.expression, alone)),
            )
            for each, value in group.aggregates
        )
        return a.Group(self._pattern(group.pattern, alone), keys, aggregates)

    def _expression(self, expression: a.Expression, beside: Beside) -> a.Expression:
        if isinstance(expression, a.Exists):
            for service in find_services(expression.pattern):
                self._require_own_names(service)
            return replace(expression, pattern=self._pattern(expression.pattern, beside))
        if isinstance(expression, a.Call | a.FunctionCall):
            arguments = tuple(self._expression(each, beside) for each in expression.arguments)
            return replace(expression, arguments=arguments)
        return expression

    def _require_own_names(self, service: a.Service) -> None:
        """Around EXISTS a filter sees what is outside, which another endpoint cannot."""
        used = {
            each.name
            for each in iter_expressions(service.pattern, into_patterns=True)
            if isinstance(each, a.Var)
        }
        bound = {name for each in iter_patterns(service.pattern) for name in scope_of(each)}
        if used - bound:
            raise self._refused(
                f"SERVICE within EXISTS{_where(service)}",
                f"its pattern uses ?{min(used - bound)}, which is bound outside of EXISTS, and that cannot be "
                "sent. Bind it in SERVICE, or move the filter out of it.",
            )

    # Asking

    def _service(self, service: a.Service, beside: Beside) -> a.Pattern:
        for inner in find_services(service.pattern):
            if isinstance(inner.name, a.Var):
                raise self._refused(
                    f"SERVICE within SERVICE{_where(inner)}",
                    f"the other endpoint would choose whom to ask for ?{inner.name.name}. Name it by its IRI.",
                )
        if isinstance(service.name, Iri):
            target = self._require_target(service, service.name)
            return self._solve(service, target, beside)
        return self._solve_each(service, service.name, beside)

    def _solve_each(self, service: a.Service, name: a.Var, beside: Beside) -> a.Pattern:
        """SERVICE ?variable: each endpoint that the variable has for a value."""
        rows = self._values_beside(beside, (name.name,), _MOST_ENDPOINTS)
        if rows is None:
            raise self._refused(
                f"SERVICE ?{name.name}{_where(service)}",
                f"what stands beside it does not give ?{name.name} a value in each solution, or more than "
                f"{_MOST_ENDPOINTS} values. Bind it with VALUES, or name the endpoint by its IRI.",
            )
        targets = [self._require_target(service, value) for (value,) in rows]
        found: list[a.Pattern] = []
        for target in targets:
            own = a.Values((name,), ((Iri(target.iri),),))
            found.append(a.Join(own, self._solve(service, target, beside.add_values(own))))
        if not found:
            return a.Values((name,), ())
        return found[0] if len(found) == 1 else a.Union(tuple(found))

    def _solve(self, service: a.Service, target: Target, beside: Beside) -> a.Pattern:
        """The solutions of SERVICE at one endpoint."""
        try:
            return self._ask_target(service.pattern, target, beside)
        except FederationError as error:
            if service.silent and error.is_failure:
                return _NOTHING_FOUND
            raise error.at(service.place.line if service.place else 0) from error

    def _ask_target(self, pattern: a.Pattern, target: Target, beside: Beside) -> a.Pattern:
        names = tuple(
            sorted(each for each in scope_of(pattern) if not each.startswith((".", "_:")))
        )
        shared = tuple(each for each in names if each in certain_names(pattern))
        sent = self._values_beside(beside, shared, target.max_bindings) if shared else None
        rows: list[Row] = []
        for text in _texts(pattern, names, sent, target.batch):
            body = self._ask(target, text, self._budget)
            try:
                rows += read_rows(
                    body, names, target.max_rows - len(rows), f"f{next(self._answers)}x"
                )
            except ReadingError as error:
                reason = "too-much" if error.is_too_much else "failed"
                problem = f"{error}."
                if error.is_too_much:
                    problem = (
                        f"it answered with more than {target.max_rows:,} rows, which is what is taken of it. "
                        "Ask for less in SERVICE."
                    )
                raise FederationError(target.iri, reason, problem) from error
        if not names:
            # So many solutions that bind nothing.
            return a.Values((), tuple(() for _ in rows))
        return a.Values(tuple(map(a.Var, names)), tuple(map(_require_plain, rows)))

    def _values_beside(self, beside: Beside, names: Iterable[str], most: int) -> "_Sent | None":
        """The values that what stands beside has for variables.

        Returns:
            ``None`` where they say nothing: it has none of the variables for certain, or too many values.
        """
        pattern = beside.pattern
        if pattern is None:
            return None
        certain = certain_names(pattern)
        wanted = tuple(name for name in names if name in certain)
        if not wanted:
            return None
        variables = tuple(map(a.Var, wanted))
        select = a.Select(
            a.Slice(a.Distinct(a.Project(pattern, variables)), 0, most + 1),
            variables,
            self._dataset,
        )
        self._budget.left_s(0)
        with self._ask_store(select, most + 1) as answer:
            rows = list(answer.rows)
        if len(rows) > most:
            return None
        # Nobody else knows our blank nodes, and a variable without a value says nothing.
        kept = [
            place
            for place in range(len(wanted))
            if all(isinstance(row[place], Iri | Literal) for row in rows)
        ]
        if not kept:
            return None
        distinct = dict.fromkeys(tuple(row[place] for place in kept) for row in rows)
        # The same request for the same data, whatever order the store gives them in.
        ordered = sorted(distinct, key=repr)
        return _Sent(tuple(variables[place] for place in kept), tuple(ordered))

    def _refused(self, construct: str, reason: str = "") -> EndpointRefusedError:
        known = [each.iri for each in self._policy.targets]
        return EndpointRefusedError(construct, known, reason)

    def _require_target(self, service: a.Service, name: object) -> Target:
        target = self._policy.find(name.value) if isinstance(name, Iri) else None
        if target is None:
            shown = f"<{name.value}>" if isinstance(name, Iri) else "a value that is no IRI"
            raise self._refused(f"SERVICE {shown}{_where(service)}")
        return target


@dataclass(frozen=True, slots=True)
class _Sent:
    """Values that are sent along."""

    variables: tuple[a.Var, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)


def _texts(
    pattern: a.Pattern, names: Sequence[str], sent: _Sent | None, batch: int
) -> Iterator[str]:
    """The queries that are sent."""
    variables = tuple(map(a.Var, names))
    if sent is None:
        yield unparse(a.Select(a.Project(pattern, variables), variables))
        return
    for start in range(0, len(sent.rows), batch):
        values = a.Values(sent.variables, sent.rows[start : start + batch])
        yield unparse(a.Select(a.Project(a.Join(values, pattern), variables), variables))


def _require_plain(row: Row) -> tuple[Iri | Literal | Blank | None, ...]:
    return tuple(each for each in row if each is None or isinstance(each, Iri | Literal | Blank))


def _visible(pattern: a.Pattern) -> tuple[str, ...]:
    """The variables of a pattern that can be asked for."""
    return tuple(sorted(each for each in scope_of(pattern) if not each.startswith((".", "_:"))))


def _where(service: a.Service) -> str:
    return f" (line {service.place.line})" if service.place else ""
