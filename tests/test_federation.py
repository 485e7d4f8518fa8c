"""SERVICE in a query: what is asked of others, and that the answer is what SPARQL says."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from federated import (
    GRAPH,
    OTHER,
    PREFIX,
    REMOTE,
    Others,
    S,
    ask,
    make_federation,
    open_local,
    open_remote,
)

from conflictkg.answers import XSD, Blank, Iri, Literal
from conflictkg.errors import (
    ConflictKGError,
    EndpointRefusedError,
    FederationError,
    NotPermittedError,
    QueryCancelledError,
    QueryTimeoutError,
    QueryTooComplexError,
)
from conflictkg.federation import Budget, Federation, Policy, Target
from conflictkg.store import Cancellation, Store, memory_store


@pytest.fixture(scope="module")
def remote() -> Iterator[Store]:
    with open_remote() as store:
        yield store


@pytest.fixture(scope="module")
def local() -> Iterator[Store]:
    with open_local() as store:
        yield store


SHAPES = {
    "after": "SELECT ?s ?v { ?s :p ?o . %s { ?s :r ?v } }",
    "before": "SELECT ?s ?v { %s { ?s :r ?v } ?s :p ?o }",
    "between": "SELECT ?s ?o ?x { ?s :p ?o . %s { ?s :s ?x } ?x :p ?y }",
    "alone": "SELECT * { %s { ?s :r ?v } }",
    "no variable in common": "SELECT ?s ?z { ?s :q ?o . %s { ?z :r 9 } }",
    "no variable": "SELECT ?s { ?s :q ?o . %s { :z :r 9 } }",
    "no variable, none": "SELECT ?s { ?s :q ?o . %s { :z :r 10 } }",
    "two": "SELECT ?s ?v ?x { ?s :p ?o . %s { ?s :r ?v } %s { ?s :s ?x } }",
    "two chained": "SELECT ?s ?x ?v { ?s :q ?o . %s { ?o :s ?x } %s { ?x :r ?v } }",
    "filter outside": "SELECT ?s ?v { ?s :p ?o . %s { ?s :r ?v } FILTER (?o > 1) }",
    "filter of both": "SELECT ?s ?v { ?s :p ?o . %s { ?s :r ?v } FILTER (?v != ?o) }",
    "filter of what it may not bind": "SELECT ?s ?v { ?s :p ?o . { %s { ?s :r ?v } FILTER (!BOUND(?o)) } }",
    "filter inside": "SELECT ?s ?v { ?s :p ?o . %s { ?s :r ?v FILTER (isLiteral(?v)) } }",
    "filter inside of what is outside": "SELECT ?s ?v { ?s :p ?o . %s { ?s :r ?v FILTER (?v > ?o) } }",
    "optional": "SELECT ?s ?v { ?s :p ?o OPTIONAL { %s { ?s :r ?v } } }",
    "optional with filter": "SELECT ?s ?v { ?s :p ?o OPTIONAL { %s { ?s :r ?v } FILTER (?o > 1) } }",
    "optional inside": "SELECT ?s ?v ?x { ?s :p ?o . %s { ?s :r ?v OPTIONAL { ?s :s ?x } } }",
    "optional of what is outside": "SELECT * { ?s :q ?x OPTIONAL { ?y :p ?o OPTIONAL { %s { ?y :s ?x } } } }",
    "unbound on the left": "SELECT * { ?s :p ?o OPTIONAL { ?s :q ?x } %s { ?x :r ?v } }",
    "unbound in it": "SELECT * { ?s :q ?x . %s { ?s :r ?v OPTIONAL { ?s :s ?x } } }",
    "bound after it": "SELECT * { ?z :q ?x { %s { ?s :r ?v OPTIONAL { ?s :s ?x } } OPTIONAL { ?s :q ?x } } }",
    "bound in a branch": "SELECT * { ?z :q ?x { %s { { ?s :r 9 } UNION { ?s :s ?x } } OPTIONAL { ?y :p ?x } } }",
    "bound in one branch": "SELECT * { ?z :q ?x { %s { { ?s :r ?v } UNION { ?s :s ?x } } OPTIONAL { ?s :q ?x } } }",
    "minus within": "SELECT * { ?z :q ?x { ?s :p ?o MINUS { %s { ?s :s ?x } } } }",
    "union": "SELECT ?s ?v { ?s :p ?o { %s { ?s :r ?v } } UNION { ?s :q ?v } }",
    "union of both": "SELECT ?s ?v { { ?s :p 1 . %s { ?s :r ?v } } UNION { ?s :p 2 . %s { ?s :s ?v } } }",
    "union inside": "SELECT ?s ?v { ?s :p ?o . %s { { ?s :r ?v } UNION { ?s :s ?v } } }",
    "union of other variables": "SELECT * { ?s :p ?o . %s { { ?s :r ?v } UNION { ?w :s ?v } } }",
    "minus": "SELECT ?s { ?s :p ?o MINUS { %s { ?s :s ?x } } }",
    "minus of it": "SELECT ?s { %s { ?s :r ?v } MINUS { ?s :p 1 } }",
    "exists": "SELECT ?s ?o { ?s :p ?o FILTER EXISTS { %s { ?s :s ?x } } }",
    "not exists": "SELECT ?s ?o { ?s :p ?o FILTER NOT EXISTS { %s { ?s :s ?x } } }",
    "exists in bind": "SELECT ?s ?b { ?s :p ?o BIND (EXISTS { %s { ?s :s ?x } } AS ?b) }",
    "exists in optional": "SELECT * { ?s :p ?o OPTIONAL { ?s :q ?x FILTER EXISTS { %s { ?s :s ?x } } } }",
    "exists beside": "SELECT ?s { ?s :p ?o . %s { ?s :r ?v } FILTER NOT EXISTS { %s { ?s :s ?x } } }",
    "sub-select": "SELECT ?s ?v { ?s :p ?o { SELECT ?s ?v { %s { ?s :r ?v } } } }",
    "sub-select hides": "SELECT ?s ?v ?o { ?s :p ?o { SELECT ?s ?v { %s { ?s :r ?v ; :s ?o } } } }",
    "sub-select with limit": "SELECT ?s ?n { ?s :p 3 { SELECT ?s { %s { ?s :r ?v } } ORDER BY ?s LIMIT 2 } }",
    "sub-select that counts": "SELECT ?n { ?s :p 3 { SELECT (COUNT(*) AS ?n) { %s { ?s :r ?v } } } }",
    "sub-select by group": "SELECT ?s ?n { ?s :p 1 { SELECT ?s (COUNT(?v) AS ?n) { %s { ?s :r ?v } } GROUP BY ?s } }",
    "distinct sub-select": "SELECT ?s { ?s :p ?o { SELECT DISTINCT ?s { %s { ?s :r ?v } } } }",
    "sub-select inside": "SELECT ?s ?v { ?s :p ?o . %s { SELECT ?s ?v { ?s :r ?v } ORDER BY ?v LIMIT 3 } }",
    "limited left": "SELECT ?s ?v { { SELECT ?s { ?s :p ?o } ORDER BY ?s LIMIT 2 } %s { ?s :r ?v } }",
    "values": "SELECT ?s ?v { VALUES ?s { :a :c :nobody } %s { ?s :r ?v } }",
    "values with unbound": "SELECT ?s ?t ?v { VALUES (?s ?t) { (:a 1) (UNDEF 2) } %s { ?s :r ?v } }",
    "values behind": "SELECT ?s ?v { ?s :p ?o OPTIONAL { %s { ?s :r ?v } } } VALUES ?v { 5 2.50 }",
    "bound by bind": "SELECT ?t ?v { ?s :q ?o BIND (?o AS ?t) %s { ?t :r ?v } }",
    "graph": f"SELECT ?s ?v {{ GRAPH <{GRAPH}> {{ ?s :s ?x . %s {{ ?x :r ?v }} }} }}",
    "graph variable": "SELECT ?g ?s ?v { GRAPH ?g { ?s :s ?x . %s { ?x :r ?v } } }",
    "path": "SELECT ?s ?v { ?s :p 1 . %s { ?s :s/:r ?v } }",
    "path of any length": "SELECT ?s ?v { ?s :p 3 . %s { ?s (:s|:r)+ ?v } }",
    "blank node": "SELECT ?s { ?s :p ?o . %s { ?s :s [ :r ?v ] } }",
    "literals": "SELECT ?s ?t { ?s :name ?n . %s { ?t :name ?n } }",
    "count": "SELECT (COUNT(*) AS ?n) { ?s :p ?o . %s { ?s :r ?v } }",
    "order": "SELECT ?s ?v { ?s :p ?o . %s { ?s :r ?v } } ORDER BY ?v",
    "ask": "ASK { ?s :p 3 . %s { ?s :s :d } }",
    "ask none": "ASK { ?s :p 3 . %s { ?s :s :a } }",
    "nothing on the left": "SELECT * { ?s :p 99 . %s { ?s :r ?v } }",
}  # fmt: skip


@pytest.mark.parametrize(
    "bounds",
    [{}, {"batch": 1}, {"max_bindings": 1}],
    ids=["one batch", "a row a batch", "too many to send"],
)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_answer_is_that_of_one_store(
    local: Store, remote: Store, shape: str, bounds: dict[str, int]
) -> None:
    """A query answers the same, be the others' data elsewhere or in a graph of ours."""
    expected = ask(local, shape.replace("%s", f"GRAPH <{GRAPH}>"))
    others = Others({REMOTE: remote})
    assert ask(local, shape.replace("%s", S), make_federation(others, **bounds)) == expected


