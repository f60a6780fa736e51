"""Exports and imports: a faithful round trip, and nothing taken that was changed on the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.blob import Blob
from common.errors import StoreError
from common.intents import StreamAppend
from events.archive.backend import ArchivedBackend
from events.backend import Head, NewRow
from events.catalogue import Event
from events.catalogue.memory import FactForgotten
from events.codec import digest, dump_header, frame
from events.keys import MemoryKeys
from events.persistence.memory import MemoryBackend
from events.projection import Row, Views
from events.recorded import Unknown
from events.seal import seal_log
from events.store import EventStore
from events.transfer import Imported, export_lines, import_lines
from events.verify import verify
from tests.events.example_views import CountView, FactView
from tests.events.export_lines import changed, lines_of
from tests.events.newer import append_newer
from tests.events.samples import MOMENT, any_event, fact, names


@pytest.fixture
async def lines() -> list[str]:
    async with await EventStore.open("memory://") as store:
        await store.append("a", [fact(1, "é\n"), fact(2)], tenant="acme", correlation="t1", causation="x@1")
        await store.append([StreamAppend("b/c", [fact(3)]), StreamAppend("a", [fact(4)])])
        return await lines_of(store)


@pytest.fixture
async def empty() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as store:
        yield store


async def test_a_line_has_what_the_design_says(lines: list[str]) -> None:
    first, second = json.loads(lines[0]), json.loads(lines[1])
    assert set(first) == {"position", "stream", "version", "topic", "header", "payload"}
    assert (first["position"], first["stream"], first["version"], first["topic"]) == (1, "a", 1, "memory.remembered")
    assert first["payload"] == {"fact_id": "1", "text": "é\n", "user": "ann"}
    assert set(first["header"]) == {"schema_version", "recorded_at", "tenant", "correlation", "causation"}
    assert set(second["header"]) == {*first["header"], "previous"}
    assert all("\n" not in line for line in lines)


Appends = list[tuple[str, list[Event], list[bytes]]]


async def _fill(store: EventStore, appends: Appends) -> None:
    for stream, events, contents in appends:
        blobs = [Blob(content) for content in contents]
        naming = [fact(number, blob.reference) for number, blob in enumerate(blobs)]
        await store.append(stream, [*events, *naming], tenant=stream, blobs=blobs)


async def _damage(store: EventStore, place: int) -> None:
    """Put an event behind the others whose bytes are cut, and take one blob away."""
    stream, version = "damaged", 1
    stored = frame(stream, version, "memory.remembered", b"{}", b"{}")[: place % 12]
    row = (stream, version, "memory.remembered", stored)
    await store.execute(lambda transaction: transaction.insert([row], {stream: Head(1, digest(*row))}))
    assert isinstance(store.backend, ArchivedBackend)
    assert isinstance(store.backend.table, MemoryBackend)
    blobs = store.backend.table._blobs  # pyright: ignore[reportPrivateUsage]
    names = sorted(blobs)
    if names:
        del blobs[names[place % len(names)]]
        for name in names[place % len(names) + 1 :][:1]:
            blobs[name] = blobs[name][: place % (len(blobs[name]) + 1)]


async def _round_trip(appends: Appends, encrypted: bool, damaged: int | None) -> None:
    keys = MemoryKeys() if encrypted else None
    async with (
        await EventStore.open("memory://", keys=keys) as one,
        await EventStore.open("memory://", keys=keys) as other,
        await EventStore.open("memory://") as without,
    ):
        await _fill(one, appends)
        if damaged is not None:
            await _damage(one, damaged)
        exported = await lines_of(one)
        imported = await import_lines(other, lambda: exported)
        assert (imported.events, imported.added) == (await one.head(), await one.head())
        assert (imported.unreadable, imported.keys) == (0, ())
        assert await other.read_all() == await one.read_all()
        assert await lines_of(other) == exported
        await import_lines(without, lambda: exported)
        assert await lines_of(without) == exported
        rows = [store.backend.page(0, None, 10_000).rows for store in (one, other, without)]
        assert rows[0] == rows[1] == rows[2]
        reports = [await verify(store) for store in (one, other)]
        assert reports[0] == reports[1]
        assert reports[0].ok == (damaged is None)
        assert await import_lines(other, lambda: exported) == replace(imported, added=0)


_contents = st.lists(st.binary(max_size=40) | st.binary(min_size=1, max_size=9).map(lambda part: part * 99), max_size=2)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(names, st.lists(any_event, min_size=1, max_size=4), _contents), max_size=6),
    st.booleans(),
    st.none() | st.integers(0, 1_000),
)
def test_everything_comes_back_byte_for_byte(appends: Appends, encrypted: bool, damaged: int | None) -> None:
    """Blobs, encrypted events and damaged rows, too, whether or not the keys are there."""
    anyio.run(_round_trip, appends, encrypted, damaged)


async def test_an_imported_log_goes_on(tmp_path: Path, lines: list[str]) -> None:
    async with await EventStore.open(f"sqlite:///{tmp_path / 'events.db'}") as store:
        assert await import_lines(store, lambda: (f"{line}\n" for line in [*lines, ""])) == Imported(4, 4)
        assert await store.append("a", [fact(5)], 3) == 5
        assert (await verify(store)).ok


async def filled(store: EventStore) -> list[str]:
    """A log with everything that makes copying hard; its lines."""
    views = Views(store, [FactView(), CountView()])
    await store.append("a", [fact(1, "é\u2028"), fact(2, "poison")], tenant="acme", correlation="t1", causation="x@1")
    await store.append([StreamAppend("b/ü", [fact(3)]), StreamAppend("a", [FactForgotten(fact_id="1", user="ann")])])
    assert len(await views.parked()) == 1
    with pytest.raises(StoreError):
        await store.append("a", [fact(9)], 1)
    await append_newer(store, "a", "memory.merged", '{"new":"ü"}'.encode())
    await seal_log(store)
    await store.append("b/ü", [fact(4)])
    await views.close()
    return await lines_of(store)


@pytest.mark.parametrize("kinds", list(permutations(["memory", "sqlite", "postgres"], 2)), ids="-to-".join)
async def test_from_any_kind_of_store_into_any_other(
    request: pytest.FixtureRequest, tmp_path: Path, kinds: tuple[str, str]
) -> None:
    urls = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path / 'events.db'}"}
    if "postgres" in kinds:
        urls["postgres"] = request.getfixturevalue("postgres_url")
    async with await EventStore.open(urls[kinds[0]]) as one, await EventStore.open(urls[kinds[1]]) as other:
        lines = await filled(one)
        assert await import_lines(other, lambda: lines) == Imported(len(lines), len(lines))
        assert await lines_of(other) == lines
        assert await other.read_all() == await one.read_all()
        tables: list[list[Row]] = []
        for store in (one, other):
            views = Views(store, [FactView(), CountView()])
            tables.append([*await views.query("facts"), *await views.query("counts")])
            report = await verify(store, views)
            assert (report.ok, report.newer, report.seals, report.unsealed) == (True, 1, 1, 1)
            await views.close()
        assert tables[0] == tables[1]
        assert await import_lines(other, lambda: lines) == Imported(len(lines), 0)


async def test_pages_and_progress(tmp_path: Path, empty: EventStore) -> None:
    seen: list[tuple[int, int]] = []

    def show(done: int, whole: int) -> None:
        seen.append((done, whole))

    async with await EventStore.open(f"sqlite:///{tmp_path / 'events.db'}") as store:
        await store.append("a", [fact(number) for number in range(1_200)])
        exported = [line async for line in export_lines(store, progress=show)]
        tail = [line async for line in export_lines(store, 1_190)]
    assert seen == [(500, 1_200), (1_000, 1_200), (1_200, 1_200)]
    assert tail == exported[1_190:]
    assert await import_lines(empty, lambda: [*[""] * 700, *exported], show) == Imported(1_200, 1_200)
    assert seen[3:] == [(300, 1_200), (800, 1_200), (1_200, 1_200)]


async def test_importing_again_changes_nothing(lines: list[str], empty: EventStore) -> None:
    assert await import_lines(empty, lambda: lines) == Imported(4, 4)
    before = empty.backend.page(0, None, 100)
    assert await import_lines(empty, lambda: lines) == Imported(4, 0)
    assert await import_lines(empty, lambda: lines[:2]) == Imported(2, 0)
    assert empty.backend.page(0, None, 100) == before


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_300))
def test_an_import_that_broke_off_is_gone_on_with(there: int) -> None:
    async def go_on() -> None:
        async with await EventStore.open("memory://") as one, await EventStore.open("memory://") as other:
            for number in range(13):
                await one.append(f"s{number % 5}", [fact(number * 100 + each) for each in range(100)])
            exported = await lines_of(one)
            await import_lines(other, lambda: exported[:there])
            assert await import_lines(other, lambda: exported) == Imported(1_300, 1_300 - there)
            assert await lines_of(other) == exported

    anyio.run(go_on)


async def test_a_log_that_says_something_else_takes_no_import(lines: list[str], empty: EventStore) -> None:
    await empty.append("z", [fact(1)])
    with pytest.raises(StoreError, match=r"it is a@1, but the log has z@1 at this place \[line 1\]"):
        await import_lines(empty, lambda: lines)
    assert await empty.head() == 1


async def test_a_log_that_went_on_by_itself_takes_no_import(lines: list[str], empty: EventStore) -> None:
    await import_lines(empty, lambda: lines[:2])
    await empty.append("a", [fact(9)])
    with pytest.raises(StoreError, match=r"it is b/c@1, but the log has a@3 at this place"):
        await import_lines(empty, lambda: lines)
    with pytest.raises(StoreError, match=r"but the log has another event of that name at this place"):
        await import_lines(empty, lambda: [*lines[:2], lines[3].replace('"position": 4', '"position": 3')])
    assert await empty.head() == 3


async def test_nobody_appends_in_between(lines: list[str], empty: EventStore) -> None:
    reads: list[int] = []

    def read() -> list[str]:
        reads.append(1)
        if len(reads) == 2:
            anyio.from_thread.run(empty.append, "z", [fact(1)])
        return lines

    with pytest.raises(StoreError, match="somebody else appended"):
        await import_lines(empty, read)
    assert await empty.head() == 1


@pytest.mark.parametrize(
    ("number", "change", "message"),
    [
        (2, "not json", "Invalid JSON"),
        (2, "[]", "should be an object"),
        (2, {"position": 1}, "position"),
        (2, {"version": 3}, "version 1 before version 3"),
        (2, {"more": 1}, "Extra inputs"),
        (2, {"header": None}, "neither"),
        (2, {"stored": "%%%"}, "base64"),
        (2, {"payload": {"fact_id": "2", "text": "changed", "user": "ann"}}, None),
        (1, {"payload": {"fact_id": "1", "text": "changed", "user": "ann"}}, "does not follow"),
        (1, {"topic": "other"}, "does not follow"),
    ],
)
async def test_lines_that_were_changed_are_refused(
    lines: list[str], empty: EventStore, number: int, change: str | dict[str, Any], message: str | None
) -> None:
    lines[number - 1] = change if isinstance(change, str) else changed(lines[number - 1], **change)
    with pytest.raises(StoreError, match=message or "does not follow") as caught:
        await import_lines(empty, lambda: lines)
    assert "line" in caught.value.where
    assert await empty.head() == 0


async def test_removed_and_turned_lines_are_refused(lines: list[str], empty: EventStore) -> None:
    with pytest.raises(StoreError, match="version 1 before version 3"):
        await import_lines(empty, lambda: [lines[0], lines[3]])
    with pytest.raises(StoreError, match="position"):
        await import_lines(empty, lambda: [lines[2], lines[0]])


async def test_a_bad_line_anywhere_has_nothing_imported(empty: EventStore) -> None:
    async with await EventStore.open("memory://") as store:
        await store.append("a", [fact(number) for number in range(700)])
        exported = await lines_of(store)
    with pytest.raises(StoreError, match=r"Invalid JSON.*line 601.*Nothing of this file was imported"):
        await import_lines(empty, lambda: [*exported[:600], "{"])
    assert await empty.head() == 0


async def test_a_redacted_export_is_not_taken(lines: list[str], empty: EventStore) -> None:
    first = json.loads(lines[0])
    first["header"]["redacted"] = True
    with pytest.raises(StoreError, match="it is redacted, for showing only"):
        await import_lines(empty, lambda: [json.dumps(first)])


@pytest.mark.parametrize(
    ("header", "more", "message"),
    [
        ({"schema_version": "1"}, {}, "its header has no schema_version"),
        ({"tenant": None}, {}, "its header has no tenant"),
        ({"key": "k1"}, {}, "do not belong together"),
        ({}, {"ciphertext": "YQ=="}, "do not belong together"),
        ({"key": "k1"}, {"ciphertext": "%"}, "base64"),
    ],
)
async def test_headers_that_can_not_be(
    lines: list[str], empty: EventStore, header: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    first = json.loads(lines[0])
    first["header"] |= header
    with pytest.raises(StoreError, match=message):
        await import_lines(empty, lambda: [json.dumps(first | more)])


def foreign_row(header: dict[str, Any], payload: bytes) -> NewRow:
    base = {"schema_version": 7, "recorded_at": MOMENT.isoformat(), "tenant": "acme"}
    return ("x", 1, "from.the.future", frame("x", 1, "from.the.future", dump_header(base | header), payload))


@pytest.mark.parametrize(
    ("row", "form"),
    [
        (foreign_row({}, b'{"new":[1,2.5,"\xc3\xa9"]}'), "payload"),
        (foreign_row({}, b'{ "spaced": 1e3, "n": 1.0 }'), "stored"),
        (foreign_row({}, b'{"a":1,"a":2}'), "stored"),
        (foreign_row({}, b"NaN"), "stored"),
        (foreign_row({}, b"\xff\xfe"), "stored"),
        (foreign_row({"more": [1]}, b"{}"), "payload"),
        (foreign_row({"key": "acme-1"}, b"\x00\xff\x80"), "ciphertext"),
    ],
)
async def test_events_of_newer_kinds_travel_as_they_are(empty: EventStore, row: NewRow, form: str) -> None:
    async with await EventStore.open("memory://") as one:
        await one.append("a", [fact(1)])
        await one.execute(lambda transaction: transaction.insert([row], {"x": Head(1, digest(*row))}))
        exported = await lines_of(one)
        assert form in json.loads(exported[1])
        await import_lines(empty, lambda: exported)
        assert empty.backend.page(0, None, 9).rows == one.backend.page(0, None, 9).rows
        (recorded,) = await empty.read("x")
        assert isinstance(recorded.event, Unknown)
        missing = "its key acme-1 is missing" if form == "ciphertext" else ""
        assert (recorded.event.problem, recorded.tenant) == (missing, "acme")
        assert (await verify(empty)).newer == (0 if missing else 1)


async def test_damaged_rows_travel_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with await EventStore.open(f"sqlite:///{path}") as store:
        await store.append("a", [fact(1), fact(2), fact(3)])
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE stored_events SET state = substr(state, 1, 50) WHERE rowid = 2")
    async with await EventStore.open(f"sqlite:///{path}") as one, await EventStore.open("memory://") as other:
        exported = await lines_of(one)
        assert set(json.loads(exported[1])) == {"position", "stream", "version", "topic", "stored"}
        assert await import_lines(other, lambda: exported) == Imported(3, 3)
        assert other.backend.page(0, None, 9).rows == one.backend.page(0, None, 9).rows
        assert (await verify(other)).problems == (await verify(one)).problems
