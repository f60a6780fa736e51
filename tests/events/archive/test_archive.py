"""Archiving closed traces: what moves, what stays, and that everything that reads the log goes on; on each database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from common.clock import SystemClock
from common.errors import StoreError, StoreUnavailable, StreamConflict
from events.archive.layout import Block, decode_block
from events.archive.run import STREAM, Archived, archive_log
from events.archive.segment_writer import write_segment
from events.catalogue.log import LogSealed, SegmentArchived
from events.catalogue.trace import TraceEnded, TraceStarted
from events.codec import Codec, StoredRow
from events.forget import forget_tenant
from events.keys import MemoryKeys
from events.projection import Views
from events.recorded import Erased
from events.seal import seal_log
from events.store import EventStore
from events.time_travel import position_at
from events.transfer import export_lines, import_lines
from events.verify import verify
from events.views.builtin import builtin_views
from tests.events.archive.traces import add_trace, all_rows, archived, ended, files, plain_copy, started, step, table
from tests.events.newer import append_newer
from tests.events.samples import fact


async def test_every_event_but_the_last_of_a_closed_trace_moves(store: EventStore) -> None:
    await add_trace(store, "one")
    await store.append("facts", [fact(1)])
    await add_trace(store, "open", open_=True)
    before = all_rows(store.backend)
    archived = await archive_log(store, await store.head())
    assert (archived.segments, archived.events, archived.streams, archived.kept) == (1, 3, 1, 0)
    assert archived.stored == sum(len(row[4]) for row in before[:3])
    assert archived.size == sum(path.stat().st_size for path in files(store))
    assert all_rows(store.backend)[:-1] == before
    kept = all_rows(table(store))
    assert [row[3] for row in kept if row[1] == "trace/one"] == [TraceEnded.TOPIC]
    assert len(kept) == len(before) - 3 + 1
    (told,) = await store.read(STREAM)
    assert isinstance(told.event, SegmentArchived)
    assert told.event.segment == files(store)[0].name
    assert (told.event.first, told.event.last, told.event.events, told.event.streams) == (1, 3, 3, 1)
    assert (await verify(store)).problems == []


async def test_a_second_run_finds_nothing_and_appends_nothing(store: EventStore) -> None:
    await add_trace(store, "one")
    await archive_log(store, await store.head())
    head = await store.head()
    assert await archive_log(store, head) == Archived(head)
    assert (await store.head(), len(files(store))) == (head, 1)


async def test_only_what_had_ended_by_then(store: EventStore) -> None:
    end = await add_trace(store, "early", 1)
    await add_trace(store, "late", 1)
    await store.append("trace/open", [step()], 0)
    assert (await archive_log(store, end - 1)).events == 0
    assert (await archive_log(store, end)).streams == 1
    assert {row[1] for row in all_rows(table(store), {TraceStarted.TOPIC})} == {"trace/late"}


async def test_segments_are_bounded_in_rows(store: EventStore) -> None:
    for number in range(10):
        await add_trace(store, f"t{number}", 3)
    reached: list[tuple[int, int]] = []
    head = await store.head()

    def follow(done: int, whole: int) -> None:
        reached.append((done, whole))

    archived = await archive_log(store, head, follow, rows=8)
    assert (archived.segments, archived.events) == (5, 40)
    assert reached == sorted(reached)
    assert [whole for _, whole in reached] == [head] * 5
    assert len(files(store)) == 5


async def test_streams_that_can_not_be_read_stay(store: EventStore) -> None:
    await add_trace(store, "good")
    await add_trace(store, "newer", open_=True)
    await append_newer(store, "trace/newer", "trace.dreamt")
    await store.append("trace/newer", [ended()])
    archived = await archive_log(store, await store.head())
    assert (archived.streams, archived.kept) == (1, 1)
    assert len(table(store).read("trace/newer", 0)) == 5


async def test_an_archived_stream_is_written_on_as_before(store: EventStore) -> None:
    await add_trace(store, "one")
    await archive_log(store, await store.head())
    with pytest.raises(StreamConflict):
        await store.append("trace/one", [step()], 0)
    await store.append("trace/one", [step()], 4)
    assert [entry.version for entry in await store.read("trace/one")] == [1, 2, 3, 4, 5]
    assert [entry.version for entry in await store.read("trace/one", 2)] == [3, 4, 5]
    assert (await verify(store)).ok


async def test_what_reads_the_log_goes_on(store: EventStore) -> None:
    views = Views(store, builtin_views())
    for number in range(6):
        await add_trace(store, f"t{number}", number)
        if number == 3:
            await seal_log(store)
    before = await store.read_all(limit=1_000)
    indexed = await views.query("trace_index", order_by="position")
    middle = before[len(before) // 2]
    then = await views.query_at("trace_index", middle.position)
    assert 0 < len(then) < len(indexed)
    await archive_log(store, before[-1].position, rows=7)
    await seal_log(store)
    assert (await store.read_all(limit=1_000))[: len(before)] == before
    follower = store.follow()
    with anyio.fail_after(10):
        assert [await anext(follower) for _ in before] == before
    await follower.aclose()
    assert not (await views.rebuild("trace_index")).changed
    assert await views.query("trace_index", order_by="position") == indexed
    assert await views.query_at("trace_index", middle.position) == then
    assert await position_at(store, middle.recorded_at) >= middle.position
    report = await verify(store, views)
    assert report.problems == []
    assert report.seals == 2
    await views.close()


async def test_an_export_has_every_line_and_an_import_puts_every_row_into_the_table(store: EventStore) -> None:
    for number in range(4):
        await add_trace(store, f"t{number}")
    await seal_log(store)
    await archive_log(store, await store.head(), rows=5)
    lines = [line async for line in export_lines(store)]
    async with await EventStore.open("memory://") as other:
        assert (await import_lines(other, lambda: lines)).added == len(lines)
        assert all_rows(table(other)) == all_rows(store.backend)
        assert (await verify(other)).ok
        assert [line async for line in export_lines(other)] == lines
    assert (await import_lines(store, lambda: lines)).added == 0


async def test_a_seal_covers_what_is_moved_later(store: EventStore) -> None:
    await add_trace(store, "one")
    sealed = await seal_log(store)
    assert sealed is not None
    assert isinstance(sealed.event, LogSealed)
    await archive_log(store, sealed.position)
    assert (await verify(store, seals=[sealed.event.digest])).ok


async def test_reading_a_page_does_not_unpack_the_whole_file(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from events.archive import archive as module

    await store.append("facts", [fact(0)])
    for number in range(40):
        await add_trace(store, f"t{number}", 38)
    await archive_log(store, await store.head())
    copy, unpacked = plain_copy(store), list[Block]()

    def decode(block: Block, packed: bytes) -> list[StoredRow]:
        unpacked.append(block)
        return decode_block(block, packed)

    monkeypatch.setattr(module, "decode_block", decode)
    reader = type(archived(store))(table(store), archived(store).archive.folder)
    assert reader.page(700, None, 10) == copy.page(700, None, 10)
    assert len(unpacked) == 1
    assert reader.read("trace/t20", 0) == copy.read("trace/t20", 0)
    assert len(unpacked) <= 3
    assert reader.page(0, {"memory.remembered"}, 10) == copy.page(0, {"memory.remembered"}, 10)
    assert len(unpacked) <= 3


async def test_orphans_are_removed_and_nothing_else(store: EventStore, folder: Path) -> None:
    await add_trace(store, "one")
    await archive_log(store, await store.head())
    rows = all_rows(store.backend)
    orphan = write_segment(folder, table(store).identity, rows[:2])
    orphan.release()
    part = folder / f"{orphan.segment.name}.part"
    part.write_bytes(b"half")
    living = write_segment(folder, table(store).identity, rows[:2])
    foreign = write_segment(folder, "f" * 32, rows[:2])
    foreign.release()
    notes = folder / "notes.txt"
    notes.write_text("mine")
    known = {path.name for path in files(store)} - {orphan.segment.name, part.name}
    await archive_log(store, 0)
    assert {path.name for path in files(store)} == known
    assert living.exists
    living.discard()
    assert (await verify(store)).ok


async def test_without_a_folder_nothing_is_archived() -> None:
    async with await EventStore.open("memory://") as store:
        with pytest.raises(StoreError, match="no folder"):
            await archive_log(store, 0)


async def test_a_folder_that_can_not_be_written_is_told_and_nothing_moves(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file" / "archive", Path("/proc/archive")):
        async with await EventStore.open("memory://", archive=folder) as store:
            await add_trace(store, "one")
            before = all_rows(table(store))
            with pytest.raises(StoreUnavailable, match="can't be written") as caught:
                await archive_log(store, await store.head())
            assert (caught.value.where, bool(caught.value.todo)) == (str(folder), True)
            assert all_rows(table(store)) == before


async def test_a_file_that_vanishes_before_its_transaction_moves_nothing(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from events.archive import run as module

    await add_trace(store, "one")
    before = all_rows(table(store))
    move = module._move  # pyright: ignore[reportPrivateUsage]

    def vanishing(*given: object) -> int:
        for path in files(store):
            path.unlink()
        return move(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(module, "_move", vanishing)
    with pytest.raises(StoreUnavailable, match="is gone"):
        await archive_log(store, await store.head())
    assert all_rows(table(store)) == before


async def test_runs_at_once_do_not_harm_each_other(url: str, folder: Path) -> None:
    async with await EventStore.open(url, archive=folder) as store:
        others = [store] if url == "memory://" else [await EventStore.open(url, archive=folder) for _ in range(2)]
        for number in range(30):
            await add_trace(store, f"t{number}", number % 5)
        before, head = all_rows(store.backend), await store.head()
        done: list[Archived] = []

        async def run(each: EventStore) -> None:
            done.append(await archive_log(each, head, rows=10))

        async with anyio.create_task_group() as group:
            for each in (store, *others):
                group.start_soon(run, each)
        assert all_rows(store.backend)[: len(before)] == before
        assert sum(archived.streams for archived in done) == 30
        assert len(files(store)) == sum(archived.segments for archived in done)
        assert (await verify(store)).problems == []
        for other in others:
            if other is not store:
                await other.close()


async def test_encrypted_traces_are_archived_as_they_are_and_a_forgotten_tenant_stays_unreadable(
    url: str, folder: Path
) -> None:
    keys = MemoryKeys()
    async with await EventStore.open(url, archive=folder, keys=keys) as store:
        for tenant in ("acme", "umbrella"):
            for name in ("one", "two"):
                events = [started(), step(), ended()]
                await store.append(f"trace/{tenant}{name}", events, 0, tenant=tenant)
        before = await store.read_all()
        await archive_log(store, before[-1].position)
        assert (await store.read_all())[: len(before)] == before
        views = Views(store, builtin_views())
        await forget_tenant(store, views, "acme", by="test")
        await views.close()
        for entry in before:
            now = (await store.read_all(entry.position - 1, limit=1))[0].event
            assert isinstance(now, Erased) == (entry.tenant == "acme")
        assert (await verify(store)).problems == []


async def test_traces_whose_keys_are_missing_stay(folder: Path) -> None:
    async with await EventStore.open("memory://", archive=folder, keys=MemoryKeys()) as store:
        await add_trace(store, "one")
        locked = EventStore(store.backend, queue_size=10, timeout=5, clock=SystemClock(), codec=Codec())
        archived = await archive_log(locked, await store.head())
        assert (archived.streams, archived.kept) == (0, 1)


async def test_the_time_of_a_run_is_that_of_its_clock(store: EventStore) -> None:
    class Clock:
        def now(self) -> datetime:
            return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=1)

    await add_trace(store, "one")
    await archive_log(store, await store.head(), clock=Clock())
    (told,) = await store.read(STREAM)
    assert told.recorded_at == Clock().now()
