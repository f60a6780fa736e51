"""The contract of the store in PostgreSQL, and what is particular to a server."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

from common.errors import ConfigurationError, StoreError, StoreUnavailable
from events.store import EventStore
from events.verify import verify
from tests.events.following_contract import FollowingContract
from tests.events.samples import fact
from tests.events.shared_contract import BOUND, SharedContract
from tests.events.store_contract import StoreContract
from tests.services.postgres_server import GUARDED, PostgresServer


@contextmanager
def locked(postgres: PostgresServer, url: str) -> Generator[None]:
    """Another program in the middle of an append."""
    with postgres.connect(url) as other, other.transaction():
        other.execute("SELECT * FROM agent_supervisor.log FOR UPDATE")
        yield


def altered(url: str, **parts: str) -> str:
    return urlunsplit(urlsplit(url)._replace(**parts))


class TestPostgresStore(StoreContract, FollowingContract, SharedContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url

    @pytest.fixture
    def locked(self, postgres: PostgresServer, url: str) -> Callable[[], AbstractContextManager[object]]:
        return lambda: locked(postgres, url)

    @pytest.fixture
    def remove(self, postgres: PostgresServer, url: str) -> Callable[[int], None]:
        def remove(position: int) -> None:
            with postgres.connect(url) as other:
                other.execute("DELETE FROM agent_supervisor.stored_events WHERE notification_id = %s", (position,))

        return remove


async def test_the_server_tells_its_version(postgres: PostgresServer, postgres_url: str) -> None:
    with postgres.connect() as connection:
        version = connection.info.server_version // 10_000
    async with await EventStore.open(postgres_url) as store:
        assert (await store.probe()).version.startswith(f"PostgreSQL {version}.")


async def test_what_can_not_be_reached_is_told_with_what_to_do(postgres: PostgresServer) -> None:
    for parts, message in (
        ({"path": "/no-such-database"}, "the database does not exist"),
        ({"netloc": f"nobody-known@{urlsplit(postgres.url).netloc.rpartition('@')[2]}"}, "may not log in|password"),
        ({"netloc": "someone@127.0.0.1:1"}, "can't be reached"),
        ({"netloc": "someone@no-such-host.invalid"}, "can't be reached"),
    ):
        with pytest.raises(StoreUnavailable, match=message) as caught:
            await EventStore.open(altered(postgres.url, **parts), timeout=4)
        assert caught.value.todo
        assert "@" not in str(caught.value)


async def test_passwords_are_never_told(postgres: PostgresServer, postgres_url: str) -> None:
    if postgres.process is None:
        pytest.skip("the role with a password is made on the tests' own server")
    role, password = GUARDED
    place = urlsplit(postgres_url).netloc.rpartition("@")[2]
    with postgres.connect(postgres_url) as admin:
        admin.execute(f"GRANT CREATE ON DATABASE {urlsplit(postgres_url).path[1:]} TO {role}".encode())
    right = altered(postgres_url, netloc=f"{role}:{quote(password, safe='')}@{place}")
    async with await EventStore.open(right) as store:
        await store.append("a", [fact(1)])
        assert password not in repr(store) + repr(store.backend) + repr(vars(store.backend))
    with postgres.connect(postgres_url) as admin:
        admin.execute(f"REVOKE CREATE ON DATABASE {urlsplit(postgres_url).path[1:]} FROM {role}".encode())
    for url, kind in (
        (altered(postgres_url, netloc=f"{role}:not-the-secret@{place}"), StoreUnavailable),
        (altered(postgres_url, netloc=f"{role}@{place}", query="password=not-the-secret"), StoreUnavailable),
        (f"postgresql://{role}:not/the-secret@{place}/db", ConfigurationError),
        (f"postgresql://{role}:1/not-the-secret@{place}/db", ConfigurationError),
        (f"postgresql://{role}:not@the-secret@{place}/db", ConfigurationError),
        (f"postgresql://{role}:not-the-secret@{place}/db?what=1", ConfigurationError),
        (f"postgresql://{role}:not-the-secret@{place}/db?schema=Bad;", ConfigurationError),
        (f"postgresql://[{role}:not-the-secret@{place}/db", ConfigurationError),
        (f"mysql://{place}/db?password=not-the-secret", ConfigurationError),
        (f"postgresql+driver://{role}:not-the-secret@{place}/db", ConfigurationError),
    ):
        with pytest.raises(kind) as caught:
            await EventStore.open(url)
        assert "secret" not in str(caught.value)
        assert caught.value.todo


async def test_a_role_without_the_right_to_make_tables_is_told(postgres: PostgresServer, postgres_url: str) -> None:
    if postgres.process is None:
        pytest.skip("the role is made on the tests' own server")
    role, password = GUARDED
    netloc = f"{role}:{quote(password, safe='')}@{urlsplit(postgres_url).netloc.rpartition('@')[2]}"
    with pytest.raises(StoreUnavailable, match="lacks a right") as caught:
        await EventStore.open(altered(postgres_url, netloc=netloc))
    assert "GRANT" in caught.value.todo


async def test_two_schemas_are_two_logs(postgres_url: str) -> None:
    other = altered(postgres_url, query="schema=another_team")
    async with await EventStore.open(postgres_url) as one, await EventStore.open(other) as two:
        await one.append("a", [fact(1)])
        assert (await one.head(), await two.head()) == (1, 0)
        assert one.backend.identity != two.backend.identity


async def test_a_log_of_a_newer_version_is_left_alone(postgres: PostgresServer, postgres_url: str) -> None:
    async with await EventStore.open(postgres_url):
        pass
    with postgres.connect(postgres_url) as other:
        other.execute("UPDATE agent_supervisor.log SET schema_version = 2")
    with pytest.raises(StoreUnavailable, match="newer version"):
        await EventStore.open(postgres_url)


async def test_a_statement_that_takes_too_long_is_ended(postgres_url: str) -> None:
    def sleep(transaction: Any) -> int:
        transaction.connection.rows("SELECT pg_sleep(30)")
        return 0

    async with await EventStore.open(postgres_url, timeout=1) as store:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="took too long"):
            await store.execute(sleep, 20)
        assert time.monotonic() - began < BOUND
        assert await store.append("a", [fact(1)]) == 1


async def test_a_refused_append_leaves_no_gap(postgres_url: str) -> None:
    async with await EventStore.open(postgres_url) as store:
        await store.append("a", [fact(1)])

        def fails(transaction: Any) -> int:
            transaction.insert([("a", 2, "t", b"x"), ("a", 3, "t", b"x")], {})
            raise StoreError("no")

        with pytest.raises(StoreError, match="no"):
            await store.execute(fails)
        assert await store.append("a", [fact(2)], 1) == 2
        assert (await verify(store)).ok


async def test_commits_are_forced_to_the_disk_whatever_the_role_has_set(
    postgres: PostgresServer, postgres_url: str
) -> None:
    def look(transaction: Any) -> int:
        settings.update(transaction.connection.rows("SELECT name, setting FROM pg_settings"))
        return 0

    for there, expected in (("off", "on"), ("remote_apply", "remote_apply")):
        settings: dict[str, str] = {}
        with postgres.connect(postgres_url) as admin:
            database = urlsplit(postgres_url).path[1:]
            admin.execute(f"ALTER DATABASE {database} SET synchronous_commit TO {there}".encode())
        async with await EventStore.open(postgres_url, timeout=4) as store:
            await store.execute(look)
        assert settings["synchronous_commit"] == expected
        assert (settings["lock_timeout"], settings["statement_timeout"]) == ("2000", "2400")
        assert settings["idle_in_transaction_session_timeout"] == "5000"
    with postgres.connect(postgres_url) as admin:
        admin.execute(f"ALTER DATABASE {database} RESET synchronous_commit".encode())


async def test_nothing_of_the_library_works_in_the_database(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its functions in the database let readers pass over events that are committed late."""
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")
    async with await EventStore.open(postgres_url) as store:
        await store.append("a", [fact(1)])
    with postgres.connect(postgres_url) as other:
        made = "SELECT count(*) FROM {} JOIN pg_namespace n ON n.oid = {} WHERE nspname LIKE 'agent_supervisor%%'"
        assert other.execute(made.format("pg_proc", "pronamespace").encode()).fetchone() == (0,)


