"""What each graph says of itself, and whether it may be passed on.

A graph may be passed on only where it says so itself, and nothing anywhere says that it may not. So a graph
without a description, and one whose description somebody broke, stay here.
"""

from dataclasses import dataclass, field

from conflictkg.answers import Iri, Term
from conflictkg.describe.asking import iter_rows, to_text
from conflictkg.errors import ConfigError
from conflictkg.store import Store
from conflictkg.terms import PREFIXES

_DCT, _CKG = PREFIXES["dct"], PREFIXES["ckg"]
_REDISTRIBUTION = _CKG + "redistribution"

# Many graphs, few of which say much: one pass over what is said by each of itself.
_NOTICES = """
SELECT ?graph ?property ?value WHERE {
  VALUES ?property {
    dct:title dct:description dct:license dct:source dct:publisher dct:creator dct:rights dct:issued
    dct:modified ckg:redistribution ckg:retracted
  }
  GRAPH ?graph { ?graph a ckg:NamedGraph ; ?property ?value }
}
"""
_FORBIDDEN = """
SELECT ?graph ?value WHERE { ?graph ckg:redistribution ?value }
"""
_TRUE = frozenset({"true", "1"})

_NAMED = 5
"""Graphs that a message names; it is for the operator, who can have them all listed."""


@dataclass(frozen=True, slots=True)
class GraphNotice:
    """What a graph says of itself.

    Args:
        iri: Its name.
        triples: How many it holds.
        may_be_passed_on: Whether it may be.
        says: Its values by the IRI of their property, sorted.
    """

    iri: str
    triples: int
    may_be_passed_on: bool
    says: dict[str, tuple[Term, ...]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called; its IRI where it does not say."""
        return to_text(next(iter(self.says.get(_DCT + "title", ())), None)) or self.iri

    @property
    def licence(self) -> str:
        """The IRI of its licence; empty where it has none."""
        named = [each for each in self.says.get(_DCT + "license", ()) if isinstance(each, Iri)]
        return named[0].value if named else ""


def read_notices(store: Store, *, deadline_s: float | None = None) -> tuple[GraphNotice, ...]:
    """What the graphs of a store say of themselves, by IRI.

    Args:
        store: The store.
        deadline_s: Seconds that each query may take.

    Raises:
        QueryError: The store cannot answer, or not in time.
    """
    says: dict[str, dict[str, set[Term]]] = {}
    for row in iter_rows(store, _NOTICES, deadline_s=deadline_s):
        own = says.setdefault(to_text(row["graph"]), {})
        own.setdefault(to_text(row["property"]), set()).add(row["value"])
    # Whatever graph it stands in: a prohibition counts from anywhere, a permission only from the graph itself.
    forbidden = {
        to_text(row["graph"])
        for row in iter_rows(store, _FORBIDDEN, deadline_s=deadline_s)
        if to_text(row["value"]) not in _TRUE
    }
    found = []
    for info in store.graphs():
        own = says.get(info.iri, {})
        permits = {to_text(each) for each in own.get(_REDISTRIBUTION, ())}
        found.append(
            GraphNotice(
                iri=info.iri,
                triples=info.triples,
                may_be_passed_on=bool(permits) and permits <= _TRUE and info.iri not in forbidden,
                says={name: tuple(sorted(terms, key=to_text)) for name, terms in own.items()},
            )
        )
    return tuple(found)


def find_kept_back(store: Store, *, deadline_s: float | None = None) -> tuple[str, ...]:
    """What a store holds that may not be passed on: IRIs of graphs, and words for what has none.

    A journal holds what was in graphs before, and these may have been others.

    Args:
        store: The store.
        deadline_s: Seconds that each query may take.

    Raises:
        QueryError: The store cannot answer, or not in time.
    """
    notices = read_notices(store, deadline_s=deadline_s)
    kept_back = [each.iri for each in notices if not each.may_be_passed_on]
    if store.size() != sum(each.triples for each in notices):
        kept_back.append("the unnamed graph")
    if store.journal(most=1):
        kept_back.append("the journal of its changes")
    return tuple(kept_back)


def require_all_public(store: Store) -> None:
    """Refuse a store that holds what may not be passed on.

    Raises:
        ConfigError: It does; it names some of it, for the operator.
    """
    kept_back = find_kept_back(store)
    if kept_back:
        more = f" and {len(kept_back) - _NAMED} more" if len(kept_back) > _NAMED else ""
        raise ConfigError(
            "CONFLICTKG_PUBLIC",
            f"the store {store.directory} holds what may not be passed on: "
            f"{', '.join(kept_back[:_NAMED])}{more}. Build one without it: conflictkg build --public.",
        )
