"""Which constructs a request has, for the count of what was compared."""

import re

_PATTERNS = {
    "SELECT": r"\bSELECT\b",
    "ASK": r"\bASK\b",
    "CONSTRUCT": r"\bCONSTRUCT\b",
    "sub-select": r"\{ SELECT\b",
    "DISTINCT": r"\bSELECT DISTINCT\b",
    "REDUCED": r"\bREDUCED\b",
    "OPTIONAL": r"\bOPTIONAL\b",
    "UNION": r"\bUNION\b",
    "MINUS": r"\bMINUS\b",
    "FILTER": r"\bFILTER\(",
    "EXISTS": r"FILTER EXISTS\b",
    "NOT EXISTS": r"\bNOT EXISTS\b",
    "BIND": r"\bBIND\(",
    "VALUES": r"\bVALUES\b",
    "UNDEF": r"\bUNDEF\b",
    "GRAPH ?g": r"\bGRAPH \?",
    "GRAPH <iri>": r"\bGRAPH <",
    "FROM": r"\bFROM <",
    "FROM NAMED": r"\bFROM NAMED\b",
    "path *": r"\)\*",
    "path +": r"\)\+ ",
    "path ?": r"\)\?",
    "path ^": r"\(\^",
    "path /": r">/|\)/",
    "path |": r"[>)?*+]\|[<(!]",
    "path !": r"!\(",
    "GROUP BY": r"\bGROUP BY\b",
    "HAVING": r"\bHAVING\b",
    "aggregate DISTINCT": r"\((?:DISTINCT)\b",
    "ORDER BY": r"\bORDER BY\b",
    "LIMIT": r"\bLIMIT\b",
    "IN": r" (?:NOT )?IN \(",
    "comparison": r" (?:=|!=|<|>|<=|>=) ",
    "arithmetic": r" [-+*/] |\(-",
    "cast": r"\bxsd:[a-zA-Z]+\(",
    "INSERT DATA": r"\bINSERT DATA\b",
    "DELETE DATA": r"\bDELETE DATA\b",
    "DELETE WHERE": r"\bDELETE WHERE\b",
    "DELETE/INSERT": r"\b(?:DELETE|INSERT) \{",
    "WITH": r"\bWITH\b",
    "USING": r"\bUSING\b",
    "CLEAR/DROP": r"\b(?:CLEAR|DROP)\b",
    "ADD/COPY/MOVE": r"\b(?:ADD|COPY|MOVE)\b",
}
CONSTRUCTS = frozenset(_PATTERNS)
"""Their names, functions apart."""
_FUNCTION = re.compile(r"\b([A-Za-z][A-Za-z0-9_]+)\(")
_COMPILED = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}
_NO_FUNCTIONS = {"FILTER", "BIND", "VALUES", "IN", "HAVING", "MINUS"}


def constructs_of(text: str) -> set[str]:
    """The constructs and functions in a text that was drawn here.

    >>> sorted(constructs_of("ASK { FILTER(STRLEN(?a) > 1) }"))
    ['ASK', 'FILTER', 'STRLEN()', 'comparison']
    """
    found = {name for name, pattern in _COMPILED.items() if pattern.search(text)}
    functions = {name for name in _FUNCTION.findall(text) if name not in _NO_FUNCTIONS}
    return found | {f"{name}()" for name in functions if not text.count(f"xsd:{name}(")}
