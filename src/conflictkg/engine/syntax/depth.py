"""How deep an algebra nests, measured without recursion."""

from typing import Any

from conflictkg.engine.algebra import (
    Aggregate,
    Alternative,
    Ask,
    Bgp,
    Call,
    Construct,
    Describe,
    Distinct,
    Exists,
    Extend,
    Filter,
    FunctionCall,
    Graph,
    Group,
    Inverse,
    Join,
    LeftJoin,
    Minus,
    Modify,
    OneOrMore,
    OrderBy,
    OrderKey,
    PathPattern,
    Place,
    Project,
    Reduced,
    Select,
    Sequence,
    Service,
    Slice,
    Union,
    ZeroOrMore,
    ZeroOrOne,
)

_CHILDREN: dict[type, tuple[str, ...]] = {
    Call: ("arguments",),
    FunctionCall: ("arguments",),
    Exists: ("pattern",),
    Aggregate: ("expression",),
    Inverse: ("path",),
    Sequence: ("first", "second"),
    Alternative: ("paths",),
    ZeroOrMore: ("path",),
    OneOrMore: ("path",),
    ZeroOrOne: ("path",),
    PathPattern: ("path",),
    Bgp: ("triples",),
    Join: ("left", "right"),
    LeftJoin: ("left", "right", "condition"),
    Union: ("branches",),
    Minus: ("left", "right"),
    Filter: ("pattern", "condition"),
    Graph: ("pattern",),
    Extend: ("pattern", "expression"),
    Service: ("pattern",),
    Group: ("pattern", "keys", "aggregates"),
    OrderKey: ("expression",),
    OrderBy: ("pattern", "keys"),
    Project: ("pattern",),
    Distinct: ("pattern",),
    Reduced: ("pattern",),
    Slice: ("pattern",),
    Select: ("pattern",),
    Ask: ("pattern",),
    Construct: ("pattern",),
    Describe: ("pattern",),
    Modify: ("pattern",),
}


def find_too_deep(root: Any, limit: int) -> tuple[bool, Place | None]:
    """Whether an algebra nests deeper than a limit, and where, if that is known.

    >>> find_too_deep(Filter(Bgp(), Call("!", (Call("!", ()),))), 2)
    (True, None)
    """
    waiting: list[tuple[Any, int, Place | None]] = [(root, 1, None)]
    while waiting:
        node, depth, place = waiting.pop()
        kind = type(node)
        if kind is tuple:
            waiting += [(each, depth, place) for each in node]
        elif kind in _CHILDREN:
            place = getattr(node, "place", None) or place
            if depth > limit:
                return True, place
            waiting += [(getattr(node, name), depth + 1, place) for name in _CHILDREN[kind]]
    return False, None
