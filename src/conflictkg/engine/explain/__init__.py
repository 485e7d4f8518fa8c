"""What became of a query, as people read it: its algebra, the plan, what each step took, and advice."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conflictkg.engine.algebra import Query
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.check.advice import Advice, Wording
from conflictkg.engine.explain.naming import Naming
from conflictkg.engine.explain.naming import name_columns as name_columns
from conflictkg.engine.explain.naming import tables_of as tables_of
from conflictkg.engine.explain.operators import Operator, join_order, read_operators
from conflictkg.engine.explain.outline import outline_query
from conflictkg.engine.plan import Plan


@dataclass(frozen=True, slots=True)
class Explanation:
    """A query explained. ``str()`` is for reading, :meth:`to_dict` for programs.

    Args:
        algebra: What is asked, a line an operation, indented.
        operators: The plan, from the answer to the tables.
        join_order: What is read, in the order in which it is joined.
        class_tables: The classes whose tables served.
        notes: What the compiler chose, and why.
        programs: What is evaluated in Python, row by row.
        times_ms: Milliseconds of each phase.
        advice: Likely mistakes.
        stopped: Why it was not run to its end; empty if it was, or was not to be run.
        sql: What DuckDB is asked.
    """

    algebra: tuple[str, ...]
    operators: Operator
    join_order: tuple[str, ...]
    class_tables: tuple[str, ...]
    notes: tuple[str, ...]
    programs: tuple[str, ...]
    times_ms: Mapping[str, float]
    advice: tuple[Advice, ...] = ()
    stopped: str = ""
    sql: str = field(default="", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "advice": [
                {
                    "code": each.code,
                    "message": each.message,
                    "line": each.line,
                    "column": each.column,
                    "suggestion": each.suggestion,
                }
                for each in self.advice
            ],
            "algebra": list(self.algebra),
            "plan": self.operators.to_dict(),
            "join_order": list(self.join_order),
            "class_tables": list(self.class_tables),
            "notes": list(self.notes),
            "python": list(self.programs),
            "times_ms": dict(self.times_ms),
            "stopped": self.stopped,
            "sql": self.sql,
        }

    def __str__(self) -> str:
        parts = [
            ("advice", [str(each) for each in self.advice]),
            ("algebra", self.algebra),
            ("join order", [f"{n}. {each}" for n, each in enumerate(self.join_order, 1)]),
            ("plan", list(_table(self.operators))),
            ("class tables", self.class_tables),
            ("notes", self.notes),
            ("evaluated in Python", self.programs),
            ("stopped", [self.stopped] if self.stopped else []),
            ("milliseconds", [f"{name} {value:,.1f}" for name, value in self.times_ms.items()]),
            ("sql", [self.sql]),
        ]
        return "\n\n".join(_section(title, lines) for title, lines in parts if lines)


_NOTED_IRI = re.compile(r"Iri\(value='([^']*)'\)")


def explain_query(
    query: Query,
    plan: Plan,
    catalog: Catalog,
    profile: object,
    *,
    times_ms: Mapping[str, float],
    advice: Sequence[Advice] = (),
    names: Mapping[str, str] | None = None,
    stopped: str = "",
    sql: str = "",
) -> Explanation:
    """Put together what is known of a query.

    Args:
        query: The query.
        plan: Its plan.
        catalog: The store.
        profile: DuckDB's plan of it as JSON, decoded; best of the tree of :func:`name_columns`.
        times_ms: Milliseconds of each phase, in their order.
        advice: From :func:`conflictkg.engine.check.check_query`.
        names: Prefixes to write IRIs with, beside those of the query.
        stopped: Why it was not run to its end.
        sql: The SQL of the plan.
    """
    wording = Wording(query.prologue, names or {})
    naming = Naming(plan, catalog, wording)
    operators = read_operators(profile, naming)
    return Explanation(
        algebra=outline_query(query, {**(names or {}), **query.prologue.prefixes}),
        operators=operators,
        join_order=join_order(operators),
        class_tables=tuple(naming.classes()),
        notes=tuple(
            dict.fromkeys(
                _NOTED_IRI.sub(lambda match: wording.name(match[1]), each) for each in plan.notes
            )
        ),
        programs=tuple(dict.fromkeys(each.description for each in plan.programs.values())),
        times_ms=dict(times_ms),
        advice=tuple(advice),
        stopped=stopped,
        sql=sql,
    )


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title.upper(), *(f"  {line}" for line in lines)])


def _table(root: Operator) -> Sequence[str]:
    """The operators, indented, with their figures in columns."""
    rows = [("", "estimated", "rows", "ms")]
    waiting = [(0, root)]
    while waiting:
        depth, each = waiting.pop()
        figures = (_count(each.estimated), _count(each.rows), _time(each.time_ms))
        rows.append(("  " * depth + each.name, *figures))
        waiting += [(depth + 1, child) for child in reversed(each.children)]
    widths = [max(len(row[place]) for row in rows) for place in range(1, 4)]
    return [
        "  ".join([*(row[n + 1].rjust(widths[n]) for n in range(3)), row[0]]).rstrip()
        for row in rows
    ]


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _time(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:,.2f}"
