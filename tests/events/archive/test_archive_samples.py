"""Archiving the samples of monitoring: their streams never end, so all but the last event of each may move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from events.archive.run import Archived, archive_log
from events.catalogue.system import HealthChanged, SystemSampled
from events.projection import Views
from events.store import EventStore
from events.verify import verify
from events.views.system import SystemHealthView, SystemMetricsView
from tests.events.archive.traces import add_trace, all_rows, files, table
from tests.events.newer import append_newer

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CHANGED = HealthChanged(node="a", process="1", component="store", before="healthy", after="degraded")


def sample(number: int, node: str = "a") -> SystemSampled:
    return SystemSampled(node=node, process="1", at=AT + timedelta(seconds=30 * number), health="healthy")


async def test_samples_move_and_everything_reads_on(store: EventStore) -> None:
    views = Views(store, [SystemMetricsView(), SystemHealthView()])
    await store.append("system/a", [sample(0), sample(1), CHANGED, sample(2)])
    await store.append("system/b", [sample(0, "b")])
    before = all_rows(store.backend)
    archived = await archive_log(store, await store.head())
    assert (archived.samples, archived.events, archived.segments) == (2, 0, 1)
    kept = [(row[1], row[2]) for row in all_rows(table(store)) if row[1].startswith("system/")]
    assert kept == [("system/a", 3), ("system/a", 4), ("system/b", 1)]
    assert all_rows(store.backend)[:-1] == before
    assert [entry.version for entry in await store.read("system/a")] == [1, 2, 3, 4]
    await store.append("system/a", [sample(3)], 4)
    assert len(await views.query("system_metrics")) == 5
    assert (await verify(store, views)).problems == []
    assert (await views.rebuild("system_metrics")).rows == 5
    await views.close()


async def test_a_later_run_moves_what_came_since_and_nothing_twice(store: EventStore) -> None:
    await store.append("system/a", [sample(number) for number in range(5)])
    assert (await archive_log(store, await store.head())).samples == 4
    head = await store.head()
    assert await archive_log(store, head) == Archived(head)
    await store.append("system/a", [sample(number) for number in range(5, 9)])
    assert (await archive_log(store, head)).samples == 1  # which was the last one before
    assert (await archive_log(store, await store.head())).samples == 3
    assert [entry.version for entry in await store.read("system/a")] == list(range(1, 10))
    assert (await verify(store)).problems == []


async def test_files_are_bounded_in_rows_and_traces_go_apart(store: EventStore) -> None:
    await add_trace(store, "one")
    for start in range(0, 1_200, 400):
        await store.append("system/a", [sample(start + number) for number in range(400)])
    archived = await archive_log(store, await store.head(), rows=500)
    assert (archived.streams, archived.samples, archived.segments) == (1, 1_199, 4)
    assert len(files(store)) == 4
    assert (await verify(store)).problems == []


async def test_what_a_newer_version_wrote_stays(store: EventStore) -> None:
    await store.append("system/a", [sample(0)])
    await append_newer(store, "system/a", SystemSampled.TOPIC)
    await store.append("system/a", [sample(2)])
    assert (await archive_log(store, await store.head())).samples == 1
    assert {(row[1], row[2]) for row in all_rows(table(store), {SystemSampled.TOPIC})} == {
        ("system/a", 2), ("system/a", 3),
    }  # fmt: skip