# What is sent


def sent(local: Store, remote: Store, text: str, **bounds: int) -> list[str]:
    others = Others({REMOTE: remote})
    ask(local, text.replace("%s", S), make_federation(others, **bounds))
    return [each.replace("http://e/", "") for each in others.asked]


def test_bindings_are_sent_in_batches(local: Store, remote: Store) -> None:
    """What stands before SERVICE is sent along, each value once, so many at a time."""
    texts = sent(local, remote, "SELECT * { ?s :p ?o . %s { ?s :r ?v } } ", batch=3)
    assert [text.count("<") - 1 for text in texts] == [3, 1]
    assert all(text.startswith("SELECT ?s ?v WHERE { VALUES ?s { <") for text in texts)


def test_filter_around_thins_out_what_is_sent(local: Store, remote: Store) -> None:
    """What a filter refuses in any case is not asked for."""
    (text,) = sent(local, remote, "SELECT * { ?s :p ?o . %s { ?s :r ?v } FILTER (?o = 3) }")
    assert text == "SELECT ?s ?v WHERE { VALUES ?s { <c> } ?s <r> ?v }"


def test_nothing_is_asked_where_nothing_can_match(local: Store, remote: Store) -> None:
    """Without solutions before it, SERVICE asks nobody."""
    assert sent(local, remote, "SELECT * { ?s :p 99 . %s { ?s :r ?v } }") == []


