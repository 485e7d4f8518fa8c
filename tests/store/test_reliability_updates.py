"""Processes that update a store are killed at any moment: what they acknowledged is there, and whole."""

from pathlib import Path

from store.crash.rounds import kill_updates

ROUNDS = 15


def test_killed_updates_are_there_if_acknowledged_and_never_half(tmp_path: Path) -> None:
    """All tables are sound after each kill, and hold what was acknowledged, or one request more."""
    rounds = list(kill_updates(tmp_path / "store", seed=3, rounds=ROUNDS))
    assert len(rounds) == ROUNDS
    assert sum(each.acknowledged for each in rounds) > ROUNDS
