"""Flags in requests: what a trace tells of them, changes while requests run, and whose flags they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from openfeature import api
from openfeature.hook import Hook, add_hooks, clear_hooks
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from common.clock import SystemClock
from common.context import TaskContext
from common.flags import FlagDeclaration
from common.results import FlagReading, RoleResult
from common.role import Role
from common.run_context import RunContext
from common.settings import FlagSettings, RequestSettings, RouterSettings, Settings
from common.tool import Tool
from events.catalogue.trace import FlagEvaluated, ModelCalled, RequestRouted
from events.recorded import RecordedEvent
from llm_provider.factory import LLMFactory
from supervisor import Supervisor
from supervisor.doctor import diagnose
from supervisor.testing import offline_settings
from supervisor.traces import read_trace
from tests.common.flags.definitions import meta_planning, write

PLANNED = "set a timer for 5 minutes and turn on the kitchen light"
UNSURE = "saturday"


@pytest.fixture(autouse=True)
def _clean_registry() -> Iterator[None]:
    yield
    clear_hooks()
    api.clear_providers()


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncGenerator[Supervisor]:
    async with Supervisor(offline_settings(tmp_path), background=False) as running:
        yield running


async def events_of(supervisor: Supervisor, trace_id: str) -> list[object]:
    return [entry.event for entry in await supervisor.store.read(f"trace/{trace_id}")]


async def flags_of(supervisor: Supervisor, trace_id: str) -> list[dict[str, Any]]:
    (routed,) = [event for event in await events_of(supervisor, trace_id) if isinstance(event, RequestRouted)]
    return routed.flags


async def until(condition: Any) -> None:
    with anyio.fail_after(60):
        while not condition():
            await anyio.sleep(0.02)


SPLIT = meta_planning(targeting={"fractional": [["on", 30], ["off", 70]]})


async def test_flags_may_change_while_requests_run(tmp_path: Path) -> None:
    """200 requests in flight while flags.json changes: none fails, and each says what it was handled under."""
    path = tmp_path / "flags.json"
    write(path, meta_planning("off"))
    settings = offline_settings(tmp_path).model_copy(update={"requests": RequestSettings(max_concurrent=64, queue=256)})
    responses: dict[int, Any] = {}
    changed, broken = anyio.Event(), anyio.Event()

    async def one(supervisor: Supervisor, index: int) -> None:
        if index >= 60:
            await changed.wait()
        if index >= 130:
            await broken.wait()
        responses[index] = await supervisor.process_request(PLANNED, TaskContext(request_id=f"request {index}"))

    async with Supervisor(settings) as supervisor:
        async with anyio.create_task_group() as group:
            for index in range(200):
                group.start_soon(one, supervisor, index)
            await until(lambda: len(responses) >= 10)
            write(path, SPLIT)
            await until(lambda: (rules := supervisor.flags.rules("meta-planning")) is not None and rules.shares)
            changed.set()
            await until(lambda: len(responses) >= 80)
            write(path, "{ not yet")
            await until(lambda: supervisor.flags.fault() is not None)
            broken.set()
            await until(lambda: len(responses) >= 150)
            write(path, SPLIT)
        assert Counter(response.outcome for response in responses.values()) == {"success": 200}
        seen: Counter[tuple[str, str]] = Counter()
        for index, response in responses.items():
            (flag, _) = await flags_of(supervisor, response.trace_id)
            variant = response.metadata.flag.variant
            assert (flag["key"], flag["variant"], flag["provider"]) == ("meta-planning", variant, "flags.json")
            assert response.metadata.approach == ("meta_planning" if variant == "on" else "task_graph")
            seen[variant, flag["reason"]] += 1
            if flag["reason"] == "TARGETING_MATCH":
                foreseen = await supervisor.flags.read("meta-planning", TaskContext(request_id=f"request {index}"))
                assert variant == foreseen.reading.variant
            else:
                assert (index < 60, variant, flag["reason"]) == (True, "off", "STATIC")
        metrics = supervisor.metrics_registry.get_sample_value
        for variant in ("on", "off"):
            labels = {"key": "meta-planning", "variant": variant, "outcome": "success"}
            count = sum(number for (name, _), number in seen.items() if name == variant)
            assert metrics("supervisor_flag_requests_total", labels) == count
    assert seen["off", "STATIC"] >= 10
    of_split = seen["on", "TARGETING_MATCH"] + seen["off", "TARGETING_MATCH"]
    assert of_split >= 140
    assert seen["on", "TARGETING_MATCH"] / of_split == pytest.approx(0.3, abs=0.12)


async def test_the_shares_of_requests_are_those_of_the_percentage(supervisor: Supervisor) -> None:
    await supervisor.flags.set("meta-planning", by="test", percent=30)
    on = 0
    for index in range(1_000):
        on += bool((await supervisor.flags.read("meta-planning", TaskContext(request_id=f"request {index}"))).value)
    assert on == pytest.approx(300, abs=45)
    answered = [
        await supervisor.process_request(PLANNED, TaskContext(request_id=f"request {index}")) for index in range(20)
    ]
    foreseen = [
        (await supervisor.flags.read("meta-planning", TaskContext(request_id=f"request {index}"))).reading.variant
        for index in range(20)
    ]
    assert [response.metadata.flag.variant for response in answered if response.metadata.flag] == foreseen


async def test_a_running_supervisor_takes_a_change_by_itself(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path)) as supervisor:
        assert (await supervisor.process_request(PLANNED)).metadata.approach == "task_graph"
        reloads = supervisor.flags.fault
        write(tmp_path / "flags.json", "{")
        await until(lambda: reloads() is not None)
        write(tmp_path / "flags.json", meta_planning("on"))
        await until(lambda: reloads() is None)
        assert (await supervisor.process_request(PLANNED)).metadata.approach == "meta_planning"


class Counting(Hook):
    """Counts evaluations."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def before(self, *, hook_context: Any, hints: Any) -> None:
        self.keys.append(hook_context.flag_key)


