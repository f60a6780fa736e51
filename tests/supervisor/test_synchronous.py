"""A supervisor without async: the same answers, from any thread, inside a running loop too."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.errors import ConfigurationError, RequestRejected
from supervisor import Supervisor
from supervisor.testing import offline_settings


@pytest.fixture
def quiet(tmp_path: Path) -> Generator[Supervisor]:
    with Supervisor(offline_settings(tmp_path)) as running:
        yield running


def threads_left(expected: int) -> int:
    """How many threads there are, once those that were told to end had time to."""
    deadline = time.monotonic() + 10
    while threading.active_count() > expected and time.monotonic() < deadline:
        time.sleep(0.01)
    return threading.active_count()


def test_requests_and_other_methods_are_answered(quiet: Supervisor) -> None:
    response = quiet.run_sync("set a timer for 5 minutes", {"request_id": "r1"})
    assert response.outcome == "success"
    assert quiet.run_sync("set a timer for 5 minutes", {"request_id": "r1"}).trace_id == response.trace_id
    (trace,) = quiet.run_sync(quiet.traces, limit=5)
    assert trace["trace_id"] == response.trace_id


def test_errors_are_raised_as_they_are(quiet: Supervisor) -> None:
    with pytest.raises(RequestRejected, match="empty"):
        quiet.run_sync(" ")
    assert quiet.run_sync("hello").outcome == "success"


def test_many_threads_ask_at_once(quiet: Supervisor) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: quiet.run_sync(f"set a timer for {number + 1} minutes"), range(24)))
    assert [answer.outcome for answer in answers] == ["success"] * 24
    assert len({answer.trace_id for answer in answers}) == 24


async def test_it_works_within_a_running_loop(tmp_path: Path) -> None:
    with Supervisor(offline_settings(tmp_path)) as running:
        assert running.run_sync("set a timer for 5 minutes").outcome == "success"


async def test_a_supervisor_of_an_event_loop_is_not_taken_out_of_it(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path), background=False) as running:
        with pytest.raises(ConfigurationError, match="event loop of yours"):
            running.run_sync("hello")


def test_it_ends_and_starts_again(tmp_path: Path) -> None:
    before = threading.active_count()
    supervisor = Supervisor(offline_settings(tmp_path))
    assert supervisor.run_sync("hello").outcome == "success"
    supervisor.close_sync()
    supervisor.close_sync()
    assert threads_left(before) <= before
    assert supervisor.run_sync("hello").outcome == "success"
    supervisor.close_sync()


def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = offline_settings(tmp_path)
    broken = settings.model_copy(
        update={"store": settings.store.model_copy(update={"url": f"sqlite:///{tmp_path}/file/events.db"})}
    )
    before = threading.active_count()
    with pytest.raises(Exception, match="file"):
        Supervisor(broken).run_sync("hello")
    assert threads_left(before) <= before