def test_the_hosts_loggers_keep_their_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from events.persistence import open_backend

    for name in [name for name in sys.modules if name.startswith("eventsourcing.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "events.persistence.postgres", raising=False)
    logger = logging.getLogger("psycopg.pool")
    monkeypatch.setattr(logger, "level", logging.INFO)
    with pytest.raises(StoreUnavailable):
        open_backend("postgresql://someone@127.0.0.1:1/x", 1.0)
    assert logger.level == logging.INFO


async def test_a_missing_driver_is_told_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="psycopg is not installed") as caught:
        await EventStore.open("postgresql://someone@127.0.0.1:1/x")
    assert "[postgres]" in caught.value.todo


async def test_a_database_in_another_encoding_is_refused(postgres: PostgresServer) -> None:
    name = "latin"
    with postgres.connect() as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        admin.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0".encode())
    with pytest.raises(StoreUnavailable, match="encoded in LATIN1"):
        await EventStore.open(altered(postgres.url, path=f"/{name}"))
    with postgres.connect() as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


async def test_what_the_server_lacks_is_an_error_of_the_store(postgres: PostgresServer, postgres_url: str) -> None:
    async with await EventStore.open(postgres_url) as store:
        await store.append("a", [fact(1)])
        with postgres.connect(postgres_url) as other:
            other.execute("DROP SCHEMA agent_supervisor CASCADE")
        with pytest.raises(StoreError, match="does not exist") as caught:
            await store.read("a")
        assert isinstance(caught.value.__cause__, psycopg.Error)
        with pytest.raises(StoreError, match="does not exist"):
            await store.append("a", [fact(2)])
