"""Pages of results as the API of UCDP gives them: one JSON file, or a folder of them."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from conflictkg.errors import MissingFieldError, SourceError, UnexpectedFieldError
from conflictkg.sources.job import Job
from conflictkg.sources.tables import MOST_FIELD, Row, hash_fields, open_binary


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

    Args:
        job: The conversion.
        columns: Fields that each must have, in the order of the row's values. Case says nothing: the API
            has side_a_Id where the files have side_a_id.
        optional: Others that may be there.
        also: Others whose values follow in the row, empty where a result lacks them.

    Raises:
        SourceError: A page is no page, or has other fields than it should.
    """
    pages = sorted(job.path.glob("*.json")) if job.path.is_dir() else [job.path]
    if not pages:
        raise SourceError("holds no page (*.json).", source=str(job.path))
    for page in pages:
        for result in _load_page(page):
            job.report.read += 1
            values = _values_of(result, page, job, columns, (*optional, *also))
            yield Row(
                job.report.read,
                [*(values[name] for name in columns), *(values.get(name, "") for name in also)],
                hash_fields([f"{name}={values[name]}" for name in sorted(values)]),
            )


def _load_page(page: Path) -> list[Mapping[str, object]]:
    try:
        with open_binary(page, page.name) as stream:
            content = json.load(stream)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"is no JSON: {error}. The file may be cut off.", source=page.name
        ) from error
    # As the API answers, or with what was asked beside it.
    content = content.get("response", content) if isinstance(content, dict) else content
    found = content.get("Result") if isinstance(content, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise SourceError(
            'is no page of the API: it must hold a list "Result" of objects.', source=page.name
        )
    return found


def _values_of(
    result: Mapping[str, object],
    page: Path,
    job: Job,
    columns: Collection[str],
    optional: Collection[str],
) -> dict[str, str]:
    values = {name.lower(): _text_of(value) for name, value in result.items()}
    place = f"result {job.report.read}"
    for name in columns:
        if name not in values:
            raise MissingFieldError(f'{place} has no "{name}".', source=page.name)
    for name, value in values.items():
        if name not in columns and name not in optional:
            raise UnexpectedFieldError(
                f'{place} has a field "{name}" that is not known. Add it to lookups.toml under [ignore] with a reason.',
                source=page.name,
            )
        if len(value) > MOST_FIELD:
            raise SourceError(
                f'{place} has more than {MOST_FIELD:,} characters in "{name}".', source=page.name
            )
    return values


def _text_of(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
