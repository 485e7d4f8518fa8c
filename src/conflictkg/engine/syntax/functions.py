"""The built-in functions and how many arguments each takes."""

_MANY = 1_000_000

FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(["RAND", "NOW", "UUID", "STRUUID"], (0, 0)),
    "BNODE": (0, 1),
    **dict.fromkeys(
        [
            "STR",
            "LANG",
            "DATATYPE",
            "IRI",
            "URI",
            "ABS",
            "CEIL",
            "FLOOR",
            "ROUND",
            "STRLEN",
            "UCASE",
            "LCASE",
            "ENCODE_FOR_URI",
            "YEAR",
            "MONTH",
            "DAY",
            "HOURS",
            "MINUTES",
            "SECONDS",
            "TIMEZONE",
            "TZ",
            "MD5",
            "SHA1",
            "SHA256",
            "SHA384",
            "SHA512",
            "ISIRI",
            "ISURI",
            "ISBLANK",
            "ISLITERAL",
            "ISNUMERIC",
        ],
        (1, 1),
    ),
    **dict.fromkeys(
        [
            "LANGMATCHES",
            "CONTAINS",
            "STRSTARTS",
            "STRENDS",
            "STRBEFORE",
            "STRAFTER",
            "STRLANG",
            "STRDT",
            "SAMETERM",
        ],
        (2, 2),
    ),
    "IF": (3, 3),
    "REGEX": (2, 3),
    "SUBSTR": (2, 3),
    "REPLACE": (3, 4),
    "CONCAT": (0, _MANY),
    "COALESCE": (0, _MANY),
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
