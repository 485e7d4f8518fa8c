"""The policy's file: what is read, and that nothing in it is passed over."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from conflictkg.answers import Iri
from conflictkg.errors import ConfigError
from conflictkg.federation import (
    Policy,
    Target,
    asks_others,
    describe_policy,
    load_policy,
    parse_policy,
)

WHOLE = """
[[endpoint]]
iri = "https://query.example.org/sparql"
title = "Example"
timeout_s = 2.5
max_rows = 5
max_bytes = 4_096
concurrency = 1
batch = 10
max_bindings = 20
addresses = ["10.0.0.7", "::1"]

[[endpoint]]
iri = "http://localhost:3030/ds?x=1"
"""
ONE = '[[endpoint]]\niri = "https://e.org/sparql"\n'


def test_whole_policy_is_read(tmp_path: Path) -> None:
    """Every key, and the defaults of one that names none."""
    path = tmp_path / "policy.toml"
    path.write_text(WHOLE)
    assert load_policy(path) == Policy(
        (
            Target(
                "https://query.example.org/sparql",
                "Example",
                2.5,
                5,
                4_096,
                1,
                10,
                20,
                (ip_address("10.0.0.7"), ip_address("::1")),
            ),
            Target("http://localhost:3030/ds?x=1"),
        )
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("x = ", "policy is no TOML", id="no TOML"),
        pytest.param(
            "[[endpoints]]", '"endpoints" is no key. Did you mean "endpoint"?', id="table"
        ),
        pytest.param("[endpoint]", "as a table under [[endpoint]]", id="one table"),
        pytest.param("endpoint = [1]", "as a table under [[endpoint]]", id="no table"),
        pytest.param("[[endpoint]]", "endpoint 1 has no iri", id="no IRI"),
        pytest.param(ONE + "max_row = 1", 'Did you mean "max_rows"?', id="key"),
        pytest.param(ONE + "zzz = 1", "Known: iri, title, timeout_s", id="unlike any key"),
        pytest.param(ONE + ONE, "endpoint 2: <https://e.org/sparql> is there twice", id="twice"),
        pytest.param(ONE + "title = 1", "title is 1", id="title"),
        pytest.param(ONE + "max_rows = 0", "Give a whole number from 1 to 100,000", id="range"),
        pytest.param(ONE + "max_rows = 1.5", "max_rows is 1.5", id="no whole number"),
        pytest.param(ONE + "max_rows = true", "max_rows is True", id="no number"),
        pytest.param(ONE + 'batch = "1"', "batch is '1'", id="text for a number"),
        pytest.param(ONE + "timeout_s = nan", "timeout_s is nan", id="not a number"),
        pytest.param(ONE + "timeout_s = inf", "timeout_s is inf", id="infinite"),
        pytest.param(ONE + 'addresses = "::1"', 'Give a list such as ["127.0.0.1"]', id="no list"),
        pytest.param(ONE + 'addresses = ["10.0.0.0/8"]', "10.0.0.0/8", id="network"),
        pytest.param(ONE + "addresses = [1]", "addresses holds 1", id="number for an address"),
    ],
)
def test_mistake_is_named_with_its_place(text: str, words: str) -> None:
    """Where, what is wrong, and what would be right."""
    with pytest.raises(ConfigError) as caught:
        parse_policy(text)
    assert words in str(caught.value)
    assert str(caught.value).startswith("setting CONFLICTKG_FEDERATION_POLICY: policy")


@pytest.mark.parametrize(
    "iri",
    [
        "file:///etc/passwd", "ftp://e.org/", "e.org/sparql", "http://", "http:///x", "http://e.org:0/",
        "http://e.org:99999/", "http://user@e.org/", "http://user:secret@e.org/", "http://e.org/#x",
        "http://e.org/a b", "http://e.org/\\t", "http://e.org/<x>", "http://é.org/", "", "http://[::1/",
    ],
)  # fmt: skip
def test_iri_that_cannot_be_asked_is_refused(iri: str) -> None:
    """Only http(s), nothing secret in it, nothing that could be read in two ways."""
    with pytest.raises(ConfigError, match="endpoint 1: iri is"):
        parse_policy(f'[[endpoint]]\niri = "{iri}"')


def test_unreadable_policy_is_an_error(tmp_path: Path) -> None:
    """One that is not there, and one that is not UTF-8."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_policy(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_policy(tmp_path / "latin.toml")


def test_policy_is_found_by_exact_iri_alone() -> None:
    """No normal form: what looks alike is another one."""
    policy = parse_policy(ONE)
    assert policy.find("https://e.org/sparql") == policy.targets[0]
    for other in ("https://e.org/sparql/", "https://E.org/sparql", "https://e.org:443/sparql"):
        assert policy.find(other) is None


def test_description_tells_all_bounds_and_no_address() -> None:
    """One value of each bound for each endpoint."""
    triples = list(describe_policy(parse_policy(WHOLE), "http://s/sparql"))
    endpoints = [
        each.object for each in triples if each.predicate.value.endswith("description#endpoint")
    ]
    assert endpoints == [
        Iri("https://query.example.org/sparql"),
        Iri("http://localhost:3030/ds?x=1"),
    ]
    assert sum(each.predicate.value == "http://schema.org/value" for each in triples) == 12
    assert "10.0.0.7" not in repr(triples)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK { SERVICE <x:y> {} }", True),
        ("ASK { \\u0053ERVICE <x:y> {} }", True),
        ("ASK { FILTER NOT EXISTS { { SELECT * { service silent ?x {} } } } }", True),
        ("ASK { ?service ?p 'SERVICE <x:y> {}' } # SERVICE <x:y> {}", False),
        ("ASK { SERVICE", False),
        ("ASK {}", False),
    ],
)
def test_service_is_found_in_the_algebra(text: str, expected: bool) -> None:
    """Not in strings and comments, and however the word is written."""
    assert asks_others(text) is expected
