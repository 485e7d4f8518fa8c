"""RDF that clients send: received into files of bounded size, unpacked, and read in a child."""

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from flask import Request
from werkzeug.datastructures import FileStorage

from conflictkg.errors import RdfSyntaxError, RefusedDataError
from conflictkg.sandbox import FORMATS, OFFERED, ChildLimits, read_rdf
from conflictkg.web import kinds
from conflictkg.web.problems import RequestError

FORM = "multipart/form-data"
MOST_FILES = 100
"""Files of a form: a child is started for each."""

_LIMITS = ChildLimits()
_CHUNK = 1 << 16
_ENDINGS = {
    ".ttl": "turtle",
    ".nt": "ntriples",
    ".rdf": "rdfxml",
    ".owl": "rdfxml",
    ".jsonld": "jsonld",
}


def read_upload(
    request: Request,
    base: str,
    folder: Path,
    triples: Path,
    most: int,
    limits: ChildLimits = _LIMITS,
) -> None:
    """Put what a request sends into a file as N-Triples: its body, or each file of a form.

    Args:
        request: The request.
        base: What relative IRIs are resolved against.
        folder: For files of this request.
        triples: Where the N-Triples go.
        most: Bytes that are taken, packed and unpacked.
        limits: What reading it may use.

    Raises:
        RequestError: It is too large, or not of a type that is read.
        RdfSyntaxError: It breaks its format.
        RefusedDataError: It has what is not read.
    """
    require_size(request, most)
    if request.mimetype != FORM:
        rdf_format = _format_of_type(request.mimetype, request.mimetype_params.get("charset"))
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        receive(_iter_body(request, most), folder / "data", most, encoding)
        read_part("the body", folder / "data", rdf_format, base, triples, limits)
        return
    parts = [part for _, part in request.files.items(multi=True)]
    read_files(parts, base, folder, triples, most, limits)


def require_size(request: Request, most: int) -> None:
    """Refuse a body that says itself that it is too large; bounds one that does not."""
    if (request.content_length or 0) > most:
        raise too_large(most)
    request.max_content_length = most


def read_files(
    parts: Sequence[FileStorage],
    base: str,
    folder: Path,
    triples: Path,
    most: int,
    limits: ChildLimits = _LIMITS,
) -> None:
    """Put the files of a form into one file as N-Triples. Together they may be as large, and take as long, as one."""
    if not parts:
        raise RequestError(kinds.BAD_REQUEST, "the form has no file. Send RDF as a file in it.")
    if len(parts) > MOST_FILES:
        raise RequestError(
            kinds.BODY_TOO_LARGE,
            f"the form has {len(parts)} files, and at most {MOST_FILES} are taken at once. Put some together.",
            fields={"maxFiles": MOST_FILES},
        )
    piece, size, started = folder / "piece.nt", 0, time.monotonic()
    with triples.open("wb") as whole:
        for part in parts:
            name = (part.filename or part.name or "").rpartition("/")[2]
            rdf_format = _format_of_file(name, part.mimetype, part.mimetype_params.get("charset"))
            encoding = "gzip" if name.endswith(".gz") else "identity"
            size += receive(_iter_stream(part.stream), folder / "data", most, encoding, before=size)
            left = _left_of(limits, started, whole.tell())
            read_part(f'the file "{name[:100]}"', folder / "data", rdf_format, base, piece, left)
            with piece.open("rb") as file:
                while data := file.read(_CHUNK):
                    whole.write(data)


def _left_of(limits: ChildLimits, started: float, written: int) -> ChildLimits:
    """What earlier files of a form have left for the next one."""
    seconds = limits.seconds - int(time.monotonic() - started)
    output_mb = limits.output_mb - (written >> 20)
    if seconds < 1:
        problem = f"together the files took longer than {limits.seconds} s. Send fewer at once."
        raise RefusedDataError("too-long", problem)
    if output_mb < 1:
        problem = f"together the files are more than {limits.output_mb} MiB of N-Triples. Send fewer at once."
        raise RefusedDataError("too-large", problem)
    return replace(limits, seconds=seconds, output_mb=output_mb)


