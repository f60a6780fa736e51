"""Predictions of a running supervisor: read from the log, kept in files that are a cache, shown with the answer."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.context import TaskContext
from common.results import RequestMetadata
from events.catalogue.collected import TraceCollected
from events.catalogue.request import OutcomeReported
from events.catalogue.trace import TraceEnded
from events.forget import forget_tenant
from events.projection import Views
from events.store import EventStore
from supervisor.facade import Supervisor
from supervisor.learning.forecast import Forecast, Prediction
from supervisor.learning.prediction_service import Predictions
from supervisor.learning.trace_collector import collected_stream, outcome_stream
from supervisor.testing import offline_settings


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(f"sqlite:///{tmp_path / 'log.sqlite'}") as opened:
        yield opened


async def ran(store: EventStore, count: int, good: int, *, start: int = 0, tenant: str = "default") -> None:
    for n in range(start, start + count):
        trace = TraceCollected(
            trace_id=f"r{n}", user="ann", source="traces", agent_type="worker", task_id=f"t{n}",
            task=f"secret task number {n}", agent="a", success=n - start < good,
        )  # fmt: skip
        await store.append(collected_stream(tenant, trace.trace_id), [trace], tenant=tenant)


def told(forecast: Forecast) -> Prediction | None:
    return forecast.predict("something", agent_type="worker", engine="a")


async def test_what_is_new_in_the_log_is_taken_in(store: EventStore) -> None:
    predictions = Predictions(store, None)
    assert await predictions.refresh() == 0
    assert told(predictions.current) is None
    await ran(store, 20, 20)
    before = predictions.current
    assert await predictions.refresh() == 20
    found = told(predictions.current)
    assert found is not None
    assert found.probability > 0.9
    assert told(before) is None, "what a request began with stays"
    reports = [OutcomeReported(trace_id="r1", score=0.0, by="ann")]
    await store.append(outcome_stream("r1"), reports)
    assert await predictions.refresh() == 20
    later = told(predictions.current)
    assert later is not None
    assert later.probability < found.probability


async def test_the_loop_leaves_a_process_alone_that_has_just_begun(store: EventStore) -> None:
    await ran(store, 20, 20)
    now = 100.0
    predictions = Predictions(store, None, monotonic=lambda: now)
    await predictions.step()
    assert predictions.current.empty
    now = 160.0
    await predictions.step()
    assert told(predictions.current) is not None


async def test_the_next_process_has_it_at_once_and_goes_on_from_there(store: EventStore, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first = Predictions(store, folder)
    await ran(store, 60, 40)
    await first.refresh()
    second = Predictions(store, folder)
    await second.load()
    assert told(second.current) == told(first.current)
    await ran(store, 5, 0, start=200)
    await second.refresh()
    whole = Predictions(store, None)
    await whole.refresh()
    assert second.current.counts == whole.current.counts
    assert second.current.tasks == whole.current.tasks
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"secret" not in content


@pytest.mark.parametrize("damage", ["cut", "changed", "rewritten", "empty", "absent"])
async def test_a_damaged_cache_counts_as_absent(store: EventStore, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "cache"
    await ran(store, 50, 30)
    await Predictions(store, folder).refresh()
    for file in folder.iterdir():
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        match damage:
            case "cut":
                file.write_bytes(data[: len(data) // 2])
            case "changed":
                file.write_bytes(data)
            case "rewritten":
                file.write_bytes(
                    data[:32] + zlib.compress(zlib.decompress(file.read_bytes()[32:]).replace(b"50", b"99"))
                )
            case "empty":
                file.write_bytes(b"")
            case _:
                file.unlink()
    again = Predictions(store, folder)
    await again.load()
    assert again.current.empty
    assert await again.refresh() == 50
    assert told(again.current) is not None


async def test_the_cache_of_another_log_is_not_taken(store: EventStore, tmp_path: Path) -> None:
    await ran(store, 50, 30)
    await Predictions(store, tmp_path / "cache").refresh()
    async with await EventStore.open(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        predictions = Predictions(other, tmp_path / "cache")
        await predictions.load()
        assert predictions.current.empty
        assert await predictions.refresh() == 0


async def test_what_a_forgotten_tenant_did_is_forgotten(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        store = supervisor.store
        predictions = Predictions(store, tmp_path / "kept")
        await ran(store, 30, 30, tenant="acme")
        await ran(store, 6, 0, start=100, tenant="globex")
        assert await predictions.refresh() == 36
        await forget_tenant(store, Views(store), "acme", by="ann")
        assert await predictions.refresh() == 6
        found = told(predictions.current)
        assert found is not None
        assert found.support == 6
        again = Predictions(store, tmp_path / "kept")
        await again.load()
        assert again.current.counts == predictions.current.counts


PLANNED = "set a timer for 10 minutes and remember that I like tea"


async def test_an_answer_tells_what_was_expected_once_there_is_evidence(supervisor: Supervisor) -> None:
    predictions = supervisor.learning.predictions
    for n in range(6):
        answer = await supervisor.process_request("how are you?", TaskContext(request_id=f"a{n}"))
        assert answer.metadata.expected_success is None
        await supervisor.process_request(PLANNED, TaskContext(request_id=f"b{n}"))
    await predictions.refresh()
    direct = await supervisor.process_request("how are you?")
    assert direct.metadata.expected_success is not None
    assert set(direct.metadata.expected_success) == {"direct", "task_graph"}
    told = direct.metadata.expected_success["direct"]
    assert told.support == 6
    assert 0 < told.low < told.probability < told.high < 1
    planned = await supervisor.process_request(PLANNED)
    assert planned.metadata.expected_success is not None
    assert set(planned.metadata.expected_success) == {"task_graph"}, "meta-planning never ran"
    detail = await supervisor.trace(planned.trace_id)
    (ended,) = [entry.event for entry in detail.events if isinstance(entry.event, TraceEnded)]
    metadata = RequestMetadata.model_validate(ended.response["metadata"])
    assert metadata.expected_success == planned.metadata.expected_success
