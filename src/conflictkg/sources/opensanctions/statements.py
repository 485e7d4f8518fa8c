"""What OpenSanctions states: rows of its table, or the values of its entities taken apart, read one by one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from conflictkg.iris import digest_key
from conflictkg.sources.job import Job
from conflictkg.sources.jsonlines import JsonRecord, iter_records
from conflictkg.sources.opensanctions.judging import Judge
from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.tables import Layout, open_table

_REQUIRED = ("canonical_id", "entity_id", "prop", "schema", "value", "dataset", "id")
_OPTIONAL = (
    "prop_type", "origin", "lang", "original_value", "external", "target", "first_seen", "last_seen",
)  # fmt: skip
_LAYOUT = Layout(_REQUIRED, _OPTIONAL)
_ENTITY_FIELDS = frozenset(
    ("id", "schema", "properties", "datasets", "caption", "referents", "target", "origin", "first_seen",
     "last_seen", "last_change")
)  # fmt: skip

_MOST_NESTED = 8
_TRUE = frozenset({"t", "true", "True", "1", "yes"})
_FALSE = frozenset({"", "f", "false", "False", "0", "no"})
_SEEN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")
_LIST = re.compile(r"[A-Za-z0-9_.-]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class Statement(NamedTuple):
    """One statement, as it is gathered.

    ``record`` and ``claim`` name the record and its claim, ``entity`` is whom it is about after merging and ``given``
    before, ``datasets`` are parted by semicolons, ``first`` and ``last`` are when it was seen.
    """

    line: int
    record: str
    sha256: str
    claim: str
    entity: str
    given: str
    schema: str
    prop: str
    value: str
    lang: str
    datasets: str
    first: str
    last: str


def iter_statements(job: Job) -> Iterator[Statement]:
    """The statements of a file, those that are wanted.

    Raises:
        SourceError: It is no such file.
    """
    if ".json" in job.path.suffixes:
        return _statements_of_entities(job)
    return _statements_of_table(job)


def _statements_of_table(job: Job) -> Iterator[Statement]:
    judge = Judge(job.lookups, job.report)
    with open_table(job.path, _LAYOUT, job.report) as table:
        at = {
            name: table.columns.index(name) if name in table.columns else -1
            for name in (*_REQUIRED, *_OPTIONAL)
        }
        for row in table:
            values = row.values
            get = {name: values[place] if place >= 0 else "" for name, place in at.items()}
            if not judge.is_wanted(get["schema"], get["prop"], row.line, get["id"], is_row=True):
                continue
            problem = _problem_of(get)
            if problem:
                job.report.add(Issue(row.line, problem[0], problem[1], record=get["id"]))
                continue
            if get["external"] in _TRUE:
                job.report.ignore(
                    "statement that an enrichment adds and nobody has checked", is_row=True
                )
                continue
            yield Statement(
                row.line, get["id"], row.sha256, get["prop"], get["canonical_id"], get["entity_id"],
                get["schema"], get["prop"], get["value"], get["lang"], get["dataset"], get["first_seen"],
                get["last_seen"],
            )  # fmt: skip


def _problem_of(values: Mapping[str, str]) -> tuple[str, str] | None:
    """The column and what is wrong with it."""
    for name in _REQUIRED:
        if not values[name].strip():
            return name, "is empty; every statement has one."
    if values["external"] not in _TRUE | _FALSE:
        return "external", f'"{values["external"][:20]}" is neither true nor false.'
    if values["lang"] and not _LANGUAGE.fullmatch(values["lang"]):
        return "lang", f'"{values["lang"][:20]}" is no language, such as eng.'
    if not _LIST.fullmatch(values["dataset"]):
        return (
            "dataset",
            f'"{values["dataset"][:40]}" is no name of a list, such as un_sc_sanctions.',
        )
    for name in ("first_seen", "last_seen"):
        if values[name] and not _SEEN.fullmatch(values[name]):
            return name, f'"{values[name][:30]}" is no moment, such as 2023-04-20T12:00:00.'
    return None


def _statements_of_entities(job: Job) -> Iterator[Statement]:
    judge = Judge(job.lookups, job.report)
    for record in iter_records(job.path, job.report):
        yield from _Entity(job, judge, record).iter_statements(record.content)


class _Entity:
    """Takes the entity of a line apart, and those that stand in it where they are nested."""

    def __init__(self, job: Job, judge: Judge, record: JsonRecord) -> None:
        self._report, self._judge, self._record = job.report, judge, record
        self._key = digest_key(str(record.content.get("id", "")))

    def iter_statements(self, content: Mapping[str, Any], depth: int = 0) -> Iterator[Statement]:
        line, report = self._record.line, self._report
        identifier = content.get("id")
        schema, properties = content.get("schema"), content.get("properties")
        problem = ""
        if not isinstance(identifier, str) or not identifier:
            problem, identifier = 'has no "id", a text.', ""
        elif not isinstance(schema, str) or not isinstance(properties, dict):
            problem = 'must have a "schema", a text, and "properties", an object.'
        elif depth > _MOST_NESTED:
            problem = f"has entities within entities over {_MOST_NESTED} deep."
        if problem or not isinstance(schema, str) or not isinstance(properties, dict):
            report.add(Issue(line, "", problem, record=identifier))
            return
        for name in content.keys() - _ENTITY_FIELDS:
            report.add(
                Issue(
                    line,
                    name,
                    f'"{name}" is no field of an entity that is known.',
                    Fate.KEPT,
                    identifier,
                )
            )
        if not self._judge.is_wanted(schema, "id", line, identifier, is_row=depth == 0):
            return
        datasets = [each for each in content.get("datasets") or [] if isinstance(each, str)]
        first, last = (content.get(name) or "" for name in ("first_seen", "last_seen"))
        if not datasets or not all(_LIST.fullmatch(each) for each in datasets):
            report.add(
                Issue(
                    line, "datasets", "names no list, such as un_sc_sanctions.", record=identifier
                )
            )
            return
        if not all(
            isinstance(each, str) and (not each or _SEEN.fullmatch(each)) for each in (first, last)
        ):
            report.add(
                Issue(
                    line,
                    "first_seen",
                    "is no moment, such as 2023-04-20T12:00:00.",
                    record=identifier,
                )
            )
            return
        seen = _Seen(";".join(sorted(set(datasets))), first, last)
        yield self._state(identifier, schema, "id", identifier, seen)
        for prop, value in self._iter_values(schema, identifier, properties):
            back = self._judge.inverse_of(prop)
            if isinstance(value, str) and not back:
                yield self._state(identifier, schema, prop, value, seen)
            elif isinstance(value, Mapping) and isinstance(value.get("id"), str):
                if not back:
                    yield self._state(identifier, schema, prop, value["id"], seen)
                elif isinstance(value.get("schema"), str):
                    yield self._state(value["id"], value["schema"], back, identifier, seen)
                yield from self.iter_statements(value, depth + 1)
            else:
                problem = "has a value that is no text."
                report.add(Issue(line, prop, problem, Fate.KEPT, identifier))

    def _iter_values(
        self, schema: str, identifier: str, properties: Mapping[str, Any]
    ) -> Iterator[tuple[str, object]]:
        line = self._record.line
        for prop, values in properties.items():
            if not self._judge.inverse_of(prop) and not self._judge.is_wanted(
                schema, prop, line, identifier, is_row=False
            ):
                continue
            if not isinstance(values, list):
                problem = "is no list of values."
                self._report.add(Issue(line, prop, problem, Fate.KEPT, identifier))
                continue
            yield from ((prop, each) for each in values if each != "")

    def _state(self, entity: str, schema: str, prop: str, value: str, seen: "_Seen") -> Statement:
        claim = f"{digest_key(entity)}-{prop}-{digest_key(value)}"
        return Statement(
            self._record.line, self._key, self._record.sha256, claim, entity, entity, schema, prop, value, "", *seen
        )  # fmt: skip


class _Seen(NamedTuple):
    """Which lists say it, parted by semicolons, and when that was first and last seen."""

    datasets: str
    first: str
    last: str
