"""DuckDB's plan, and what it took, as a tree of operators in the query's words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conflictkg.engine.explain.naming import Naming
from conflictkg.engine.ids import DICTIONARY, SHIFT, Tag


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of a plan.

    Args:
        name: What it does, in words.
        estimated: Rows that the planner expected; ``None`` where it does not say.
        rows: Rows that it gave; ``None`` if it was not run.
        time_ms: Time that it took by itself, over all cores.
        children: What it reads from.
    """

    name: str
    estimated: int | None = None
    rows: int | None = None
    time_ms: float | None = None
    children: tuple["Operator", ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "operator": self.name,
            "estimated_rows": self.estimated,
            "rows": self.rows,
            "time_ms": self.time_ms,
            "children": [each.to_dict() for each in self.children],
        }


_PLACE = re.compile(r"#([0-9]+)\b")


@dataclass(slots=True)
class _Node:
    """An operator as DuckDB tells of it."""

    kind: str
    details: Mapping[str, str | list[str]]
    rows: int | None
    seconds: float | None
    children: list["_Node"] = field(default_factory=list)
    alias: str = ""

    def texts(self, key: str) -> list[str]:
        """Expressions; a ``#2`` in them is what the projection beneath has at that place."""
        found = self.details.get(key, [])
        texts = [found] if isinstance(found, str) else list(found)
        beneath = self.children[0] if self.children else None
        if (
            beneath is None
            or beneath.kind != "PROJECTION"
            or not any("#" in each for each in texts)
        ):
            return texts
        items = beneath.texts("Projections")

        def resolve(match: re.Match[str]) -> str:
            place = int(match[1])
            return items[place] if place < len(items) else match[0]

        return [_PLACE.sub(resolve, each) for each in texts]

    def walk(self) -> Iterator["_Node"]:
        yield self
        for each in self.children:
            yield from each.walk()

    @property
    def is_scan(self) -> bool:
        return "Table" in self.details


def read_operators(profile: object, naming: Naming) -> Operator:
    """The tree of a plan.

    Args:
        profile: What ``EXPLAIN (FORMAT JSON)`` or ``EXPLAIN (ANALYZE, FORMAT JSON)`` gave, decoded.
        naming: Of the query.
    """
    roots = profile.get("operator", []) if isinstance(profile, dict) else profile
    root = _read(roots[0])  # type: ignore[index]  # a list in both forms
    _assign(root, naming)
    return _translate(root, naming)


def join_order(root: Operator) -> tuple[str, ...]:
    """What is read, in the order in which it is joined."""
    found: list[str] = []
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if not each.children and each.name.startswith("scan"):
            found.append(each.name)
        # The side that is joined itself came first.
        waiting += sorted(each.children, key=_count_scans)
    return tuple(found)


def _count_scans(operator: Operator) -> int:
    return (not operator.children) + sum(map(_count_scans, operator.children))


def _read(raw: Mapping[str, Any]) -> _Node:
    rows, seconds = raw.get("intermediate_rows"), raw.get("timing")
    return _Node(
        str(raw.get("name", "")).strip(),
        raw.get("extra_info") or {},
        int(rows) if rows is not None else None,
        float(seconds) if seconds is not None else None,
        [_read(each) for each in raw.get("children", ())],
    )


# Which alias each scan is of

_CONSTANT = re.compile(r"\b(\w+) = ([0-9]+)\b")
_ALIAS = re.compile(r"\b([a-z]+[0-9]+)_\w+")


def _assign(root: _Node, naming: Naming) -> None:
    """Find the alias of each scan: by its table and constants, and by what the joins above it compare."""
    scans = [each for each in root.walk() if each.is_scan]
    possible = {id(scan): _candidates(scan, naming) for scan in scans}
    beneath = list(_iter_beneath(root))
    free = {alias for names in possible.values() for alias in names}
    while free:
        found = _find_certain(scans, possible, beneath, free)
        if found is None:
            break
        scan, alias = found
        scan.alias = alias
        free.discard(alias)
    for scan in scans:
        if not scan.alias:
            # A table that the query names once may be read twice.
            rest = [alias for alias in possible[id(scan)] if alias in free] or possible[id(scan)]
            if rest:
                scan.alias = rest[0]
                free.discard(rest[0])


