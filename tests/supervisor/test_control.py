"""Streams on every way a request takes, and cancelling: readers that go, other processes, what was done before."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from common.context import TaskContext
from common.errors import Overloaded, RequestRejected, SupervisorError
from common.intents import Policy
from common.results import Response, RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.updates import (
    ApprovalRequested,
    Completed,
    IntentRegistered,
    Planned,
    Routed,
    TaskStarted,
    TextDelta,
    ToolFinished,
    ToolStarted,
    Update,
)
from events.catalogue.request import CancellationRequested
from supervisor import Supervisor
from supervisor.cli.main import main
from supervisor.testing import MovableClock, offline_settings
from tests.supervisor.scripted_role import Mark, ScriptedRole, settings_that_know_the_role
from tests.supervisor.test_resume import killed_after

DIRECT = "add lunch with Anna to my calendar on Friday at noon"
PLANNED = "add lunch with Anna to my calendar on Friday at noon and remind me an hour before lunch with Anna"
SCRIPT = "play the script"


def places(updates: Sequence[Update], kind: type[Update]) -> list[int]:
    return [place for place, update in enumerate(updates) if isinstance(update, kind)]


@pytest.mark.parametrize(
    ("text", "flag"), [(DIRECT, False), (PLANNED, False), (PLANNED, True)], ids=["direct", "graph", "meta"]
)
async def test_every_way_tells_every_step_in_order(
    tmp_path: Path, movable_clock: MovableClock, text: str, flag: bool
) -> None:
    base = offline_settings(tmp_path)
    asking = base.intents.model_copy(update={"policies": {"calendar.add_event": Policy.ASK}})
    changed = base.model_copy(update={"intents": asking})
    async with Supervisor(changed, clock=movable_clock, background=False) as supervisor:
        context = TaskContext(flags={"meta-planning": flag})
        updates = [update async for update in supervisor.stream_request(text, context)]
    (routed,) = places(updates, Routed)
    planned = places(updates, Planned)
    started, tools, ended = places(updates, TaskStarted), places(updates, ToolStarted), places(updates, ToolFinished)
    registered, asked = places(updates, IntentRegistered), places(updates, ApprovalRequested)
    said, (completed,) = places(updates, TextDelta), places(updates, Completed)
    assert routed == 0
    assert len(planned) == (text == PLANNED)
    assert routed < min([*planned, *started])
    assert max(planned, default=0) < min(started) < min(tools) < min(ended)
    assert len(tools) == len(ended) == len(registered) == (2 if text == PLANNED else 1)
    assert max(ended) < min(registered) < min(asked) < max(said) < completed == len(updates) - 1
    last = updates[-1]
    assert isinstance(last, Completed)
    assert last.response.outcome == "awaiting_approval"
    deltas = [update.text for update in updates if isinstance(update, TextDelta)]
    assert all(line in "\n".join(deltas) for line in last.response.text.splitlines())


async def test_what_tasks_found_out_is_told_when_they_end(supervisor: Supervisor) -> None:
    updates = [update async for update in supervisor.stream_request("what's on my calendar tomorrow?")]
    last = updates[-1]
    assert isinstance(last, Completed)
    assert [update.text for update in updates if isinstance(update, TextDelta)] == [last.response.text]


class Hanging:
    """A role's script that marks something, and then hangs until it is cancelled."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.cancelled = False

    async def __call__(self, request: str, run: RunContext) -> RoleResult:
        run.collector.register(Mark(text="never"), task=run.task)
        self.begun.set()
        try:
            await anyio.sleep(60)
        except BaseException:
            self.cancelled = True
            raise
        raise AssertionError


def with_script(folder: Path, script: Hanging, url: str = "memory://", **requests: object) -> Supervisor:
    base = settings_that_know_the_role(folder)
    changed: Settings = base.model_copy(
        update={
            "store": base.store.model_copy(update={"url": url}),
            "requests": base.requests.model_copy(update=requests),
        }
    )
    supervisor = Supervisor(changed, background=False)
    supervisor.add_role(ScriptedRole(script))
    return supervisor


async def outcomes(supervisor: Supervisor) -> list[str | None]:
    return [row["outcome"] for row in await supervisor.traces()]


async def until_ended(supervisor: Supervisor) -> list[str | None]:
    with anyio.fail_after(10):
        while None in (found := await outcomes(supervisor)) or not found:
            await anyio.sleep(0.01)
    return found


