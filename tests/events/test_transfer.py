"""Exports and imports: a faithful round trip, and nothing taken that was changed on the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import StoreError
from common.intents import StreamAppend
from events.catalogue import Event
from events.store import EventStore
from events.transfer import export_lines, import_lines
from events.verify import verify
from tests.events.samples import any_event, fact, names


async def lines_of(store: EventStore) -> list[str]:
    return [line async for line in export_lines(store)]


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


async def _round_trip(appends: list[tuple[str, list[Event]]]) -> None:
    async with await EventStore.open("memory://") as one, await EventStore.open("memory://") as other:
        for stream, events in appends:
            await one.append(stream, events, tenant=stream)
        exported = await lines_of(one)
        assert await import_lines(other, exported) == await one.head()
        assert await other.read_all() == await one.read_all()
        assert await lines_of(other) == exported
        rows = [store.backend.page(0, None, 10_000).rows for store in (one, other)]
        assert rows[0] == rows[1]
        assert (await verify(other)).ok


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names, st.lists(any_event, min_size=1, max_size=4)), max_size=6))
def test_everything_comes_back_byte_for_byte(appends: list[tuple[str, list[Event]]]) -> None:
    anyio.run(_round_trip, appends)


async def test_an_imported_log_goes_on(tmp_path: Path, lines: list[str]) -> None:
    async def read() -> AsyncGenerator[str]:
        for line in [*lines, ""]:
            yield f"{line}\n"

    async with await EventStore.open(f"sqlite:///{tmp_path / 'events.db'}") as store:
        assert await import_lines(store, read()) == 4
        assert await store.append("a", [fact(5)], 3) == 5
        assert (await verify(store)).ok


async def test_pages_and_progress(tmp_path: Path, empty: EventStore) -> None:
    seen: list[int] = []
    async with await EventStore.open(f"sqlite:///{tmp_path / 'events.db'}") as store:
        await store.append("a", [fact(number) for number in range(1_200)])
        exported = [line async for line in export_lines(store, progress=lambda done, whole: seen.append(done))]
        tail = [line async for line in export_lines(store, 1_190)]
    assert seen == [500, 1_000, 1_200]
    assert tail == exported[1_190:]
    assert await import_lines(empty, exported, lambda done, whole: seen.append(done)) == 1_200
    assert seen[3:] == [500, 1_000]


async def test_only_an_empty_store_takes_an_import(lines: list[str], empty: EventStore) -> None:
    await empty.append("z", [fact(1)])
    with pytest.raises(StoreError, match="empty store only"):
        await import_lines(empty, lines)
    assert await empty.head() == 1


def changed(line: str, **changes: Any) -> str:
    return json.dumps({**json.loads(line), **changes})


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
        await import_lines(empty, lines)
    assert "line" in caught.value.where
    assert await empty.head() == 0


async def test_removed_and_turned_lines_are_refused(lines: list[str], empty: EventStore) -> None:
    with pytest.raises(StoreError, match="version 1 before version 3"):
        await import_lines(empty, [lines[0], lines[3]])
    with pytest.raises(StoreError, match="position"):
        await import_lines(empty, [lines[2], lines[0]])


async def test_a_bad_line_in_the_middle_says_what_was_taken(empty: EventStore) -> None:
    async with await EventStore.open("memory://") as store:
        await store.append("a", [fact(number) for number in range(700)])
        exported = await lines_of(store)
    with pytest.raises(StoreError, match="500 events were imported before it"):
        await import_lines(empty, [*exported[:600], "{"])


async def test_damaged_rows_travel_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with await EventStore.open(f"sqlite:///{path}") as store:
        await store.append("a", [fact(1), fact(2), fact(3)])
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE stored_events SET state = substr(state, 1, 50) WHERE rowid = 2")
    async with await EventStore.open(f"sqlite:///{path}") as one, await EventStore.open("memory://") as other:
        exported = await lines_of(one)
        assert set(json.loads(exported[1])) == {"position", "stream", "version", "topic", "stored"}
        assert await import_lines(other, exported) == 3
        assert other.backend.page(0, None, 9).rows == one.backend.page(0, None, 9).rows
        assert (await verify(other)).problems == (await verify(one)).problems
