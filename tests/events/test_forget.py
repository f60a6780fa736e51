"""Forgetting a tenant: what is encrypted under its keys is unreadable, everywhere and for ever, and nothing else is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.blob import Blob
from common.errors import ConfigurationError, StoreUnavailable
from events.catalogue.agent import AgentDisabled
from events.catalogue.log import TenantForgotten
from events.codec import FORGOTTEN
from events.forget import ForgetReport, forget_tenant
from events.key_folder import KeyFolder
from events.keys import KeyService, MemoryKeys
from events.persistence.sqlite_connection import connect
from events.projection import RecordedEvent, Row, Views
from events.recorded import Erased
from events.store import EventStore
from events.transfer import export_lines, import_lines
from events.verify import verify
from tests.events.encrypted import FailingKeys, files_with
from tests.events.example_views import CountView, FactView
from tests.events.forget_process import STEPS
from tests.events.samples import fact

SECRET = "planted-secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(folder: Path) -> KeyFolder:
    return KeyFolder(folder)


@asynccontextmanager
async def opened(url: str, keys: KeyService, **options: Any) -> AsyncGenerator[tuple[EventStore, Views]]:
    async with await EventStore.open(url, keys=keys, timeout=5, **options) as store:
        views = Views(store, [FactView(), CountView()], page_size=10)
        try:
            yield store, views
        finally:
            await views.close()


async def fill(store: EventStore, views: Views) -> None:
    """Facts of two tenants, taken by the views."""
    for number in range(5):
        await store.append("facts", [fact(number, f"{SECRET} {number}", user="ann")], tenant="acme")
        await store.append("others", [fact(100 + number, f"kept {number}", user="bob")], tenant="other")
    await store.append("agent/x", [AgentDisabled(name="x", reason="about the system")], tenant="acme")
    await views.catch_up()


async def check_forgotten(store: EventStore, views: Views) -> None:
    """What holds once the tenant of `fill` is forgotten."""
    assert [type(entry.event) for entry in await store.read("facts")] == [Erased] * 5
    assert [entry.event for entry in await store.read("others")] == [
        fact(100 + number, f"kept {number}", user="bob") for number in range(5)
    ]
    assert [entry.tenant for entry in await store.read("facts")] == ["acme"] * 5
    assert (await store.read("agent/x"))[0].event == AgentDisabled(name="x", reason="about the system")
    assert {row["tenant"] for row in await views.query("facts")} == {"other"}
    assert [row["name"] for row in await views.query("counts", {"name": "ann"})] == []
    assert await views.parked() == []
    report = await verify(store, views)
    assert (report.ok, report.problems, report.erased >= 5) == (True, [], True)


async def test_a_forgotten_tenant_is_gone_and_nobody_else(url: str, keys: KeyFolder) -> None:
    async with opened(url, keys) as (store, views):
        await fill(store, views)
        before = keys.keys_of("acme")
        report = await forget_tenant(store, views, "acme", by="ann", reason="they asked")
        assert (report.events, report.newly, report.keys, report.readable, report.blobs) == (5, 5, 1, 0, 0)
        assert report.is_complete
        assert {view.name for view in report.views} == {"facts", "counts"}
        await check_forgotten(store, views)
        assert keys.keys_of("acme") == []
        (told,) = await store.read(FORGOTTEN)
        assert told.event == TenantForgotten(tenant="acme", keys=before, by="ann", reason="they asked")


async def test_forgetting_again_changes_nothing(url: str, keys: KeyFolder) -> None:
    async with opened(url, keys) as (store, views):
        await fill(store, views)
        await forget_tenant(store, views, "acme")
        head = await store.head()
        report = await forget_tenant(store, views, "acme")
        assert (report.events, report.newly, report.keys) == (5, 0, 0)
        assert await store.head() == head
        await check_forgotten(store, views)
        assert (await forget_tenant(store, views, "nobody")).events == 0


async def test_a_tenant_that_comes_back_has_a_new_key(url: str, keys: KeyFolder) -> None:
    async with opened(url, keys) as (store, views):
        await fill(store, views)
        (old,) = keys.keys_of("acme")
        await forget_tenant(store, views, "acme")
        await store.append("facts", [fact(7, "back again")], 5, tenant="acme")
        assert keys.keys_of("acme") != [old]
        assert (await store.read("facts"))[-1].event == fact(7, "back again")
        assert [row["text"] for row in await views.query("facts", {"tenant": "acme"})] == ["back again"]
        report = await forget_tenant(store, views, "acme")
        assert (report.events, report.newly, report.keys) == (6, 1, 1)
        assert await views.query("facts", {"tenant": "acme"}) == []
        assert (await verify(store, views)).ok


async def test_rotated_keys_are_all_forgotten(url: str, keys: KeyFolder) -> None:
    async with opened(url, keys) as (store, views):
        await store.append("a", [fact(1)], tenant="acme")
    keys.rotate("acme")
    async with opened(url, keys) as (store, views):
        await store.append("a", [fact(2)], tenant="acme")
        report = await forget_tenant(store, views, "acme")
        assert report.keys == 2
        assert keys.keys_of("acme") == []
        assert all(isinstance(entry.event, Erased) for entry in await store.read("a"))


async def test_blobs_go_with_their_tenant(url: str, keys: KeyFolder) -> None:
    async with opened(url, keys) as (store, views):
        blob = Blob(SECRET.encode())
        await store.append("a", [fact(1, blob.reference)], tenant="acme", blobs=[blob])
        (entry,) = await store.read("a")
        name = getattr(entry.event, "text", "")
        assert await store.blob(name) == SECRET.encode()
        report = await forget_tenant(store, views, "acme")
        assert (report.blobs, report.readable_blobs) == (1, 0)
        assert await store.blob(name) is None
        assert (await verify(store, views)).ok


async def test_what_was_stored_before_encryption_is_told(url: str, keys: KeyFolder) -> None:
    async with opened(url, keys) as (store, views):
        store_plain = EventStore(store.backend, queue_size=10, timeout=5, clock=store._clock, codec=store.codec)  # pyright: ignore[reportPrivateUsage]
        await store_plain.append("a", [fact(1), fact(2)], tenant="acme")
        await store_plain.append("agent/x", [AgentDisabled(name="x")], tenant="acme")
        await store.append("a", [fact(3)], tenant="acme")
        report = await forget_tenant(store, views, "acme")
        assert (report.readable, report.newly, report.is_complete) == (2, 1, False)
        assert [entry.event for entry in (await store.read("a"))[:2]] == [fact(1), fact(2)]
        assert {row["fact"] for row in await views.query("facts")} == {"1", "2"}


async def test_a_store_without_keys_says_so() -> None:
    async with await EventStore.open("memory://") as store:
        with pytest.raises(ConfigurationError, match="no keys"):
            await forget_tenant(store, Views(store), "acme")


async def test_keys_that_were_lost_can_be_given_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    async with opened(url, KeyFolder(tmp_path / "lost")) as (store, views):
        await fill(store, views)
    keys = KeyFolder(tmp_path / "fresh")
    async with opened(url, keys, allow_missing_keys=True) as (store, views):
        for tenant in ("acme", "other"):
            report = await forget_tenant(store, views, tenant)
            assert (report.newly, report.keys) == (5, 1)
    async with opened(url, keys) as (store, views):
        await store.append("facts", [fact(9)], 5, tenant="acme")
        assert (await verify(store, views)).ok
        assert await views.parked() == []


async def test_a_service_that_fails_to_destroy_is_told_and_tried_again() -> None:
    class Refusing(MemoryKeys):
        refuses = True

        def destroy(self, key_ids: Any) -> None:
            if self.refuses:
                raise StoreUnavailable("the key server can't be reached")
            super().destroy(key_ids)

    keys = Refusing()
    async with opened("memory://", keys) as (store, views):
        await fill(store, views)
        with pytest.raises(StoreUnavailable, match="can't be reached"):
            await forget_tenant(store, views, "acme")
        assert keys.keys_of("acme") != []
        assert all(isinstance(entry.event, Erased) for entry in await store.read("facts"))
        with pytest.raises(StoreUnavailable):
            await store.append("facts", [fact(9)], tenant="acme")  # nobody could say which key is the new one
        keys.refuses = False
        await forget_tenant(store, views, "acme")
        assert keys.keys_of("acme") == []
        await check_forgotten(store, views)


async def test_the_service_is_not_asked_by_those_who_do_not_need_it() -> None:
    keys = FailingKeys()
    async with opened("memory://", keys) as (store, views):
        await fill(store, views)
        await forget_tenant(store, views, "acme")
        keys.down = True
        assert all(isinstance(entry.event, Erased) for entry in await store.read("facts"))


# Files


async def test_no_file_keeps_what_was_forgotten(tmp_path: Path, keys: KeyFolder) -> None:
    async with opened(f"sqlite:///{tmp_path / 'events.db'}", keys) as (store, views):
        await fill(store, views)
        await views.query("facts")
        database: Any = views._database  # pyright: ignore[reportPrivateUsage]
        database._writer.execute("PRAGMA secure_delete = OFF")  # which some builds of SQLite have on
        for number in range(50):  # rows that come and go leave free pages behind
            await store.append("facts", [fact(number, f"{SECRET} {'long' * 200}", user=SECRET)], tenant="acme")
            await views.catch_up()
        await views.rebuild("facts")
        assert files_with(tmp_path, SECRET) != []  # else this shows nothing
        secrets = [json.loads(path.read_text())["secret"] for path in (tmp_path / "keys").glob("*.key")]
        acme = keys.keys_of("acme")[0]
        secret = json.loads((tmp_path / "keys" / f"{acme}.key").read_text())["secret"]
        await forget_tenant(store, views, "acme")
        assert files_with(tmp_path, SECRET) == []
        assert files_with(tmp_path, "kept 1") != []
        assert files_with(tmp_path, secret) == []
        assert len(secrets) == 2


async def test_a_reader_who_holds_the_views_up_is_told(tmp_path: Path, keys: KeyFolder) -> None:
    async with opened(f"sqlite:///{tmp_path / 'events.db'}", keys) as (store, views):
        await fill(store, views)
        views_file = tmp_path / "events-views.db"
        reader = connect(views_file, 1.0, synchronous="NORMAL")
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM slots").fetchall()
        views._open()._timeout = 0.2  # pyright: ignore
        with pytest.raises(StoreUnavailable, match="while somebody reads"):
            await forget_tenant(store, views, "acme")
        reader.close()
        await forget_tenant(store, views, "acme")
        assert files_with(tmp_path, SECRET) == []


class OtherView(FactView):
    """A view that the process which forgets does not know."""

    name = "of_another_program"


class OlderView(FactView):
    """The same view as another version of the code has it."""

    version = 9


async def test_tables_of_views_that_are_not_known_here_go_too(url: str, keys: KeyFolder, tmp_path: Path) -> None:
    async with await EventStore.open(url, keys=keys) as store:
        beside = Views(store, [OtherView()])
        older = Views(store, [OlderView()])
        views = Views(store, [FactView(), CountView()])
        if url == "memory://":  # each has a database of its own there
            beside._database = older._database = await store.run(views._open)  # pyright: ignore[reportPrivateUsage]
        await fill(store, views)
        assert len(await beside.query("of_another_program")) == len(await older.query("facts")) == 10
        await forget_tenant(store, views, "acme")
        assert {row["tenant"] for row in await beside.query("of_another_program")} == {"other"}
        assert {row["tenant"] for row in await older.query("facts")} == {"other"}
        assert files_with(tmp_path, SECRET) == []
        for each in (views, beside, older):
            await each.close()


class QuotingView(FactView):
    """A view whose errors quote what they could not take."""

    name = "quoting"

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        raise ValueError(f"what is {getattr(event.event, 'text', '')}?")


async def test_errors_of_parked_events_are_forgotten_too(tmp_path: Path, keys: KeyFolder) -> None:
    async with await EventStore.open(f"sqlite:///{tmp_path / 'events.db'}", keys=keys) as store:
        views = Views(store, [QuotingView()])
        await store.append("a", [fact(1, SECRET)], tenant="acme")
        (parked,) = await views.parked()
        assert SECRET in parked.error
        await forget_tenant(store, views, "acme")
        assert await views.parked() == []
        assert files_with(tmp_path, SECRET) == []
        await views.close()


# Exports


async def test_an_export_made_before_can_not_be_read_elsewhere(tmp_path: Path, keys: KeyFolder) -> None:
    async with opened(f"sqlite:///{tmp_path / 'events.db'}", keys) as (store, views):
        await fill(store, views)
        lines = [line async for line in export_lines(store)]
        assert not any(SECRET in line for line in lines)
        await forget_tenant(store, views, "acme")
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    async with opened(elsewhere, keys, allow_missing_keys=True) as (store, views):
        await import_lines(store, lambda: lines)
        assert not any(entry.event == fact(0, f"{SECRET} 0", user="ann") for entry in await store.read("facts"))
        assert [getattr(entry.event, "problem", "")[:8] for entry in await store.read("facts")] == ["its key "] * 5
        assert (await store.read("others"))[0].event == fact(100, "kept 0", user="bob")
        report = await forget_tenant(store, views, "acme")  # there, too, somebody says that it is meant
        assert report.newly == 5
        await check_forgotten(store, views)


async def test_an_export_made_after_says_what_was_forgotten(tmp_path: Path, keys: KeyFolder) -> None:
    async with opened(f"sqlite:///{tmp_path / 'events.db'}", keys) as (store, views):
        await fill(store, views)
        await forget_tenant(store, views, "acme")
        lines = [line async for line in export_lines(store)]
    async with opened(f"sqlite:///{tmp_path / 'elsewhere.db'}", keys) as (store, views):
        await import_lines(store, lambda: lines)
        await check_forgotten(store, views)
        assert [line async for line in export_lines(store)] == lines


# Others at work


async def test_another_store_goes_on_under_a_new_key(url: str, keys: KeyFolder) -> None:
    if url == "memory://":
        pytest.skip("a log in memory has one store")
    async with opened(url, keys) as (store, views), opened(url, KeyFolder(keys.path)) as (other, other_views):
        await fill(store, views)
        assert len(await other_views.query("facts", {"tenant": "acme"})) == 5
        await other.append("facts", [fact(8, "before")], tenant="acme")  # its key is at hand there
        await forget_tenant(store, views, "acme")
        await other.append("facts", [fact(9, "after")], 6, tenant="acme")
        recorded = await other.read("facts")
        assert [type(entry.event) for entry in recorded[:6]] == [Erased] * 6
        assert recorded[6].event == (await store.read("facts"))[6].event == fact(9, "after")
        assert [row["text"] for row in await other_views.query("facts", {"tenant": "acme"})] == ["after"]
        assert (await verify(other, other_views)).ok


@pytest.mark.parametrize("check", [True, False])
async def test_a_rebuild_that_began_before_does_not_bring_the_old_back(check: bool, url: str, keys: KeyFolder) -> None:
    if url == "memory://":
        pytest.skip("a log in memory has one view database for each Views")
    async with opened(url, keys) as (store, views), opened(url, KeyFolder(keys.path)) as (_, other_views):
        await fill(store, views)
        reached, go_on = anyio.Event(), anyio.Event()
        fill_table = other_views._rebuilder._fill  # pyright: ignore[reportPrivateUsage]

        async def held(*arguments: Any) -> Any:
            slot = await fill_table(*arguments)
            if not reached.is_set():
                reached.set()
                await go_on.wait()
            return slot

        other_views._rebuilder._fill = held  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: other_views.rebuild("facts", check=check))
            with anyio.fail_after(10):
                await reached.wait()
                await forget_tenant(store, views, "acme")
            go_on.set()
        await check_forgotten(store, views)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_process_beside_it_goes_on(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, keys: KeyFolder
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else f"sqlite:///{tmp_path / 'events.db'}"
    command = [sys.executable, "-m", "tests.events.forget_process", "beside", url, str(keys.path), "acme"]
    start = partial(subprocess.Popen[str], command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    async with opened(url, keys) as (store, views):
        await fill(store, views)
        with await anyio.to_thread.run_sync(start) as beside:

            def look() -> dict[str, Any]:
                assert beside.stdin is not None
                assert beside.stdout is not None
                beside.stdin.write("\n")
                beside.stdin.flush()
                return json.loads(beside.stdout.readline())

            first = await anyio.to_thread.run_sync(look)
            assert (first["erased"], first["beside"], len(first["rows"])) == (0, ["beside 1"], 6)
            report = await forget_tenant(store, views, "acme")
            assert report.newly == 6
            second = await anyio.to_thread.run_sync(look)
            assert (second["erased"], second["events"]) == (5, 5)
            assert second["beside"] == [None, "beside 2"]
            assert second["rows"] == ["beside 2"]
            assert beside.stdin is not None
            beside.stdin.close()
            assert await anyio.to_thread.run_sync(beside.wait, 10) == 0
        assert [getattr(entry.event, "text", None) for entry in await store.read("beside")] == [None, "beside 2"]
        await check_forgotten_of_others(store, views)


async def check_forgotten_of_others(store: EventStore, views: Views) -> None:
    assert [row["text"] for row in await views.query("facts", {"tenant": "acme"})] == ["beside 2"]
    assert len(await views.query("facts", {"tenant": "other"})) == 5
    assert (await verify(store, views)).ok


# Killed on the way


@pytest.mark.parametrize(
    ("kind", "step"),
    [*(("sqlite", step) for step in STEPS), *(("postgres", step) for step in ("told", "destroyed", "scrubbing"))],
)
async def test_killed_at_any_step_it_is_finished_by_doing_it_again(
    kind: str, step: str, request: pytest.FixtureRequest, tmp_path: Path, keys: KeyFolder
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else f"sqlite:///{tmp_path / 'events.db'}"
    async with opened(url, keys) as (store, views):
        await fill(store, views)
        (key_id,) = keys.keys_of("acme")
    command = [sys.executable, "-m", "tests.events.forget_process", "forget", url, str(keys.path), "acme", step]
    died = await anyio.to_thread.run_sync(lambda: subprocess.run(command, check=False, timeout=60).returncode)
    assert died == -signal.SIGKILL
    async with opened(url, keys) as (store, views):
        recorded = await store.read("facts")
        if step == "asked":
            assert all(entry.event == fact(number, f"{SECRET} {number}") for number, entry in enumerate(recorded))
        else:
            assert [type(entry.event) for entry in recorded] == [Erased] * 5
            assert keys.get(key_id) is None
            assert not list(keys.path.glob("*.gone"))
        await store.append("back", [fact(50, "back again", user="bob")], tenant="acme")
        assert (await store.read("back"))[0].event == fact(50, "back again", user="bob")
        assert (await verify(store)).ok
        if step == "asked":
            return
        report = await forget_tenant(store, views, "acme")
        assert (report.events, report.newly, report.is_complete) == (6, 1, True)
        await check_forgotten(store, views)
        assert files_with(tmp_path, SECRET) == []


# Any sequence


TENANTS = ["a", "b", "c"]
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from(TENANTS), st.sampled_from(["s", "t", "u"])),
        st.tuples(st.just("forget"), st.sampled_from(TENANTS), st.just("")),
        st.tuples(st.just("rotate"), st.sampled_from(TENANTS), st.just("")),
        st.tuples(st.just("reopen"), st.just(""), st.just("")),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(moves=MOVES)
def test_forgotten_is_erased_and_all_else_is_readable(
    moves: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    anyio.run(play, moves, tmp_path_factory.mktemp("played"))


async def play(moves: list[tuple[str, str, str]], folder: Path) -> None:
    keys = MemoryKeys()
    url = f"sqlite:///{folder / 'events.db'}"
    expected: dict[str, list[Any]] = {}
    owners: dict[str, list[tuple[str, int]]] = {}
    stack = opened(url, keys)
    store, views = await stack.__aenter__()
    for number, (kind, tenant, stream) in enumerate(moves):
        if kind == "append":
            await store.append(stream, [fact(number, f"of {tenant}")], tenant=tenant)
            events = expected.setdefault(stream, [])
            events.append(fact(number, f"of {tenant}"))
            owners.setdefault(tenant, []).append((stream, len(events) - 1))
        elif kind == "forget":
            report: ForgetReport = await forget_tenant(store, views, tenant)
            assert report.is_complete
            for place, index in owners.get(tenant, []):
                expected[place][index] = Erased("memory.remembered", 1)
            assert report.events == sum(
                isinstance(expected[place][index], Erased) for place, index in owners.get(tenant, [])
            )
        elif kind == "rotate":
            keys.rotate(tenant)
        else:
            await stack.__aexit__(None, None, None)
            stack = opened(url, keys)
            store, views = await stack.__aenter__()
    for place, events in expected.items():
        assert [entry.event for entry in await store.read(place)] == events
    readable = {event.fact_id for events in expected.values() for event in events if not isinstance(event, Erased)}
    assert {row["fact"] for row in await views.query("facts", limit=1_000)} == readable
    verified = await verify(store, views)
    assert (verified.ok, verified.problems) == (True, [])
    assert await views.parked() == []
    await stack.__aexit__(None, None, None)
