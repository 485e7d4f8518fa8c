"""Plans that are kept: the same question over the same state is planned once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from itertools import count

from sqlglot import exp

from conflictkg.engine.dialect import to_sql
from conflictkg.engine.plan import Plan
from conflictkg.store.statistics import StoreCatalog

MOST_KEPT = 1_024
MOST_SMALL = 10_000
"""Rows that are fetched at once."""
MOST_GUESSED = 1_000
"""Rows that are fetched at once of an answer which is only likely to be small."""
_NO_TREE = exp.Select()

_numbers = count()


@dataclass(slots=True, eq=False)
class Statement:
    """A plan, ready to run.

    Args:
        plan: The plan, without its tree: kept for long, that would take most of the memory.
        catalog: The state that it was made for.
        sql: Its SQL.
        is_guess: Whether it gives one row more than :data:`MOST_GUESSED` and no others, where there are as many.
        number: Its own, in this process.
    """

    plan: Plan
    catalog: StoreCatalog
    sql: str
    is_guess: bool = False
    number: int = field(default_factory=lambda: next(_numbers))
    _uses: int = 0
    _is_small: bool = False

    @property
    def is_small(self) -> bool:
        """Whether its answer is known to be small, from the plan or from the last time, or is cut to be so."""
        return self.plan.small or self.is_guess or self._is_small

    def note_size(self, rows: int) -> None:
        """Take note of how many rows there were: over the same state there are as many next time."""
        self._is_small = rows <= MOST_SMALL

    def is_first_use(self) -> bool:
        """Whether it was never asked this before."""
        self._uses += 1
        return self._uses == 1


def make_statement(
    plan: Plan, catalog: StoreCatalog, max_rows: int | None, *, may_guess: bool = False
) -> Statement:
    """A plan as a statement.

    Args:
        plan: The plan; its tree is used up.
        catalog: The state that it was made for.
        max_rows: Rows that are wanted; one more is asked for, to know whether there is one.
        may_guess: Whether it may be one that is cut off where there are more rows than are likely.
    """
    tree = plan.tree
    is_guess = may_guess and plan.few and not plan.small
    # A solution makes any number of triples, or none.
    if max_rows is not None and not plan.template and plan.kind != "boolean":
        is_guess = is_guess and max_rows > MOST_GUESSED
        tree = _limit(tree, max_rows + 1)
    if is_guess:
        tree = _limit(tree, MOST_GUESSED + 1)
    return Statement(replace(plan, tree=_NO_TREE), catalog, to_sql(tree, is_kept=False), is_guess)


def _limit(tree: exp.Query, most: int) -> exp.Query:
    old = tree.args.get("limit")
    if old is not None and int(old.expression.name) <= most:
        return tree
    tree.set("limit", exp.Limit(expression=exp.Literal.number(most)))
    return tree


class Statements:
    """Those that were used last. What was made for another state than the present one is not given out."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Statement] = OrderedDict()

    def get(
        self,
        key: Hashable,
        catalog: StoreCatalog,
        make: Callable[[], tuple[Statement, bool]],
        *,
        may_guess: bool = True,
    ) -> Statement:
        """A statement for a state.

        Args:
            key: What was asked, and how.
            catalog: The state.
            make: Makes one, and says whether it may be kept.
            may_guess: Whether it may be one that is a guess.
        """
        with self._lock:
            found = self._kept.get(key)
            is_current = found is not None and found.catalog is catalog
            if found is not None and is_current and (may_guess or not found.is_guess):
                self._kept.move_to_end(key)
                return found
        made, is_lasting = make()
        if is_lasting:
            with self._lock:
                self._kept[key] = made
                self._kept.move_to_end(key)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return made