def test_too_many_bindings_are_not_sent(local: Store, remote: Store) -> None:
    """Above the bound the pattern goes alone, once."""
    (text,) = sent(local, remote, "SELECT * { ?s :p ?o . %s { ?s :r ?v } }", max_bindings=2)
    assert text == "SELECT ?s ?v WHERE { ?s <r> ?v }"


def test_blank_nodes_are_not_sent(remote: Store) -> None:
    """Nobody else knows ours."""
    with memory_store() as store:
        store.update(f"{PREFIX} INSERT DATA {{ [] :p 1 }}")
        assert sent(store, remote, "SELECT * { ?s :p ?o . %s { ?s :r ?v } }") == [
            "SELECT ?s ?v WHERE { ?s <r> ?v }"
        ]


# What comes back


def test_blank_nodes_of_others_stay_apart(local: Store) -> None:
    """A blank node of one answer is the same within it, another one in the next, and none of ours."""
    with memory_store() as remote:
        remote.update(f"{PREFIX} INSERT DATA {{ _:x :r 1, 2 }}")
        federation = make_federation(Others({REMOTE: remote}))
        text = f"SELECT * {{ {S} {{ ?a :r 1 ; :r 2 }} }}"
        rows = ask(local, text, federation)
        assert isinstance(rows, Counter)
        (row,) = rows
        assert isinstance(row[0], Blank)
        both = f"SELECT * {{ {S} {{ ?a :r 1 }} {S} {{ ?b :r 2 }} FILTER (?a = ?b) }}"
        assert ask(local, both, federation) == Counter()
        assert ask(local, f"ASK {{ {S} {{ ?a :r 1 }} FILTER isBlank(?a) }}", federation) is True


def test_terms_come_back_as_they_are(local: Store, remote: Store) -> None:
    """Languages, datatypes and lexical forms are kept."""
    rows = ask(
        local, f"SELECT ?v {{ {S} {{ ?s :r ?v }} }}", make_federation(Others({REMOTE: remote}))
    )
    assert isinstance(rows, Counter)
    found = {each for (each,) in rows if isinstance(each, Literal)}
    assert {(each.lexical, each.datatype.rpartition("#")[2], each.language) for each in found} == {
        ("x", "langString", "en"),
        ("5", "integer", ""),
        ("2.50", "decimal", ""),
        ("9", "integer", ""),
        ("2020-01-01", "date", ""),
    }


# SERVICE ?variable


