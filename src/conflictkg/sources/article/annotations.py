"""Annotations: what was read in a text, with where it stands, as a JSON file that people review.

Offsets count Unicode code points of the decoded text from 0, ends exclusive, like Python slices and
``oa:TextPositionSelector``. The text itself is not in the file: spans carry SHA-256 hashes, and
quotations have at most ten words.
"""

import datetime
import hashlib
import json
import stat
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from conflictkg.errors import InvalidValueError, SourceError

FORMAT: Final = "https://w3id.org/conflictkg/annotations/1"
MAX_QUOTED_WORDS = 10
MAX_TEXT_BYTES = 5_000_000

ZoneName = Literal["headline", "body", "author-bio", "comments", "chrome", "block-quotation"]
Kind = Literal[
    "organization",
    "person",
    "place",
    "alias",
    "document",
    "membership",
    "role",
    "succession",
    "hierarchy",
    "statement",
    "event",
    "facility",
    "strike",
    "casualty",
    "count",
    "date",
    "target-group",
    "source-ref",
    "relation",
    "opinion",
    "label",
    "trend",
]
Status = Literal["fact", "attributed-claim", "author-opinion", "inferred"]
NodeType = Literal[
    "organization",
    "person",
    "person-group",
    "place",
    "facility",
    "post",
    "event",
    "strike",
    "strike-series",
    "statement",
    "cited-document",
    "document",
]
DatePrecision = Literal["day", "few-days", "week", "month", "year", "unknown"]
NodeId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Offset = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=0)]


def sha256_of(text: str) -> str:
    """The SHA-256 of a text's UTF-8 form, in hexadecimal.

    >>> sha256_of("a")[:8]
    'ca978112'
    """
    return hashlib.sha256(text.encode()).hexdigest()


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DateValue(_Record):
    """When: up to four bounds, each a day, both ends included.

    ``earliest_begin`` to ``latest_begin`` bounds the beginning, ``earliest_end`` to ``latest_end``
    the end; for a single day all four are that day. A missing bound is not known.
    """

    earliest_begin: datetime.date | None = None
    latest_begin: datetime.date | None = None
    earliest_end: datetime.date | None = None
    latest_end: datetime.date | None = None
    precision: DatePrecision
    resolved_from: str | None = None
    """The words that were resolved ("today"), where the date is not printed as such."""


class CountValue(_Record):
    """How many: bounds in whole persons or events, both included; a missing bound is not known."""

    of: str
    """Concept of the count-category scheme, without its prefix: ``killed``, ``events``."""
    low: Number | None = None
    best: Number | None = None
    high: Number | None = None
    vague: bool = False
    not_reported: bool = False
    rule: str | None = None
    """What was counted and how, in our own words."""
    verbatim: str | None = None
    """The figure as printed, ten words or fewer."""


class Node(_Record):
    """Something that assertions are about."""

    id: NodeId
    type: NodeType
    label: str
    """The name as printed, or a description in our own words."""
    entity: str | None = None
    """Key in the entity registry (``organization/0004``); a node without one is local."""
    concept: str | None = None
    """For an event its kind (event-type scheme), for a post its role (role scheme)."""
    organization: NodeId | None = None
    """For a post: where it is held."""
    area: NodeId | None = None
    """For a post: the area it covers. For a series: the area it counts in."""
    members: tuple[NodeId, ...] = ()
    """For a group of persons: those who are named."""
    period: DateValue | None = None
    """For a series: the time it counts in."""
    note: str | None = None


