"""What a query has left of its time while others are asked for it."""

import time
from dataclasses import dataclass, field

from conflictkg.errors import QueryTimeoutError
from conflictkg.store import Cancellation


@dataclass(frozen=True, slots=True)
class Budget:
    """A query's deadline, and what has it ended.

    Args:
        deadline: On the clock of ``time.monotonic``; ``None`` for none.
        deadline_s: How many seconds the query was given, for the message.
        cancellation: Ends it.
    """

    deadline: float | None = None
    deadline_s: float = 0.0
    cancellation: Cancellation = field(default_factory=Cancellation)

    def left_s(self, most: float) -> float:
        """Seconds that are left, at most so many.

        Raises:
            QueryTimeoutError: None are.
            QueryCancelledError: It was cancelled.

        >>> Budget().left_s(5.0)
        5.0
        """
        reason = self.cancellation.reason
        if reason is not None:
            raise reason
        if self.deadline is None:
            return most
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise QueryTimeoutError(self.deadline_s)
        return min(most, left)
