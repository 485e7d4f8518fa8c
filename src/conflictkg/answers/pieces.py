"""Files that are given away while they are written."""

import io
from typing import Any


class Pieces(io.RawIOBase):
    """Takes what is written, until somebody takes it away.

    >>> pieces = Pieces()
    >>> pieces.write(b"one ") + pieces.write(b"two")
    7
    >>> pieces.take(), pieces.take(), pieces.tell()
    (b'one two', b'', 7)
    """

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """It is, and nothing else."""
        return True

    def write(self, data: Any) -> int:  # any buffer, which has no name before Python 3.12
        """Take all of it."""
        piece = bytes(data)
        self._held.append(piece)
        self._size += len(piece)
        return len(piece)

    def tell(self) -> int:
        """How much has been written."""
        return self._size

    def take(self) -> bytes:
        """What has been written since the last time."""
        held, self._held = self._held, []
        return b"".join(held)