async def test_a_request_evaluates_each_flag_once_and_a_direct_one_none(supervisor: Supervisor) -> None:
    counting = Counting()
    add_hooks([counting])
    await supervisor.process_request("turn on the kitchen light")
    assert counting.keys == []
    await supervisor.process_request(PLANNED)
    assert counting.keys == ["meta-planning", "shadow-comparison"]


async def test_the_same_request_id_again_is_handled_under_the_same_variant(tmp_path: Path) -> None:
    write(tmp_path / "flags.json", meta_planning(targeting={"fractional": [["on", 50], ["off", 50]]}))
    async with Supervisor(offline_settings(tmp_path), background=False) as one:
        first = [await one.process_request(PLANNED, {"request_id": f"r{index}"}) for index in range(10)]
    async with Supervisor(offline_settings(tmp_path), background=False) as two:
        second = [await two.process_request(PLANNED, {"request_id": f"r{index}"}) for index in range(10)]
    assert [response.metadata.flag for response in first] == [response.metadata.flag for response in second]


async def test_two_supervisors_with_files_of_their_own_share_nothing(tmp_path: Path) -> None:
    for name in ("on", "off"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "flags.json", meta_planning(name))
    async with (
        Supervisor(offline_settings(tmp_path / "on")) as on,
        Supervisor(offline_settings(tmp_path / "off")) as off,
    ):
        assert (await on.process_request(PLANNED)).metadata.approach == "meta_planning"
        assert (await off.process_request(PLANNED)).metadata.approach == "task_graph"
        await off.flags.set("meta-planning", by="test", variant="on")
        await on.flags.set("meta-planning", by="test", variant="off")
        assert (await on.process_request(PLANNED)).metadata.approach == "task_graph"
        assert (await off.process_request(PLANNED)).metadata.approach == "meta_planning"
        assert len(await on.flags.history()) == len(await off.flags.history()) == 1


async def test_the_hosts_default_provider_is_neither_asked_nor_touched(tmp_path: Path) -> None:
    class Touchy(InMemoryProvider):
        def get_metadata(self) -> Any:
            touched.append("metadata")
            return super().get_metadata()

        def shutdown(self) -> None:
            touched.append("shutdown")

    touched: list[str] = []
    hosts = Touchy({"meta-planning": InMemoryFlag("yes", {"yes": True})})
    api.set_provider(hosts)
    touched.clear()
    async with Supervisor(offline_settings(tmp_path)) as supervisor:
        assert (await supervisor.process_request(PLANNED)).metadata.approach == "task_graph"
        await supervisor.flags.report()
    assert api.get_client().provider is hosts
    assert touched == []


@pytest.mark.parametrize("how", ["handed over", "registered"])
async def test_any_provider_of_the_hosts_serves(tmp_path: Path, how: str) -> None:
    provider = InMemoryProvider({"meta-planning": InMemoryFlag("yes", {"yes": True, "no": False})})
    if how == "registered":
        api.set_provider(provider, domain="ours")
    settings = offline_settings(tmp_path).model_copy(update={"flags": FlagSettings(domain="ours")})
    given = provider if how == "handed over" else None
    async with Supervisor(settings, flag_provider=given, background=False) as supervisor:
        response = await supervisor.process_request(PLANNED)
        (flag, _) = await flags_of(supervisor, response.trace_id)
    assert response.metadata.approach == "meta_planning"
    assert flag == {"key": "meta-planning", "variant": "yes", "reason": "STATIC", "provider": "In-Memory Provider"}