def _find_certain(
    scans: Sequence[_Node],
    possible: Mapping[int, list[str]],
    beneath: Sequence[tuple[str, frozenset[int]]],
    free: set[str],
) -> tuple[_Node, str] | None:
    """A scan and an alias that can only be of each other."""
    open_scans = [scan for scan in scans if not scan.alias]
    for scan in open_scans:
        left = [alias for alias in possible[id(scan)] if alias in free]
        if len(left) == 1:
            return scan, left[0]
    for alias in sorted(free):
        places = [scan for scan in open_scans if alias in possible[id(scan)]]
        for name, below in beneath:
            if name == alias:
                places = [scan for scan in places if id(scan) in below]
        if len(places) == 1:
            return places[0], alias
    return None


def _iter_beneath(root: _Node) -> Iterator[tuple[str, frozenset[int]]]:
    """Each alias that a join compares, with the scans that it may be of."""
    for join in root.walk():
        if len(join.children) != 2:
            continue
        sides = [
            frozenset(id(each) for each in child.walk() if each.is_scan) for child in join.children
        ]
        for condition in join.texts("Conditions"):
            for text, below in zip(
                re.split(r" (?:=|<|>|<=|>=|!=) ", condition), sides, strict=False
            ):
                for alias in _ALIAS.findall(text):
                    yield alias, below


def _candidates(scan: _Node, naming: Naming) -> list[str]:
    table = scan.texts("Table")[0].rpartition(".")[2]
    given = {
        name: int(number)
        for text in scan.texts("Filters")
        for name, number in _CONSTANT.findall(text)
    }
    aliases = [alias for alias, name in naming.tables.items() if name == table]
    exact = [alias for alias in aliases if naming.constants.get(alias, {}) == given]
    return exact or aliases


# In words


def _translate(node: _Node, naming: Naming) -> Operator:
    children = [_translate(each, naming) for each in node.children]
    name = _shorten(_describe(node, naming))
    if name is None and len(children) == 1:
        # A projection or a wrapper: what it took is its child's.
        child = children[0]
        rows = node.rows if node.kind == "FILTER" else child.rows
        spent = (child.time_ms or 0) + (node.seconds or 0) * 1000
        total = None if child.time_ms is None else round(spent, 3)
        return Operator(child.name, child.estimated, rows, total, child.children)
    estimated = node.texts("Estimated Cardinality")
    rows = node.rows
    if node.kind == "UNION" and rows is not None:
        # DuckDB does not count what only passes through.
        rows = sum(each.rows or 0 for each in children)
    return Operator(
        name or node.kind.lower().replace("_", " "),
        int(estimated[0]) if estimated and estimated[0].isdigit() else None,
        rows,
        None if node.seconds is None else round(node.seconds * 1000, 3),
        tuple(children),
    )


def _shorten(name: str | None) -> str | None:
    return name if name is None or len(name) <= _LONGEST else f"{name[:_LONGEST]} …"


_LONGEST = 240


def _describe(node: _Node, naming: Naming) -> str | None:
    """What an operator does; ``None`` for what nobody needs to know of."""
    if node.is_scan:
        return _describe_scan(node, naming)
    show = naming.expression
    if node.kind == "PROJECTION":
        python = [show(each) for each in node.texts("Projections") if "ckg_" in each]
        return f"compute {', '.join(python)}" if python else None
    if node.kind in {"RESULT_COLLECTOR", "EXPLAIN_ANALYZE", "EXPLAIN"}:
        return None
    if node.kind.endswith("JOIN"):
        return _describe_join(node, naming)
    if node.kind == "FILTER":
        if any("SUBQUERY" in each for each in node.texts("Expression")):
            return "keep by whether there was a match"
        kept = [show(each) for each in node.texts("Expression") if not _is_bound(each)]
        return f"filter {' and '.join(kept)}" if kept else None
    if "GROUP_BY" in node.kind or "AGGREGATE" in node.kind:
        return _describe_group(node, naming)
    if node.kind in {"ORDER_BY", "TOP_N"}:
        texts = [_ORDER.sub("", show(each)) for each in node.texts("Order By")]
        has_places = any("#" in each for each in texts)
        keys = f"{len(texts)} keys" if has_places else ", ".join(texts)
        top = node.texts("Top")
        return f"first {top[0]} by {keys}" if top else f"sort by {keys}"
    return _WORDS.get(node.kind)