class Assertion(_Record):
    """One assertion of the text. ``object``, ``text``, ``concept``, ``date`` or ``count`` is its value."""

    id: str
    kind: Kind
    subject: NodeId
    predicate: str
    """A name of ``predicates.toml``."""
    object: NodeId | None = None
    text: str | None = None
    concept: str | None = None
    date: DateValue | None = None
    count: CountValue | None = None
    start: Offset
    end: Offset
    sha256: Sha256
    """Hash of the text between start and end."""
    status: Status
    attributed_to: tuple[NodeId, ...] = ()
    """Who made the claim; empty means the document's publisher (for an opinion, its author)."""
    reported_by: tuple[NodeId, ...] = ()
    """Those through whom the document has it, nearest to the speaker first, the publisher left out."""
    polarity: Literal["affirmed", "negated"] = "affirmed"
    modality: Literal["actual", "conditional", "hypothetical", "counterfactual"] = "actual"
    about: tuple[str, ...] = ()
    """Concepts of the topic scheme, without their prefix."""
    as_of: datetime.date | None = None
    rule: str | None = None
    """The rule that proposed it: ``family.name``."""
    note: str | None = None

    @model_validator(mode="after")
    def _has_one_value(self) -> Self:
        values = (self.object, self.text, self.concept, self.date, self.count)
        if sum(value is not None for value in values) != 1:
            raise ValueError(
                "needs exactly one of object, text, concept, date and count as its value"
            )
        if self.end <= self.start:
            raise ValueError(f"span {self.start}-{self.end} is empty or runs backwards")
        return self


class Zone(_Record):
    """A part of the page. Block quotations lie inside the body; the others do not overlap."""

    zone: ZoneName
    start: Offset
    end: Offset
    sha256: Sha256


class Document(_Record):
    """The text that was read, and what is known of it."""

    text_sha256: Sha256
    characters: Number
    title: str
    """The headline where it has ten words or fewer, else a title of our own."""
    publisher: NodeId | None = None
    creator: NodeId | None = None
    issued: DateValue | None = None
    address: str | None = None
    language: str = "en"
    licence: str | None = None
    """IRI of the licence of the graph made from it; none while unreviewed."""
    redistribution: bool = False
    """Whether the graph made from it may be passed on."""


class Review(_Record):
    """Who accepted the annotations, when and why."""

    reviewer: str
    date: datetime.date
    decision: Literal["accepted", "disputed", "rejected"]
    note: str
    assertions: tuple[str, ...] = ()
    """Ids of the assertions it is about; empty means all."""


class Annotations(_Record):
    """A whole annotation file."""

    format: Literal["https://w3id.org/conflictkg/annotations/1"] = FORMAT
    document: Document
    zones: tuple[Zone, ...]
    nodes: tuple[Node, ...]
    assertions: tuple[Assertion, ...]
    reviews: tuple[Review, ...] = ()

    @model_validator(mode="after")
    def _references_hold(self) -> Self:
        known = [node.id for node in self.nodes]
        if len(set(known)) != len(known):
            twice = next(name for name in known if known.count(name) > 1)
            raise ValueError(f'node "{twice}" is declared twice')
        ids = [assertion.id for assertion in self.assertions]
        if len(set(ids)) != len(ids):
            twice = next(name for name in ids if ids.count(name) > 1)
            raise ValueError(f'assertion "{twice}" is there twice')
        for user, name in self._references():
            if name not in known:
                raise ValueError(f'{user} refers to node "{name}", which is not declared')
        for user, end in [
            *((f'assertion "{a.id}"', a.end) for a in self.assertions),
            *((f'zone "{z.zone}"', z.end) for z in self.zones),
        ]:
            if end > self.document.characters:
                raise ValueError(
                    f"{user} ends at {end}, outside the text of {self.document.characters} characters"
                )
        return self

    def _references(self) -> list[tuple[str, str]]:
        found = [
            ("document", name) for name in (self.document.publisher, self.document.creator) if name
        ]
        for node in self.nodes:
            names = (node.organization, node.area, *node.members)
            found += [(f'node "{node.id}"', name) for name in names if name]
        for item in self.assertions:
            names = (item.subject, item.object, *item.attributed_to, *item.reported_by)
            found += [(f'assertion "{item.id}"', name) for name in names if name]
        return found


def make_assertion_id(kind: str, subject: str, predicate: str, value: str, start: int) -> str:
    """An id that does not move when other assertions come or go.

    >>> make_assertion_id("person", "ibn-amin", "name", "Ibn Amin", 4807)
    'person-4807-5ae8'
    """
    digest = sha256_of("\x1f".join((subject, predicate, value)))[:4]
    return f"{kind}-{start}-{digest}"


