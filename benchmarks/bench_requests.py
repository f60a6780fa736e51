"""Times requests inside a running supervisor: the fast path one by one, 200 at once, and both planning engines.

Prints medians, and each figure as a ratio to the floor of the same run: one durable append of the same log.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import anyio

from common.context import TaskContext
from common.settings import RequestSettings
from events.catalogue.memory import FactRemembered
from supervisor import Supervisor
from supervisor.testing import offline_settings

LIGHT = "Turn on the kitchen light"
PLAN = "set a timer for 5 minutes and turn on the kitchen light"


async def floor(supervisor: Supervisor, repeats: int) -> float:
    times: list[float] = []
    for index in range(repeats):
        started = time.perf_counter()
        await supervisor.store.append("floor", [FactRemembered(fact_id=str(index), text="x", user="bench")])
        times.append(time.perf_counter() - started)
    return statistics.median(times)


async def one_by_one(supervisor: Supervisor, text: str, repeats: int, **flags: bool) -> float:
    times: list[float] = []
    for _ in range(repeats):
        started = time.perf_counter()
        response = await supervisor.process_request(
            text, TaskContext(flags={k.replace("_", "-"): v for k, v in flags.items()})
        )
        times.append(time.perf_counter() - started)
        assert response.outcome == "success", response
    return statistics.median(times)


async def at_once(supervisor: Supervisor, text: str, count: int) -> tuple[float, float]:
    times: list[float] = []

    async def ask() -> None:
        started = time.perf_counter()
        await supervisor.process_request(text)
        times.append(time.perf_counter() - started)

    started = time.perf_counter()
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(ask)
    return count / (time.perf_counter() - started), statistics.quantiles(times, n=20)[18]


async def main(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = offline_settings(Path(folder))
        settings = base.model_copy(
            update={
                "store": base.store.model_copy(update={"url": ""}),
                "requests": RequestSettings(max_concurrent=200, queue=2_000),
            }
        )
        async with Supervisor(settings, background=False) as supervisor:
            for flag in (False, True):
                await one_by_one(supervisor, PLAN, 2, meta_planning=flag)
            await one_by_one(supervisor, LIGHT, 5)
            base_time = await floor(supervisor, repeats)
            print(f"floor: one durable append        {base_time * 1e3:8.2f} ms    1.0")
            for name, text, flag in (
                ("fast path", LIGHT, False),
                ("task graph, two parts", PLAN, False),
                ("meta-planning, two parts", PLAN, True),
            ):
                median = await one_by_one(supervisor, text, repeats, meta_planning=flag)
                print(f"{name:31}  {median * 1e3:8.2f} ms  {median / base_time:5.1f}")
            rates = [await at_once(supervisor, LIGHT, 200) for _ in range(5)]
            rate, p95 = statistics.median(r for r, _ in rates), statistics.median(p for _, p in rates)
            print(f"fast path, 200 at once           {rate:8.0f} requests/s, p95 {p95 * 1e3:.0f} ms")


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 50)