@pytest.mark.parametrize(
    "pattern",
    [
        f"VALUES ?e {{ <{REMOTE}> }} SERVICE ?e {{ ?s :r ?v }}",
        "?x :endpoint ?e SERVICE ?e { ?s :r ?v }",
        "SERVICE ?e { ?s :r ?v } ?x :endpoint ?e",
    ],
)
def test_variable_leads_to_listed_endpoints(local: Store, remote: Store, pattern: str) -> None:
    """SERVICE ?variable asks each endpoint that the variable has for a value."""
    rows = ask(local, f"SELECT ?e ?v {{ {pattern} }}", make_federation(Others({REMOTE: remote})))
    assert isinstance(rows, Counter)
    assert {row[0] for row in rows} == {Iri(REMOTE)}
    assert rows.total() == 6


def test_variable_leads_to_each_endpoint(local: Store, remote: Store) -> None:
    """With two values both are asked, and each solution tells which; one that fails has one empty solution."""
    text = (
        f"SELECT ?e ?v {{ VALUES ?e {{ <{REMOTE}> <{OTHER}> }} SERVICE SILENT ?e {{ :z :r ?v }} }}"
    )
    rows = ask(local, text, make_federation(Others({REMOTE: remote})))
    assert isinstance(rows, Counter)
    assert {row[0] for row in rows if row[1] is None} == {Iri(OTHER)}
    assert {row[0] for row in rows if row[1] is not None} == {Iri(REMOTE)}


REFUSED: list[tuple[str, type[ConflictKGError], str]] = [
    (f"SERVICE <{REMOTE}/> {{ ?s ?p ?o }}", EndpointRefusedError, "not on this server's list"),
    (f"SERVICE SILENT <{REMOTE}x> {{ ?s ?p ?o }}", EndpointRefusedError, f"It lists <{REMOTE}>"),
    (f"{S} {{ SERVICE <http://x/> {{ ?s ?p ?o }} }}", EndpointRefusedError, "<http://x/>"),
    (f"{S} {{ SERVICE ?e {{ ?s ?p ?o }} }}", NotPermittedError, "would choose whom to ask for ?e"),
    ("VALUES ?e { <http://x/> } SERVICE ?e { ?s ?p ?o }", EndpointRefusedError, "<http://x/>"),
    ('VALUES ?e { "x" } SERVICE SILENT ?e { ?s ?p ?o }', EndpointRefusedError, "no IRI"),
    ("SERVICE ?e { ?s ?p ?o }", NotPermittedError, "does not give ?e a value"),
    (f'BIND (IRI("{REMOTE}") AS ?e) SERVICE ?e {{ ?s ?p ?o }}', NotPermittedError, "Bind it with"),
    (
        f"?s :p ?o FILTER EXISTS {{ {S} {{ ?s :r ?v FILTER (?v = ?o) }} }}",
        NotPermittedError,
        "uses ?o, which is bound outside of EXISTS",
    ),
]


@pytest.mark.parametrize(("pattern", "error", "words"), REFUSED)
def test_what_cannot_be_followed_is_refused(
    local: Store, remote: Store, pattern: str, error: type[ConflictKGError], words: str
) -> None:
    """Who is not listed is not asked, SILENT or not; what cannot be answered right is named."""
    others = Others({REMOTE: remote})
    with pytest.raises(error) as caught:
        ask(local, f"SELECT * {{ {pattern} }}", make_federation(others))
    assert words in str(caught.value)
    assert "(line 1)" in str(caught.value)
    assert others.asked == []


def test_nobody_is_asked_for_a_query_that_is_refused_in_the_end(
    local: Store, remote: Store
) -> None:
    """The list is looked at before the first request."""
    others = Others({REMOTE: remote})
    with pytest.raises(EndpointRefusedError):
        ask(
            local,
            f"SELECT * {{ {S} {{ ?s :r ?v }} SERVICE <http://x/> {{}} }}",
            make_federation(others),
        )
    assert others.asked == []


def test_too_many_services_are_refused(local: Store, remote: Store) -> None:
    """A query makes only so many requests, and none if it would make more."""
    others = Others({REMOTE: remote})
    federation = make_federation(others)
    service = f" {S} {{ :z :r ?v }}"
    assert ask(local, f"SELECT * {{ {service * 16} }}", federation) == Counter(
        {(Literal("9", XSD + "integer"),): 1}
    )
    others.asked.clear()
    with pytest.raises(QueryTooComplexError, match="more than 16 SERVICE"):
        ask(local, f"SELECT * {{ {service * 17} }}", federation)
    assert others.asked == []


def test_without_federation_service_is_refused(local: Store) -> None:
    """The default."""
    with pytest.raises(NotPermittedError, match="this endpoint asks no other"):
        ask(local, f"SELECT * {{ {S} {{ ?s :r ?v }} }}")