def read_text(path: Path) -> str:
    """Read an article as it came: UTF-8, line ends untouched.

    Raises:
        SourceError: There is no such file, it is empty, too large, not UTF-8, or HTML.
    """
    size = _size_of(path)
    if size > MAX_TEXT_BYTES:
        raise SourceError(
            f"has {size:,} bytes; an article has at most {MAX_TEXT_BYTES:,}. Give one article a file.",
            source=str(path),
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"byte {error.start} (0x{raw[error.start]:02x}) is not UTF-8. "
            "Save the text as UTF-8 and try again.",
            source=str(path),
            line=line,
        ) from error
    if not text.strip():
        raise SourceError("is empty. Give the raw text of one article.", source=str(path))
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise SourceError("holds a NUL character: not a text.", source=str(path), line=line)
    head = text.lstrip("\ufeff \t\r\n")[:512].lower()
    if head.startswith(("<!doctype html", "<html", "<?xml", "<head", "<body", "<div", "<p>")):
        raise SourceError(
            "is HTML or XML, not text. Save the page as plain text (headline first) and try again.",
            source=str(path),
        )
    return text


def load_annotations(path: Path) -> Annotations:
    """Read an annotation file.

    Raises:
        SourceError: It cannot be read, is no JSON (with line), or breaks the format (with the place).
    """
    _size_of(path)
    try:
        raw = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"byte {error.start} is not UTF-8. Save the file as UTF-8 and try again.",
            source=str(path),
        ) from error
    try:
        content = json.loads(raw)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"column {error.colno}: not JSON: {error.msg}. Annotations come from conflictkg extract.",
            source=str(path),
            line=error.lineno,
        ) from error
    except (RecursionError, ValueError) as error:
        raise SourceError(
            "nests too deep, or holds a number of thousands of digits: no annotations do.",
            source=str(path),
        ) from error
    try:
        return Annotations.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{part}." for part in first["loc"]).removesuffix(".")
        message = first["msg"].removeprefix("Value error, ")
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        problem = f"{place}: {message}{more}" if place else f"{message}{more}"
        raise SourceError(problem, source=str(path)) from error


def _size_of(path: Path) -> int:
    """The size of a file; what is none is not waited for."""
    try:
        found = path.stat()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise SourceError(
            "is a pipe or a device, which may never end. Save it as a file and try again.",
            source=str(path),
        )
    return found.st_size


def dump_annotations(annotations: Annotations) -> str:
    """Write annotations as JSON, the same bytes for the same content, defaults left out."""
    content = annotations.model_dump(mode="json", exclude_defaults=True)
    content = {"format": FORMAT, **content}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def require_text(annotations: Annotations, text: str, source: str) -> None:
    """Check that a text is the one that was annotated, span by span.

    Args:
        annotations: What was read.
        text: The text at hand.
        source: The text's name, for the message.

    Raises:
        InvalidValueError: It is another text. The message names the first span that differs.
    """
    if sha256_of(text) == annotations.document.text_sha256:
        spans = [
            (item.start, item.end, item.sha256, f'assertion "{item.id}"')
            for item in annotations.assertions
        ]
        spans += [(z.start, z.end, z.sha256, f'zone "{z.zone}"') for z in annotations.zones]
        for start, end, expected, name in sorted(spans):
            if sha256_of(text[start:end]) != expected:
                raise InvalidValueError(
                    f"{name}, characters {start}-{end}: its hash is not that of these characters of "
                    "the text. The annotation is at fault: correct its span or its sha256.",
                    source=source,
                )
        return
    problem = (
        f"is not the text that was annotated (SHA-256 {sha256_of(text)[:16]}…, annotations are of "
        f"{annotations.document.text_sha256[:16]}…)"
    )
    for item in sorted(annotations.assertions, key=lambda each: (each.start, each.end)):
        found = text[item.start : item.end]
        if sha256_of(found) != item.sha256:
            line = text.count("\n", 0, item.start) + 1
            raise InvalidValueError(
                f"{problem}. The first span that differs is characters {item.start}-{item.end} "
                f'of assertion "{item.id}". Give the text the annotations were made from.',
                source=source,
                line=line,
            )
    raise InvalidValueError(
        f"{problem}. Every annotated span is the same: only text outside them differs.",
        source=source,
    )