async def test_a_closed_stream_has_ended_its_trace(tmp_path: Path) -> None:
    script = Hanging()
    async with with_script(tmp_path, script) as supervisor:
        updates = supervisor.stream_request(SCRIPT)
        await anext(updates)
        await script.begun.wait()
        await updates.aclose()
        assert script.cancelled
        assert await outcomes(supervisor) == ["cancelled"]


async def test_a_stream_that_is_left_and_thrown_away_is_cancelled(tmp_path: Path) -> None:
    script = Hanging()
    async with with_script(tmp_path, script) as supervisor:

        async def leave() -> None:
            async for _ in supervisor.stream_request(SCRIPT):
                await script.begun.wait()
                break

        await leave()
        gc.collect()
        assert await until_ended(supervisor) == ["cancelled"]
        assert script.cancelled


async def test_a_reader_whose_task_is_cancelled_cancels_the_work(tmp_path: Path) -> None:
    script = Hanging()
    async with with_script(tmp_path, script) as supervisor:

        async def read() -> None:
            async for _ in supervisor.stream_request(SCRIPT):
                pass

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await script.begun.wait()
            group.cancel_scope.cancel()
        assert script.cancelled
        assert await outcomes(supervisor) == ["cancelled"]


async def test_a_slow_reader_loses_steps_but_not_the_answer(tmp_path: Path) -> None:
    class Chatty(Hanging):
        async def __call__(self, request: str, run: RunContext) -> RoleResult:
            for number in range(5_000):
                run.emit(ToolStarted("host.chat", str(number), run.task))
            return RoleResult("that was all")

    async with with_script(tmp_path, Chatty()) as supervisor:
        stream = supervisor.stream_request(SCRIPT)
        updates = [await anext(stream)]
        while await outcomes(supervisor) != ["success"]:
            await anyio.sleep(0.01)
        updates += [update async for update in stream]
        assert len(updates) < 1_500
        last = updates[-1]
        assert isinstance(last, Completed)
        assert last.response.text == "that was all"


async def test_what_goes_wrong_before_the_first_step_is_raised(tmp_path: Path) -> None:
    script = Hanging()
    async with with_script(tmp_path, script, max_concurrent=1, queue=0) as supervisor:
        with pytest.raises(RequestRejected):
            await anext(supervisor.stream_request(SCRIPT, {"timezone": "Nowhere/Land"}))
        first = supervisor.stream_request(SCRIPT)
        await anext(first)
        with pytest.raises(Overloaded):
            await anext(supervisor.stream_request(SCRIPT))
        await first.aclose()


async def test_a_stream_whose_supervisor_closes_says_so(tmp_path: Path) -> None:
    script = Hanging()
    supervisor = with_script(tmp_path, script)
    await supervisor.start()
    stream = supervisor.stream_request(SCRIPT)
    await anext(stream)
    await script.begun.wait()
    failures: list[BaseException] = []

    async def read() -> None:
        try:
            async for _ in stream:
                pass
        except SupervisorError as error:
            failures.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await anyio.lowlevel.checkpoint()
        await supervisor.close()
    assert "without an answer" in str(failures[0])


async def test_a_caller_who_goes_while_the_id_is_claimed_leaves_nothing_open(tmp_path: Path) -> None:
    """What is in the log as begun is ended, though the caller went before the log had answered."""
    script = Hanging()
    async with with_script(tmp_path, script) as supervisor:
        claimed = anyio.Event()
        append: Any = supervisor.store.append

        async def slowly(*arguments: Any, **named: Any) -> int:
            position = await append(*arguments, **named)
            claimed.set()
            await anyio.sleep(0.05)
            return position

        supervisor.store.append = slowly  # type: ignore[method-assign]
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.process_request, SCRIPT, {"request_id": "mine"})
            await claimed.wait()
            group.cancel_scope.cancel()
        assert await outcomes(supervisor) == ["cancelled"]


