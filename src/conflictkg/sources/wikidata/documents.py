"""Entities of Wikidata's JSON as records: of a dump, of lines, or of a document that holds one or several."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from conflictkg.iris import digest_key
from conflictkg.sources.job import Job
from conflictkg.sources.jsonlines import JsonRecord, iter_records, load_document
from conflictkg.sources.report import Issue
from conflictkg.sources.tables import open_binary

_MOST_DOCUMENT = 1 << 27
_MOST_PEEKED = 1 << 20


def iter_json_entities(job: Job) -> Iterator[JsonRecord]:
    """Entities of a dump, of lines, or of a document of one or several.

    Raises:
        SourceError: It is no JSON, or damaged.
    """
    if _is_document(job.path, job.report.file):
        content = load_document(job.path, job.report.file, _MOST_DOCUMENT)
        yield from _entities_of(
            JsonRecord(1, content, digest_key(json.dumps(content, sort_keys=True))), job
        )
        return
    for record in iter_records(job.path, job.report):
        job.report.read -= 1
        yield from _entities_of(record, job)


def _is_document(path: Path, file: str) -> bool:
    """Whether it is one object over several lines."""
    with open_binary(path, file) as stream:
        first = stream.readline(_MOST_PEEKED).strip()
    return first.startswith(b"{") and not first.rstrip(b",").endswith(b"}")


def _entities_of(record: JsonRecord, job: Job) -> Iterator[JsonRecord]:
    found = record.content.get("entities")
    if not isinstance(found, Mapping):
        job.report.read += 1
        yield record
        return
    for number, each in enumerate(found.values()):
        job.report.read += 1
        if not isinstance(each, dict):
            problem = "holds what is no entity."
            job.report.add(Issue(record.line + number, "entities", problem))
            continue
        text = json.dumps(each, sort_keys=True, ensure_ascii=True)
        yield JsonRecord(record.line + number, each, _sha256(text))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
