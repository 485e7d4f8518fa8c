"""Texts as XML 1.0 can hold them."""

import re
from xml.sax.saxutils import escape, quoteattr

from conflictkg.errors import UnwritableError

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape_xml(text: str) -> str:
    """A text between two tags.

    Raises:
        UnwritableError: XML cannot hold it.

    >>> escape_xml("a < b")
    'a &lt; b'
    """
    require_xml(text)
    # A bare carriage return would be read back as a line feed.
    return escape(text, {"\r": "&#13;"})


def require_xml(text: str) -> None:
    """Refuse characters that XML 1.0 cannot hold in any form.

    Raises:
        UnwritableError: It names the character and the formats that can hold it.
    """
    found = _NOT_XML.search(text)
    if found:
        raise UnwritableError(
            f"the answer holds U+{ord(found[0]):04X} in {text[:60]!a}, which XML cannot write. "
            "Ask for a format other than XML."
        )


def quote_xml(text: str) -> str:
    """A text as the value of an attribute, in its quotation marks.

    Raises:
        UnwritableError: XML cannot hold it.
    """
    require_xml(text)
    return quoteattr(text)
