"""Admission is bounded, fair and leaks no places."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from common.errors import Overloaded
from supervisor import Supervisor
from supervisor.admission import Admission
from supervisor.testing import offline_settings


async def test_beyond_the_queue_is_overloaded_at_once() -> None:
    admission = Admission(max_concurrent=1, queue=1)
    order: list[str] = []

    async def request(name: str, release: anyio.Event) -> None:
        async with admission.admit():
            order.append(name)
            await release.wait()

    first, second = anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(request, "first", first)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(request, "second", second)
        await anyio.wait_all_tasks_blocked()
        assert (admission.running, admission.waiting) == (1, 1)
        with pytest.raises(Overloaded):
            async with admission.admit():
                order.append("never")
        first.set()
        await anyio.wait_all_tasks_blocked()
        assert order == ["first", "second"]
        second.set()
    assert (admission.running, admission.waiting) == (0, 0)


async def test_a_cancelled_waiter_gives_its_place_back() -> None:
    admission = Admission(max_concurrent=1, queue=2)
    async with admission.admit():
        with anyio.move_on_after(0.01):
            async with admission.admit():
                raise AssertionError
        assert admission.waiting == 0
    async with admission.admit():
        assert admission.running == 1
    assert admission.running == 0


async def test_who_is_turned_away_is_counted_in_the_metrics(tmp_path: Path) -> None:
    base = offline_settings(tmp_path)
    full = base.model_copy(update={"requests": base.requests.model_copy(update={"max_concurrent": 1, "queue": 0})})
    async with Supervisor(full, background=False) as supervisor:
        turned_away = 0
        async with anyio.create_task_group() as group:

            async def ask() -> None:
                nonlocal turned_away
                try:
                    await supervisor.process_request("set a timer for 5 minutes")
                except Overloaded:
                    turned_away += 1

            for _ in range(5):
                group.start_soon(ask)
        counted = supervisor.metrics_registry.get_sample_value(
            "supervisor_requests_rejected_total", {"reason": "overloaded"}
        )
    assert turned_away > 0
    assert counted == turned_away
