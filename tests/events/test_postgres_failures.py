"""Connections cut, sessions ended, servers crashed: what was acknowledged is there, once, and nothing else is told."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import anyio
import anyio.to_thread
import pytest

from common.errors import StoreError, StoreUnavailable
from common.intents import StreamAppend
from events.catalogue.memory import FactRemembered
from events.projection import Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView
from tests.events.samples import fact
from tests.events.store_contract import blocked_writer
from tests.services.postgres_server import PostgresServer
from tests.services.tcp_proxy import TcpProxy, proxied

BOUND = 15.0
"""Seconds after which a test calls a wait unbounded."""


@pytest.fixture
async def store(postgres_url: str) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(postgres_url, timeout=5) as opened:
        yield opened


def through(proxy: TcpProxy, url: str) -> str:
    user = urlsplit(url).netloc.rpartition("@")[0]
    return urlunsplit(urlsplit(url)._replace(netloc=f"{user}@127.0.0.1:{proxy.port}"))


async def test_sessions_ended_between_two_uses_are_not_noticed(
    postgres: PostgresServer, postgres_url: str, store: EventStore
) -> None:
    views = Views(store, [CountView()])
    for number in range(3):
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(store.read, "a")
        assert await anyio.to_thread.run_sync(postgres.end_sessions, postgres_url) >= 1
        assert await store.append("a", [fact(number)], number) == number + 1
        assert len(await store.read("a")) == number + 1
        postgres.end_sessions(postgres_url)
        assert (await views.get("counts", ("all", "-")) or {})["events"] == number + 1
    await views.close()


async def test_a_session_ended_within_an_append_fails_that_append_only(
    postgres: PostgresServer, postgres_url: str, store: EventStore
) -> None:
    def end_own_session(transaction: object) -> int:
        transaction.insert([("a", 1, "t", b"x")], {})  # type: ignore[attr-defined]
        postgres.end_sessions(postgres_url, "% writer")
        return 1

    with pytest.raises(StoreUnavailable, match=r"nothing was appended|session"):
        await store.execute(end_own_session)
    assert await store.head() == 0
    assert await store.append("a", [fact(1)], 0) == 1


@pytest.mark.parametrize("passing", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("number", [1, 3])
async def test_a_commit_whose_answer_is_lost_is_looked_up(
    postgres: PostgresServer, postgres_url: str, passing: bool, number: int
) -> None:
    with proxied(urlsplit(postgres.url).port or 5432) as proxy:
        async with await EventStore.open(through(proxy, postgres_url), timeout=5) as store:
            await store.append("a", [fact(0)])
            proxy.passing, proxy.cut_at = passing, b"COMMIT\x00"
            events = [fact(n) for n in range(number)]
            if passing:
                assert await store.append("a", events, 1) == number + 1
            else:
                with pytest.raises(StoreUnavailable, match="nothing was appended"):
                    await store.append("a", events, 1)
            assert proxy.cuts == 1
            assert await store.append("a", [fact(9)], number + 1 if passing else 1) == (number + 2 if passing else 2)
            assert (await verify(store)).ok


async def test_a_commit_that_can_not_be_looked_up_is_told_as_such(postgres: PostgresServer, postgres_url: str) -> None:
    with proxied(urlsplit(postgres.url).port or 5432) as proxy:
        async with await EventStore.open(through(proxy, postgres_url), timeout=1) as store:
            await store.append("a", [fact(0)])
            proxy.refusing, proxy.cut_at = True, b"COMMIT\x00"
            with pytest.raises(StoreUnavailable, match="whether it was written is not known") as caught:
                await store.append("a", [fact(1)])
            assert "Read the stream" in caught.value.todo
            proxy.refusing = False
            assert await store.append("a", [fact(2)], 2) == 3


async def test_a_commit_is_looked_up_only_when_the_old_session_is_over(
    postgres: PostgresServer, postgres_url: str
) -> None:
    """The server may still be at the commit when its client has lost it already."""
    with proxied(urlsplit(postgres.url).port or 5432) as proxy:
        async with await EventStore.open(through(proxy, postgres_url), timeout=6) as store:
            await store.append("a", [fact(0)])
            with postgres.connect(postgres_url) as slow:  # a deferred trigger makes the commit take a while
                slow.execute(
                    """
                    CREATE FUNCTION agent_supervisor.slow() RETURNS trigger LANGUAGE plpgsql
                        AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
                    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON agent_supervisor.stored_events
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION agent_supervisor.slow()
                    """
                )
            proxy.cut_at = b"COMMIT\x00"
            assert await store.append("a", [fact(1)], 1) == 2
            assert len(await store.read("a")) == 2


async def test_following_goes_on_when_its_session_is_ended(
    postgres: PostgresServer, postgres_url: str, store: EventStore
) -> None:
    seen: list[int] = []
    with anyio.fail_after(BOUND):
        async with await EventStore.open(postgres_url) as other, aclosing(store.follow()) as events:
            for number in range(40):
                await other.append("a", [fact(number)])
                if number % 5 == 0:
                    ended = "% listener" if number % 2 else "%"
                    await anyio.to_thread.run_sync(postgres.end_sessions, postgres_url, ended)
                if number % 3 == 0:
                    continue
                while len(seen) <= number:
                    seen.append((await anext(events)).position)
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) >= 38


async def test_a_listening_session_comes_back(postgres: PostgresServer, postgres_url: str, store: EventStore) -> None:
    def listeners() -> int:
        with postgres.connect(postgres_url) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name LIKE '%% listener' AND query LIKE 'LISTEN%%'",
                (),
            ).fetchone()
            return 0 if row is None else int(row[0])

    async with aclosing(store.follow()) as events:
        for number in range(3):
            await store.append("a", [fact(number)])
            assert (await anext(events)).position == number + 1
            with anyio.fail_after(BOUND):
                while await anyio.to_thread.run_sync(listeners) != 1:
                    await anyio.sleep(0.02)
            assert postgres.end_sessions(postgres_url, "% listener") == 1
    assert listeners() <= 1


class Load:
    """Tasks that append for as long as they are let, and what was acknowledged to them."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.unknown: list[str] = []
        self.stop = False

    async def run(self, name: str) -> None:
        number = 0
        while not self.stop:
            number += 1
            one, other = f"{name}-{number}", f"{name}-{number}-shared"
            try:
                await self.store.append(
                    [StreamAppend(f"own/{name}", [fact(0, one)]), StreamAppend("shared", [fact(0, other)])]
                )
            except StoreUnavailable as error:
                (self.unknown if "not known" in error.what else self.refused).extend((one, other))
                await anyio.sleep(0.02)
            else:
                self.acknowledged += [one, other]

    async def check(self, store: EventStore) -> None:
        found: Counter[str] = Counter()
        after = 0
        while page := await store.read_all(after):
            found.update(entry.event.text for entry in page if isinstance(entry.event, FactRemembered))
            after = page[-1].position
        assert set(self.acknowledged) <= set(found)
        assert not set(self.refused) & set(found)
        assert max(found.values()) == 1


