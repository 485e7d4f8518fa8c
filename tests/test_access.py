"""Tokens: shown once, kept as hashes, good until they end."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from conflictkg.access import Caller, Tokens
from conflictkg.cli import group
from conflictkg.errors import AccessError, NotFoundError


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "store.tokens.json")


def test_token_is_found_and_not_kept(tokens: Tokens) -> None:
    token = tokens.create("ann", ["write", "operate"])
    assert tokens.find(token) == Caller("ann", frozenset({"write", "operate"}))
    assert token not in tokens.path.read_text()
    assert tokens.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "x", "ckg_", "\ud800"])
def test_what_is_no_token_is_nobody_s(tokens: Tokens, text: str) -> None:
    tokens.create("ann", ["write"])
    assert tokens.find(text) is None


def test_expired_token_is_no_good(tokens: Tokens) -> None:
    now = datetime.now(UTC)
    over = tokens.create("over", ["write"], now - timedelta(seconds=1))
    later = tokens.create("later", ["write"], now + timedelta(hours=1))
    assert tokens.find(over) is None
    assert tokens.find(later) is not None


def test_change_by_another_process_is_seen(tokens: Tokens) -> None:
    token = tokens.create("ann", ["write"])
    assert tokens.find(token) is not None
    Tokens(tokens.path).revoke("ann")
    assert tokens.find(token) is None


def test_changes_at_the_same_time_lose_none(tokens: Tokens) -> None:
    """Each change begins from the file as the one before left it, whoever made that."""

    def work(number: int) -> None:
        mine = Tokens(tokens.path)
        mine.create(f"stays-{number}", ["read"])
        mine.create(f"goes-{number}", ["read"])
        mine.revoke(f"goes-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert sorted(each.name for each in tokens.records()) == sorted(
        f"stays-{number}" for number in range(16)
    )


def test_file_that_others_can_read_is_refused(tokens: Tokens) -> None:
    token = tokens.create("ann", ["write"])
    tokens.path.chmod(0o644)
    with pytest.raises(AccessError, match="chmod 600"):
        tokens.find(token)


@pytest.mark.parametrize("text", ["", "[]", '{"tokens": [1]}', '{"tokens": [{"name": "x"}]}'])
def test_file_that_is_none_of_ours_is_refused(tokens: Tokens, text: str) -> None:
    tokens.path.write_text(text)
    tokens.path.chmod(0o600)
    with pytest.raises(AccessError, match="no file of tokens"):
        tokens.records()


@pytest.mark.parametrize(
    ("name", "scopes", "problem"),
    [
        ("", ["write"], "no name"),
        ("a b", ["write"], "no name"),
        ("ann", [], "for something"),
        ("ann", ["wriet"], "no scope"),
        ("ann", ["write:g"], "no scope"),
        ("ann", ["read:http://e/g"], "no scope"),
        ("taken", ["write"], "already"),
    ],
)
def test_token_that_makes_no_sense_is_refused(
    tokens: Tokens, name: str, scopes: list[str], problem: str
) -> None:
    tokens.create("taken", ["read"])
    with pytest.raises(AccessError, match=problem):
        tokens.create(name, scopes)


def test_unknown_token_cannot_be_revoked(tokens: Tokens) -> None:
    tokens.create("ann", ["read"])
    with pytest.raises(NotFoundError, match='Did you mean "ann"'):
        tokens.revoke("anm")


def test_command_line_makes_lists_and_revokes(tmp_path: Path) -> None:
    runner = CliRunner()
    place = ["token", "--store", str(tmp_path / "store")]
    made = runner.invoke(group, [*place, "create", "ann", "--scope", "write:http://e/g"])
    token = made.stdout.strip()
    kept = json.loads((tmp_path / "store.tokens.json").read_text())
    assert [each["name"] for each in kept["tokens"]] == ["ann"]
    assert Tokens(tmp_path / "store.tokens.json").find(token) is not None
    assert "ann\twrite:http://e/g" in runner.invoke(group, [*place, "list"]).stdout
    assert runner.invoke(group, [*place, "revoke", "ann"]).exit_code == 0
    assert runner.invoke(group, [*place, "list"]).stdout == ""
