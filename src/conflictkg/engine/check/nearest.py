"""Which name was meant: the closest of those that there are."""

from collections.abc import Iterable, Iterator

_FAR = 99


def count_edits(one: str, other: str, most: int) -> int:
    """Letters to insert, drop, change or swap with their neighbour, to make one text of the other.

    Args:
        one: A text.
        other: Another.
        most: More than this many are not counted further.

    >>> count_edits("perpetratr", "perpetrator", 3), count_edits("from", "form", 3)
    (1, 1)
    """
    if abs(len(one) - len(other)) > most:
        return _FAR
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        older, before, row = before, row, [number]
        for index, match in enumerate(other, 1):
            cost = min(before[index] + 1, row[-1] + 1, before[index - 1] + (letter != match))
            is_swap = number > 1 and index > 1 and letter == other[index - 2]
            if is_swap and match == one[number - 2]:
                cost = min(cost, older[index - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return _FAR
    return row[-1]


def split_iri(iri: str) -> tuple[str, str]:
    """Namespace and local name.

    >>> split_iri("http://e/ns#Strike")
    ('http://e/ns#', 'Strike')
    """
    cut = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1
    return iri[:cut], iri[cut:]


def nearest_iri(iri: str, known: Iterable[str]) -> str:
    """The known IRI that was probably meant; empty if none is close.

    The same local name in another namespace is as good as a slip of the pen in the same one.

    >>> nearest_iri("http://e/ns#Strke", ["http://e/ns#Strike", "http://e/ns#Statement"])
    'http://e/ns#Strike'
    >>> nearest_iri("http://e/core/label", ["http://e/core#label"])
    'http://e/core#label'
    """
    namespace, local = split_iri(iri)
    most = _tolerance(local)
    best, chosen = _FAR, ""
    for each in known:
        other_namespace, other = split_iri(each)
        if _digits(local) != _digits(other):
            # Numbers are not misspelt: they are of another thing.
            continue
        is_home = other_namespace == namespace
        if local.casefold() == other.casefold():
            edits = 0 if is_home else 1 + (local != other)
        elif is_home:
            edits = count_edits(local.casefold(), other.casefold(), most)
        else:
            continue
        if not is_home and not _are_related(namespace, other_namespace):
            edits += 1
        if edits < best and each != iri:
            best, chosen = edits, each
    return chosen


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def variants_of(iri: str) -> Iterator[str]:
    """Other spellings of an IRI that people confuse with it.

    >>> list(variants_of("http://e/a#b"))
    ['https://e/a#b', 'http://e/a#b/', 'http://e/a/b', 'http://e#a#b']
    """
    if iri.startswith("http://"):
        yield "https://" + iri.removeprefix("http://")
    elif iri.startswith("https://"):
        yield "http://" + iri.removeprefix("https://")
    yield iri.removesuffix("/") if iri.endswith("/") else iri + "/"
    head, _, local = iri.rpartition("#")
    if head:
        yield f"{head}/{local}"
    head, _, local = iri.rpartition("/")
    if local:
        yield f"{head}#{local}"


def _are_related(one: str, other: str) -> bool:
    """Whether two namespaces differ by a slip only."""
    return count_edits(one, other, 3) <= 3


def _tolerance(name: str) -> int:
    """How many slips a name of this length may hold and still be known."""
    return 0 if len(name) < 3 else 1 if len(name) < 6 else 2 if len(name) < 12 else 3


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known variable that was probably meant; empty if none is close.

    >>> nearest_name("organisation", ["organization", "place"])
    'organization'
    >>> nearest_name("from", ["to"])
    ''
    """
    most = _tolerance(name)
    best, chosen = _FAR, ""
    for each in known:
        edits = count_edits(name.casefold(), each.casefold(), most)
        if edits < best and each != name:
            best, chosen = edits, each
    return chosen


def is_misspelling(name: str, other: str) -> bool:
    """Whether two names of one query are so alike that one is probably a slip.

    Names that differ in a digit, in a plural or in their first letter are usually meant.

    >>> is_misspelling("organisation", "organization"), is_misspelling("label1", "label2")
    (True, False)
    >>> is_misspelling("strike", "strikes")
    False
    """
    if min(len(name), len(other)) < 5 or name[0].casefold() != other[0].casefold():
        return False
    if any(each.isdigit() for each in name + other):
        return False
    shorter, longer = sorted((name, other), key=len)
    if longer.startswith(shorter):
        return False
    most = 1 if len(shorter) < 8 else 2
    return count_edits(name, other, most) <= most