async def test_a_server_that_crashes_under_load(postgres: PostgresServer, postgres_url: str) -> None:
    if postgres.process is None:
        pytest.skip("the server is not the tests' own")
    followed: list[int] = []
    async with (
        await EventStore.open(postgres_url, timeout=8) as store,
        await EventStore.open(postgres_url, timeout=60) as other,
    ):
        load = Load(store)
        views = Views(other, [CountView(), FactView()], page_size=50)

        async def follow() -> None:
            async for entry in other.follow():
                followed.append(entry.position)

        async def look() -> None:
            while not load.stop:
                try:
                    await views.get("counts", ("all", "-"))
                except StoreError:
                    await anyio.sleep(0.02)

        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(load.run, str(number))
            group.start_soon(follow)
            group.start_soon(look)
            for _ in range(3):
                so_far = len(load.acknowledged)
                with anyio.fail_after(BOUND):
                    while len(load.acknowledged) < so_far + 50:
                        await anyio.sleep(0.02)
                await anyio.to_thread.run_sync(postgres.crash)
            load.stop = True
            with anyio.fail_after(BOUND):
                while len(followed) < await other.head():
                    await anyio.sleep(0.02)
            group.cancel_scope.cancel()
        await load.check(other)
        assert followed == list(range(1, len(followed) + 1))
        assert (await verify(other, views)).ok
        await views.close()


async def test_sessions_ended_under_load_lose_and_double_nothing(postgres: PostgresServer, postgres_url: str) -> None:
    """The one that writes, the one that listens, those that read and fold, again and again."""
    followed: list[int] = []
    async with (
        await EventStore.open(postgres_url, timeout=8) as store,
        await EventStore.open(postgres_url, timeout=60) as other,
    ):
        load = Load(store)
        views = Views(other, [CountView(), FactView()], page_size=50)

        async def follow() -> None:
            async for entry in other.follow():
                followed.append(entry.position)

        async def fold() -> None:
            while not load.stop:
                with contextlib.suppress(StoreUnavailable):
                    await views.catch_up()
                await anyio.sleep(0.01)

        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(load.run, str(number))
            group.start_soon(follow)
            group.start_soon(fold)
            for session in ("% writer", "% listener", "% reader", "%") * 3:
                so_far = len(load.acknowledged)
                await anyio.to_thread.run_sync(postgres.end_sessions, postgres_url, session)
                with anyio.fail_after(BOUND):
                    while len(load.acknowledged) < so_far + 20:
                        await anyio.sleep(0.01)
            load.stop = True
            with anyio.fail_after(BOUND):
                while len(followed) < await head_of(other):
                    await anyio.sleep(0.02)
            group.cancel_scope.cancel()
        await load.check(other)
        assert followed == list(range(1, len(followed) + 1))
        assert (await verify(other, views)).ok
        await views.close()


async def head_of(store: EventStore) -> int:
    """The end of the log, also when a session that was ended is noticed only now."""
    with contextlib.suppress(StoreUnavailable):
        return await store.head()
    return await store.head()


