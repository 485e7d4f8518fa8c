"""Parameters of addresses and forms, read from their raw bytes, strictly.

Flask would replace what is not UTF-8, and keep only the first of two queries.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from flask import Request

from conflictkg.web import kinds
from conflictkg.web.problems import RequestError

_MOST = 200
_MOST_DIGITS = 15

Parameters = Sequence[tuple[str, str]]
"""Names and values in their order."""


def read_parameters(raw: bytes) -> list[tuple[str, str]]:
    """The parameters of an address or a form, in their order.

    Raises:
        RequestError: They are not percent-encoded UTF-8, or too many.
    """
    try:
        return parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=_MOST,
        )
    except UnicodeDecodeError as error:
        raise RequestError(
            kinds.BAD_ENCODING, "a parameter is not percent-encoded UTF-8."
        ) from error
    except ValueError as error:
        raise RequestError(
            kinds.TOO_MANY_PARAMETERS, f"there are more than {_MOST} parameters."
        ) from error


def find_value(parameters: Parameters, *names: str) -> str | None:
    """The value of a parameter that may be given once.

    Args:
        parameters: All that there are.
        *names: What it is called; by any of them it counts.

    Raises:
        RequestError: It is given several times.

    >>> find_value([("format", "csv")], "format", "output"), find_value([], "format")
    ('csv', None)
    """
    values = [value for name, value in parameters if name in names]
    if len(values) > 1:
        raise RequestError(
            kinds.DUPLICATE_PARAMETER,
            f"{names[0]} is given {len(values)} times. Give it once.",
            fields={"parameter": names[0]},
        )
    return values[0] if values else None


def find_format_name(parameters: Parameters) -> str:
    """The format that is asked for by name; empty where none is.

    Raises:
        RequestError: There are several.
    """
    return (find_value(parameters, "format", "output") or "").strip()


def format_of(request: Request) -> str:
    """The format that the address of a request names; empty where it names none.

    Raises:
        RequestError: There are several.
    """
    return find_format_name(read_parameters(request.query_string))


def read_whole_number(parameters: Parameters, name: str, default: int) -> int:
    """The whole number from 0 that a parameter gives.

    Raises:
        RequestError: It gives something else, or several.

    >>> read_whole_number([("limit", "7")], "limit", 100), read_whole_number([], "limit", 100)
    (7, 100)
    """
    text = (find_value(parameters, name) or "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise RequestError(
            kinds.BAD_PARAMETER,
            f'{name} is "{text[:50]}". Give a whole number, such as {name}=10.',
            fields={"parameter": name},
        )
    return int(text)
