"""Answer keys: what a careful reader finds in an article, to score extraction against."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from conflictkg.errors import SourceError

KeyStatus = Literal[
    "fact",
    "attributed-claim",
    "author-opinion",
    "inferred",
    "must-not-assert",
    "reader-comment",
    "page-chrome",
]


class KeyItem(BaseModel):
    """One item of an answer key; offsets as in annotations."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: str
    subject: str
    predicate: str
    object: str
    start: int
    end: int
    status: KeyStatus
    text: str
    core: bool
    as_of: str | None = None


@cache
def _adapter() -> TypeAdapter[list[KeyItem]]:
    return TypeAdapter(list[KeyItem])


def load_key(path: Path) -> tuple[KeyItem, ...]:
    """Read an answer key.

    Raises:
        SourceError: It cannot be read, is no JSON, or an item lacks a field or breaks its type.
    """
    try:
        raw = path.read_text(encoding="utf-8")
        return tuple(_adapter().validate_python(json.loads(raw)))
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error
    except UnicodeDecodeError as error:
        raise SourceError(f"byte {error.start} is not UTF-8.", source=str(path)) from error
    except json.JSONDecodeError as error:
        raise SourceError(
            f"column {error.colno}: not JSON: {error.msg}.", source=str(path), line=error.lineno
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "file"
        raise SourceError(
            f"{place}: {first['msg']}. An answer key is a list of items "
            "{id, kind, subject, predicate, object, start, end, status, text, core}.",
            source=str(path),
        ) from error


def require_key_fits(items: tuple[KeyItem, ...], text: str, source: str) -> None:
    """Check that a key is one of this text.

    Raises:
        SourceError: A span holds other words than the key says.
    """
    for item in items:
        if text[item.start : item.end] != item.text:
            raise SourceError(
                f"item {item.id}: characters {item.start}-{item.end} of the article hold other words. "
                "Give the key of this article.",
                source=source,
            )
