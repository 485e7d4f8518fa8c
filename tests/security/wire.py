"""The recorded attacks as requests: bytes on a socket, and what came back."""

import json
import re
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_MOST_S = 60


@dataclass(frozen=True)
class Reply:
    """What a server answered.

    Args:
        status: 0 where it closed the connection without a word.
        headers: With names in lower case.
        body: As it came, chunks put together.
        seconds: From the connection to the end of the answer.
        is_whole: Whether it ended as it should: with its last chunk, or with as many bytes as were announced.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    is_whole: bool

    @property
    def problem(self) -> dict[str, Any]:
        """The body of a problem; empty where it is none."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return {}
        found: dict[str, Any] = json.loads(self.body)
        return found


def fill(text: str, names: Mapping[str, str]) -> str:
    """Put in what differs from run to run: tokens, the listener's port."""
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def body_of(request: Mapping[str, Any], names: Mapping[str, str]) -> bytes:
    """The body that an attack describes."""
    if "body_hex" in request:
        return bytes.fromhex(request["body_hex"])
    if "body_parts" in request:
        return "".join(_repeat(each) for each in request["body_parts"]).encode()
    return fill(request.get("body", ""), names).encode("utf-8", "surrogatepass")


def _repeat(part: str | list[Any]) -> str:
    if isinstance(part, str):
        return part
    text, count = part
    return str(text) * int(count)


def send(address: tuple[str, int], request: Mapping[str, Any], names: Mapping[str, str]) -> Reply:
    """Send one attack and read the answer."""
    if "raw" in request:
        return exchange(address, fill(request["raw"], names).encode("latin-1"))
    body = body_of(request, names)
    path = fill(request.get("path") or "".join(map(_repeat, request["path_parts"])), names)
    headers = {name: fill(str(value), names) for name, value in request.get("headers", {}).items()}
    if "multipart" in request:
        boundary = "conflictkg-attack"
        headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        body = _write_form(request["multipart"], boundary)
    method = request.get("method", "GET")
    lines = [f"{method} {_encode(path)} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if request.get("chunked"):
        lines.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    elif body or method in {"POST", "PUT", "PATCH"}:
        lines.append(f"Content-Length: {len(body)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")
    return exchange(address, head + body)


def _encode(path: str) -> str:
    """Blanks cannot stand in the first line of a request; everything else is sent as it is."""
    return path.replace(" ", "%20")


def _write_form(fields: Mapping[str, Any], boundary: str) -> bytes:
    parts = []
    for name, value in fields.items():
        entry = value if isinstance(value, dict) else {"content": str(value)}
        if "content_hex" in entry:
            content = bytes.fromhex(entry["content_hex"])
        elif "content_parts" in entry:
            content = "".join(map(_repeat, entry["content_parts"])).encode()
        else:
            content = entry.get("content", "").encode()
        file = f'; filename="{entry["filename"]}"' if "filename" in entry else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def exchange(address: tuple[str, int], data: bytes) -> Reply:
    """Send bytes, then read to the end."""
    started = time.monotonic()
    with socket.create_connection(address, timeout=_MOST_S) as connection:
        with suppress(OSError):  # it has answered and closed before all was sent
            connection.sendall(data)
        received = bytearray()
        needed: int | None = None
        with suppress(OSError):
            while piece := connection.recv(1 << 16):
                received += piece
                if needed is None:
                    needed = _length(received)
                if needed is not None and len(received) >= needed:
                    break
    return _read(bytes(received), time.monotonic() - started)


_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def _length(received: bytearray) -> int | None:
    """How many bytes come in all; none where that is not said, or not yet."""
    end = received.find(b"\r\n\r\n", 0, 1 << 16)
    found = _LENGTH.search(received, 0, end + 2) if end >= 0 else None
    return None if found is None else end + 4 + int(found[1])


def _read(received: bytes, seconds: float) -> Reply:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/"):
        return Reply(0, {}, received, seconds, is_whole=False)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    is_whole = True
    if headers.get("transfer-encoding") == "chunked":
        body, is_whole = _join_chunks(body)
    elif "content-length" in headers:
        is_whole = len(body) == int(headers["content-length"])
    return Reply(int(first.split()[1]), headers, body, seconds, is_whole)


def _join_chunks(data: bytes) -> tuple[bytes, bool]:
    """The body, and whether the last chunk came, which says that it is whole."""
    pieces: list[bytes] = []
    place = 0
    while (end := data.find(b"\r\n", place)) >= 0:
        length = int(data[place:end], 16)
        if not length:
            return b"".join(pieces), True
        pieces.append(data[end + 2 : end + 2 + length])
        place = end + 2 + length + 2
    return b"".join(pieces), False
