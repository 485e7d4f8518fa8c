"""What comes piece by piece from a query that still runs."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Stream(Generic[_Item]):
    """Rows or triples as they come, and whether they were all.

    Errors of the engine are raised by the iteration: a query can reach its deadline after its
    thousandth row. Whoever does not read to the end calls :meth:`close`, or uses ``with``.

    Args:
        items: The rows or triples. A returned (not yielded) ``False`` says that a limit cut them off.
        close: Frees what the items come from; called once.

    >>> stream = Stream(iter([1, 2]))
    >>> list(stream), stream.complete
    ([1, 2], True)
    """

    def __init__(self, items: Iterator[_Item], close: Callable[[], None] | None = None) -> None:
        self._items = items
        self._close = close
        self._complete: bool | None = None

    @property
    def complete(self) -> bool | None:
        """Whether these were all there are: ``False`` where a limit cut them off.

        ``None`` until the last one was read.
        """
        return self._complete

    def __iter__(self) -> Iterator[_Item]:
        return self

    def __next__(self) -> _Item:
        try:
            return next(self._items)
        except StopIteration as stop:
            if self._complete is None:
                self._complete = stop.value is not False
            self.close()
            raise
        except BaseException:
            self.close()
            raise

    def __del__(self) -> None:
        # Who lets go of an answer without closing it shall not keep a worker for ever.
        self.close()

    def close(self) -> None:
        """Stop the query if it still runs, and free its worker."""
        close, self._close = self._close, None
        if close is not None:
            close()
