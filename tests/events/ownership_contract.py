"""What every way of telling the living from the dead must do: inherited by one test class for each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from events.ownership import Ownership

__all__ = ["OwnershipContract", "other_process"]

_ROOT = Path(__file__).parents[2]


@contextmanager
def other_process(program: str, *arguments: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """An owner in another process, by the first line it prints; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.stdout.close()
        process.stdin.close()
        process.wait()


class OwnershipContract:
    """Subclasses give the fixture `acquire`, which makes an owner, and `program` with the fixture `arguments`, which
    makes one in another process.
    """

    program = ""

    @pytest.fixture
    def arguments(self) -> tuple[str, ...]:
        raise NotImplementedError

    def test_an_owner_lives_until_it_releases(self, acquire: Callable[[], Ownership]) -> None:
        owner, other = acquire(), acquire()
        assert owner.is_alive(owner.owner_id)
        assert other.is_alive(owner.owner_id)
        owner_id = owner.owner_id
        owner.release()
        owner.release()
        assert not owner.is_alive(owner_id)
        assert not other.is_alive(owner_id)

    def test_two_owners_in_one_process_see_each_other(self, acquire: Callable[[], Ownership]) -> None:
        one, other = acquire(), acquire()
        other_id = other.owner_id
        assert one.owner_id != other_id
        assert one.is_alive(other_id)
        assert other.is_alive(one.owner_id)
        other.release()
        assert not one.is_alive(other_id)

    def test_a_killed_process_is_dead_and_a_living_one_is_not(
        self, acquire: Callable[[], Ownership], arguments: tuple[str, ...]
    ) -> None:
        own = acquire()
        with (
            other_process(self.program, *arguments) as (one, process),
            other_process(self.program, *arguments) as (two, _),
        ):
            assert own.is_alive(one)
            process.kill()
            process.wait()
            assert not self.lives(own, one)
            assert own.is_alive(two)

    def test_looking_never_makes_an_owner_seem_alive_or_dead(
        self, acquire: Callable[[], Ownership], arguments: tuple[str, ...]
    ) -> None:
        owner, looking = acquire(), acquire()
        owner_id = owner.owner_id
        with other_process(self.program, *arguments) as (other, process):
            process.kill()
            process.wait()
            assert not self.lives(looking, other)
            with ThreadPoolExecutor(8) as pool:
                names = [owner_id, other] * 400
                looks = zip(names, pool.map(looking.is_alive, names), strict=True)
            assert set(looks) == {(owner_id, True), (other, False)}

    @pytest.mark.parametrize("name", ["", "../events.db", "x", "0" * 31, "0" * 33, "0" * 32])
    def test_names_that_are_no_owner_are_dead(self, acquire: Callable[[], Ownership], name: str) -> None:
        assert not acquire().is_alive(name)

    def lives(self, owner: Ownership, owner_id: str) -> bool:
        """Whether an owner lives, where the answer may take a moment to become no."""
        return owner.is_alive(owner_id)
