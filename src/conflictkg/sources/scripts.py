"""In which letters a text is written, for language tags of names whose language nobody says."""

import unicodedata
from collections import Counter

_SUBTAGS = {
    "LATIN": "latn",
    "ARABIC": "arab",
    "ARMENIAN": "armn",
    "BENGALI": "beng",
    "CJK": "hani",
    "CYRILLIC": "cyrl",
    "DEVANAGARI": "deva",
    "ETHIOPIC": "ethi",
    "GEORGIAN": "geor",
    "GREEK": "grek",
    "GURMUKHI": "guru",
    "HANGUL": "hang",
    "HEBREW": "hebr",
    "HIRAGANA": "jpan",
    "KATAKANA": "jpan",
    "KHMER": "khmr",
    "LAO": "laoo",
    "MALAYALAM": "mlym",
    "MYANMAR": "mymr",
    "SINHALA": "sinh",
    "TAMIL": "taml",
    "TELUGU": "telu",
    "THAI": "thai",
    "TIBETAN": "tibt",
}
"""First words of Unicode's names of letters, and the subtags of ISO 15924."""


def tag_language(text: str) -> str:
    """The language tag of a text in an unknown language: ``und`` with the script of most of its letters.

    Source: BCP 47; Latin letters are what is expected, so they are not said.

    >>> tag_language("Tehrik-i-Taliban"), tag_language("القاعدة"), tag_language("123")
    ('und', 'und-arab', 'und')
    """
    found = Counter(script for each in text if (script := _script(each)))
    if not found:
        return "und"
    subtag = min(found, key=lambda script: (-found[script], script))
    return "und" if subtag == "latn" else f"und-{subtag}"


def has_other_script(text: str) -> bool:
    """Whether some of its letters are not Latin.

    >>> has_other_script("Abou Dher (ابو ذر)")
    True
    """
    return any(_script(each) not in {"", "latn"} for each in text)


def _script(letter: str) -> str:
    if not letter.isalpha():
        return ""
    word = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
    return _SUBTAGS.get(word, "")
