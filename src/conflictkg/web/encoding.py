"""Answers made smaller on their way: zstd or gzip, as the client says that it can read them.

A stream stays a stream, and one that breaks off stays broken: the end of the compressed frame is never
written for an answer that was not whole.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import zstandard
from flask import Request, Response, request

_LEAST_BYTES = 1_024
"""Less is sent as it is: the saving would not pay for the work."""

_PREFERRED = ("zstd", "gzip")
_PACKED = frozenset({"application/vnd.apache.parquet", "application/gzip", "image/png"})


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def choose_encoding(asked_by: Request) -> str:
    """What a client reads that we write; empty for neither.

    The weights of ``Accept-Encoding`` decide, between equal ones zstd.
    """
    rated = {name: asked_by.accept_encodings.quality(name) for name in _PREFERRED}
    best = max(_PREFERRED, key=lambda name: rated[name])
    return best if rated[best] > 0 and "Accept-Encoding" in asked_by.headers else ""


def compress_answer(response: Response) -> Response:
    """Compress an answer, where that pays; runs after each request."""
    if response.direct_passthrough or response.status_code in {204, 206, 304}:
        return response
    if response.mimetype in _PACKED or "Content-Encoding" in response.headers:
        return response
    length = response.content_length
    if not response.is_streamed and (length is None or length < _LEAST_BYTES):
        return response
    response.vary.add("Accept-Encoding")
    encoding = choose_encoding(request)
    if not encoding or request.method == "HEAD":
        return response
    response.headers["Content-Encoding"] = encoding
    if response.is_streamed:
        pieces: Iterable[bytes] = response.response  # type: ignore[assignment]  # ours are bytes
        response.response = _compress(pieces, encoding)
        response.headers.pop("Content-Length", None)
    else:
        response.set_data(b"".join(_compress([response.get_data()], encoding)))
    return response


def _compress(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    compressor: _Compressor = (
        zstandard.ZstdCompressor(level=3).compressobj()
        if encoding == "zstd"
        else zlib.compressobj(level=5, wbits=31)
    )
    for piece in pieces:
        packed = compressor.compress(piece)
        if packed:
            yield packed
    yield compressor.flush()
