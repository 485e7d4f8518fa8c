"""Which variables a pattern binds, and whether it has the same solutions each time."""

from conflictkg.engine import algebra as a
from conflictkg.engine.check.levels import NOTHING, Levels, Names, node_names, triple_names
from conflictkg.federation.walking import walk

_UNSETTLED = frozenset({"RAND", "NOW", "UUID", "STRUUID", "BNODE", "SAMPLE", "GROUP_CONCAT"})


def scope_of(pattern: a.Pattern) -> Names:
    """The variables that a pattern's solutions may bind, blank nodes too."""
    return Levels().scope(pattern)


def is_settled(node: a.Pattern | a.Expression) -> bool:
    """Whether a pattern or expression has the same solutions or value each time that it is asked of the same data.

    >>> from conflictkg.engine.syntax import parse_query
    >>> is_settled(parse_query("SELECT * { ?a ?b ?c } LIMIT 1").pattern)
    False
    """
    return not any(
        isinstance(each, a.Slice)
        or (isinstance(each, a.Call | a.Aggregate) and each.name in _UNSETTLED)
        for each in walk(node, a.Place, a.Bgp, a.Values)
    )


def certain_names(pattern: a.Pattern) -> Names:
    """The variables that have a value in every solution, whatever the data; perhaps not all of them.

    >>> from conflictkg.engine.syntax import parse_query
    >>> query = parse_query("SELECT * { ?a <x:p> ?b OPTIONAL { ?b <x:q> ?c } }")
    >>> sorted(certain_names(query.pattern))
    ['a', 'b']
    """
    match pattern:
        case a.Bgp(triples):
            return NOTHING.union(*map(triple_names, triples))
        case a.Join(left, right):
            return certain_names(left) | certain_names(right)
        case a.LeftJoin(left, _) | a.Minus(left, _):
            return certain_names(left)
        case a.Union(branches):
            return frozenset.intersection(*map(certain_names, branches))
        case a.Graph(name, inner):
            return node_names(name) | certain_names(inner)
        case a.Service(name, inner, silent):
            return node_names(name) | (NOTHING if silent else certain_names(inner))
        case a.Values(variables, rows):
            return frozenset(
                each.name
                for place, each in enumerate(variables)
                if all(row[place] is not None for row in rows)
            )
        case a.Group(inner, keys):
            same = node_names(*(each for each, expression in keys if each == expression))
            return certain_names(inner) & same
        case a.Project(inner, variables):
            return certain_names(inner) & node_names(*variables)
    # Filter, Extend (whose expression may fail), OrderBy, Distinct, Reduced, Slice
    return certain_names(pattern.pattern)
