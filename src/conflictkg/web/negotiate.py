"""Which representation a client gets: the one place that reads ``Accept`` and ``format``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from conflictkg.errors import NotAcceptableError

_LONGEST_KEPT = 256
"""Characters."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One representation that can be written.

    Args:
        name: What people write in ``?format=``: ``"turtle"``.
        media_type: What stands in ``Content-Type``, without parameters.
        aliases: Other media types that ask for it; ``application/json`` for SPARQL's JSON.
        short_names: Other values of ``?format=``, such as file extensions.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Range:
    media_type: str
    quality: float

    def specificity(self, media_type: str) -> int:
        """How exactly it names a media type: 3 itself, 2 its kind, 1 any, 0 not at all."""
        if self.media_type == media_type:
            return 3
        if self.media_type == media_type.partition("/")[0] + "/*":
            return 2
        return 1 if self.media_type == "*/*" else 0


def negotiate(accept: str | None, offers: Sequence[Offer]) -> Offer:
    """Pick what to answer with.

    The highest quality wins; among equals the one that is named most exactly, so that
    ``text/turtle, */*`` is Turtle; then the one offered first. Parameters of a media range other
    than ``q`` (``profile``, ``charset``) do not keep it from matching.

    Args:
        accept: The header as it came; none, an empty one and ``*/*`` take the first offer.
        offers: What can be written, the server's favourite first.

    Raises:
        NotAcceptableError: Nothing that is offered is wanted. It lists what is offered.

    >>> json, csv = Offer("json", "application/json"), Offer("csv", "text/csv")
    >>> negotiate("text/csv;q=0.9, application/json;q=0.1", [json, csv]).name
    'csv'
    """
    ranges = _parse_accept(accept)
    if not ranges:
        return offers[0]
    rated = [(_rate(offer, ranges), -place) for place, offer in enumerate(offers)]
    (quality, _), place = max(rated)
    if quality <= 0:
        offered = dict.fromkeys(offer.media_type for offer in offers)
        raise NotAcceptableError(accept or "", list(offered))
    return offers[-place]


def is_wanted(accept: str | None, media_type: str) -> bool:
    """Whether a header names this media type itself, not only through a wildcard.

    >>> is_wanted("text/html, */*;q=0.8", "text/html"), is_wanted("*/*", "text/html")
    (True, False)
    """
    return any(each.media_type == media_type and each.quality > 0 for each in _parse_accept(accept))


def find_format(name: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer that a ``format`` parameter names, by name, short name or media type.

    >>> find_format("TTL", [Offer("turtle", "text/turtle", short_names=("ttl",))]).name
    'turtle'
    """
    wanted = name.strip().lower()
    for offer in offers:
        if wanted in {offer.name, offer.media_type, *offer.short_names}:
            return offer
    return None


def _rate(offer: Offer, ranges: Sequence[_Range]) -> tuple[float, int]:
    """Quality of an offer, from the range that names it most exactly, and how exactly that is."""
    best = (0.0, 0)
    for media_type in (offer.media_type, *offer.aliases):
        matching = [(each.specificity(media_type), each.quality) for each in ranges]
        specificity, quality = max(matching)
        if specificity and (quality, specificity) > best:
            best = (quality, specificity)
    refused = [each for each in ranges if each.media_type == offer.media_type and not each.quality]
    return (0.0, 0) if refused else best


def _parse_accept(accept: str | None) -> Sequence[_Range]:
    """The media ranges of a header; what cannot be read names nothing."""
    if accept is None or not accept.strip():
        return ()
    # Each program sends its own, again and again; a long one is not remembered.
    return _parse_again(accept) if len(accept) <= _LONGEST_KEPT else _parse_ranges(accept)


def _parse_ranges(accept: str) -> Sequence[_Range]:
    return tuple(_parse_range(part) for part in _split(accept, ",") if part.strip())


_parse_again = lru_cache(1_024)(_parse_ranges)


def _parse_range(text: str) -> _Range:
    media_type, *parameters = [part.strip() for part in _split(text, ";")]
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            quality = _parse_quality(value)
    media_type = media_type.lower()
    # Java's URLConnection has sent a lone "*" for "*/*" since 1996.
    return _Range("*/*" if media_type == "*" else media_type, quality)


def _parse_quality(text: str) -> float:
    """A weight between 0 and 1; one that is no number counts as 0, so that it wins nothing."""
    digits = text.strip()
    if not digits.replace(".", "", 1).isdecimal() or not digits.isascii():
        return 0.0
    return min(float(digits), 1.0)


def _split(text: str, separator: str) -> list[str]:
    """Split outside quotation marks: a profile may be a list of IRIs with commas and semicolons."""
    parts, start, quoted, escaped = [], 0, False, False
    for place, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
