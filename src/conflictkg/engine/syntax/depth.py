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


def depth_of(root: Any) -> int:
    """How deep an algebra nests."""
    deepest = 0
    waiting: list[tuple[Any, int]] = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        kind = type(node)
        if kind is tuple:
            waiting += [(each, depth) for each in node]
        elif kind in _CHILDREN:
            deepest = max(deepest, depth)
            waiting += [(getattr(node, name), depth + 1) for name in _CHILDREN[kind]]
    return deepest
