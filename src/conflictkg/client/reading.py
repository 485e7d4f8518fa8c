"""The body of a response as a file, for parsers that want one."""

import io

import httpx


class BodyReader(io.RawIOBase):
    """Reads a response while it comes.

    Args:
        response: One that is streamed.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._pieces = response.iter_bytes()
        self._held = b""
        self.error: httpx.HTTPError | None = None
        """What broke it off; parsers may hide it."""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """So many bytes; fewer only at the end.

        Raises:
            OSError: The connection was cut.
        """
        found = bytearray(self._held)
        while size < 0 or len(found) < size:
            piece = self._next()
            if not piece:
                break
            found += piece
        end = len(found) if size < 0 else size
        self._held = bytes(found[end:])
        return bytes(found[:end])

    def readinto(self, buffer: object) -> int:
        """So many bytes as there is room for."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever is written into
        found = self.read(len(view))
        view[: len(found)] = found
        return len(found)

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except httpx.HTTPError as error:
            self.error = error
            raise OSError(str(error)) from error
