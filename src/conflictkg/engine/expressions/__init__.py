"""Expressions in SQL: what SPARQL's functions, operators and aggregates become.

Where the tags of ids say enough an expression is SQL throughout, and is compared, counted and sorted
at the speed of the table scan; all else is one call of the evaluator in Python
(:mod:`conflictkg.engine.evaluate`), which is also the reference for what SQL must answer.
"""

from conflictkg.engine.expressions.aggregates import compile_aggregate as compile_aggregate
from conflictkg.engine.expressions.compiling import compile_condition as compile_condition
from conflictkg.engine.expressions.compiling import compile_value as compile_value
from conflictkg.engine.expressions.convert import common_rep as common_rep
from conflictkg.engine.expressions.convert import equal_terms as equal_terms
from conflictkg.engine.expressions.convert import to_id as to_id
from conflictkg.engine.expressions.convert import to_packed as to_packed
from conflictkg.engine.expressions.ordering import order_keys as order_keys
