"""Small documents as responses: JSON for programs, pages for people.

A text may hold half a character, which no encoding has: it comes as its escape, and breaks no answer.
"""

import json

from flask import Response, render_template


def write_json(
    document: object, status: int = 200, media_type: str = "application/json"
) -> Response:
    """A document as JSON."""
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    return Response(_encode(text), status, content_type=media_type)


def write_page(template: str, status: int = 200, /, **values: object) -> Response:
    """A page.

    Args:
        template: Name of its template.
        status: Of the answer.
        **values: What is put into it.
    """
    text = render_template(template, **values)
    return Response(_encode(text), status, content_type="text/html; charset=utf-8")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
