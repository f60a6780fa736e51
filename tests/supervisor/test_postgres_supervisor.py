"""Whole requests on PostgreSQL: several processes share a log, and one settles what another left when it was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.to_thread

from events.catalogue.timer import TimerSet
from events.verify import verify
from supervisor import Supervisor
from supervisor.testing import MovableClock
from tests.services.postgres_server import PostgresServer, postgres, postgres_url
from tests.supervisor.crashing_host import CLOCK, settings_in
from tests.supervisor.test_crash import TEXT, entries

__all__ = ["postgres", "postgres_url"]

BOUND = 30.0


def run_host(folder: Path, url: str, step: int, when: str, request_id: str = "trip", text: str = TEXT) -> int:
    command = [sys.executable, "-m", "tests.supervisor.crashing_host", str(folder), request_id, "off"]
    done = subprocess.run(
        [*command, str(step), when, text, url],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def supervisor(folder: Path, url: str) -> Supervisor:
    return Supervisor(settings_in(folder, url), clock=MovableClock(CLOCK), background=False)


async def timers(host: Supervisor) -> int:
    return len(await host.store.read_all(0, {TimerSet.TOPIC}))


async def test_a_whole_request_and_what_another_process_sees_of_it(tmp_path: Path, postgres_url: str) -> None:
    async with supervisor(tmp_path / "one", postgres_url) as host:
        response = await host.process_request("set a timer for ten minutes", {"request_id": "tea"})
        assert response.outcome == "success"
        assert [intent.status.value for intent in response.intents] == ["processed"]
        assert (
            await anyio.to_thread.run_sync(
                run_host, tmp_path / "two", postgres_url, 0, "never", "other", "set a timer for five minutes"
            )
            == 0
        )
        rows = {row["request_id"]: row["outcome"] for row in await host.traces()}
        assert rows == {"tea": "success", "other": "success"}
        assert await timers(host) == 2
    async with supervisor(tmp_path / "three", postgres_url) as host:
        again = await host.process_request("set a timer for ten minutes", {"request_id": "tea"})
        assert (again.trace_id, again.text) == (response.trace_id, response.text)
        assert await timers(host) == 2
        assert (await verify(host.store)).ok


async def test_killed_at_every_step_and_settled_by_a_process_that_lives(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        url = postgres.new_database()
        async with supervisor(folder, url) as living:
            killed = await anyio.to_thread.run_sync(run_host, folder, url, step, "after")
            if killed == 0:
                break
            with anyio.fail_after(BOUND):
                while any(row["outcome"] is None for row in await living.traces()):
                    await living._running_parts.recovery.recover()  # pyright: ignore[reportPrivateUsage]
                    await anyio.sleep(0.05)  # until the server has noticed that the process is gone
            outcomes = {str(row["outcome"]) for row in await living.traces()}
            assert outcomes <= {"interrupted", "partial"}
            response = await living.process_request(TEXT, {"request_id": "trip", "flags": {"meta-planning": False}})
            assert response.outcome == "partial", "only the weather can't be reached"
            assert [intent.status.value for intent in response.intents] == ["processed", "processed"]
            assert (entries(folder), await timers(living)) == (1, 1), f"killed after step {step}"
        postgres.give_back(url)
    assert step > 5, "the request must have had several durable steps"


async def test_a_second_process_leaves_the_traces_of_a_living_one_alone(tmp_path: Path, postgres_url: str) -> None:
    async with supervisor(tmp_path / "living", postgres_url) as living:
        claims = living._running_parts.handler._services.claims  # pyright: ignore[reportPrivateUsage]
        from common.context import TaskContext

        await claims.claim("slow", TaskContext().resolved(CLOCK, "UTC", None), "slow")
        assert (
            await anyio.to_thread.run_sync(
                run_host, tmp_path / "other", postgres_url, 0, "never", "other", "set a timer for five minutes"
            )
            == 0
        )
        rows = {row["request_id"]: row["outcome"] for row in await living.traces()}
        assert rows == {"other": "success", "slow": None}
