"""The guard in a running supervisor: what it sees, what it turns off, and that it does so once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import TaskContext
from common.errors import ConfigurationError, StreamConflict
from common.flags import FlagDeclaration
from common.flags.change import FlagChange
from common.rollout_settings import GuardSettings
from common.settings import Settings, StoreSettings
from events.catalogue.flag import FlagChanged
from events.catalogue.system import AlertRaised
from events.catalogue.trace import TraceEnded
from supervisor import Supervisor
from supervisor.commands.flags import FlagCommands
from supervisor.guard.guard import VariantGuard
from supervisor.notifications import Notification
from supervisor.testing import offline_settings
from tests.supervisor.rollout_help import PLANNED, NoAgents, until, write_flags


def kept(folder: Path, **guard: Any) -> Settings:
    """Offline settings with a log in a file."""
    url = f"sqlite:///{folder / 'log.db'}"
    return offline_settings(folder).model_copy(
        update={"store": StoreSettings(url=url), "guard": GuardSettings(**guard)}
    )


async def changes(supervisor: Supervisor) -> list[FlagChanged]:
    found = await supervisor.store.read_all(0, {FlagChanged.TOPIC})
    return [entry.event for entry in found if isinstance(entry.event, FlagChanged)]


async def alerts(supervisor: Supervisor) -> list[Any]:
    return await supervisor.store.read_all(0, {AlertRaised.TOPIC})


async def ask(supervisor: Supervisor, number: int, name: str = "r") -> list[str]:
    """Requests one after the other; the engines that were to handle them."""
    told: list[str] = []
    for index in range(number):
        response = await supervisor.process_request(PLANNED, TaskContext(request_id=f"{name}{index}"))
        told.append(response.metadata.approach)
    return told


async def test_a_variant_that_fails_is_turned_off_and_the_next_request_uses_the_other(tmp_path: Path) -> None:
    told: list[Notification] = []

    async def notifier(notification: Notification) -> None:
        told.append(notification)

    write_flags(tmp_path, meta_planning=40)
    async with Supervisor(offline_settings(tmp_path), model=NoAgents(), notifier=notifier) as supervisor:
        bad = 0
        while not told:
            assert bad < 30
            response = await supervisor.process_request(PLANNED)
            assert response.outcome == "success", "the fallback answers"
            bad += response.metadata.flag is not None and response.metadata.flag.variant == "on"
            await anyio.sleep(0.1)
        (changed,) = await changes(supervisor)
        assert (changed.key, changed.by) == ("meta-planning", "guard")
        assert "meta-planning: on fails too often" in changed.reason
        rules = supervisor.flags.rules("meta-planning")
        assert rules is not None
        assert (rules.default, rules.shares, rules.rules) == ("off", (), ())
        assert set(await ask(supervisor, 10)) == {"task_graph"}
        (alert,) = await alerts(supervisor)
        assert alert.stream.startswith("system/")
        assert (alert.event.subject, alert.event.evidence["variant"]) == ("meta-planning", "on")
        assert alert.event.evidence["turned_off"] is True
        assert alert.event.evidence["evidence"] >= alert.event.evidence["needed"]
        assert [(notification.kind, notification.title) for notification in told] == [("alert", alert.event.title)]

        await supervisor.flags.set("meta-planning", by="eva", percent=50, reason="mended")  # a person arms it again
        assert [finding["requests"] for finding in await supervisor.guard.report()] == []
        with anyio.fail_after(60):
            while len(await changes(supervisor)) < 3:
                await ask(supervisor, 5, f"again {len(await supervisor.traces(limit=500))} ")
                await anyio.sleep(0.1)
        assert [change.by for change in await changes(supervisor)] == ["guard", "eva", "guard"]


async def test_evidence_is_the_same_after_a_restart_and_in_another_process(tmp_path: Path) -> None:
    write_flags(tmp_path, meta_planning=50)
    async with Supervisor(kept(tmp_path), model=NoAgents(), background=False) as one:
        await ask(one, 8, "first ")
        before = await one.guard.report()
        assert before[0]["failed"] == before[0]["requests"] > 0
        assert await one.guard.step() == []
    async with (
        Supervisor(kept(tmp_path), model=NoAgents(), background=False) as one,
        Supervisor(kept(tmp_path), background=False) as two,
    ):
        assert await one.guard.report() == await two.guard.report() == before
        await ask(one, 30, "second ")
        done: list[FlagChanged] = []

        async def step(supervisor: Supervisor) -> None:
            done.extend(await supervisor.guard.step())

        async with anyio.create_task_group() as group:
            for supervisor in (one, two, one, two):
                group.start_soon(step, supervisor)
        assert len(done) == len(await changes(one)) == len(await alerts(two)) == 1
        assert await two.guard.step() == []
        await two.flags.report()  # which looks at the file now, instead of within a second
        assert await ask(two, 3, "third ") == ["task_graph"] * 3


async def test_a_change_that_came_first_is_not_overwritten(tmp_path: Path) -> None:
    write_flags(tmp_path, meta_planning=50)
    async with Supervisor(kept(tmp_path), background=False) as supervisor:
        await supervisor.flags.set("meta-planning", by="eva", percent=60)
        commands = FlagCommands(supervisor._running_parts.flags, supervisor.store)
        with pytest.raises(StreamConflict):
            await commands.change("meta-planning", FlagChange(variant="off", only=True), "guard", "late", 0)
        rules = supervisor.flags.rules("meta-planning")
        assert rules is not None
        assert rules.shares
        assert [change.by for change in await changes(supervisor)] == ["eva"]


async def test_evidence_about_an_older_definition_turns_nothing_off(tmp_path: Path) -> None:
    """One process has looked, and is slow; meanwhile another turned the variant off, and a person on again."""
    write_flags(tmp_path, meta_planning=50)
    async with Supervisor(kept(tmp_path), model=NoAgents(), background=False) as supervisor:
        await ask(supervisor, 30)
        seen = await supervisor.views.get("variant_watch", ("meta-planning",))

        class Slow:
            async def get(self, *_: object) -> Any:
                return seen

        parts: Any = supervisor._running_parts
        views: Any = Slow()
        slow = VariantGuard(
            parts.settings.guard, parts.flags, supervisor.store, views, parts.clock, parts.notifications
        )
        assert len(await supervisor.guard.step()) == 1
        await supervisor.flags.set("meta-planning", by="eva", percent=50)
        assert await slow.step() == []
        assert [change.by for change in await changes(supervisor)] == ["guard", "eva"]
        assert len(await alerts(supervisor)) == 1


async def test_only_what_the_flag_decided_is_counted(tmp_path: Path) -> None:
    """A request's own override, a cancelled request, a direct one: nobody's evidence."""
    write_flags(tmp_path, meta_planning=False)
    async with Supervisor(kept(tmp_path), model=NoAgents(), background=False) as supervisor:
        for _ in range(10):
            await supervisor.process_request(PLANNED, {"flags": {"meta-planning": True}})
        await supervisor.process_request("turn on the kitchen light")
        await ask(supervisor, 2)
        assert await supervisor.guard.report() == []
        (row,) = await supervisor.views.query("variant_watch")
        assert row["record"]["reference"][:2] == [2, 0]
        ended = await supervisor.store.read_all(0, {TraceEnded.TOPIC})
        variants = [entry.event.variants for entry in ended if isinstance(entry.event, TraceEnded)]
        assert variants[:11] == [{"shadow-comparison": "off"}] * 10 + [{}]
        assert variants[11] == {"meta-planning": "off", "shadow-comparison": "off"}


@pytest.mark.parametrize("how", ["off", "another flag"])
async def test_the_guard_goes_by_its_settings(tmp_path: Path, how: str) -> None:
    write_flags(tmp_path, meta_planning=50)
    guard: dict[str, Any] = {"enabled": False} if how == "off" else {"flags": {"shadow-comparison": "off"}}
    async with Supervisor(kept(tmp_path, **guard), model=NoAgents(), background=False) as supervisor:
        await ask(supervisor, 30)
        assert await supervisor.guard.step() == []
        assert await changes(supervisor) == []


async def test_a_flag_that_nobody_declared_can_not_be_watched(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'meta-planning'"):
        await Supervisor(kept(tmp_path, flags={"meta-planing": "off"})).start()
    own = Supervisor(
        kept(tmp_path, flags={"colour": "red"}), flags=[FlagDeclaration("colour", "red")], background=False
    )
    async with own as supervisor:
        assert await supervisor.guard.report() == []


async def test_rules_stay_where_only_shares_are_to_end(tmp_path: Path) -> None:
    async with Supervisor(kept(tmp_path, turn_off="shares"), model=NoAgents(), background=False) as supervisor:
        await supervisor.flags.set("meta-planning", by="eva", percent=50, tenants={"beta": "on"})
        await ask(supervisor, 30)
        (changed,) = await supervisor.guard.step()
        rules = supervisor.flags.rules("meta-planning")
        assert rules is not None
        assert (rules.shares, [rule.value for rule in rules.rules]) == ((), ["beta"])
        assert changed.by == "guard"
        for index in range(30):  # beta goes on failing, and is only told of, once
            await supervisor.process_request(PLANNED, TaskContext(tenant="beta", request_id=f"b{index}"))
        assert await supervisor.guard.step() == []
        assert await supervisor.guard.step() == []
        assert [entry.event.evidence["turned_off"] for entry in await alerts(supervisor)] == [True, False]


async def test_flags_of_a_foreign_provider_raise_an_alert_once(tmp_path: Path) -> None:
    from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

    def half(flag: Any, context: Any) -> Any:
        from openfeature.flag_evaluation import FlagResolutionDetails

        on = int(str(context.targeting_key)[1:]) % 2 == 0
        return FlagResolutionDetails(on, variant="on" if on else "off")

    provider = InMemoryProvider(
        {"meta-planning": InMemoryFlag("off", {"on": True, "off": False}, context_evaluator=half)}
    )
    async with Supervisor(kept(tmp_path), model=NoAgents(), flag_provider=provider) as supervisor:
        await ask(supervisor, 30)
        with anyio.fail_after(30):
            while not await alerts(supervisor):
                await anyio.sleep(0.05)
        await ask(supervisor, 4, "x")
        await anyio.sleep(0.3)
        (alert,) = await alerts(supervisor)
        assert alert.event.evidence["turned_off"] is False
        assert "Change them there" in alert.event.text
        assert await changes(supervisor) == []


async def test_the_guard_sees_what_other_processes_answered(tmp_path: Path) -> None:
    write_flags(tmp_path, meta_planning=50)
    async with (
        Supervisor(kept(tmp_path), model=NoAgents(), background=False) as one,
        Supervisor(kept(tmp_path), model=NoAgents()) as two,
    ):
        await ask(one, 29)
        assert await changes(one) == []
        await ask(two, 1, "two ")
        noticed: list[FlagChanged] = []

        async def look() -> None:
            noticed.extend(await changes(two))

        with anyio.fail_after(30):
            while not noticed:
                await look()
                await anyio.sleep(0.05)
        await until(lambda: len(noticed) == 1)


async def test_of_many_processes_one_turns_it_off(tmp_path: Path) -> None:
    write_flags(tmp_path, meta_planning=50)
    async with Supervisor(kept(tmp_path), model=NoAgents(), background=False) as supervisor:
        await ask(supervisor, 30)
    command = [sys.executable, "-m", "tests.supervisor.guard.one_process", str(tmp_path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
        for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert await anyio.to_thread.run_sync(process.stdout.readline) == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [await anyio.to_thread.run_sync(process.communicate, None, 60) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert sorted(int(out) for out, _ in told) == [0, 0, 1]
    async with Supervisor(kept(tmp_path), background=False) as supervisor:
        assert [change.by for change in await changes(supervisor)] == ["guard"]
        assert len(await alerts(supervisor)) == 1
        assert await ask(supervisor, 3, "after ") == ["task_graph"] * 3
