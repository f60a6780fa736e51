"""The process of a built agent, in a real sandbox."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from pydantic import JsonValue

from common.errors import AgentError, SandboxError
from common.sandbox import Sandbox, SandboxLimits
from roles.deployed.worker import AgentWorker, WorkerPackage
from roles.sandbox.bubblewrap import BubblewrapSandbox
from roles.sandbox.process_tree import end_tree
from tests.roles.deployed import sample_agent
from tests.roles.sandbox.contract import usable

BOUND = 60.0
LIMITS = SandboxLimits(memory=128 * 2**20, seconds=5.0, processes=8)


class Rows:
    """Gives property 5, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: AgentError | None = None

    async def fetch(self, query: str, parameters: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
        self.asked.append(f"{query} {dict(parameters)}")
        if self.error is not None:
            raise self.error
        return [{"noi": 125_000, "debt_service": 100_000}] if parameters.get("property_id") == 5 else []


@asynccontextmanager
async def working(rows: Rows | None = None, **options: Any) -> AsyncGenerator[AgentWorker]:
    sandbox: Sandbox = await usable(BubblewrapSandbox())

    async def find() -> Sandbox:
        return sandbox

    made = sample_agent.specification()
    files = {path: text.encode() for path, text in sample_agent.files(made).items()}
    given = {"limits": LIMITS, "call_seconds": 20.0, "find_sandbox": find, **options}
    async with anyio.create_task_group() as group:
        package = WorkerPackage(made.name, "sample 1.0.0", files)
        worker = AgentWorker(package, rows or Rows(), start_soon=group.start_soon, **given)
        try:
            with anyio.fail_after(BOUND):
                yield worker
        finally:
            worker.close()
            group.cancel_scope.cancel()


async def case_of(worker: AgentWorker, how: str) -> AgentError:
    with pytest.raises(AgentError) as raised:
        await worker.call("misbehave", {"how": how})
    return raised.value


async def test_it_calculates_and_asks_its_parent_for_rows() -> None:
    rows = Rows()
    async with working(rows) as worker:
        assert not worker.state.running
        assert await worker.call("coverage_of", {"income": 120, "debt": 100}) == {"coverage": 1.2}
        assert await worker.call("calculate_dscr", {"property_id": 5}) == {
            "dscr": 1.25, "validation_status": "PASS", "mode": "standard",
        }  # fmt: skip
        assert rows.asked == ["property_by_id {'property_id': 5}"]
        assert (await worker.ping())["class"] == "DscrCalculator"
        state = worker.state
        assert (state.running, state.calls, state.deaths) == (True, 3, 0)
        assert state.memory is not None
        assert 2**20 < state.memory < LIMITS.memory
        assert state.cpu is not None


async def test_errors_come_with_their_case_and_the_process_stays() -> None:
    rows = Rows()
    async with working(rows) as worker:
        with pytest.raises(AgentError, match="no property 6") as raised:
            await worker.call("calculate_dscr", {"property_id": 6})
        assert (raised.value.case, raised.value.todo) == ("not_found", "Ask for another one.")
        rows.error = AgentError("source_unavailable", "the database is gone", todo="Start it.")
        with pytest.raises(AgentError, match="the database is gone") as raised:
            await worker.call("calculate_dscr", {"property_id": 5})
        assert (raised.value.case, raised.value.todo) == ("source_unavailable", "Start it.")
        raised_inside = await case_of(worker, "raise")
        assert (raised_inside.case, raised_inside.what) == ("internal", "KeyError: 'secret'")
        assert (await case_of(worker, "nan")).case == "internal"
        assert worker.state.deaths == 0


async def test_what_it_prints_is_no_answer() -> None:
    async with working() as worker:
        assert await worker.call("misbehave", {"how": "print"}) == {"done": "print"}


async def test_an_answer_of_no_known_form_ends_it() -> None:
    async with working() as worker:
        error = await case_of(worker, "forge")
        assert (error.case, "can't be understood" in error.what) == ("worker", True)
        assert await worker.call("coverage_of", {"income": 1, "debt": 1}) == {"coverage": 1.0}


async def test_a_process_that_dies_in_a_call_is_told_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roles.deployed.worker._FIRST_PAUSE", 3_600.0)
    monkeypatch.setattr("roles.deployed.worker._LONGEST_PAUSE", 3_600.0)
    async with working() as worker:
        await worker.ping()
        error = await case_of(worker, "die")
        assert error.case == "worker"
        assert "ended in the call" in error.what
        assert worker.state.deaths == 2, "tried once more on a fresh process"
        assert not worker.state.running
        with pytest.raises(AgentError, match="2 times in a row"):
            await worker.ping()
        worker._not_before = 0.0
        assert await worker.ping()


async def test_a_process_killed_between_calls_is_replaced_unnoticed() -> None:
    async with working() as worker:
        await worker.ping()
        await kill_of(worker)
        assert await worker.call("coverage_of", {"income": 3, "debt": 2}) == {"coverage": 1.5}
        assert worker.state.deaths == 1


async def test_killed_in_a_call_it_is_tried_once_more() -> None:
    rows = Rows()
    async with working(rows) as worker:
        await worker.ping()
        plain = rows.fetch

        async def killing(query: str, parameters: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
            if not rows.asked:
                rows.asked.append("killed")
                await kill_of(worker)
            return await plain(query, parameters)

        rows.fetch = killing  # pyright: ignore[reportAttributeAccessIssue]
        assert (await worker.call("calculate_dscr", {"property_id": 5}))["dscr"] == 1.25
        assert len(rows.asked) == 3


async def test_a_calculation_that_does_not_end_is_stopped() -> None:
    async with working(call_seconds=0.5) as worker:
        error = await case_of(worker, "loop")
        assert "longer than 0.5 seconds" in error.what
        assert not worker.state.running


async def test_endless_queries_are_stopped() -> None:
    async with working() as worker:
        assert "more than 200 queries" in (await case_of(worker, "ask often")).what


async def test_a_caller_who_goes_away_ends_only_its_own_call() -> None:
    async with working() as worker:
        await worker.ping()
        with anyio.move_on_after(0.2) as scope:
            await worker.call("misbehave", {"how": "wait"})
        assert scope.cancelled_caught
        assert await worker.call("coverage_of", {"income": 1, "debt": 2}) == {"coverage": 0.5}
        assert worker.state.deaths == 0


async def test_calls_wait_for_each_other_and_only_so_many() -> None:
    async with working(queue=2) as worker:
        await worker.ping()
        answers: list[JsonValue] = []

        async def ask(income: int) -> None:
            answers.append((await worker.call("coverage_of", {"income": income, "debt": 1}))["coverage"])

        async with anyio.create_task_group() as group:
            group.start_soon(ask, 1)
            group.start_soon(ask, 2)
            await anyio.lowlevel.checkpoint()
            with pytest.raises(AgentError, match="2 calls wait"):
                await worker.call("coverage_of", {"income": 3, "debt": 1})
        assert sorted(answers) == [1, 2]  # pyright: ignore


async def test_it_ends_when_nobody_asks_and_starts_again() -> None:
    async with working(idle=0.1) as worker:
        await worker.ping()
        while worker.state.running:
            await anyio.sleep(0.05)
        assert await worker.ping()


async def test_it_rests_when_it_is_told_to() -> None:
    async with working() as worker:
        await worker.ping()
        worker.rest()
        while worker.state.running:
            await anyio.sleep(0.02)
        assert await worker.ping()
        assert worker.state.running
        await anyio.sleep(0.1)
        assert worker.state.running


async def test_a_closed_worker_says_why() -> None:
    async with working() as worker:
        await worker.ping()
        async with anyio.create_task_group() as group:

            async def waits() -> None:
                with pytest.raises(AgentError, match="taken out of service"):
                    await worker.call("misbehave", {"how": "wait"})

            group.start_soon(waits)
            await anyio.sleep(0.2)
            worker.close()
        with pytest.raises(AgentError, match="taken out of service"):
            await worker.ping()
        assert not worker.state.running


async def test_without_a_sandbox_nothing_runs() -> None:
    async def nowhere() -> Sandbox:
        raise SandboxError("there is no sandbox on this machine", todo="Install bubblewrap.")

    async with working(find_sandbox=nowhere) as worker:
        with pytest.raises(AgentError, match="there is no sandbox on this machine") as raised:
            await worker.ping()
        assert raised.value.todo == "Install bubblewrap."


async def test_a_package_that_can_not_be_loaded_says_what_it_said() -> None:
    async with working() as worker:
        broken = dict(worker._package.files) | {"dscr_calculator/__init__.py": b"import numpy\n"}
        worker._package = WorkerPackage("dscr_calculator", "sample 1.0.0", broken)
        with pytest.raises(AgentError, match="No module named 'numpy'"):
            await worker.ping()


async def kill_of(worker: AgentWorker) -> None:
    """Kill the sandbox's processes as the machine would, and wait for their end."""
    process: Any = worker._process
    run = process._run.process
    end_tree(run.pid)
    os.kill(run.pid, signal.SIGKILL)
    while run.returncode is None:
        await anyio.sleep(0.01)