def _describe_scan(node: _Node, naming: Naming) -> str:
    if not node.alias:
        return f"scan {node.texts('Table')[0].rpartition('.')[2]}"
    columns = [each for each in node.texts("Projections") if each]
    text = naming.scan(node.alias, columns)
    # A class table does not say what its triples are about.
    constants = {} if naming.is_class(node.alias) else naming.constants.get(node.alias, {})
    others = [
        naming.expression(each, node.alias)
        for each in node.texts("Filters")
        if "optional:" not in each
        and each != "u"
        and not _is_bound(each)
        and not _is_constant(each, constants)
    ]
    return f"{text} where {' and '.join(others)}" if others else text


_BARE = re.compile(r"(?:[spog]|c_[0-9]+|id|[a-z]+[0-9]+_\w+)")
_BOUND = re.compile(
    rf"\(*{_BARE.pattern} (?:>=|<=|BETWEEN) ([0-9]{{17,19}})(?: AND ([0-9]{{17,19}}))?\)*"
)


def _is_bound(text: str) -> bool:
    """Whether DuckDB has added a condition, from what it knows of the other side of a join.

    It compares numbers of IRIs or strings, which no query does.
    """
    if "#[" in text:
        # A column that has no name is none that a query could speak of.
        return True
    parts = re.split(r"(?<=\)) AND (?=\()", text)
    found = [_BOUND.fullmatch(part) for part in parts]
    return all(each is not None and int(each[1]) >> SHIFT in _NUMBERED for each in found)


_NUMBERED = frozenset({*DICTIONARY, Tag.BLANK})
_ORDER = re.compile(r" (?:ASC|NULLS FIRST|NULLS LAST)\b")


def _is_constant(text: str, constants: Mapping[str, int]) -> bool:
    found = _CONSTANT.fullmatch(text.strip("()"))
    return found is not None and constants.get(found[1]) == int(found[2])


def _describe_join(node: _Node, naming: Naming) -> str:
    kind = " ".join(node.texts("Join Type")).lower()
    how = node.kind.removesuffix("_JOIN").lower().replace("_", " ")
    texts = [each for each in node.texts("Conditions") if "#" not in each]
    conditions = dict.fromkeys(_describe_condition(each, naming) for each in texts)
    on = f" on {' and '.join(conditions)}" if conditions else ""
    kind = kind.removeprefix("right_")
    words = {"inner": "join", "left": "optional join", "semi": "exists", "anti": "not exists"}
    return f"{words.get(kind, f'{kind} join'.strip())}{on} ({how})"


def _describe_condition(text: str, naming: Naming) -> str:
    shown = naming.expression(text)
    left, equals, right = shown.partition(" = ")
    return left if equals and left == right else shown


def _describe_group(node: _Node, naming: Naming) -> str:
    groups = [each for each in node.texts("Groups") if each]
    found = [naming.expression(each) for each in node.texts("Aggregates") if each]
    if not found and groups:
        return "distinct"
    head = f"group by {len(groups)} key{'' if len(groups) == 1 else 's'}" if groups else "one group"
    return f"{head}: {', '.join(found)}" if found else head


_WORDS = {
    "REC_CTE": "follow a path, step after step",
    "RECURSIVE_CTE": "follow a path, step after step",
    "REC_CTE_SCAN": "what the last step reached",
    "CTE": "compute once, read several times",
    "CTE_SCAN": "read again",
    "CROSS_PRODUCT": "cross product",
    "DUMMY_SCAN": "one row",
    "EMPTY_RESULT": "nothing",
    "COLUMN_DATA_SCAN": "values",
    "UNION": "union",
    "WINDOW": "window",
    "STREAMING_WINDOW": "window",
    "LIMIT": "limit",
    "STREAMING_LIMIT": "limit",
}
