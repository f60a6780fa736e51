"""What a built agent costs: deploying it, its first call, further calls, and its process's memory.

    python -m benchmarks.bench_built_agents [--calls 500] [--json]

An agent of the tests, on SQLite, in bubblewrap. `deploy_ms` is until requests are routed to it, the router's learning
included; `first_call_ms` finds the sandbox and starts the process; a `request` is whole, with routing and the log.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from common.builder_settings import BuilderSettings
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.roles.deployed import sample_agent

NAME = "dscr_calculator"


async def measure(calls: int) -> dict[str, float]:
    """The figures, in milliseconds and MiB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = offline_settings(folder).model_copy(
            update={"builder": BuilderSettings(database_url=sample_agent.database(folder))}
        )
        async with Supervisor(settings, background=False) as supervisor:
            built = supervisor.built_agents
            made = sample_agent.specification()
            figures: dict[str, float] = {}
            for key, factor in (("deploy_ms", 1.0), ("deploy_again_ms", 1.1)):
                started = time.perf_counter()
                await built.deploy(made, sample_agent.files(made, factor), by="benchmark")
                figures[key] = (time.perf_counter() - started) * 1_000
            worker = built.worker(NAME)
            started = time.perf_counter()
            await worker.ping()
            figures["first_call_ms"] = (time.perf_counter() - started) * 1_000
            given = {"income": 120, "debt": 100}
            figures["call_ms"] = await _median(calls, lambda: worker.call("coverage_of", given))
            asked = {"property_id": 5}
            await worker.call("calculate_dscr", asked)
            figures["call_with_query_ms"] = await _median(calls, lambda: worker.call("calculate_dscr", asked))
            text = "what is the DSCR of property 5?"
            figures["request_ms"] = await _median(calls, lambda: supervisor.process_request(text))
            figures["memory_mib"] = (worker.state.memory or 0) / 2**20
    return {key: round(value, 2) for key, value in figures.items()}


async def _median(calls: int, call: Callable[[], Awaitable[Any]]) -> float:
    times: list[float] = []
    for _ in range(calls):
        started = time.perf_counter()
        await call()
        times.append((time.perf_counter() - started) * 1_000)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = anyio.run(measure, options.calls)
    if options.json:
        print(json.dumps(figures))
        return
    for key, value in figures.items():
        print(f"{key:24} {value:10,.2f}")


if __name__ == "__main__":
    main()
