"""Converts real files beside the checkout, for tests that count what came of them."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph
from shared_files import shared

from conflictkg.sources.converting import convert_source, make_job
from conflictkg.sources.report import Report
from conflictkg.terms import PREFIXES

_HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())


@dataclass(frozen=True)
class Converted:
    """What a file was converted to, and what was told of it."""

    report: Report
    turtle: bytes

    @cached_property
    def store(self) -> pyoxigraph.Store:
        """The triples."""
        store = pyoxigraph.Store()
        store.bulk_load(self.turtle, format=pyoxigraph.RdfFormat.TURTLE)
        return store

    def rows(self, where: str, *names: str) -> list[tuple[str, ...]]:
        """Solutions of a pattern: the texts or local names of variables, sorted."""
        found = self.store.query(
            f"{_HEAD}SELECT {' '.join(f'?{name}' for name in names)} WHERE {{ {where} }}"
        )
        assert isinstance(found, pyoxigraph.QuerySolutions)
        return sorted(tuple(_text(each[name]) for name in names) for each in found)

    def pairs(self, where: str, one: str, other: str) -> dict[str, str]:
        """Values of one variable by those of another."""
        return {each[0]: each[1] for each in self.rows(where, one, other)}

    def count(self, where: str, *names: str) -> Counter[str]:
        """How often each value of the last variable stands beside different values of the others."""
        return Counter(each[-1] for each in set(self.rows(where, *names)))


def convert_shared(source: str, name: str) -> Converted:
    """Convert a file under ``../shared``; skips the test where it is absent."""
    job = make_job(source, shared(name))
    return Converted(job.report, b"".join(bytes(each) for each in convert_source(job)))


def _text(term: object) -> str:
    value = getattr(term, "value", "")
    return str(value).rpartition("/id/")[2].rpartition("scheme/")[2]