async def test_a_server_that_answers_nothing_is_told_in_bounded_time(
    postgres: PostgresServer, postgres_url: str
) -> None:
    if postgres.process is None:
        pytest.skip("the server is not the tests' own")
    async with await EventStore.open(postgres_url, timeout=1) as store:
        await store.append("a", [fact(1)])
        await store.read("a")
        postgres.pause()
        try:
            with anyio.fail_after(BOUND):
                with pytest.raises(StoreUnavailable):
                    await store.append("a", [fact(2)])
                with pytest.raises(StoreUnavailable, match=r"no answer|reached"):
                    await store.read("a")
        finally:
            postgres.resume()
        with anyio.fail_after(BOUND):
            while True:
                try:
                    version = await store.version("a")
                    break
                except StoreUnavailable:
                    await anyio.sleep(0.05)
        assert await store.append("a", [fact(3)], version) == version + 1


FROZEN = """
import sys
import anyio
from common.errors import StoreError
from events.store import EventStore
from tests.events.samples import fact

async def main(url: str, patience: str) -> None:
    async with await EventStore.open(url, timeout=4) as store:
        await store.append("a", [fact(0, "before")])

        def freeze(transaction) -> int:
            position = transaction.insert([("frozen", 1, "t", b"x")], {})
            transaction.connection.script("SET LOCAL idle_in_transaction_session_timeout TO " + patience)
            print("in the middle", flush=True)
            sys.stdin.readline()
            return position

        try:
            await store.execute(freeze, 60)
        except StoreError as error:
            print(error.what, flush=True)
        else:
            print("written", flush=True)

anyio.run(main, *sys.argv[1:])
"""


@pytest.mark.parametrize("ended_by", ["an administrator", "the server"])
async def test_a_frozen_writer_changes_nothing_when_it_wakes(
    postgres: PostgresServer, postgres_url: str, ended_by: str
) -> None:
    patience = "500" if ended_by == "the server" else "20000"
    process = subprocess.Popen(  # noqa: ASYNC220 - it is to be stopped and woken
        [sys.executable, "-c", FROZEN, postgres_url, patience],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await anyio.to_thread.run_sync(process.stdout.readline) == "in the middle\n"
        process.send_signal(signal.SIGSTOP)
        async with await EventStore.open(postgres_url, timeout=20) as store:
            if ended_by == "an administrator":
                postgres.end_sessions(postgres_url, "% writer")
            assert await store.append("a", [fact(1, "meanwhile")], 1) == 2
            process.stdin.write("\n")
            process.stdin.flush()
            process.send_signal(signal.SIGCONT)
            told = await anyio.to_thread.run_sync(process.stdout.readline)
            assert "session" in told or "lost" in told
            assert await store.version("frozen") == 0
            assert await store.head() == 2
            assert (await verify(store)).ok
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


async def test_a_store_that_is_closed_leaves_no_session(postgres: PostgresServer, postgres_url: str) -> None:
    others = set(threading.enumerate())
    async with await EventStore.open(postgres_url) as store:
        views = Views(store, [CountView()])
        await store.append("a", [fact(1)])
        await views.get("counts", ("all", "-"))
        async with aclosing(store.follow()) as events:
            await anext(events)
        ownership = await store.ownership()
        await views.close()
        await anyio.to_thread.run_sync(ownership.release)
    deadline = time.monotonic() + BOUND
    while postgres.end_sessions(postgres_url):
        assert time.monotonic() < deadline
    own = set(threading.enumerate()) - others
    assert not [thread for thread in own if thread.name.startswith("event-store-")]


async def test_a_blocked_writer_blocks_no_reader(store: EventStore) -> None:
    await store.append("a", [fact(1)])
    async with blocked_writer(store):
        assert len(await store.read("a")) == 1
        assert await store.head() == 1


@pytest.mark.parametrize("payload", ["", "nonsense", "-1", "9" * 15, "9" * 5_000])
async def test_what_others_tell_on_the_channel_does_no_harm(
    postgres: PostgresServer, postgres_url: str, store: EventStore, payload: str
) -> None:
    async with await EventStore.open(postgres_url) as other, aclosing(store.follow()) as events:
        with anyio.fail_after(BOUND), postgres.connect(postgres_url) as stranger:
            for number in range(5):
                stranger.execute("SELECT pg_notify('agent_supervisor_appended', %s)", (payload,))
                await other.append("a", [fact(number)])
                assert (await anext(events)).position == number + 1
        assert store.known_head <= 5


async def test_following_tells_when_the_log_stays_away(postgres: PostgresServer, postgres_url: str) -> None:
    with proxied(urlsplit(postgres.url).port or 5432) as proxy:
        async with (
            await EventStore.open(through(proxy, postgres_url), timeout=1) as store,
            aclosing(store.follow()) as events,
        ):
            await store.append("a", [fact(1)])
            assert (await anext(events)).position == 1
            proxy.close()
            with anyio.fail_after(BOUND), pytest.raises(StoreUnavailable, match=r"reached|lost"):
                await anext(events)
