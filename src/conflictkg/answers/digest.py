"""Digests of answers: the same for the same answer from any store, in whatever order it comes.

Without blank nodes anybody can compute one: SHA-256 over the kind of the answer with its variables, and then its
lines of TSV or N-Triples, sorted by their bytes, each after a line end. Blank nodes have no names of their own,
so each is written by what is said with it: a digest of the lines that it stands in, refined until that tells no
more of them apart. A change that leaves every blank node alike in all its surroundings is not seen.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from conflictkg.answers import Answer, Boolean, Solutions
from conflictkg.answers.formats import write_answer
from conflictkg.errors import IncompleteAnswerError

MOST_BYTES = 16 << 20
"""Of lines: they are held in memory, and to sort them takes time."""

_MOST_WORK = 1_000_000
_MOST_ROUNDS = 64
_IN_ROW = re.compile(rb"(?:(?<=\t)|^)_:[^\t]*")
_IN_TRIPLE = re.compile(rb'^_:[^ ]*|(?<=> )_:[^ "]*(?= \.$)')


@dataclass(frozen=True, slots=True)
class Digest:
    """Digests of one answer, in hexadecimal.

    Args:
        rows: Of its rows or triples, in whatever order.
        sequence: Of the rows in the order in which they came.
    """

    rows: str
    sequence: str


def digest_answer(answer: Answer, *, most_bytes: int = MOST_BYTES) -> Digest:
    """The digests of an answer, which is read to its end.

    Args:
        answer: The answer.
        most_bytes: How long its lines may be together.

    Raises:
        IncompleteAnswerError: A limit cut it off, or it is too long.
        QueryError: The query failed while it was read.

    >>> digest_answer(Boolean(True)).rows == digest_answer(Boolean(False)).rows
    False
    """
    if isinstance(answer, Boolean):
        return _digest(b"boolean\t", [b"true" if answer.value else b"false"])
    is_rows = isinstance(answer, Solutions)
    lines = _read(write_answer(answer, "tsv" if is_rows else "ntriples"), most_bytes)
    if answer.complete is False:
        raise IncompleteAnswerError(len(lines) - is_rows)
    if isinstance(answer, Solutions):
        head = "\t".join((answer.kind, *answer.variables)).encode()
        return _digest(head, _name_blanks(lines[1:], _IN_ROW))
    # A triple may come twice.
    return _digest(b"graph\t", _name_blanks(list(dict.fromkeys(lines)), _IN_TRIPLE))


def _read(pieces: Iterable[bytes], most_bytes: int) -> list[bytes]:
    text = bytearray()
    for piece in pieces:
        text += piece
        if len(text) > most_bytes:
            raise IncompleteAnswerError(
                text.count(b"\n"), f"it is longer than {most_bytes:,} bytes of text"
            )
    return bytes(text).split(b"\n")[:-1]


def _digest(head: bytes, lines: list[bytes]) -> Digest:
    return Digest(
        hashlib.sha256(b"\n".join([head, *sorted(lines)])).hexdigest(),
        hashlib.sha256(b"\n".join([head, *lines])).hexdigest(),
    )


def _name_blanks(lines: list[bytes], pattern: re.Pattern[bytes]) -> list[bytes]:
    """The lines, with blank nodes named by their surroundings."""
    found = [(place, set(pattern.findall(line))) for place, line in enumerate(lines)]
    found = [(place, names) for place, names in found if names]
    colours: dict[bytes, bytes] = {name: b"" for _, names in found for name in names}

    def write(place: int, own: bytes | None) -> bytes:
        return pattern.sub(
            lambda match: b"_:" if match[0] == own else b"_:" + colours[match[0]], lines[place]
        )

    known = 0
    # Bounded by what is there, not by the clock, so that it ends alike everywhere.
    rounds = max(2, min(_MOST_ROUNDS, _MOST_WORK // max(1, len(found))))
    for _ in range(rounds):
        around: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for place, names in found:
            for name in names:
                around[name].append(write(place, name))
        colours = {
            name: hashlib.sha256(b"\n".join([colours[name], *sorted(seen)]))
            .hexdigest()[:32]
            .encode()
            for name, seen in around.items()
        }
        before, known = known, len({*colours.values()})
        if known == before:
            break
    named = list(lines)
    for place, _ in found:
        named[place] = write(place, None)
    return named
