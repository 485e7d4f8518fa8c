"""The built-in functions and how many arguments each takes."""

_MANY = 1_000_000

_NUMBERS: dict[tuple[int, int], str] = {
    (0, 0): "RAND NOW UUID STRUUID",
    (0, 1): "BNODE",
    (1, 1): """STR LANG DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI
        YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512
        ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC""",
    (2, 2): """LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT
        SAMETERM""",
    (2, 3): "REGEX SUBSTR",
    (3, 3): "IF",
    (3, 4): "REPLACE",
    (0, _MANY): "CONCAT COALESCE",
}
FUNCTIONS: dict[str, tuple[int, int]] = {
    name: numbers for numbers, names in _NUMBERS.items() for name in names.split()
}
"""Name in capitals to the fewest and the most arguments."""

AGGREGATES = frozenset({"SUM", "MIN", "MAX", "AVG", "SAMPLE"})
"""Those that are written like a function of one argument; COUNT and GROUP_CONCAT are not."""


def count_problem(name: str, count: int) -> str:
    """What is wrong with a number of arguments; empty if nothing is.

    >>> count_problem("STRSTARTS", 1)
    'STRSTARTS takes 2 arguments, not 1.'
    >>> count_problem("SUBSTR", 2)
    ''
    """
    fewest, most = FUNCTIONS[name]
    if fewest <= count <= most:
        return ""
    wanted = str(fewest) if fewest == most else f"{fewest} or {most}"
    noun = "argument" if most == 1 else "arguments"
    return f"{name} takes {'no arguments' if most == 0 else f'{wanted} {noun}'}, not {count}."
