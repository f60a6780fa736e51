"""Whether an owner lives: judged by a lock, never by time."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from common.errors import StoreUnavailable
from events.ownership import FileOwnership, Ownership, is_alive
from tests.events.ownership_contract import OwnershipContract, other_process

OWNER = """
import sys
from pathlib import Path
from events.ownership import FileOwnership
owner = FileOwnership.acquire(Path(sys.argv[1]))
print(owner.owner_id, flush=True)
sys.stdin.read()
"""


class TestFileOwnership(OwnershipContract):
    program = OWNER

    @pytest.fixture
    def arguments(self, tmp_path: Path) -> tuple[str, ...]:
        return (str(tmp_path / "owners"),)

    @pytest.fixture
    def acquire(self, tmp_path: Path) -> Generator[Callable[[], Ownership]]:
        owners: list[FileOwnership] = []

        def acquire() -> Ownership:
            owners.append(FileOwnership.acquire(tmp_path / "owners"))
            return owners[-1]

        yield acquire
        for owner in owners:
            owner.release()


def test_a_released_owner_leaves_no_file(tmp_path: Path) -> None:
    owner = FileOwnership.acquire(tmp_path / "owners")
    assert is_alive(tmp_path / "owners", owner.owner_id)
    owner.release()
    assert not is_alive(tmp_path / "owners", owner.owner_id)
    assert list((tmp_path / "owners").iterdir()) == []


def test_files_of_the_dead_are_removed_by_the_next(tmp_path: Path) -> None:
    with other_process(OWNER, str(tmp_path)) as (dead, process), other_process(OWNER, str(tmp_path)) as (living, _):
        process.kill()
        process.wait()
        with FileOwnership.acquire(tmp_path) as owner:
            names = {path.stem for path in tmp_path.iterdir()}
            assert names == {living, owner.owner_id}
            assert not owner.is_alive(dead)


def test_other_files_in_the_folder_are_no_owners(tmp_path: Path) -> None:
    with FileOwnership.acquire(tmp_path / "owners") as owner:
        (tmp_path / "events.db").touch()
        assert not owner.is_alive("../events.db")


def test_in_memory_only_the_own_id_lives() -> None:
    owner = FileOwnership.acquire(None)
    assert owner.is_alive(owner.owner_id)
    assert not owner.is_alive("0" * 32)
    owner.release()
    assert not owner.is_alive(owner.owner_id)


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="can't be made"):
        FileOwnership.acquire(tmp_path / "file")
    assert not is_alive(tmp_path / "file", "0" * 32)
