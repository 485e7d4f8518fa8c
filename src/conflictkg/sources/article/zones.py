"""Parts of a page: headline, byline, body, biography, comments, chrome, block quotations.

The text is cut into blocks (paragraphs, list entries, headings); each block lies in one zone.
Everything after the end of the article that is no reader comment is chrome. What the lines of
bylines, chrome and comments look like stands in ``rules/zones.toml``.
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from conflictkg.sources.article.annotations import Zone, ZoneName, sha256_of
from conflictkg.sources.article.lookups import load_lookup

BlockKind = Literal["paragraph", "heading", "list-item", "quote"]
MAX_HEADLINE = 250
MAX_HEADING = 170
MAX_TAKEN_UP = 350
_TAKING_UP = re.compile(r"(?:The|This|These|During the|After the) ((?:[a-z-]+ ){1,3})")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
_SAME_LENGTH = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "\u00a0": " ", "\u202f": " ", "\t": " "}
)
_LINE = re.compile(r"[^\r\n\x0b\x0c\u0085\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list entry or heading, with the zone that it lies in."""

    start: int
    end: int
    zone: ZoneName
    kind: BlockKind = "paragraph"
    indented: bool = False


def normalize(text: str) -> str:
    r"""Make quotation marks and blanks uniform without moving any character.

    >>> normalize("Pakistan’s\u00a0“view”")
    'Pakistan\'s "view"'
    """
    return _PRIVATE_USE.sub("?", text.translate(_SAME_LENGTH))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    table = load_lookup("rules/zones.toml")["lines"]
    return {
        name: re.compile("|".join(f"(?:{each})" for each in sources), re.IGNORECASE)
        for name, sources in table.items()
    }


def split_blocks(text: str) -> tuple[Block, ...]:
    r"""Cut a page into blocks and give each its zone.

    >>> [block.zone for block in split_blocks("A headline\n\nA paragraph ends so.\n\nTags: a")]
    ['headline', 'body', 'chrome']
    """
    lines = _lines(normalize(text))
    return _mark_quotations(text, _mark_tail(text, _mark_head(text, _kinds(text, lines))))


def zones_of(text: str, blocks: tuple[Block, ...]) -> tuple[Zone, ...]:
    """The page's zones: neighbouring blocks of one zone together, block quotations inside the body."""
    found: list[tuple[ZoneName, int, int]] = []
    for block in blocks:
        if found and found[-1][0] == block.zone:
            found[-1] = (block.zone, found[-1][1], block.end)
        else:
            found.append((block.zone, block.start, block.end))
    quoted: list[tuple[int, int]] = []
    for before, block in zip((None, *blocks), blocks, strict=False):
        if block.kind != "quote":
            continue
        if before is not None and before.kind == "quote":
            quoted[-1] = (quoted[-1][0], block.end)
        else:
            quoted.append((block.start, block.end))
    zones = [*found, *(("block-quotation", start, end) for start, end in quoted)]
    return tuple(
        Zone(zone=name, start=start, end=end, sha256=sha256_of(text[start:end]))
        for name, start, end in sorted(zones, key=lambda each: (each[1], -each[2]))
    )


def _lines(text: str) -> list[tuple[int, int, bool]]:
    """Each line that is not blank: start and end without its margins, and whether it is indented."""
    found = []
    for match in _LINE.finditer(text):
        content = match.group()
        start = match.start() + len(content) - len(content.lstrip())
        end = match.start() + len(content.rstrip())
        if end > start:
            found.append((start, end, start - match.start() >= 2))
    return found


def _kinds(text: str, lines: list[tuple[int, int, bool]]) -> list[Block]:
    patterns = _patterns()
    blocks = []
    for start, end, indented in lines:
        line = normalize(text[start:end])
        kind: BlockKind = "paragraph"
        quote = re.match(r">+ ?", line)
        if quote:
            kind, start = "quote", min(start + quote.end(), end)
            line = line[quote.end() :]
        if start == end:
            continue
        bullet = re.match(r"(?:[•*·▪◦–-]|\d{1,2}[.)]) +", line)
        if patterns["list_entry"].match(line) or (bullet and not patterns["comment"].match(line)):
            kind = "list-item"
        elif len(line) <= MAX_HEADING and not re.search(r"[.!?:;,][\"')\]]*$", line):
            kind = "heading"
        blocks.append(Block(start, end, "body", kind, indented))
    return blocks


