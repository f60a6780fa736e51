"""What the processes of built agents use, in samples and in the view of agents' history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from supervisor.monitoring.agent_use import AgentUse
from tests.supervisor.monitoring.conftest import Stepped


@dataclass
class Process:
    memory: int | None
    cpu: float | None


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_processor_time_is_told_as_a_share_of_the_time_between_looks() -> None:
    clock, processes = Clock(), {"one": Process(5_000, 1.0), "two": Process(None, None)}
    use = AgentUse(lambda: processes, clock)
    assert use.look() == {"one": {"memory_usage": 5_000.0}}
    assert use.look() == {"one": {"memory_usage": 5_000.0}}  # no time has passed
    clock.now += 10
    processes["one"] = Process(6_000, 3.5)
    assert use.look() == {"one": {"memory_usage": 6_000.0, "cpu_usage": 25.0}}
    clock.now += 10
    processes["one"] = Process(4_000, 0.5)  # another process
    assert use.look() == {"one": {"memory_usage": 4_000.0, "cpu_usage": 5.0}}
    processes["one"] = Process(None, None)
    assert use.look() == {}
    clock.now += 10
    processes["one"] = Process(4_000, 2.0)  # what it did before nobody looked is not told as done since
    assert use.look() == {"one": {"memory_usage": 4_000.0}}


async def test_they_reach_the_history_of_agents(stepped: Stepped) -> None:
    processes: Mapping[str, Process] = {"timer": Process(2**20, 0.25)}
    stepped.monitoring._parts.use._processes = lambda: processes
    await stepped.sample()
    await stepped.handled(5)
    await stepped.sample()
    row = (await stepped.supervisor.views.query("agent_performance_history", {"agent_name": "timer"}))[-1]
    assert row["memory_usage"] == 2**20
    assert "memory_usage" not in row["absent"]
