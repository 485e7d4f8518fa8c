"""Texts of an answer as UTF-8, which has no half characters."""

from conflictkg.errors import QueryError

_SHOWN = 30
"""Characters before and behind what cannot be written."""


def encode_text(text: str) -> bytes:
    """A text as it is sent.

    Raises:
        QueryError: It holds half a character.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise half_character(error) from error


def half_character(error: UnicodeEncodeError) -> QueryError:
    """What is wrong with a text that cannot be sent."""
    shown = error.object[max(error.start - _SHOWN, 0) : error.start + _SHOWN]
    return QueryError(
        f"the answer holds half a character (lone surrogate) in {shown!a}, which UTF-8 cannot write. "
        "Mend the source."
    )
