"""What shapes look at from where a change was made, fetched from the store that it would make."""

from collections.abc import Iterable, Iterator

from rdflib import Graph

from conflictkg import answers
from conflictkg.answers.ntriples import to_ntriples
from conflictkg.shacl.rdflib_terms import to_node
from conflictkg.shacl.reach import Reach
from conflictkg.store import Proposal

STEPS = 6
"""Steps from an entity to the furthest that its shapes look at: claim, evidence, target, document, zone, extent."""

MOST_STATEMENTS = 100_000
"""Statements that are fetched for one change."""

_AT_ONCE = 200

_STATEMENTS = "SELECT DISTINCT ?s ?p ?o WHERE {{ VALUES ?s {{ {nodes} }} ?s ?p ?o }} LIMIT {most}"
_BLANKS = """
SELECT DISTINCT ?s ?p ?o WHERE {{
  VALUES ?from {{ {nodes} }}
  {{ ?from ?by ?s }} UNION {{ ?from ?by ?b . FILTER (isBlank(?b)) ?b ?then ?s }}
  FILTER (isBlank(?s)) ?s ?p ?o
}} LIMIT {most}
"""
_REFERRERS = """
SELECT DISTINCT ?s WHERE {{
  VALUES ?o {{ {nodes} }} VALUES ?p {{ {by} }} ?s ?p ?o . FILTER (isIRI(?s))
}} LIMIT {most}
"""
_REFERENTS = """
SELECT DISTINCT ?o WHERE {{
  VALUES ?s {{ {nodes} }} VALUES ?p {{ {by} }} ?s ?p ?o . FILTER (isIRI(?o))
}} LIMIT {most}
"""
_OWNERS = "SELECT DISTINCT ?s ?o WHERE {{ ?s ?p ?o . FILTER (isBlank(?o)) }} LIMIT {most}"
_GRAPHS = "SELECT ?s ?p ?o ?g WHERE {{ VALUES ?s {{ {nodes} }} GRAPH ?g {{ ?s ?p ?o }} }}"

Triple = tuple[answers.Term, answers.Term, answers.Term]


def find_referrers(
    proposal: Proposal, iris: Iterable[answers.Iri], by: Iterable[str], most: int
) -> set[answers.Iri]:
    """What leads to some entities in one step, by some predicates; at most so many a list of entities."""
    return _iris(proposal, _REFERRERS, iris, by, most)


def find_referents(
    proposal: Proposal, iris: Iterable[answers.Iri], by: Iterable[str], most: int
) -> set[answers.Iri]:
    """What some entities lead to in one step, by some predicates."""
    return _iris(proposal, _REFERENTS, iris, by, most)


def find_owners(proposal: Proposal, blanks: Iterable[answers.Blank]) -> set[answers.Iri]:
    """The entities that some blank nodes belong to, over whatever blank nodes lie between."""
    wanted: set[answers.Term] = set(blanks)
    if not wanted:
        return set()
    pairs = list(_rows(proposal, _OWNERS.format(most=MOST_STATEMENTS)))
    found: set[answers.Iri] = set()
    while wanted:
        above = {subject for subject, value in pairs if value in wanted and subject is not None}
        found |= {each for each in above if isinstance(each, answers.Iri)}
        pairs = [pair for pair in pairs if pair[1] not in wanted]
        wanted = {each for each in above if isinstance(each, answers.Blank)}
    return found


def find_graphs(
    proposal: Proposal, subjects: Iterable[answers.Iri]
) -> Iterator[tuple[Triple, answers.Term]]:
    """The statements of some entities, each with the named graphs that it stands in."""
    for nodes in _lists(subjects):
        for s, p, o, g in _rows(proposal, _GRAPHS.format(nodes=nodes)):
            if s is not None and p is not None and o is not None and g is not None:
                yield (s, p, o), g


class Surroundings:
    """The statements that the shapes of some entities may look at.

    Args:
        proposal: The store that a change would make.
        reach: Where the shapes look.
        given: Entities whose statements are at hand already.
    """

    def __init__(self, proposal: Proposal, reach: Reach, given: frozenset[str]) -> None:
        self._proposal, self._reach, self._given = proposal, reach, given
        self.graph = Graph()
        self.is_whole = True

    def fetch(self, focus: set[answers.Iri], further: set[answers.Iri]) -> None:
        """Fetch what is stated of the entities and of what they lead to.

        Args:
            focus: The entities; what their shapes follow backwards is fetched too.
            further: Entities that they led to before the change.
        """
        behind = find_referrers(self._proposal, focus, self._reach.backwards, MOST_STATEMENTS)
        known: set[answers.Iri] = set()
        wanted = focus | further | behind
        for _ in range(STEPS):
            wanted = {each for each in wanted - known if each.value not in self._given}
            known |= wanted
            found: set[answers.Iri] = set()
            for nodes in _lists(wanted):
                for text in (_STATEMENTS, _BLANKS):
                    room = MOST_STATEMENTS - len(self.graph)
                    if room <= 0:
                        self.is_whole = False
                        return
                    for s, p, o in _rows(self._proposal, text.format(nodes=nodes, most=room)):
                        if s is None or not isinstance(p, answers.Iri) or o is None:
                            continue
                        self.graph.add((to_node(s), to_node(p), to_node(o)))
                        if isinstance(o, answers.Iri) and p.value in self._reach.followed:
                            found.add(o)
            wanted = found


def _iris(
    proposal: Proposal, text: str, iris: Iterable[answers.Iri], by: Iterable[str], most: int
) -> set[answers.Iri]:
    predicates = " ".join(sorted(to_ntriples(answers.Iri(each)) for each in by))
    found: set[answers.Iri] = set()
    if predicates:
        for nodes in _lists(iris):
            for (each,) in _rows(proposal, text.format(nodes=nodes, by=predicates, most=most)):
                if isinstance(each, answers.Iri):
                    found.add(each)
    return found


def _lists(iris: Iterable[answers.Iri]) -> Iterator[str]:
    """IRIs as SPARQL lists them, some at a time. They come out of a store, which holds none that could end the list."""
    ordered = sorted(to_ntriples(each) for each in iris)
    for start in range(0, len(ordered), _AT_ONCE):
        yield " ".join(ordered[start : start + _AT_ONCE])


def _rows(proposal: Proposal, text: str) -> Iterator[answers.Row]:
    answer = proposal.query(text)
    assert isinstance(answer, answers.Solutions)  # noqa: S101 -- what SELECT is answered with
    yield from answer.rows
