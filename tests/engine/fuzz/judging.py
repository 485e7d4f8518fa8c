"""One request, three engines, and what to make of their answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.conformance.comparing import Match, Result, Table, compare, difference
from engine.conformance.engines import MakeEngine, Quad

from conflictkg.answers import Blank, Row

from .drawing import Request
from .excuses import EXCUSES, READINGS, Excuse
from .order import misplaced

_DEFECT = re.compile(r"\bdefect\b|QueryTimeout|^(?!Query|NotPermitted|Syntax)\w+Error")
"""Errors of ours that are never right; the rest are refusals."""
_MOST_ROWS = 3_000
"""Answers with more rows are not compared: with blank nodes in them that can take minutes."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an engine gave: a result, or what it raised."""

    result: Result | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to make of it.

    Args:
        verdict: ``agrees`` with a peer, ``excused`` because what each peer does is excused, ``unjudged``
            because no peer answers, or ``fails``.
        agrees_with: The peers whose answer is ours.
        excuses: The names of the excuses that were used.
        detail: For people, of a failure.
        split: Whether the peers disagree with each other while we side with one.
        signature: Of a failure: equal for those that may have the same cause.
    """

    verdict: str
    agrees_with: tuple[str, ...] = ()
    excuses: tuple[str, ...] = ()
    detail: str = ""
    split: bool = False
    signature: str = ""


Engines = Mapping[str, MakeEngine]


def ask(make_engine: MakeEngine, request: Request, text: str = "") -> Answered:
    """What an engine answers; of an update, the store after it."""
    engine = make_engine(union=request.is_union)
    try:
        engine.load(request.quads)
        if request.is_update:
            engine.update(request.text)
            return Answered(_as_table(engine.quads()))
        return Answered(engine.query(text or request.text))
    except Exception as error:  # noqa: BLE001 -- what an engine raises is its answer
        cause = f" <- {error.__cause__}" if error.__cause__ else ""
        return Answered(error=f"{type(error).__name__}: {error}{cause}")
    finally:
        engine.close()


def _as_table(quads: list[Quad]) -> Table:
    return Table(("s", "p", "o", "g"), tuple(dict.fromkeys(quads)))


def judge(request: Request, ours: MakeEngine, peers: Engines) -> Judgement:
    """Ask all, and compare."""
    mine = ask(ours, request)
    answers = {name: ask(make, request) for name, make in peers.items()}
    broken = _check_alone(request, mine, ours)
    if broken:
        detail = f"{describe(request)}\n--- ours alone: {broken}"
        return Judgement("fails", detail=detail, signature=_sign(f"alone: {broken[:40]}"))
    if mine.result is None:
        return _judge_refusal(request, mine, answers)
    agreeing, used, unexcused, compared = [], [], [], 0
    for name, theirs in answers.items():
        if theirs.result is None:
            used.append(f"{name}-raises")
            continue
        if _is_large(theirs.result) or _is_large(mine.result):
            used.append("too-large")
            continue
        compared += 1
        match, readings = _read_and_match(name, request, mine.result, theirs.result)
        excuse = _find_excuse(name, match, request, mine.result, theirs.result)
        if match is Match.SAME or (match is Match.BY_VALUE and excuse is not None):
            agreeing.append(name)
            used += readings
        if excuse is not None:
            used.append(excuse.name)
        elif match is not Match.SAME:
            unexcused.append(name)
    if agreeing:
        split = len(agreeing) < compared
        return Judgement("agrees", tuple(agreeing), tuple(used), split=split)
    if unexcused:
        told = _tell(request, mine, answers)
        kinds = {_kind(theirs.result, mine.result) for theirs in answers.values()}
        return Judgement("fails", (), tuple(used), told, signature=_sign(" ".join(sorted(kinds))))
    return Judgement("excused" if compared else "unjudged", (), tuple(used))


def _judge_refusal(request: Request, mine: Answered, answers: Mapping[str, Answered]) -> Judgement:
    """We raise: that is right only where a peer raises too, and never where it is a defect."""
    raising = tuple(name for name, theirs in answers.items() if theirs.result is None)
    if raising and not _DEFECT.search(mine.error):
        return Judgement("agrees", raising, split=len(raising) < len(answers))
    told = _tell(request, mine, answers)
    return Judgement("fails", detail=told, signature=_sign(mine.error[-200:]))


def _sign(text: str) -> str:
    """What of a message is the same for the same cause, as far as that can be seen."""
    return re.sub(r"[0-9]+|\"[^\"]*\"|'[^']*'", "", text.partition("LINE 1")[0])


def _kind(theirs: Result | None, mine: Result | None) -> str:
    if isinstance(theirs, Table) and isinstance(mine, Table):
        if set(theirs.variables) != set(mine.variables):
            return "other variables"
        one, other = len(theirs.rows), len(mine.rows)
        return "more rows" if other > one else "fewer rows" if other < one else "other rows"
    return "no result" if theirs is None else "other result"


def _read_and_match(
    peer: str, request: Request, mine: Result, theirs: Result
) -> tuple[Match, list[str]]:
    """How far the answers agree, and the readings that it took."""
    match = _match(request, theirs, mine)
    names: list[str] = []
    for reading in READINGS:
        if match is not Match.DIFFERENT:
            break
        if reading.peer == peer:
            mine, theirs = reading.read(request, mine, theirs)
            match = _match(request, theirs, mine)
            names.append(reading.name)
    return match, names


def _find_excuse(
    peer: str, match: Match, request: Request, mine: Result, theirs: Result
) -> Excuse | None:
    for excuse in EXCUSES if match is not Match.SAME else ():
        concerns = excuse.peer in {peer, ""} and (match is Match.BY_VALUE or not excuse.values_only)
        if concerns and excuse.applies(request, mine, theirs):
            return excuse
    return None


def _match(request: Request, theirs: Result, mine: Result) -> Match:
    if request.is_reduced and isinstance(theirs, Table) and isinstance(mine, Table):
        # Any number of each row, but not none.
        theirs, mine = (
            Table(each.variables, tuple(dict.fromkeys(each.rows))) for each in (theirs, mine)
        )
    return compare(theirs, mine)


def _is_large(result: Result) -> bool:
    return isinstance(result, Table) and len(result.rows) > _MOST_ROWS


# What we can be held to without a peer


def _check_alone(request: Request, mine: Answered, ours: MakeEngine) -> str:
    if not isinstance(mine.result, Table) or request.is_update:
        return ""
    if problem := _check_order(request, mine.result):
        return problem
    if request.cut is None:
        return ""
    cut = ask(ours, request, request.cut_text)
    if not isinstance(cut.result, Table):
        return f"with LIMIT and OFFSET: {cut.error or cut.result}"
    if problem := _check_order(request, cut.result):
        return f"with LIMIT and OFFSET: {problem}"
    limit, offset = request.cut
    expected = max(0, min(limit, len(mine.result.rows) - offset))
    if len(cut.result.rows) != expected and not request.is_reduced:
        return f"LIMIT {limit} OFFSET {offset} gives {len(cut.result.rows)} rows, not {expected}"
    left = [_masked(row) for row in mine.result.rows]
    for row in cut.result.rows:
        if _masked(row) not in left:
            return f"LIMIT {limit} OFFSET {offset} gives a row that is not in the answer: {row}"
        left.remove(_masked(row))
    return ""


def _masked(row: Row) -> Row:
    return tuple(Blank("") if isinstance(term, Blank) else term for term in row)


def _check_order(request: Request, table: Table) -> str:
    if request.first_key is None or request.first_key[0] not in table.variables:
        return ""
    name, descends = request.first_key
    place = table.variables.index(name)
    wrong = misplaced([row[place] for row in table.rows], descends=descends)
    if wrong is None:
        return ""
    first, second = (table.rows[each][place] for each in wrong)
    return f"{first} stands before {second}{', descending' if descends else ''}"


# Telling


def describe(request: Request) -> str:
    """Data and text, to be tried by hand."""
    from .data import write_quad

    lines = [write_quad(quad) for quad in request.quads]
    union = " (default graph: union of all)" if request.is_union else ""
    return "\n".join([f"--- data{union}", *lines, "--- request", request.text])


def _tell(request: Request, mine: Answered, answers: Mapping[str, Answered]) -> str:
    parts = [describe(request)]
    if mine.result is None:
        parts.append(f"--- ours: {mine.error}")
    for name, theirs in answers.items():
        parts.append(f"--- {name}: {theirs.error or show(theirs.result)}")
        if theirs.result is not None and mine.result is not None:
            parts.append(difference(theirs.result, mine.result))
    return "\n".join(parts)


def show(result: Result | None) -> str:
    """How much it is."""
    if isinstance(result, Table):
        return f"{len(result.rows)} rows of {result.variables}"
    return str(result) if isinstance(result, bool) else "triples"
