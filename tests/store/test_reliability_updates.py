"""Processes that update a store are killed at any moment: what they acknowledged is there, and whole."""

from pathlib import Path

import pytest
from store.crash.jobs import hold_temporary_folder
from store.crash.rounds import kill_updates
from store.crash.victims import Victim

from conflictkg.store.temporary import temporary_folder

ROUNDS = 15


def test_killed_updates_are_there_if_acknowledged_and_never_half(tmp_path: Path) -> None:
    """All tables are sound after each kill, and hold what was acknowledged, or one request more."""
    rounds = list(kill_updates(tmp_path / "store", seed=3, rounds=ROUNDS))
    assert len(rounds) == ROUNDS
    assert sum(each.acknowledged for each in rounds) > ROUNDS


def test_temporary_files_of_a_killed_process_are_swept_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a process that lives stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "conflictkg-mine").mkdir()
    victim = Victim(hold_temporary_folder, tmp_path)
    (left,) = victim.listen()
    with temporary_folder() as folder:
        assert Path(left).is_dir()
        victim.kill()
        assert Path(left).is_dir()
        with temporary_folder():
            assert not Path(left).exists()
            assert folder.is_dir()
    # Whoever starts a process first has multiprocessing make a folder of its own there.
    assert [each.name for each in tmp_path.glob("conflictkg-*")] == ["conflictkg-mine"]
