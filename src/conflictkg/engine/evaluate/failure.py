"""What SPARQL calls an error: an expression that has no value for a solution."""


class ExpressionError(Exception):
    """An expression has no value. Private to the engine: no message, nobody reads it.

    The class is raised, not one instance kept for all: an instance keeps the tracebacks of all who
    raised it, and with them their frames.
    """
