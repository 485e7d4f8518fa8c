"""What a pattern is joined with, which says what of its solutions can matter."""

from dataclasses import dataclass, replace

from conflictkg.answers import Iri
from conflictkg.engine import algebra as a
from conflictkg.engine.check.levels import names_in
from conflictkg.federation.names import certain_names, is_settled


@dataclass(frozen=True, slots=True)
class Beside:
    """What a pattern is joined with.

    Args:
        pattern: It, as the store can answer it; ``None`` for nothing.
        graph: The graph that GRAPH has set where the pattern stands.
        conditions: Filters around the pattern, which see all that is added.
    """

    pattern: a.Pattern | None = None
    graph: a.Var | Iri | None = None
    conditions: tuple[a.Expression, ...] = ()

    def alone(self) -> "Beside":
        """Joined with nothing, in the same graph."""
        return Beside(None, self.graph)

    def add(self, pattern: a.Pattern) -> "Beside":
        """Joined with one more pattern, which stands in the same graph; if it has the same solutions each time."""
        if not is_settled(pattern):
            return self
        certain = certain_names(pattern)
        for each in self.conditions:
            # The filter sees the very values that these variables have here.
            if names_in(each) <= certain:
                pattern = a.Filter(pattern, each)
        if self.graph is not None:
            pattern = a.Graph(self.graph, pattern)
        whole = pattern if self.pattern is None else a.Join(self.pattern, pattern)
        return replace(self, pattern=whole)

    def add_values(self, values: a.Values) -> "Beside":
        """Joined with some values, wherever that is."""
        return replace(
            self, pattern=values if self.pattern is None else a.Join(self.pattern, values)
        )
