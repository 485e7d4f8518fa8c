"""Reading XML strictly: record by record, each with its line; nothing is expanded, fetched or guessed at.

A file that declares a document type is refused, for a list of records has no need of one, and entities are how small
files become large ones and how files ask for others.
"""

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from conflictkg.errors import SourceError, UnexpectedFieldError
from conflictkg.sources.report import Issue, Report
from conflictkg.sources.tables import hash_fields, open_binary


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file's elements must be.

    Args:
        root: Name of the outermost.
        groups: Elements within it and the one record each that they hold.
        attributes: Those of the outermost that may be there.
    """

    root: str
    groups: Mapping[str, str]
    attributes: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a record.

    Args:
        path: Its name, behind those of the elements that it lies in, within the record.
        line: Where it begins.
        text: Its words, with single blanks.
        children: The elements within it.
    """

    path: str
    line: int
    text: str
    children: tuple["Element", ...] = ()

    def iter(self) -> Iterator["Element"]:
        """It and all within it."""
        yield self
        for each in self.children:
            yield from each.iter()


@dataclass(frozen=True, slots=True)
class Record:
    """A record, from which elements are taken as they are used.

    Args:
        name: Of its element.
        line: Where that begins.
        sha256: Hash of all names and words within it.
        children: The elements within it.
        group: The element that it lies in.
    """

    name: str
    line: int
    sha256: str
    children: tuple[Element, ...]
    group: str = ""
    _taken: set[str] = field(default_factory=set)

    def all(self, path: str) -> list[Element]:
        """Take all elements of a path that say something."""
        self._taken.add(path)
        found: Iterable[Element] = self.children
        for at, _ in enumerate(path.split("/")):
            wanted = "/".join(path.split("/")[: at + 1])
            matching = [each for each in found if each.path == wanted]
            found = [child for each in matching for child in each.children]
        return [each for each in matching if each.text or any(_texts(each))]

    def texts(self, path: str) -> list[str]:
        """Take the words of all elements of a path."""
        return [each.text for each in self.all(path) if each.text]

    def text(self, path: str) -> str:
        """Take the words of one element; of several, those of all with a blank between."""
        return " ".join(self.texts(path))

    def part(self, element: Element, name: str) -> str:
        """Take the words of what lies in an element of this record; empty if there are none."""
        path = f"{element.path}/{name}"
        self._taken.add(path)
        return " ".join(each.text for each in element.children if each.path == path and each.text)

    def left(self, ignored: Iterable[str]) -> list[Element]:
        """What says something and was neither taken nor is ignored."""
        known = self._taken | set(ignored)
        return [
            each
            for child in self.children
            for each in child.iter()
            if each.text and each.path not in known and not _lies_in(each.path, ignored)
        ]


def iter_records(
    path: Path, layout: Layout, report: Report, attributes: dict[str, str] | None = None
) -> Iterator[Record]:
    """The records of a file.

    Args:
        path: The file, or a ZIP archive of one.
        layout: What its elements must be.
        report: Is told of elements among the records that are none.
        attributes: Is given those of the outermost element, before the first record comes.

    Raises:
        SourceError: It is no XML, is cut off, declares a document type, or has another root.
    """
    with open_binary(path, report.file) as stream:
        events = etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            yield from _iter_records(
                events, layout, report, {} if attributes is None else attributes
            )
        except etree.XMLSyntaxError as error:
            raise SourceError(
                f"is no XML that can be read to its end: {error.msg}. It may be cut off; fetch it again.",
                source=report.file,
                line=error.lineno,
            ) from error
        except (EOFError, zlib.error) as error:
            raise SourceError(
                f"is a ZIP archive that is damaged or cut off: {error}", source=report.file
            ) from error


def _iter_records(
    events: etree.iterparse, layout: Layout, report: Report, attributes: dict[str, str]
) -> Iterator[Record]:
    depth, group = 0, ""
    for event, element in events:
        name = _name(element.tag)
        if event == "start":
            depth += 1
            if depth == 1:
                _require_root(element, layout, report)
                attributes |= {_name(each): value for each, value in element.attrib.items()}
            elif depth == 2:
                group = name
            continue
        depth -= 1
        if depth == 2 and layout.groups.get(group) == name:
            report.read += 1
            yield read_record(element, group)
        elif depth == 2 or (depth == 1 and group not in layout.groups):
            report.read += 1
            report.add(Issue(element.sourceline, name, _unknown(name, group, layout)))
        if depth in {1, 2}:
            _forget(element)


def read_record(element: etree._Element, group: str = "") -> Record:
    """A record as it stands in the file."""
    children = _children(element, "")
    words = [f"{each.path}={each.text}" for child in children for each in child.iter()]
    return Record(_name(element.tag), element.sourceline, hash_fields(words), children, group)


def _children(element: etree._Element, path: str) -> tuple[Element, ...]:
    """Attributes, then elements."""
    inside = f"{path}/" if path else ""
    attributes = [
        Element(f"{inside}@{_name(name)}", element.sourceline, " ".join(value.split()))
        for name, value in element.attrib.items()
    ]
    elements = [
        Element(
            f"{inside}{_name(each.tag)}",
            each.sourceline,
            " ".join(" ".join(_own_words(each)).split()),
            _children(each, f"{inside}{_name(each.tag)}"),
        )
        for each in element
    ]
    return (*attributes, *elements)


def _own_words(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for each in element:
        yield each.tail or ""


def _texts(element: Element) -> Iterator[str]:
    return (each.text for each in element.iter() if each.text)


def _lies_in(path: str, names: Iterable[str]) -> bool:
    return any(path.startswith(f"{each}/") for each in names)


def _name(tag: str) -> str:
    """Without its namespace."""
    return tag.rpartition("}")[2]


def _require_root(root: etree._Element, layout: Layout, report: Report) -> None:
    if root.getroottree().docinfo.doctype:
        raise SourceError(
            "declares a document type (<!DOCTYPE ...>), which may hold entities to expand or files to fetch."
            " None is read. Take the declaration out if you trust the file.",
            source=report.file,
            line=1,
        )
    if _name(root.tag) != layout.root:
        raise SourceError(
            f"its outermost element is {_name(root.tag)}; it must be {layout.root}.",
            source=report.file,
            line=root.sourceline,
        )
    for attribute in map(_name, root.attrib):
        if attribute not in layout.attributes:
            raise UnexpectedFieldError(
                f"{layout.root} has an attribute {attribute} that is not known. Add it to lookups.toml under [ignore]"
                " with a reason.",
                source=report.file,
                line=root.sourceline,
            )


def _unknown(name: str, group: str, layout: Layout) -> str:
    known = ", ".join(f"{each} in {inside}" for inside, each in layout.groups.items())
    where = f" in {group}" if group != name else ""
    return f"element {name}{where} is no record that is known. Known are {known}."


def _forget(element: etree._Element) -> None:
    """Free what was read, and what lies before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
