"""Shadow comparisons: after the answer, dry, bounded, and without a trace in what belongs to live requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import TaskContext
from common.results import RoleResult
from common.rollout_settings import ComparisonSettings
from common.run_context import RunContext
from common.settings import StoreSettings
from events.catalogue.comparison import EnginesCompared
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.supervisor.rollout_help import PLANNED, until, write_flags
from tests.supervisor.scripted_role import Mark, ScriptedRole, settings_that_know_the_role

TWICE = "play the script and turn on the kitchen light"


def shadows(supervisor: Supervisor, status: str) -> float:
    value = supervisor.metrics_registry.get_sample_value("supervisor_shadow_comparisons_total", {"status": status})
    return value or 0.0


async def compared(supervisor: Supervisor) -> list[Any]:
    return await supervisor.store.read_all(0, {EnginesCompared.TOPIC})


@pytest.mark.parametrize("meta_planning", [False, True])
async def test_the_other_engine_works_on_the_request_too(tmp_path: Path, meta_planning: bool) -> None:
    write_flags(tmp_path, shadow_comparison=True, meta_planning=meta_planning)
    async with Supervisor(offline_settings(tmp_path)) as supervisor:
        response = await supervisor.process_request(PLANNED, TaskContext(tenant="acme", session="s"))
        await until(lambda: shadows(supervisor, "compared") == 1)
        (entry,) = await compared(supervisor)
        event = entry.event
        assert (entry.tenant, entry.correlation, event.source) == ("acme", response.trace_id, "shadow")
        assert (event.request, event.session) == (PLANNED, "s")
        names = ("task_graph", "meta_planning")
        assert (event.first.engine, event.second.engine) == (names if not meta_planning else names[::-1])
        assert (event.first.dry, event.second.dry) == (False, True)
        assert (event.first.trace_id, event.first.text) == (response.trace_id, response.text)
        assert [intent.status for intent in event.first.intents] == ["processed", "processed"]
        assert [intent.status for intent in event.second.intents] == ["collected", "collected"]
        assert len(await supervisor.store.read_all(0, {"timer.set"})) == 1
        assert len(await supervisor.views.query("trace_index")) == 1
        assert len(await supervisor.views.query("intents")) == 2
        read = supervisor.metrics_registry.get_sample_value
        engine = event.second.engine
        assert read("supervisor_shadow_tokens_total", {"engine": engine, "direction": "input"}) > 0
        assert read("supervisor_requests_total", {"approach": engine, "outcome": "success"}) is None


@pytest.mark.parametrize(
    ("text", "flags"), [("turn on the kitchen light", True), (PLANNED, False)], ids=["a direct request", "flag off"]
)
async def test_what_is_not_to_be_compared_is_not(tmp_path: Path, text: str, flags: bool) -> None:
    write_flags(tmp_path, shadow_comparison=flags)
    async with Supervisor(offline_settings(tmp_path)) as supervisor:
        await supervisor.process_request(text)
        write_flags(tmp_path, shadow_comparison=True)
        await supervisor.process_request(PLANNED, TaskContext(flags={"shadow-comparison": True}))
        await until(lambda: shadows(supervisor, "compared") == 1)
        (entry,) = await compared(supervisor)
        assert len(await supervisor.views.query("trace_index")) == 2
        assert entry.correlation == (await supervisor.traces())[0]["trace_id"]


async def test_the_share_of_the_flag_decides(tmp_path: Path) -> None:
    write_flags(tmp_path, shadow_comparison=30)
    async with Supervisor(offline_settings(tmp_path)) as supervisor:
        contexts = [TaskContext(request_id=f"r{index}") for index in range(20)]
        chosen = 0
        for context in contexts:
            chosen += bool((await supervisor.flags.read("shadow-comparison", context)).value)
            await supervisor.process_request(PLANNED, context)
            await until(lambda: supervisor._running_parts.rollout.shadows.pending == 0)
        assert 0 < chosen < 20
        assert len(await compared(supervisor)) == shadows(supervisor, "compared") == chosen


async def test_a_cancelled_request_has_no_shadow(tmp_path: Path) -> None:
    write_flags(tmp_path, shadow_comparison=True)
    started = anyio.Event()

    async def hang(_: str, __: RunContext) -> RoleResult:
        started.set()
        await anyio.sleep(60)
        raise AssertionError

    supervisor = Supervisor(settings_that_know_the_role(tmp_path))
    supervisor.add_role(ScriptedRole(hang))
    async with supervisor:
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.process_request, TWICE)
            await started.wait()
            group.cancel_scope.cancel()
        started = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.process_request, TWICE)
            await started.wait()
            await supervisor.cancel((await supervisor.traces())[0]["trace_id"])
        assert [row["outcome"] for row in await supervisor.traces()] == ["cancelled", "cancelled"]
        response = await supervisor.process_request(PLANNED)
        await until(lambda: shadows(supervisor, "compared") == 1)
        (entry,) = await compared(supervisor)
        assert entry.correlation == response.trace_id
        assert len(await supervisor.traces()) == 3


async def test_under_load_answers_effects_and_order_are_those_without_shadows(tmp_path: Path) -> None:
    """The same 60 requests with and without: same answers, same effects in the same order, the queue never over."""
    told: dict[bool, Any] = {}
    for shadow in (False, True):
        folder = tmp_path / str(shadow)
        folder.mkdir()
        write_flags(folder, shadow_comparison=shadow)
        played: list[str] = []

        async def script(request: str, run: RunContext) -> RoleResult:
            played.append(request)  # noqa: B023
            run.collector.register(Mark(text=run.context.request_id or ""), task=run.task)
            return RoleResult(f"played for {run.context.request_id}")

        settings = settings_that_know_the_role(folder).model_copy(
            update={"comparison": ComparisonSettings(queue=5, patience=0.5)}
        )
        supervisor = Supervisor(settings)
        supervisor.add_role(ScriptedRole(script))
        async with supervisor:
            waiting: list[int] = []
            answers: dict[str, Any] = {}

            async def ask(name: str) -> None:
                context = TaskContext(request_id=name, tenant=name)  # each with a house of its own
                answers[name] = await supervisor.process_request(TWICE, context)  # noqa: B023
                waiting.append(supervisor._running_parts.rollout.shadows.pending)  # noqa: B023

            for burst in range(6):
                async with anyio.create_task_group() as group:
                    for index in range(10):
                        group.start_soon(ask, f"{burst}-{index}")
            await until(lambda: supervisor._running_parts.rollout.shadows.pending == 0)  # noqa: B023
            assert max(waiting) <= 6
            counted = [shadows(supervisor, status) for status in ("compared", "dropped", "failed")]
            assert (sum(counted), counted[2]) == (60 if shadow else 0, 0)
            assert (counted[0] > 0, counted[1] > 0) == (shadow, shadow)
            done = {"intent.registered", "intent.processed", "home.device_changed", "trace.ended"}
            effects = await supervisor.store.read_all(0, done, limit=1_000)
            of_each: dict[str, list[str]] = {}
            for entry in effects:
                of_each.setdefault(entry.tenant, []).append(entry.topic)
            told[shadow] = (
                {name: (answer.text, answer.outcome) for name, answer in answers.items()},
                of_each,
                {
                    row["request_id"]: (row["outcome"], row["tool_calls"], row["model_calls"])
                    for row in await supervisor.views.query("trace_index", limit=1_000)
                },
            )
            assert len(effects) == 60 * 6
    assert told[False] == told[True]


async def test_closing_ends_a_shadow_that_hangs(tmp_path: Path) -> None:
    write_flags(tmp_path, shadow_comparison=True)
    hanging = anyio.Event()

    async def script(_: str, __: RunContext) -> RoleResult:
        hanging.set()
        await anyio.sleep(600)
        raise AssertionError

    settings = settings_that_know_the_role(tmp_path).model_copy(
        update={"store": StoreSettings(url=f"sqlite:///{tmp_path / 'log.db'}")}
    )
    supervisor = Supervisor(settings)
    supervisor.add_role(ScriptedRole(script))
    async with supervisor:
        for _ in range(3):  # by an agent, which does not ask the role
            await supervisor.process_request(TWICE, {"flags": {"meta-planning": True}})
        await hanging.wait()
        with anyio.fail_after(10):
            await supervisor.close()
    async with Supervisor(settings, background=False) as again:
        rows = await again.views.query("trace_index")
        assert (len(rows), [row["outcome"] for row in rows].count(None)) == (3, 0)


async def test_without_loops_there_are_no_shadows(tmp_path: Path) -> None:
    write_flags(tmp_path, shadow_comparison=True)
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        await supervisor.process_request(PLANNED)
        assert shadows(supervisor, "dropped") == 1
        assert await compared(supervisor) == []