def read_part(
    what: str, data: Path, rdf_format: str, base: str, triples: Path, limits: ChildLimits
) -> None:
    """Read one file in a child; errors say which it was."""
    try:
        read_rdf(data, rdf_format, base, triples, limits)
    except RdfSyntaxError as error:
        raise RdfSyntaxError(what, error.line, error.column, error.problem) from error.__cause__


def _format_of_file(name: str, media_type: str, charset: str | None) -> str:
    ending = Path(name.removesuffix(".gz")).suffix.lower()
    if media_type in FORMATS:
        return _format_of_type(media_type, charset)
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    raise RequestError(
        kinds.UNSUPPORTED_MEDIA_TYPE,
        f'the file "{name[:100]}" is of no type that is read. Send one that ends in '
        f"{', '.join(_ENDINGS)}, each with .gz too; archives are not unpacked.",
    )


def _format_of_type(media_type: str, charset: str | None) -> str:
    if media_type not in FORMATS:
        said = f'"{media_type}"' if media_type else "not given"
        raise RequestError(
            kinds.UNSUPPORTED_MEDIA_TYPE,
            f"the body's Content-Type is {said}. Send {', '.join(OFFERED)}.",
            {"Accept-Post": ", ".join(OFFERED)},
        )
    if (charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise RequestError(
            kinds.UNSUPPORTED_CHARSET, f'the body\'s charset is "{charset}". Send UTF-8.'
        )
    return FORMATS[media_type]


def receive(
    pieces: Iterator[bytes], target: Path, most: int, encoding: str, before: int = 0
) -> int:
    """Put pieces into a file, unpacked.

    Args:
        pieces: What comes.
        target: The file.
        most: Bytes that are taken.
        encoding: How they are packed.
        before: Bytes that were taken already, and count.

    Returns:
        The file's size.
    """
    size = 0
    with target.open("wb") as file:
        for piece in _unpack(pieces, encoding):
            size += len(piece)
            if before + size > most:
                raise too_large(most, unpacked=encoding == "gzip")
            file.write(piece)
    return size


def _iter_body(request: Request, most: int) -> Iterator[bytes]:
    size = 0
    while piece := request.stream.read(_CHUNK):
        size += len(piece)
        if size > most:
            raise too_large(most)
        yield piece
    if request.content_length is not None and size < request.content_length:
        raise RequestError(
            kinds.BAD_REQUEST, f"the body ends after {size} of {request.content_length} bytes."
        )


def _iter_stream(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(_CHUNK):
        yield piece


def _unpack(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in {"", "identity"}:
        yield from pieces
        return
    if encoding != "gzip":
        raise RequestError(
            kinds.UNSUPPORTED_ENCODING,
            f'the body has Content-Encoding "{encoding}". Send it as it is, or as gzip.',
            {"Accept-Encoding": "gzip, identity"},
        )
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if unpacker.eof:  # one gzip after the other is gzip too
                    unpacker = zlib.decompressobj(wbits=31)
                # A little at a time: few bytes can stand for very many.
                yield unpacker.decompress(rest, _CHUNK)
                rest = unpacker.unused_data or unpacker.unconsumed_tail
    except zlib.error as error:
        raise RequestError(kinds.BAD_ENCODING, f"the body is no gzip: {error}.") from error
    if not unpacker.eof:
        raise RequestError(kinds.BAD_ENCODING, "the body ends in the middle of its gzip.")


def too_large(most: int, *, unpacked: bool = False) -> RequestError:
    """The refusal of a body."""
    if unpacked:
        return RequestError(
            kinds.UNPACKED_TOO_LARGE,
            f"the data are more than {most:,} bytes when they are unpacked, the most that is taken here.",
            fields={"maxBytes": most},
        )
    return RequestError(
        kinds.BODY_TOO_LARGE,
        f"the body has more than {most:,} bytes, the most that is taken here.",
        fields={"maxBytes": most},
    )
