"""The way of a request: bad input, bounds, cancellation, asking again, streams, admission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import ConfigurationError, NotFound, Overloaded, RequestRejected
from common.results import RoleResult
from common.run_context import RunContext
from common.updates import Completed, Routed, ToolFinished, Update
from supervisor import Supervisor
from supervisor.request_text import checked_text
from tests.supervisor.scripted_role import ScriptedRole, settings_that_know_the_role


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "empty"), (" \n\t\x00 ", "empty"), ("x" * 20_001, "20001 characters"), ("ok \udc80", "surrogates")],
)
async def test_what_is_no_request_is_rejected_and_leaves_nothing(
    supervisor: Supervisor, text: str, message: str
) -> None:
    with pytest.raises(RequestRejected, match=message):
        await supervisor.process_request(text)
    assert await supervisor.traces() == []


@pytest.mark.parametrize(
    "context", [{"timezone": "Nowhere/Land"}, {"user": ""}, {"colour": "red"}, {"limits": {"turns": 0}}]
)
async def test_a_broken_context_is_rejected(supervisor: Supervisor, context: dict[str, Any]) -> None:
    with pytest.raises(RequestRejected, match="context"):
        await supervisor.process_request("hello", context)


@given(st.text(max_size=200))
def test_checked_text_is_clean_or_refused(text: str) -> None:
    try:
        clean = checked_text(text, 200)
    except RequestRejected:
        return
    assert clean.strip() == clean
    assert clean
    assert all(char.isprintable() or char in "\n\t" for char in clean)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=300))
async def test_any_text_ends_in_an_answer_or_a_refusal(supervisor: Supervisor, text: str) -> None:
    try:
        response = await supervisor.process_request(text)
    except RequestRejected:
        return
    assert response.text
    assert response.outcome in {"success", "partial", "failure"}


async def test_a_request_id_used_for_another_text_is_refused(supervisor: Supervisor) -> None:
    await supervisor.process_request("turn on the kitchen light", {"request_id": "one"})
    with pytest.raises(RequestRejected, match="another request"):
        await supervisor.process_request("turn off the kitchen light", {"request_id": "one"})
    other = await supervisor.process_request("turn off the kitchen light", {"request_id": "one", "user": "eve"})
    assert other.outcome == "success", "another user's ids are their own"


async def test_the_same_id_asked_at_once_is_handled_once(supervisor: Supervisor) -> None:
    responses = []

    async def ask() -> None:
        responses.append(await supervisor.process_request("set a timer for 5 minutes", {"request_id": "twin"}))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(ask)
    assert len({response.trace_id for response in responses}) == 1
    assert len(await supervisor.store.read_all(0, {"timer.set"})) == 1


async def with_role(folder: Path, script: Any, **changes: Any) -> Supervisor:
    base = settings_that_know_the_role(folder)
    configured = base.model_copy(update={"requests": base.requests.model_copy(update=changes)})
    supervisor = Supervisor(configured, background=False)
    supervisor.add_role(ScriptedRole(script))
    return supervisor


async def hang(_: str, __: RunContext) -> RoleResult:
    await anyio.sleep(60)
    raise AssertionError


ASK = "play the script"


async def test_the_wall_clock_ends_a_request(tmp_path: Path) -> None:
    async with await with_role(tmp_path, hang) as supervisor:
        response = await supervisor.process_request(ASK, {"limits": {"wall_clock": 0.2}})
        assert response.outcome == "limit:wall_clock"
        (row,) = await supervisor.traces()
        assert row["outcome"] == "limit:wall_clock"


async def test_cancel_by_trace_id(tmp_path: Path) -> None:
    async with await with_role(tmp_path, hang) as supervisor:
        with pytest.raises(NotFound):
            await supervisor.cancel("nothing")
        responses = []

        async def ask() -> None:
            responses.append(await supervisor.process_request(ASK))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            while not (rows := await supervisor.traces()):
                await anyio.sleep(0.01)
            await supervisor.cancel(str(rows[0]["trace_id"]))
        assert [response.outcome for response in responses] == ["cancelled"]


async def test_a_caller_that_goes_away_leaves_a_whole_trace(tmp_path: Path) -> None:
    async with await with_role(tmp_path, hang) as supervisor:
        with anyio.move_on_after(0.3):
            await supervisor.process_request(ASK)
        (row,) = await supervisor.traces()
        assert row["outcome"] == "cancelled"


async def test_a_fault_in_a_role_is_a_failure_that_is_told(tmp_path: Path) -> None:
    async def broken(_: str, __: RunContext) -> RoleResult:
        raise KeyError("lost")

    async with await with_role(tmp_path, broken) as supervisor:
        response = await supervisor.process_request(ASK)
        assert response.outcome == "failure"
        assert "KeyError" in response.text


async def test_beyond_admission_is_overloaded(tmp_path: Path) -> None:
    async with (
        await with_role(tmp_path, hang, max_concurrent=1, queue=0) as supervisor,
        anyio.create_task_group() as group,
    ):
        group.start_soon(supervisor.process_request, ASK)
        while not await supervisor.traces():
            await anyio.sleep(0.01)
        with pytest.raises(Overloaded):
            await supervisor.process_request("turn on the kitchen light")
        group.cancel_scope.cancel()


async def test_a_stream_ends_with_the_response(supervisor: Supervisor) -> None:
    updates: list[Update] = [update async for update in supervisor.stream_request("turn on the kitchen light")]
    assert isinstance(updates[0], Routed)
    assert any(isinstance(update, ToolFinished) and update.ok for update in updates)
    last = updates[-1]
    assert isinstance(last, Completed)
    assert last.response.outcome == "success"
    assert sum(isinstance(update, Completed) for update in updates) == 1


async def test_a_stream_raises_what_the_request_raises(supervisor: Supervisor) -> None:
    with pytest.raises(RequestRejected):
        async for _ in supervisor.stream_request(" "):
            pass


async def test_closing_a_stream_cancels_the_work(tmp_path: Path) -> None:
    async with await with_role(tmp_path, hang) as supervisor:
        stream = supervisor.stream_request(ASK)
        assert isinstance(await anext(stream), Routed)
        await stream.aclose()
        with anyio.fail_after(5):
            while [row["outcome"] for row in await supervisor.traces()] != ["cancelled"]:
                await anyio.sleep(0.01)


async def test_before_the_start_and_after_it() -> None:
    supervisor = Supervisor()
    with pytest.raises(ConfigurationError, match="not started"):
        await supervisor.process_request("hello")
    with pytest.raises(ConfigurationError, match="not started"):
        _ = supervisor.store


async def test_roles_come_before_the_start(supervisor: Supervisor) -> None:
    with pytest.raises(ConfigurationError, match="before the start"):
        supervisor.add_role(ScriptedRole(hang))


async def test_close_may_be_called_from_another_task_and_twice(tmp_path: Path) -> None:
    supervisor = Supervisor(settings_that_know_the_role(tmp_path))
    async with anyio.create_task_group() as group:
        group.start_soon(supervisor.start)
    async with anyio.create_task_group() as group:
        group.start_soon(supervisor.close)
    await supervisor.close()
