"""Names for invented things: made of syllables, so that no real person or group is meant."""

from dataclasses import dataclass

from synthetic.dice import Dice


@dataclass(frozen=True, slots=True)
class Country:
    """A country, where about it lies, and how many degrees its towns are spread over."""

    name: str
    latitude: float
    longitude: float
    extent: float


COUNTRIES = (
    Country("Pakistan", 31.0, 70.5, 7.0),
    Country("Syria", 35.0, 38.0, 4.0),
    Country("Yemen", 15.3, 46.5, 5.0),
    Country("Afghanistan", 34.0, 66.5, 7.0),
    Country("Iraq", 33.2, 43.7, 6.0),
    Country("Somalia", 4.0, 45.5, 7.0),
    Country("Ukraine", 48.8, 32.5, 8.0),
    Country("Sudan", 15.0, 30.0, 9.0),
    Country("Libya", 29.0, 17.5, 9.0),
    Country("Mali", 17.0, -2.5, 8.0),
    Country("Ethiopia", 9.0, 39.5, 7.0),
    Country("Nigeria", 9.5, 8.0, 6.0),
    Country("Myanmar", 21.0, 96.5, 6.0),
    Country("Democratic Republic of the Congo", -2.5, 24.0, 9.0),
    Country("Burkina Faso", 12.5, -1.5, 4.0),
    Country("Niger", 16.0, 9.0, 8.0),
    Country("Lebanon", 33.9, 35.9, 1.0),
    Country("Colombia", 4.0, -73.0, 7.0),
    Country("Mozambique", -16.0, 36.5, 7.0),
    Country("Cameroon", 6.0, 12.5, 5.0),
    Country("Philippines", 9.5, 124.0, 6.0),
    Country("Turkey", 38.5, 39.5, 6.0),
    Country("Azerbaijan", 40.3, 47.5, 3.0),
    Country("Armenia", 40.2, 45.0, 2.0),
    Country("Kenya", 0.5, 38.0, 5.0),
    Country("Chad", 15.0, 18.5, 8.0),
    Country("Central African Republic", 6.6, 20.5, 6.0),
    Country("South Sudan", 7.5, 30.0, 6.0),
    Country("Mexico", 24.0, -102.0, 9.0),
    Country("India", 25.0, 80.0, 10.0),
)
"""The more frequent first."""

_ONSETS = (
    "b",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "kh",
    "l",
    "m",
    "n",
    "p",
    "q",
    "r",
    "s",
    "sh",
    "t",
    "w",
    "z",
    "zh",
)
_VOWELS = ("a", "e", "i", "o", "u", "aa", "ai", "ou", "é", "ü")
_CODAS = ("", "", "", "n", "r", "l", "m", "sh", "t", "d")
_KINDS = (
    "Movement",
    "Front",
    "Brigade",
    "Army",
    "Council",
    "Battalion",
    "Union",
    "Guard",
    "Column",
    "Network",
)
_PURPOSES = (
    "Liberation",
    "Unity",
    "Defence",
    "the Valley",
    "the North",
    "the Mountains",
    "the Free Coast",
    "Renewal",
)

ROLES = (
    "leader",
    "emir",
    "commander",
    "head",
    "member",
    "member",
    "spokesman",
    "facilitator",
    "deputy",
    "governor",
)
LEADING = frozenset({"leader", "emir", "commander", "head", "governor"})
RANKS = ("General", "Colonel", "Mullah", "Captain")

_FRENCH = {
    "Movement": "Mouvement",
    "Front": "Front",
    "Army": "Armée",
    "Council": "Conseil",
    "Union": "Union",
}
_SCRIPTS = {
    "ar": str.maketrans("abdfghjklmnopqrstuwz", "ابدفغهجكلمنوبقرستوفز"),
    "ur": str.maketrans("abdfghjklmnopqrstuwz", "ابڈفگہجکلمنوپقرسٹووز"),
}

_SPEECH = (
    (
        "The spokesman",
        "The minister",
        "The commander",
        "A tribal elder",
        "The ambassador",
        "The general",
    ),
    (
        "condemned",
        "welcomed",
        "denied",
        "confirmed",
        "questioned",
        "defended",
        "called for an inquiry into",
    ),
    (
        "the strike",
        "the ceasefire",
        "the raid",
        "the border closure",
        "the count of civilians",
        "the exchange of prisoners",
    ),
    (
        "near the bazaar",
        "in the valley",
        "on the road to the border",
        "at the compound",
        "in the village",
        "by the river",
    ),
    (
        "and spoke of sovereignty",
        "and promised revenge",
        "and asked for proof",
        "and gave no figures",
        "and left it at that",
    ),
)


def _word(dice: Dice, syllables: int) -> str:
    parts = [dice.one_of(_ONSETS) + dice.one_of(_VOWELS) for _ in range(syllables)]
    return "".join(parts) + dice.one_of(_CODAS)


def place(dice: Dice) -> str:
    """A town.

    >>> place(Dice(3)) == place(Dice(3))
    True
    """
    return _word(dice, 2 + (dice.draw() < 0.4)).capitalize()


def person(dice: Dice) -> str:
    """A person: two or three words."""
    return " ".join(_word(dice, 2).capitalize() for _ in range(2 + (dice.draw() < 0.3)))


def group(dice: Dice, number: int) -> str:
    """An armed group. The number keeps two from having one name."""
    kind, purpose = dice.one_of(_KINDS), dice.one_of(_PURPOSES)
    return f"{place(dice)} {kind} for {purpose} {number + 1}"


def speech(dice: Dice) -> str:
    """What somebody said, in our own words."""
    return " ".join(dice.one_of(parts) for parts in _SPEECH)


def variant(name: str) -> str:
    """The name in another spelling; never the same.

    >>> variant("Khaarou"), variant("Mali")
    ('Kharu', 'Malii')
    """
    other = name.replace("aa", "a").replace("ou", "u").replace("é", "e").replace("ü", "u")
    if other != name:
        return other
    word, space, rest = name.partition(" ")
    return f"{word}{word[-1]}{space}{rest}"


def abbreviation(name: str) -> str:
    """First letters, and a number where the name has one.

    >>> abbreviation("Zhira Front for Unity 7")
    'ZFU7'
    """
    words = name.split()
    return "".join(
        word if word.isdigit() else word[0] for word in words if word[0].isupper() or word.isdigit()
    )


def translated(name: str, language: str) -> str:
    """The name in another language, or at least in its script."""
    if language == "fr":
        return " ".join(_FRENCH.get(word, word) for word in name.replace(" for ", " pour ").split())
    return name.lower().translate(_SCRIPTS[language])
