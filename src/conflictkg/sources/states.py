"""States by number, as UCDP spells them: the one table that its data sets share."""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from rdflib import DCTERMS, RDF, SKOS, Literal, URIRef

from conflictkg.errors import UnmappedValueError
from conflictkg.iris import mint_thing
from conflictkg.sources.claims import Claims
from conflictkg.sources.description import read_toml
from conflictkg.terms import CKG

_FILE = Path(__file__).with_suffix(".toml")
_GOVERNMENT = "Government of "


@dataclass(frozen=True, slots=True)
class State:
    """A state.

    Args:
        number: In the list of Gleditsch and Ward.
        name: As UCDP spells it.
        government: Number of the actor that governs it; empty if UCDP has none.
    """

    number: str
    name: str
    government: str


@dataclass(frozen=True, slots=True)
class _States:
    by_number: dict[str, State]
    by_government: dict[str, State]


@cache
def _load() -> _States:
    by_number, by_government = {}, {}
    for number, each in read_toml(_FILE)["state"].items():
        state = State(number, each["name"], each.get("government", ""))
        by_number[number] = state
        if state.government:
            by_government[_GOVERNMENT + each.get("governed_as", state.name)] = state
    return _States(by_number, by_government)


def require_state(number: str) -> State:
    """The state of a number.

    Raises:
        UnmappedValueError: There is none.

    >>> require_state("770").name
    'Pakistan'
    """
    if found := _load().by_number.get(number):
        return found
    raise UnmappedValueError(
        f'"{number}" is no number of a state that is known. Add it to {_FILE.name}.'
    )


def require_government(name: str) -> State:
    """The state that a government rules.

    Raises:
        UnmappedValueError: There is none; the message names the closest.

    >>> require_government("Government of Pakistan").government
    '142'
    """
    known = _load().by_government
    if found := known.get(name):
        return found
    close = get_close_matches(name, known, n=1)
    hint = f' Closest known: "{close[0]}".' if close else ""
    raise UnmappedValueError(
        f'"{name}" is no government that is known.{hint} Add it to {_FILE.name}.'
    )


def is_government(name: str) -> bool:
    """Whether an actor of UCDP governs a state, by its name.

    >>> is_government("Taleban")
    False
    """
    return name.startswith(_GOVERNMENT)


def add_state(claims: Claims, number: str) -> URIRef:
    """Describe a state as a place; gives its IRI."""
    place = mint_thing("place", f"gleditsch-ward/{number}")
    claims.graph.add_all(
        place,
        (RDF.type, CKG.Place),
        (SKOS.prefLabel, Literal(require_state(number).name, lang="en")),
        (DCTERMS.identifier, Literal(number)),
        (CKG.placePrecision, claims.concept("place-precision", "country")),
    )
    return place


def government_name(number: str) -> str:
    """The name of a government, by the number of its actor.

    >>> government_name("142")
    'Government of Pakistan'
    """
    return next(name for name, each in _load().by_government.items() if each.government == number)
