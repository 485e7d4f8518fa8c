"""Pages of results as the API of UCDP gives them: one JSON file, or a folder of them."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from conflictkg.errors import SourceError
from conflictkg.sources.job import Job
from conflictkg.sources.jsonlines import find_bad_text
from conflictkg.sources.report import Issue
from conflictkg.sources.tables import MOST_FIELD, Row, hash_fields, open_binary

MOST_PAGE = 64 << 20
"""Bytes of one page, which is read whole."""

_MOST_NAMED = 20


def is_pages(path: Path) -> bool:
    """Whether a source comes as pages."""
    return path.is_dir() or path.suffix.lower() == ".json"


def iter_page_rows(
    job: Job,
    columns: Collection[str],
    optional: Collection[str] = (),
    *,
    also: Collection[str] = (),
) -> Iterator[Row]:
    """The results of all pages as rows of a table; their lines are their places among all.

    A result that is no row of it is told and left out; issues are told by page and place within it.

    Args:
        job: The conversion.
        columns: Fields that each must have, in the order of the row's values. Case says nothing: the API
            has side_a_Id where the files have side_a_id.
        optional: Others that may be there.
        also: Others whose values follow in the row, empty where a result lacks them.

    Raises:
        SourceError: A page is no page or is too large, or pages are missing, by what they say of their number.
    """
    pages = sorted(job.path.glob("*.json")) if job.path.is_dir() else [job.path]
    if not pages:
        raise SourceError("holds no page (*.json).", source=str(job.path))
    total = _Total(job)
    for path in pages:
        page = _load_page(path)
        total.add(path.name, page)
        job.report.begin_page(path.name if job.path.is_dir() else "")
        for result in page["Result"]:
            job.report.read += 1
            values, column, problem = _read_result(result, columns, (*optional, *also))
            if problem:
                job.report.add(Issue(job.report.read, column, problem))
                continue
            yield Row(
                job.report.read,
                [*(values[name] for name in columns), *(values.get(name, "") for name in also)],
                hash_fields([f"{name}={values[name]}" for name in sorted(values)]),
            )
    total.require()


class _Total:
    """How many results and pages there are, and how many there should be by what the pages say."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._names: list[str] = []
        self._results = 0
        self._said: dict[str, tuple[int, str]] = {}

    def add(self, name: str, page: Mapping[str, Any]) -> None:
        """Count a page; refuse one that says another total than those before."""
        self._names.append(name)
        self._results += len(page["Result"])
        for key in ("TotalCount", "TotalPages"):
            number = page.get(key)
            if not isinstance(number, int):
                continue
            first, where = self._said.setdefault(key, (number, name))
            if first != number:
                raise SourceError(
                    f"has {key} {number:,}, and {where} has {first:,}: they are pages of different answers."
                    " Fetch all of them anew.",
                    source=name,
                )

    def require(self) -> None:
        """Refuse pages that are not all there, or of which one is there twice."""
        results, _ = self._said.get("TotalCount", (self._results, ""))
        pages, _ = self._said.get("TotalPages", (len(self._names), ""))
        if (self._results, len(self._names)) == (results, pages):
            return
        # A part of a release is what is asked for, but never more than all of it.
        if self._job.is_part and self._results <= results and len(self._names) <= pages:
            return
        more = len(self._names) - _MOST_NAMED
        named = ", ".join(self._names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        raise SourceError(
            f"holds {self._results:,} of {results:,} results. There are {len(self._names):,} of {pages:,} pages:"
            f" {named}. Fetch those that are missing, take out what is there twice, or say --part.",
            source=self._job.report.file,
        )


def _load_page(path: Path) -> Mapping[str, Any]:
    with open_binary(path, path.name) as stream:
        text = stream.read(MOST_PAGE + 1)
    if len(text) > MOST_PAGE:
        raise SourceError(
            f"has more than {MOST_PAGE:,} bytes. Fetch smaller pages, of 1,000 results.",
            source=path.name,
        )
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"is no JSON: {error}. The file may be cut off.", source=path.name
        ) from error
    # As the API answers, or with what was asked beside it.
    content = content.get("response", content) if isinstance(content, dict) else content
    if not isinstance(content, dict) or not isinstance(content.get("Result"), list):
        raise SourceError(
            'is no page of the API: it must hold a list "Result" of objects.', source=path.name
        )
    return content


def _read_result(
    result: object, columns: Collection[str], optional: Collection[str]
) -> tuple[dict[str, str], str, str]:
    """The texts of a result by field; which field is wrong, and what is wrong with it or with the whole."""
    if not isinstance(result, dict):
        return {}, "", f"is no object: {json.dumps(result)[:40]}."
    if problem := find_bad_text([*result]):
        return {}, "", f"has a field whose name {problem}"
    values = {name.lower(): _text_of(value) for name, value in result.items()}
    for name in columns:
        if name not in values:
            return {}, name, "is missing."
    for name, value in values.items():
        if name not in columns and name not in optional:
            problem = (
                "is a field that is not known. Add it to lookups.toml under [ignore] with a reason."
            )
        elif len(value) > MOST_FIELD:
            problem = f"has more than {MOST_FIELD:,} characters."
        else:
            problem = find_bad_text(value)
        if problem:
            return {}, name, problem
    return values, "", ""


def _text_of(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
