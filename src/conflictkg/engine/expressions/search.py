"""What a search for words asks, and whether a text answers it."""

from conflictkg.engine.words import tokenize


def sought_words(query: str) -> list[tuple[str, bool]]:
    """The words of a search, and whether each is the beginning of a word only.

    >>> sought_words("Air-strike Moga*")
    [('air', False), ('strike', False), ('moga', True)]
    """
    found: dict[tuple[str, bool], None] = {}
    for part in query.split():
        words = tokenize(part)
        for index, word in enumerate(words):
            is_last = index == len(words) - 1
            found[word, is_last and part.endswith("*")] = None
    return list(found)


def has_words(text: str, query: str) -> bool:
    """Whether a text has all the words of a search; none are in no text.

    >>> has_words("Two air strikes", "strik* AIR"), has_words("Two air strikes", "strike")
    (True, False)
    """
    words = set(tokenize(text))
    sought = sought_words(query)
    return bool(sought) and all(
        any(word.startswith(each) for word in words) if is_prefix else each in words
        for each, is_prefix in sought
    )
