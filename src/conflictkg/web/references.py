"""A citation of an answer, as data and as lists of references have it: JSON, BibTeX, CFF."""

import json
import re
from dataclasses import dataclass

from conflictkg.answers.digest import Digest


@dataclass(frozen=True, slots=True)
class Question:
    """What is cited the answer of.

    Args:
        query: What was asked.
        default_graphs: ``default-graph-uri``.
        named_graphs: ``named-graph-uri``.
    """

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    def parameters(self) -> list[tuple[str, str]]:
        """As an address has them."""
        return [
            ("query", self.query),
            *(("default-graph-uri", each) for each in self.default_graphs),
            *(("named-graph-uri", each) for each in self.named_graphs),
        ]


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited answer, and what is found when it is looked up.

    Args:
        question: What was asked.
        release: Of which release.
        day: When.
        digest: Hash of the answer's rows then.
        order: Hash of their order then; empty where the query asks for none.
        found: Hashes of the answer now.
        present: The release now.
        address: Of the citation.
        publisher: Address of the server.
        licences: Of the graphs that are served.
    """

    question: Question
    release: str
    day: str
    digest: str
    order: str
    found: Digest
    present: str
    address: str
    publisher: str
    licences: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether the answer is still the same."""
        return self.digest == self.found.rows

    @property
    def is_same_order(self) -> bool:
        """Whether the rows come in the same order, where the query asks for one."""
        return not self.order or self.order == self.found.sequence[: len(self.order)]

    @property
    def query(self) -> str:
        """What was asked."""
        return self.question.query

    @property
    def is_present_release(self) -> bool:
        """Whether the data are still those that were asked."""
        return self.release == self.present

    @property
    def title(self) -> str:
        """The query's first words, or the comment that it begins with."""
        first = self.query.strip().partition("\n")[0]
        if first.startswith("#"):
            return first.lstrip("# ").strip()
        return f"Answer of conflictkg, release {self.release}"

    @property
    def key(self) -> str:
        """A name for lists of references."""
        return f"conflictkg-{self.digest[:12]}"


def describe(citation: Citation) -> dict[str, object]:
    """The citation as a JSON object."""
    order = {"sameOrder": citation.is_same_order} if citation.order else {}
    return {
        "query": citation.query,
        "defaultGraphs": list(citation.question.default_graphs),
        "namedGraphs": list(citation.question.named_graphs),
        "release": citation.release,
        "date": citation.day,
        "sha256": citation.digest,
        "address": citation.address,
        "licences": list(citation.licences),
        "now": {
            "release": citation.present,
            "sha256": citation.found.rows,
            "same": citation.is_same,
            **order,
        },
    }


def write_bibtex(citation: Citation) -> str:
    """The citation as BibTeX."""
    fields = {
        "title": citation.title,
        "author": "{conflictkg}",
        "year": citation.day[:4],
        "version": citation.release,
        "howpublished": f"\\url{{{citation.address}}}",
        "note": f"Answer to a SPARQL query, SHA-256 {citation.digest}",
        "urldate": citation.day,
    }
    lines = [
        f"  {name} = {{{value if name == 'howpublished' else _escape_bibtex(value)}}},"
        for name, value in fields.items()
    ]
    return f"@misc{{{citation.key},\n" + "\n".join(lines) + "\n}\n"


def _escape_bibtex(text: str) -> str:
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    escaped = re.sub(r"([#$%&_])", r"\\\1", re.sub(r"[{}\\\x00-\x1f]", " ", inner))
    return f"{{{escaped}}}" if inner != text else escaped


def _only_licence(citation: Citation) -> tuple[str, ...]:
    """The format has room for one."""
    return citation.licences if len(citation.licences) == 1 else ()


def write_cff(citation: Citation) -> str:
    """The citation in the Citation File Format. JSON strings are YAML's."""
    identifiers = [
        ("value", citation.digest),
        ("description", "SHA-256 of the answer, rows in order of their text"),
    ]
    lines = [
        "cff-version: 1.2.0",
        'message: "Cite the sources that the graph names as well."',
        "type: dataset",
        f"title: {json.dumps(citation.title, ensure_ascii=False)}",
        "authors:",
        "  - name: conflictkg",
        f"version: {json.dumps(citation.release)}",
        f"date-released: {citation.day}",
        f"url: {json.dumps(citation.address, ensure_ascii=False)}",
        f"abstract: {json.dumps(citation.query, ensure_ascii=False)}",
        *(f"license-url: {json.dumps(each)}" for each in _only_licence(citation)),
        "identifiers:",
        "  - type: other",
        *(f"    {name}: {json.dumps(value)}" for name, value in identifiers),
    ]
    return "\n".join(lines) + "\n"
