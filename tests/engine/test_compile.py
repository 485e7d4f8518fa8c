"""What compilation costs: a pattern is compiled once, whatever stands around it."""

import pytest

from conflictkg.engine.compile import compile_query
from conflictkg.engine.syntax import parse_query
from conflictkg.store.database import memory_database

MISSING = "?s ?p <http://example.org/nowhere>"


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT ?s {{ {MISSING} }}",
        f"SELECT ?s {{ {MISSING} }} ORDER BY ?s",
        f"SELECT ?s {{ {MISSING} }} ORDER BY ?s LIMIT 5",
        f"SELECT DISTINCT ?s {{ {MISSING} }} ORDER BY ?p",
        f"SELECT (COUNT(*) AS ?n) {{ {MISSING} }} GROUP BY ?p ORDER BY ?n",
        f"SELECT ?s {{ SELECT ?s {{ SELECT ?s {{ {MISSING} }} }} }}",
        f"CONSTRUCT {{ ?s ?p 1 }} {{ {MISSING} }}",
    ],
)
def test_each_pattern_is_compiled_once(text: str) -> None:
    """A pattern that nothing can match leaves a note each time that it is compiled."""
    with memory_database() as database:
        plan = compile_query(parse_query(text, base=""), database.catalog)
    assert len(plan.notes) == 1
