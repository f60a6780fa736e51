"""Whether an owner lives where the lock is a session's: lost and taken again, or found dead meanwhile."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator

import pytest

from common.errors import StoreUnavailable
from events.ownership import Ownership
from events.persistence import open_backend
from tests.events.ownership_contract import OwnershipContract, other_process
from tests.services.postgres_server import PostgresServer

OWNER = """
import sys
from common.errors import StoreUnavailable
from events.persistence import open_backend
owner = open_backend(sys.argv[1], 2.0).ownership()
print(owner.owner_id, flush=True)
for line in sys.stdin:
    try:
        print(owner.owner_id, flush=True)
    except StoreUnavailable:
        print("lost", flush=True)
"""
BOUND = 10.0


def soon(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def id_of(owner: Ownership) -> str:
    """Its id; empty while it can't be told."""
    try:
        return owner.owner_id
    except StoreUnavailable:
        return ""


@pytest.fixture
def acquire(postgres_url: str) -> Generator[Callable[[], Ownership]]:
    backend = open_backend(postgres_url, 2.0)
    owners: list[Ownership] = []

    def make() -> Ownership:
        owners.append(backend.ownership())
        return owners[-1]

    yield make
    for owner in owners:
        owner.release()
    backend.close()


class TestPostgresOwnership(OwnershipContract):
    program = OWNER

    @pytest.fixture
    def arguments(self, postgres_url: str) -> tuple[str, ...]:
        return (postgres_url,)

    def lives(self, owner: Ownership, owner_id: str) -> bool:
        """The server notices by and by that a killed process has let its session go."""
        soon(lambda: not owner.is_alive(owner_id))
        return owner.is_alive(owner_id)


def test_an_owner_whose_session_was_ended_goes_on_under_its_id(
    postgres: PostgresServer, postgres_url: str, acquire: Callable[[], Ownership]
) -> None:
    owner = acquire()
    owner_id = owner.owner_id
    for _ in range(3):
        assert postgres.end_sessions(postgres_url, "% owner") == 1
        soon(lambda: id_of(owner))
        assert owner.owner_id == owner_id
    assert acquire().is_alive(owner_id)


def test_an_owner_that_was_found_dead_meanwhile_is_another_one_then(
    postgres: PostgresServer, postgres_url: str, acquire: Callable[[], Ownership]
) -> None:
    looking = acquire()
    with other_process(OWNER, postgres_url) as (frozen_id, process):
        assert process.stdin is not None
        assert process.stdout is not None
        assert looking.is_alive(frozen_id)
        process.send_signal(signal.SIGSTOP)
        assert looking.is_alive(frozen_id), "a frozen process holds its session"
        with postgres.connect(postgres_url) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s",
                ((int(frozen_id[:16], 16) - 2**63 & 0xFFFFFFFFFFFFFFFF) >> 32,),
            )
        soon(lambda: not looking.is_alive(frozen_id))
        process.stdin.write("\n")
        process.stdin.flush()
        process.send_signal(signal.SIGCONT)
        told = process.stdout.readline().strip()
        assert told != frozen_id, "what wakes must not claim under an id that is dead"
        while told in ("", "lost"):
            process.stdin.write("\n")
            process.stdin.flush()
            told = process.stdout.readline().strip()
        assert told != frozen_id
        assert looking.is_alive(told)
        assert not looking.is_alive(frozen_id)


def test_while_its_session_is_lost_an_owner_claims_nothing(
    postgres: PostgresServer, postgres_url: str, acquire: Callable[[], Ownership]
) -> None:
    if postgres.process is None:
        pytest.skip("the server is not the tests' own")
    owner = acquire()
    owner_id = owner.owner_id
    postgres.kill()
    try:
        with pytest.raises(StoreUnavailable, match="others may take it for dead"):
            owner.owner_id  # noqa: B018
        assert owner.is_alive(owner_id), "of itself it does not think so"
        with pytest.raises(StoreUnavailable):
            owner.is_alive("0" * 32)
    finally:
        postgres.start()
    soon(lambda: id_of(owner))
    assert owner.owner_id == owner_id
    assert acquire().is_alive(owner_id)


def test_rows_of_owners_that_are_long_gone_are_removed(
    postgres: PostgresServer, postgres_url: str, acquire: Callable[[], Ownership]
) -> None:
    living = acquire()
    with other_process(OWNER, postgres_url), other_process(OWNER, postgres_url) as (_, process):
        process.kill()
        process.wait()
        with postgres.connect(postgres_url) as admin:

            def rows() -> int:
                row = admin.execute("SELECT count(*) FROM agent_supervisor.owners").fetchone()
                return int(row[0]) if row else 0

            assert rows() == 3
            admin.execute("UPDATE agent_supervisor.owners SET since = since - interval '2 days'")

            def swept() -> bool:
                acquire().release()
                return rows() == 2

            soon(swept)
    assert living.is_alive(living.owner_id)
