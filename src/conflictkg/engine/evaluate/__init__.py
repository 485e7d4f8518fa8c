"""What each SPARQL expression means, in Python: the reference for the SQL that the compiler makes.

Where types are known the compiler turns expressions into SQL; all else SQL hands to these functions, a
vector of rows at a time (:mod:`conflictkg.engine.program`).
"""

from conflictkg.engine.evaluate.aggregates import aggregate as aggregate
from conflictkg.engine.evaluate.compiling import compile_expression as compile_expression
from conflictkg.engine.evaluate.compiling import compile_test as compile_test
from conflictkg.engine.evaluate.compiling import is_native_only as is_native_only
from conflictkg.engine.evaluate.compiling import is_volatile as is_volatile
from conflictkg.engine.evaluate.compiling import needs_row as needs_row
from conflictkg.engine.evaluate.compiling import reads_clock as reads_clock
from conflictkg.engine.evaluate.context import NOW as NOW
from conflictkg.engine.evaluate.context import ROW as ROW
from conflictkg.engine.evaluate.context import Context as Context
from conflictkg.engine.evaluate.failure import ExpressionError as ExpressionError
from conflictkg.engine.evaluate.functions import FUNCTIONS as FUNCTIONS
from conflictkg.engine.evaluate.ordering import OrderKey as OrderKey
from conflictkg.engine.evaluate.ordering import order_key as order_key
from conflictkg.engine.evaluate.values import compare as compare
from conflictkg.engine.evaluate.values import effective_boolean_value as effective_boolean_value
from conflictkg.engine.evaluate.values import same_term as same_term
from conflictkg.engine.evaluate.values import same_value as same_value
