"""The modifiers of a query put around its pattern: section 18.2.4, in the order that they count."""

from conflictkg.engine.algebra import (
    Aggregate,
    Call,
    Distinct,
    Expression,
    Extend,
    Filter,
    FunctionCall,
    Group,
    OrderBy,
    OrderKey,
    Pattern,
    Project,
    Reduced,
    Slice,
    Values,
    Var,
)
from conflictkg.engine.syntax import groups
from conflictkg.engine.syntax.expressions import make_chain
from conflictkg.engine.syntax.groups import make_join
from conflictkg.engine.syntax.modifiers import Item, Modifiers, SelectClause
from conflictkg.engine.syntax.reading import Reading, variables_of
from conflictkg.errors import QuerySyntaxError


class Answer:
    """One query or sub-select from its pattern to its answer.

    Args:
        reading: The state; its innermost scope is closed.
        group: The pattern.
        modifiers: What stands behind it.
        values: The VALUES at the very end.
    """

    def __init__(
        self, reading: Reading, group: groups.Group, modifiers: Modifiers, values: Values | None
    ) -> None:
        self._reading, self._modifiers, self._values = reading, modifiers, values
        self._pattern = group.pattern
        self._aggregates: dict[Aggregate, Var] = reading.scopes.pop().aggregates
        self._is_grouped = bool(self._aggregates or modifiers.keys or modifiers.having)
        self._has: set[str] = set()
        """Where grouped: the keys, the names that SELECT gives, and what VALUES brings."""
        self._visible = frozenset(group.scope)
        self.scope = dict(group.scope)
        """The variables that SELECT * names."""
        for variable in values.variables if values is not None else ():
            self.scope[variable.name] = None

    def select(self, clause: SelectClause) -> tuple[Pattern, tuple[Var, ...]]:
        """The pattern of a SELECT, and its variables."""
        keys = self._keys()
        extended: list[tuple[Var, Expression]] = []
        if clause.items is None:
            if self._is_grouped:
                raise self._reading.error(
                    "SELECT * cannot be grouped. Name the keys and the aggregates.",
                    clause.offset,
                    "*",
                )
            variables = [Var(name) for name in self.scope]
        else:
            variables, extended = self._items(clause.items)
        self._group(keys, extended)
        self._order()
        self._pattern = Project(self._pattern, tuple(variables))
        if clause.option == "DISTINCT":
            self._pattern = Distinct(self._pattern)
        elif clause.option == "REDUCED":
            self._pattern = Reduced(self._pattern)
        self._slice()
        return self._pattern, tuple(variables)

    def finish(self) -> Pattern:
        """The pattern of a query that is no SELECT."""
        self._group(self._keys(), [])
        self._order()
        self._slice()
        return self._pattern

    def _keys(self) -> list[tuple[Var, Expression]]:
        keys: dict[tuple[Var, Expression], None] = {}
        for variable, expression, offset in self._modifiers.keys or ():
            if expression is None:
                continue
            name = variable or self._reading.fresh_key()
            if variable is not None and variable != expression and variable.name in self.scope:
                raise self._taken(variable, offset)
            keys[name, expression] = None
            self.scope[name.name] = None
        self._has = {name.name for name, _ in keys}
        if self._values is not None:
            self._has |= {variable.name for variable in self._values.variables}
        return list(keys)

    def _items(self, items: list[Item]) -> tuple[list[Var], list[tuple[Var, Expression]]]:
        variables: dict[Var, None] = {}
        extended: list[tuple[Var, Expression]] = []
        for variable, expression, offset in items:
            if variable is None:
                continue
            if expression is None:
                self._require_grouped(variable, offset)
            else:
                for used in variables_of(expression):
                    self._require_grouped(used, offset)
                # What is neither a key nor aggregated is not visible behind a group: its name is free.
                if variable.name in (self._has if self._is_grouped else self.scope):
                    raise self._taken(variable, offset)
                if variable in variables:
                    raise self._reading.error(
                        f"?{variable.name} is selected twice. Take another name.", offset
                    )
                extended.append((variable, expression))
                self.scope[variable.name] = None
                self._has.add(variable.name)
            variables[variable] = None
        return list(variables), extended

    def _taken(self, variable: Var, offset: int) -> QuerySyntaxError:
        return self._reading.error(
            f"?{variable.name} has a value already, AS cannot give it another. Take another name.",
            offset,
            f"?{variable.name}",
        )

    def _require_grouped(self, variable: Var, offset: int) -> None:
        name = variable.name
        if not self._is_grouped or name in self._has or name.startswith("."):
            return
        raise self._reading.error(
            f"?{name} is neither a key of GROUP BY nor aggregated, so it has no one value in a group.",
            self._reading.last_use(name, offset),
            f"?{name}",
            f"Add it to GROUP BY, or take SAMPLE(?{name}).",
        )

    def _group(
        self, keys: list[tuple[Var, Expression]], extended: list[tuple[Var, Expression]]
    ) -> None:
        having: list[Expression] = []
        uses_names = False
        if self._is_grouped:
            names = {variable.name for variable, _ in extended} - self._visible
            known = {variable.name for variable, _ in keys} | names
            for each in self._modifiers.having or ():
                uses_names = uses_names or any(v.name in names for v in variables_of(each))
                having.append(self._sample(each, known))
            if self._modifiers.order:
                self._modifiers.order = [
                    OrderKey(self._sample(key.expression, self._has), key.descending)
                    for key in self._modifiers.order
                ]
            aggregates = tuple((variable, each) for each, variable in self._aggregates.items())
            self._pattern = Group(self._pattern, tuple(keys), aggregates)
        # By the standard HAVING does not see the names that SELECT gives, and is an error with them. Jena,
        # Virtuoso and Blazegraph let it see them; people write it so, and it can mean nothing else.
        if uses_names:
            self._extend(extended)
        if having:
            self._pattern = Filter(self._pattern, make_chain("&&", having))
        if self._values is not None:
            self._pattern = make_join(self._pattern, self._values)
        if not uses_names:
            self._extend(extended)

    def _extend(self, extended: list[tuple[Var, Expression]]) -> None:
        for variable, expression in extended:
            self._pattern = Extend(self._pattern, variable, expression)

    def _sample(self, expression: Expression, known: set[str]) -> Expression:
        """An expression over a group; a variable that is no key stands for any of its values."""
        if all(
            each.name in known or each.name.startswith(".") for each in variables_of(expression)
        ):
            return expression
        self._reading.check_depth(expression)
        return self._replace(expression, known)

    def _replace(self, expression: Expression, known: set[str]) -> Expression:
        match expression:
            case Var(name) if name not in known and not name.startswith("."):
                sample = Aggregate("SAMPLE", expression)
                return self._reading.aggregate_in(self._aggregates, sample)
            case Call(name, arguments, place):
                return Call(name, tuple(self._replace(each, known) for each in arguments), place)
            case FunctionCall(iri, arguments, distinct, place):
                replaced = tuple(self._replace(each, known) for each in arguments)
                return FunctionCall(iri, replaced, distinct, place)
        return expression

    def _order(self) -> None:
        if self._modifiers.order:
            self._pattern = OrderBy(self._pattern, tuple(self._modifiers.order))

    def _slice(self) -> None:
        offset, limit = self._modifiers.offset, self._modifiers.limit
        if offset or limit is not None:
            self._pattern = Slice(self._pattern, offset, limit)