# Failures


def fail(reason: str) -> Callable[[Target, str, Budget], bytes]:
    def ask_nobody(target: Target, _text: str, _budget: Budget) -> bytes:
        raise FederationError(target.iri, reason, "it does not answer.")

    return ask_nobody


@pytest.mark.parametrize("reason", ["failed", "timeout"])
def test_silent_makes_a_failure_an_empty_solution(local: Store, reason: str) -> None:
    """One solution that binds nothing, so that the rest of the query answers."""
    federation = Federation(Policy((Target(REMOTE),)), fail(reason))
    rows = ask(
        local, f"SELECT ?s ?v {{ ?s :p 3 SERVICE SILENT <{REMOTE}> {{ ?s :r ?v }} }}", federation
    )
    assert rows == Counter({(Iri("http://e/c"), None): 1})


@pytest.mark.parametrize("reason", ["refused", "too-much", "busy"])
def test_silent_does_not_hide_our_own_bounds(local: Store, reason: str) -> None:
    """What we refuse ourselves is an error in any case."""
    federation = Federation(Policy((Target(REMOTE),)), fail(reason))
    with pytest.raises(FederationError, match=r"\(line 1\): it does not answer"):
        ask(local, f"SELECT * {{ SERVICE SILENT <{REMOTE}> {{ ?s :r ?v }} }}", federation)


def test_one_row_too_many_is_an_error(local: Store, remote: Store) -> None:
    """Rows are never cut in silence, over all batches of a SERVICE together."""
    others = Others({REMOTE: remote})
    text = f"SELECT * {{ ?s :p ?o {S} {{ ?s :r ?v }} }}"
    assert ask(local, text, make_federation(others, max_rows=5, batch=1))
    with pytest.raises(FederationError, match="more than 4 rows") as caught:
        ask(local, text, make_federation(others, max_rows=4, batch=1))
    assert caught.value.reason == "too-much"


def test_query_s_own_end_is_not_silenced(local: Store) -> None:
    """SILENT hides no deadline and no cancelling of the query itself."""
    cancelled = Cancellation()

    def take_long(_target: Target, _text: str, budget: Budget) -> bytes:
        cancelled.cancel(QueryCancelledError("the operator"))
        budget.left_s(1)
        raise AssertionError("it went on")

    federation = Federation(Policy((Target(REMOTE),)), take_long)
    text = f"SELECT * {{ SERVICE SILENT <{REMOTE}> {{ ?s ?p ?v }} }}"
    with pytest.raises(QueryCancelledError):
        local.query(text, federation=federation, cancellation=cancelled)
    with pytest.raises(QueryTimeoutError):
        local.query(text, federation=Federation(federation.policy, _late), deadline_s=0.0)


def _late(_target: Target, _text: str, budget: Budget) -> bytes:
    budget.left_s(1)
    raise AssertionError("it went on")


def test_a_change_meanwhile_has_the_others_asked_again(remote: Store) -> None:
    """The answer is of one state of the store, the one that was sent from."""
    with memory_store() as store:
        store.update(f"{PREFIX} INSERT DATA {{ :a :p 1 }}")
        others = Others({REMOTE: remote})

        def change_once(target: Target, text: str, budget: Budget) -> bytes:
            if not others.asked:
                store.update(f"{PREFIX} INSERT DATA {{ :b :p 1 }}")
            return others.ask(target, text, budget)

        federation = Federation(Policy((Target(REMOTE),)), change_once)
        rows = ask(store, f"SELECT DISTINCT ?s {{ ?s :p 1 {S} {{ ?s :r ?v }} }}", federation)
        assert rows == Counter({(Iri("http://e/a"),): 1, (Iri("http://e/b"),): 1})
        assert len(others.asked) == 2


def test_limited_left_side_is_what_was_asked_for(remote: Store) -> None:
    """LIMIT without order may take any; what is sent is what the answer then has."""
    with memory_store() as store:
        store.update(f"{PREFIX} INSERT DATA {{ :a :p 1 . :b :p 1 . :c :p 1 . :d :p 1 }}")
        others = Others({REMOTE: remote})
        text = f"SELECT DISTINCT ?s {{ {{ SELECT ?s {{ ?s :p 1 }} LIMIT 2 }} {S} {{ ?s :r ?v }} }}"
        rows = ask(store, text, make_federation(others))
        assert isinstance(rows, Counter)
        assert len(rows) == 2
        assert all(
            f"<{row[0].value}>" in others.asked[0] for row in rows if isinstance(row[0], Iri)
        )
