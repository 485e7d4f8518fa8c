"""The functions that have IRIs: casts and GeoSPARQL. A list for the compiler and for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conflictkg.answers import XSD, Term
from conflictkg.engine.evaluate.casts import CASTS, DERIVED_CASTS
from conflictkg.engine.evaluate.geo import GEO_FUNCTIONS
from conflictkg.engine.evaluate.values import Operand


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Args:
        iri: Its name.
        description: What it gives, one line.
        arity: How many arguments it takes.
        on_operands: How it is computed from operands; ``None`` where it takes terms.
        on_terms: How it is computed from terms.
        gives_term: Whether what it gives is a term whose datatype its value does not say.
    """

    iri: str
    description: str
    arity: int
    on_operands: Callable[..., Operand] | None = None
    on_terms: Callable[..., Operand] | None = None
    gives_term: bool = False


def _casts() -> dict[str, Function]:
    found = {}
    for iri in (*CASTS, *DERIVED_CASTS):
        description = f"The value as xsd:{iri.removeprefix(XSD)}; an error where it has none."
        run: Callable[[Operand], Operand | Term] = CASTS.get(iri) or DERIVED_CASTS[iri]
        found[iri] = Function(iri, description, 1, run, gives_term=iri in DERIVED_CASTS)
    return found


FUNCTIONS: Mapping[str, Function] = {
    **_casts(),
    **{
        iri: Function(iri, description, arity, on_terms=run)
        for iri, (run, arity, description) in GEO_FUNCTIONS.items()
    },
}
"""By IRI."""