class Asking(Role):
    """A host's role that reads a flag of the host's own."""

    name = "letters"
    description = "Writes letters to customers."
    examples: ClassVar = (
        "write a letter to the customer",
        "draft a letter for my customer",
        "compose a customer letter",
    )
    tools: tuple[Tool, ...] = ()
    intent_handlers = ()

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        assert run.flags is not None
        first = await run.flags.read("tone")
        second = await run.flags.read("tone")
        assert first is second
        return RoleResult(f"a {first.value} letter")


async def test_a_hosts_role_reads_the_hosts_flag_and_the_trace_tells(tmp_path: Path) -> None:
    supervisor = Supervisor(
        offline_settings(tmp_path), flags=[FlagDeclaration("tone", "casual", "how letters sound")], background=False
    )
    supervisor.add_role(Asking())
    async with supervisor:
        await supervisor.flags.set("tone", by="test", define={"formal": "formal"}, users={"eva": "formal"})
        response = await supervisor.process_request("write a letter to the customer", TaskContext(user="eva"))
        assert response.text == "a formal letter"
        found = [event for event in await events_of(supervisor, response.trace_id) if isinstance(event, FlagEvaluated)]
        assert found == [FlagEvaluated(key="tone", variant="formal", reason="TARGETING_MATCH", provider="flags.json")]
        assert response.metadata.flag is None


@pytest.mark.parametrize("tier", [None, "fast"])
async def test_the_flag_says_whether_a_model_routes_and_which(
    tmp_path: Path, tier: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = LLMFactory.load

    async def counted(self: LLMFactory, name: str) -> Any:
        loaded.append(name)
        return await load(self, name)

    monkeypatch.setattr(LLMFactory, "load", counted)
    settings = offline_settings(tmp_path).model_copy(update={"router": RouterSettings(model_tier=tier)})
    async with Supervisor(settings, background=False) as supervisor:

        async def asked(context: TaskContext) -> tuple[list[str], list[Any]]:
            loaded.clear()
            response = await supervisor.process_request(UNSURE, context)
            events = await events_of(supervisor, response.trace_id)
            calls = [event for event in events if isinstance(event, ModelCalled) and event.purpose == "route"]
            flags = await flags_of(supervisor, response.trace_id)
            return loaded[: len(calls)], [flag["variant"] for flag in flags if flag["key"] == "router-model"]

        assert await asked(TaskContext()) == ([tier] if tier else [], [tier or "off"])
        await supervisor.flags.set("router-model", by="test", variant="off", tenants={"beta": "smart"})
        assert await asked(TaskContext()) == ([], ["off"])
        assert await asked(TaskContext(tenant="beta")) == (["smart"], ["smart"])
        assert await asked(TaskContext(flags={"router-model": "fast"})) == (["fast"], ["fast"])


@pytest.mark.parametrize("order", [1, -1])
def test_a_trace_read_back_names_the_flag_of_the_engine_beside_others(order: int) -> None:
    flags: list[dict[str, Any]] = [
        {"key": "router-model", "variant": "off", "reason": "DEFAULT", "provider": "default"},
        {"key": "meta-planning", "variant": "on", "reason": "STATIC", "provider": "flags.json"},
    ]
    event = RequestRouted(approach="meta_planning", route="planning", confidence=0.5, flags=flags[::order])
    entry = RecordedEvent(1, "trace/t", 1, event.TOPIC, SystemClock().now(), "default", "t", None, event)
    assert read_trace([entry]).metadata.flag == FlagReading(key="meta-planning", variant="on", reason="STATIC")


async def test_a_fault_is_told_by_doctor_report_and_metric(tmp_path: Path) -> None:
    write(tmp_path / "flags.json", '{"flags": {"meta-planning": {"state": "ON"}}}')
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        (row,) = [row for row in await supervisor.doctor() if row.part == "flags"]
        assert (row.status, row.where) == ("unreachable", "flags.json: flags.meta-planning.state")
        report = await supervisor.flags.report()
        assert report["fault"]["what"] == "state is 'ON'"
        assert report["fault"]["meanwhile"] == "settings and defaults hold"
        json.dumps(report)
        assert (await supervisor.process_request(PLANNED)).outcome == "success"
        assert supervisor.metrics_registry.get_sample_value("supervisor_flag_fault") == 1
        write(tmp_path / "flags.json", meta_planning())
        await supervisor.flags.report()
        assert supervisor.metrics_registry.get_sample_value("supervisor_flag_fault") == 0
    (row,) = [row for row in await diagnose(offline_settings(tmp_path)) if row.part == "flags"]
    assert (row.status, row.detail) == ("reached", "6 known, from flags.json")


def test_the_file_stands_where_the_settings_say(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).flags_path == tmp_path / "flags.json"
    assert Settings(flags=FlagSettings(file=tmp_path / "x.json")).flags_path == tmp_path / "x.json"
