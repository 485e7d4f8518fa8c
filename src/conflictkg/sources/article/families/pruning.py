"""Takes back what another assertion tells better."""

from conflictkg.sources.article.quotes import find_quotations
from conflictkg.sources.article.reading import Reading

_TOLD = ("strike", "casualty", "event", "count", "facility", "target-group")
_MOSTLY_QUOTED = 0.5


def prune(reading: Reading) -> None:
    """Drop what was said where it is told as events: "X said that two were killed" gives the two dead, by X.

    A quotation stays: its wording is itself what was said.
    """
    told = [
        a for a in reading.draft.assertions() if a.kind in _TOLD and a.status == "attributed-claim"
    ]
    contents = [a for a in reading.draft.assertions() if a.predicate == "content"]
    for each in contents:
        inside = [t for t in told if each.start <= t.start and t.end <= each.end + 2]
        if inside and not _is_quoted(reading, each.start, each.end):
            reading.draft.remove(each.id)
            continue
        # Of two readings of one clause the narrower is kept.
        narrower = [
            o
            for o in contents
            if o.id != each.id
            and each.start <= o.start
            and o.end <= each.end
            and o.subject != each.subject
        ]
        if narrower:
            reading.draft.remove(each.id)


def _is_quoted(reading: Reading, start: int, end: int) -> bool:
    block = next((b for b in reading.blocks if b.start <= start < b.end), None)
    if block is None or block.kind == "quote":
        return False
    quoted = sum(
        max(0, min(end, q.end) - max(start, q.start))
        for q in find_quotations(reading.text, block.start, block.end)
    )
    return quoted > _MOSTLY_QUOTED * (end - start)
