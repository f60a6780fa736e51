"""Whether an owner lives: judged by a lock, never by time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from common.errors import StoreUnavailable
from events.ownership import Ownership, is_alive

OWNER = """
import sys
from pathlib import Path
from events.ownership import Ownership
owner = Ownership.acquire(Path(sys.argv[1]))
print(owner.owner_id, flush=True)
sys.stdin.read()
"""


@contextmanager
def other_process(folder: Path) -> Generator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.stdout.close()
        process.stdin.close()
        process.wait()


def test_an_owner_lives_until_it_releases(tmp_path: Path) -> None:
    owner = Ownership.acquire(tmp_path / "owners")
    assert owner.is_alive(owner.owner_id)
    assert is_alive(tmp_path / "owners", owner.owner_id)
    owner.release()
    owner.release()
    assert not owner.is_alive(owner.owner_id)
    assert not is_alive(tmp_path / "owners", owner.owner_id)
    assert list((tmp_path / "owners").iterdir()) == []


def test_two_owners_in_one_process_see_each_other(tmp_path: Path) -> None:
    with Ownership.acquire(tmp_path) as one, Ownership.acquire(tmp_path) as other:
        assert one.owner_id != other.owner_id
        assert one.is_alive(other.owner_id)
        assert other.is_alive(one.owner_id)
        other.release()
        assert not one.is_alive(other.owner_id)


def test_a_killed_process_is_dead_and_a_living_one_is_not(tmp_path: Path) -> None:
    with (
        Ownership.acquire(tmp_path) as own,
        other_process(tmp_path) as (one, process),
        other_process(tmp_path) as two,
    ):
        assert own.is_alive(one)
        process.kill()
        process.wait()
        assert not own.is_alive(one)
        assert own.is_alive(two[0])


def test_looking_never_makes_an_owner_seem_alive_or_dead(tmp_path: Path) -> None:
    with Ownership.acquire(tmp_path) as owner, other_process(tmp_path) as (other, process):
        process.kill()
        process.wait()
        with ThreadPoolExecutor(8) as pool:
            names = [owner.owner_id, other] * 2_000
            looks = zip(names, pool.map(partial(is_alive, tmp_path), names), strict=True)
        assert set(looks) == {(owner.owner_id, True), (other, False)}


def test_files_of_the_dead_are_removed_by_the_next(tmp_path: Path) -> None:
    with other_process(tmp_path) as (dead, process), other_process(tmp_path) as (living, _):
        process.kill()
        process.wait()
        with Ownership.acquire(tmp_path) as owner:
            names = {path.stem for path in tmp_path.iterdir()}
            assert names == {living, owner.owner_id}
            assert not owner.is_alive(dead)


def test_in_memory_only_the_own_id_lives() -> None:
    owner = Ownership.acquire(None)
    assert owner.is_alive(owner.owner_id)
    assert not owner.is_alive("0" * 32)
    owner.release()
    assert not owner.is_alive(owner.owner_id)


@pytest.mark.parametrize("name", ["", "../events.db", "x", "0" * 31, "0" * 33])
def test_names_that_are_no_owner_are_dead(tmp_path: Path, name: str) -> None:
    with Ownership.acquire(tmp_path / "owners") as owner:
        (tmp_path / "events.db").touch()
        assert not owner.is_alive(name)


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="can't be made"):
        Ownership.acquire(tmp_path / "file")
    assert not is_alive(tmp_path / "file", "0" * 32)