async def test_a_request_of_another_process_is_cancelled(tmp_path: Path) -> None:
    """Two supervisors on one log: the one that handles the request sees that the other wants it stopped."""
    script = Hanging()
    url = f"sqlite:///{tmp_path / 'log.db'}"
    answers: list[Response] = []
    async with with_script(tmp_path, script, url) as owner, with_script(tmp_path, Hanging(), url) as other:

        async def ask() -> None:
            answers.append(await owner.process_request(SCRIPT))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await script.begun.wait()
            while not (rows := await other.traces()):
                await anyio.sleep(0.01)
            told = await other.cancel(str(rows[0]["trace_id"]), by="maria", reason="changed my mind")
        assert told.state == "cancelled"
        assert told.response == answers[0]
        assert answers[0].outcome == "cancelled"
        (asked,) = await owner.store.read_all(0, {CancellationRequested.TOPIC})
        assert isinstance(asked.event, CancellationRequested)
        assert (asked.event.by, asked.event.reason) == ("maria", "changed my mind")
        again = await other.cancel(str(rows[0]["trace_id"]))
        assert (again.state, again.response) == ("ended", answers[0])


def test_the_command_line_cancels_what_runs_in_another_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_that_know_the_role(tmp_path)
    command = [sys.executable, "-m", "tests.supervisor.cancelled_host", str(tmp_path)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path))
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as host:
        try:
            rows: list[dict[str, object]] = []
            while not rows:
                assert host.poll() is None, "it must still run"
                assert main(["traces", "list", "--json"]) == 0
                rows = json.loads(capsys.readouterr().out)
            assert rows[0]["outcome"] is None
            trace_id = str(rows[0]["trace_id"])
            assert main(["traces", "cancel", trace_id[:10], "--reason", "enough", "--json"]) == 0
            told = json.loads(capsys.readouterr().out)
            assert (told["trace_id"], told["state"], told["response"]["outcome"]) == (
                trace_id,
                "cancelled",
                "cancelled",
            )
            assert host.communicate(timeout=30)[0].strip() == "cancelled"
        finally:
            host.kill()
    assert main(["traces", "cancel", trace_id]) == 1, "there is nothing to cancel any more"
    assert "has ended before" in capsys.readouterr().out


def test_the_command_line_resumes_what_was_interrupted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert killed_after(tmp_path, 5, "off")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path))
    assert main(["traces", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert main(["traces", "resume", row["trace_id"], "--seconds", "60", "--quiet", "--json"]) == 0
    response = json.loads(capsys.readouterr().out)
    assert response["outcome"] in ("success", "partial")
    assert len(response["intents"]) == 2
    assert main(["traces", "resume", "nothing"]) != 0


async def test_an_owner_that_does_not_stop_in_time_is_told_of(tmp_path: Path) -> None:
    script = Hanging()
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with with_script(tmp_path, script, url) as owner, with_script(tmp_path, Hanging(), url) as other:
        stream = owner.stream_request(SCRIPT)
        await anext(stream)
        await script.begun.wait()
        while not (rows := await other.traces()):
            await anyio.sleep(0.01)
        told = await other.cancel(str(rows[0]["trace_id"]), timeout=0.05)
        assert (told.state, told.response) == ("requested", None)
        assert await until_ended(other) == ["cancelled"]
        await stream.aclose()


async def test_what_was_carried_out_before_the_cancellation_is_reported(tmp_path: Path) -> None:
    """A cancellation that comes while the intents are carried out lets them come to rest, and tells of them."""

    class Quick(Hanging):
        async def __call__(self, request: str, run: RunContext) -> RoleResult:
            run.collector.register(Mark(text="one"), task=run.task)
            run.collector.register(Mark(text="two"), task=run.task)
            self.begun.set()
            return RoleResult("marked")

    script = Quick()
    async with with_script(tmp_path, script) as supervisor:
        response = await supervisor.process_request(SCRIPT)
        told = await supervisor.cancel(response.trace_id)
        assert told.state == "ended"
        assert told.response is not None
        assert [intent.detail for intent in told.response.intents] == ["marked one", "marked two"]
        assert "has ended before" in told.text


async def test_the_trace_of_a_dead_process_is_settled_when_it_is_cancelled(tmp_path: Path) -> None:
    assert killed_after(tmp_path, 5, "off")
    base = offline_settings(tmp_path)
    shared = base.model_copy(update={"store": base.store.model_copy(update={"url": ""})})
    async with Supervisor(shared, background=False) as supervisor:
        (row,) = await supervisor.traces()
        told = await supervisor.cancel(str(row["trace_id"]))
        assert told.state == "ended"
        assert told.response is not None
        assert told.response.outcome == "interrupted"