def _mark_head(text: str, blocks: list[Block]) -> list[Block]:
    """The headline and what stands above and right below it."""
    patterns = _patterns()
    marked: list[Block] = []
    seen_headline = False
    for position, block in enumerate(blocks):
        line = normalize(text[block.start : block.end])
        if not seen_headline:
            if patterns["chrome"].search(line) or patterns["navigation"].fullmatch(line):
                marked.append(replace(block, zone="chrome"))
                continue
            seen_headline = True
            short = block.end - block.start <= MAX_HEADLINE
            is_headline = short and not re.search(r"\.[\"']?$", line)
            if is_headline:
                marked.append(replace(block, zone="headline", kind="paragraph"))
                continue
        if position < 8 and patterns["byline"].match(line):
            marked.append(replace(block, zone="author-bio"))
        else:
            marked.append(block)
    return marked


def _mark_tail(text: str, blocks: list[Block]) -> list[Block]:
    """Biography, comments and chrome: what follows the article's end, and chrome inside it."""
    patterns = _patterns()
    marked: list[Block] = []
    state: ZoneName = "body"
    after_name = False
    for position, block in enumerate(blocks):
        if block.zone in ("headline", "chrome", "author-bio") and state == "body":
            marked.append(block)
            continue
        line = normalize(text[block.start : block.end])
        zone: ZoneName
        if patterns["comment"].match(line) or patterns["comment_heading"].fullmatch(line):
            state = zone = "comments"
            after_name = True
        elif state == "comments":
            zone = "comments"
            if not after_name and _is_footer(text, blocks[position:]):
                state = zone = "chrome"
            after_name = False
        elif patterns["bio"].match(line) and position >= 2 and block.kind != "list-item":
            zone = "author-bio"
            state = "chrome"
        elif patterns["trailer"].match(line) and position >= 3 and state == "body":
            state = zone = "author-bio"
        elif patterns["end"].match(line):
            state = zone = "chrome"
        elif patterns["chrome"].search(line) or patterns["navigation"].fullmatch(line):
            zone = "chrome"
        else:
            zone = state
        marked.append(replace(block, zone=zone))
    return marked


def _is_footer(text: str, rest: list[Block]) -> bool:
    """Whether only short lines are left that are not indented and end like no sentence."""
    patterns = _patterns()
    return all(
        (
            not block.indented
            and block.end - block.start <= 60
            and not re.search(r"[.!?…\"']$", normalize(text[block.start : block.end]))
        )
        or patterns["chrome"].search(normalize(text[block.start : block.end]))
        for block in rest
    )


def _mark_quotations(text: str, blocks: list[Block]) -> tuple[Block, ...]:
    """Block quotations: announced by a colon, marked by ">", or set in from paragraphs around them."""
    patterns = _patterns()
    marked: list[Block] = []
    announced = False
    goes_on = 0
    for block in blocks:
        line = normalize(text[block.start : block.end])
        kind = block.kind
        if block.zone != "body":
            announced = False
        elif block.kind == "quote":
            # Extraction leaves a lone ">" before headings: a quotation ends like a sentence.
            kind = "quote" if re.search(r"[.!?…\"']$", line) else "heading"
        elif block.kind == "paragraph" and announced:
            kind = "quote"
        marked.append(replace(block, kind=kind))
        if patterns["announces_quotation"].search(line) and block.zone == "body":
            announced = True
            goes_on = _goes_on(
                text, blocks, len(marked), bool(patterns["report_announced"].search(line))
            )
        elif announced and kind == "quote" and len(marked) < goes_on:
            continue
        elif not (announced and block.indented and kind == "quote"):
            announced = False
    return tuple(marked)


def _goes_on(text: str, blocks: list[Block], first: int, is_report: bool) -> int:
    """How far a quotation that begins at a block goes on.

    One paragraph, unless it is a news report and a later paragraph speaks of "this report": then up to there.
    A release goes on over paragraphs that begin with what the one before told: "The security force also …".

    Returns:
        The number of the first block that is not quoted.
    """
    if not is_report:
        last = first
        while last + 1 < len(blocks) and _takes_up(
            text, blocks[first : last + 1], blocks[last + 1]
        ):
            last += 1
        return last + 1
    for position in range(first + 1, min(first + 12, len(blocks))):
        block = blocks[position]
        if block.zone != "body" or block.kind == "heading":
            break
        if _patterns()["speaks_of_report"].search(normalize(text[block.start : block.end])):
            return position
    return first + 1


def _takes_up(text: str, quoted: list[Block], block: Block) -> bool:
    """Whether a short paragraph without quotations begins with "The" and a word of those before."""
    line = normalize(text[block.start : block.end])
    opening = _TAKING_UP.match(line)
    if block.zone != "body" or block.kind != "paragraph" or opening is None or '"' in line:
        return False
    if len(line) > MAX_TAKEN_UP or _patterns()["speaks_of_report"].search(line):
        return False
    before = normalize(text[quoted[0].start : quoted[-1].end]).casefold()
    earlier = set(re.findall(r"[a-z]{4,}", before))
    return bool(earlier & set(re.findall(r"[a-z]{4,}", opening.group(1))))
