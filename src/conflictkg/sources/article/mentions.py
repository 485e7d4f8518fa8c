"""What the rules see: mentions of things in a sentence, and the sentence with each as one sign.

A sentence is *encoded*: every mention becomes two private-use characters, one for its type and one for its
number, so that a rule can be a short regular expression over mentions and words.
"""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

TYPES = (
    "org",
    "country",
    "demonym",
    "place",
    "person",
    "cap",
    "count",
    "date",
    "rank",
    "inst",
    "post",
    "member",
    "officials",
    "event",
    "victims",
    "facility",
    "pronoun",
    "quote",
    "document",
)
_TYPE_SIGN = {name: chr(0xE000 + number) for number, name in enumerate(TYPES)}
_FIRST_NUMBER = 0xE100
MAX_MENTIONS = 0xF8FF - _FIRST_NUMBER


@dataclass(frozen=True, slots=True)
class Name:
    """The thing that a name stands for.

    ``key`` is the same for all names of one thing; ``label`` is the name to show.
    """

    key: str
    label: str
    level: str = ""
    entity: str | None = None
    country: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as printed: bounds in whole units, both included; ``vague`` for words such as "scores"."""

    low: int | None = None
    best: int | None = None
    high: int | None = None
    vague: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """A date as printed. What is not printed is None; ``relative`` holds words to be resolved."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    relative: str = ""
    shift: int = 0
    since: bool = False

    def as_date(self) -> datetime.date | None:
        """The day, where year, month and day are all printed."""
        if self.year and self.month and self.day:
            return datetime.date(self.year, self.month, self.day)
        return None


Value = Name | Amount | When | str | None


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of text that stands for something, with the parts it was made of."""

    type: str
    start: int
    end: int
    value: Value = None
    parts: dict[str, tuple["Mention", ...]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    rule: str = ""

    def part(self, name: str) -> "Mention | None":
        """The first part of that name, if there is one."""
        found = self.parts.get(name, ())
        return found[0] if found else None

    def all_parts(self) -> Iterator["Mention"]:
        """This mention and everything inside it."""
        yield self
        for name, members in self.parts.items():
            if name == "name":  # the same thing without rank or kind
                continue
            for member in members:
                if member.start != self.start or member.end != self.end or member.type != self.type:
                    yield from member.all_parts()

    @property
    def name(self) -> Name | None:
        """What a naming mention stands for."""
        return self.value if isinstance(self.value, Name) else None


def type_sign(name: str) -> str:
    """The sign of a mention type in encoded sentences.

    Raises:
        KeyError: No mention is of that type.
    """
    return _TYPE_SIGN[name]


class Encoded:
    """A sentence in which each mention is two characters, and the way back to the text."""

    def __init__(self, text: str, start: int, end: int, mentions: Sequence[Mention]) -> None:
        self.start, self.end = start, end
        self.mentions = tuple(mentions[:MAX_MENTIONS])
        pieces: list[str] = []
        offsets: list[int] = []
        position = start
        for number, mention in enumerate(self.mentions):
            self._copy(text, position, mention.start, pieces, offsets)
            pieces.append(_TYPE_SIGN[mention.type] + chr(_FIRST_NUMBER + number))
            offsets.extend((mention.start, mention.start))
            position = mention.end
        self._copy(text, position, end, pieces, offsets)
        offsets.append(end)
        self.text = "".join(pieces)
        self._offsets = offsets

    @staticmethod
    def _copy(text: str, start: int, end: int, pieces: list[str], offsets: list[int]) -> None:
        """Copy plain text, several blanks in a row as one."""
        for position in range(start, end):
            if text[position] == " " and position > start and text[position - 1] == " ":
                continue
            pieces.append(text[position])
            offsets.append(position)

    def mentions_in(self, start: int, end: int) -> tuple[Mention, ...]:
        """The mentions between two positions of the encoded text."""
        return tuple(
            self.mentions[ord(sign) - _FIRST_NUMBER]
            for sign in self.text[start:end]
            if _FIRST_NUMBER <= ord(sign) <= 0xF8FF
        )

    def start_of(self, position: int) -> int:
        """Where a character of the encoded text stands in the text."""
        return self._offsets[position]

    def end_of(self, position: int) -> int:
        """Where the character before a position of the encoded text ends in the text."""
        if position == 0:
            return self.start
        before = self.text[position - 1]
        if _FIRST_NUMBER <= ord(before) <= 0xF8FF:
            return self.mentions[ord(before) - _FIRST_NUMBER].end
        return self._offsets[position - 1] + 1
