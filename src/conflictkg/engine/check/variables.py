"""Variables that nothing binds, and such as are probably another one misspelt."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator

from conflictkg.engine.algebra import LeftJoin, Place, Project, Var
from conflictkg.engine.check.advice import Advice, Wording
from conflictkg.engine.check.levels import NOTHING, Level, Names, expressions_of, walk
from conflictkg.engine.check.nearest import is_misspelling, nearest_name


def is_written(name: str) -> bool:
    """Whether a variable stands in the text as one: not a blank node, and not made by the parser."""
    return not name.startswith(("_:", "."))


class Variables:
    """Finds variables that are used where nothing can bind them: each is told once.

    Args:
        wording: The query's.
        bound: All variables that are bound in any group of the query.
    """

    def __init__(self, wording: Wording, bound: Names) -> None:
        self._wording, self._bound = wording, bound
        self._told: set[str] = set()
        self.suggested: set[str] = set()
        """Those that were probably meant where another one is bound by nothing."""

    def check(self, level: Level) -> Iterator[Advice]:
        """Advice on one level."""
        before = NOTHING
        for each, after in zip(level.spine, level.scopes, strict=True):
            if isinstance(each, Project):
                names = [variable.name for variable in each.variables]
                yield from self.check_uses(names, before, "SELECT")
            # ORDER BY sees what is projected away; GROUP BY sees the pattern only.
            visible = before | level.seen
            if isinstance(each, LeftJoin):
                visible |= after
            for expression, where in expressions_of(each):
                for part in walk(expression):
                    if isinstance(part, Var):
                        yield from self._check_use(part.name, visible, where, None)
            before = after

    def check_uses(self, names: Iterable[str], visible: Names, where: str) -> Iterator[Advice]:
        """Advice on variables that are used somewhere, told once each."""
        for name in names:
            yield from self._check_use(name, visible, where, None)

    def _check_use(
        self, name: str, visible: Names, where: str, place: Place | None
    ) -> Iterator[Advice]:
        if name in visible or not is_written(name) or name in self._told:
            return
        self._told.add(name)
        if name in self._bound:
            yield self._wording.advise(
                "variable-out-of-scope",
                f"?{name} has no value in this {where}: it is bound in a group or sub-select of its own, "
                "which this does not see. Move it there, project the variable, or repeat the pattern.",
                Var(name),
                place,
            )
            return
        close = nearest_name(name, sorted(filter(is_written, visible)))
        self.suggested.add(close)
        yield self._wording.advise(
            "unbound-variable",
            f"?{name} in {where} is bound by nothing.",
            Var(name),
            place,
            suggestion=f"?{close}" if close else "",
        )


def check_misspellings(
    wording: Wording, uses: Counter[str], suggested: Container[str]
) -> Iterator[Advice]:
    """Variables that are used once, and differ little from another one.

    Args:
        wording: The query's.
        uses: How often each variable is used, the projections included.
        suggested: Variables of which something was said already.
    """
    names = sorted(filter(is_written, uses))
    if len(names) > _MOST_NAMES:
        return
    for name in names:
        if uses[name] > 1 or name in suggested:
            continue
        close = [each for each in names if uses[each] > 1 and is_misspelling(name, each)]
        if close:
            other = max(close, key=lambda each: uses[each])
            yield wording.advise(
                "misspelt-variable",
                f"?{name} is used once only, so that it joins nothing and is not shown.",
                Var(name),
                suggestion=f"?{other}",
            )


_MOST_NAMES = 300
"""Of more variables it would be slow to compare each with each."""
