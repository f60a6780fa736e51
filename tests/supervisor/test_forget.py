"""A supervisor copes with a tenant that is forgotten: nothing crashes, nothing nags, nothing comes back."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.clock import SystemClock
from common.context import Owner, TaskContext
from common.errors import ConfigurationError, IntentError, NotFound, RequestRejected, StoreUnavailable
from common.intents import Policy
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import IntentSettings, Settings, StoreSettings
from events.catalogue.log import TenantForgotten
from events.catalogue.trace import ThinkingRecorded, TraceEnded, TraceStarted
from events.codec import FORGOTTEN
from events.key_folder import KeyFolder
from events.keys import MemoryKeys
from events.recorded import Erased
from events.store import stream_name
from events.verify import verify
from supervisor.doctor import diagnose
from supervisor.facade import Supervisor
from supervisor.testing import MovableClock, offline_settings
from supervisor.tokens import ActiveTokens, Scope
from tests.events.encrypted import files_with
from tests.supervisor.scripted_role import Mark, ScriptedRole, settings_that_know_the_role

SECRET = "zanzibar77"
ACME = Owner("acme", "ann")


def kept(folder: Path, **changes: Any) -> Settings:
    """Settings with a log in a file."""
    settings = offline_settings(folder)
    return settings.model_copy(update={"store": StoreSettings(url=""), **changes})


def context(**more: Any) -> TaskContext:
    return TaskContext(tenant=ACME.tenant, user=ACME.user, **more)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_what_a_tenant_said_is_gone_and_it_can_come_back(tmp_path: Path) -> None:
    async with Supervisor(kept(tmp_path), background=False) as supervisor:
        await supervisor.process_request(f"remember that my locker code is {SECRET}", context())
        await supervisor.process_request("remember that my bike is red", TaskContext())
        assert SECRET in (await supervisor.process_request("what do you know about my locker?", context())).text
        assert files_with(tmp_path, SECRET) != []
        forgotten = await supervisor.forget_tenant("acme", by="ann", reason="they asked")
        assert forgotten.report.is_complete
        assert files_with(tmp_path, SECRET) == []
        told = await supervisor.process_request("what do you know about my locker?", context())
        assert SECRET not in told.text
        assert told.outcome == "success"
        assert "red" in (await supervisor.process_request("what do you know about my bike?", TaskContext())).text
        assert [row["request"] for row in await supervisor.traces(owner=ACME)] == ["what do you know about my locker?"]
        assert (await verify(supervisor.store, supervisor.views)).ok
        assert await supervisor.views.parked() == []


async def test_another_supervisor_beside_it_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = kept(tmp_path)
    async with Supervisor(settings) as working, Supervisor(settings, background=False) as forgetting:
        await working.process_request(f"remember that my locker code is {SECRET}", context())
        with caplog.at_level(logging.WARNING):
            await forgetting.forget_tenant("acme", by="ann")
            told = await working.process_request("what do you know about my locker?", context())
            await working.process_request("remember that my locker is green", context())
        assert SECRET not in told.text
        assert errors(caplog) == []
        for supervisor in (working, forgetting):
            answer = await supervisor.process_request("what do you know about my locker?", context())
            assert "green" in answer.text
            assert SECRET not in answer.text
        assert files_with(tmp_path, SECRET) == []
        assert (await verify(working.store, working.views)).ok


async def test_what_was_pending_is_over_and_nobody_is_nagged(
    tmp_path: Path, movable_clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    policies = {"calendar.add_event": Policy.ASK}
    settings = kept(tmp_path, intents=IntentSettings(policies=policies))
    async with Supervisor(settings, clock=movable_clock, background=False) as supervisor:
        await supervisor.process_request(f"set a timer for 20 minutes for {SECRET}", context())
        waiting = await supervisor.process_request(f"add {SECRET} to my calendar tomorrow at 9", context())
        assert waiting.outcome == "awaiting_approval"
        (approval,) = await supervisor.approvals(ACME)
        started = TraceStarted(
            request=SECRET, user="ann", request_id="r", owner="nobody-that-lives", context={"user": "ann"}
        )
        await supervisor.store.append(stream_name("trace", "abandoned"), [started], tenant="acme")
        await supervisor.forget_tenant("acme", by="ann")
        assert await supervisor.approvals(ACME) == []
        with pytest.raises((IntentError, NotFound)):
            await supervisor.approve(str(approval["intent_id"]), by="ann", owner=ACME)
        with pytest.raises(NotFound):
            await supervisor.trace("abandoned", owner=ACME)
    movable_clock.move(timedelta(hours=1))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            async with Supervisor(settings, clock=movable_clock) as supervisor:
                heard: list[Any] = []

                async def listen(running: Supervisor, heard: list[Any]) -> None:
                    async for notification in running.notifications():
                        heard.append(notification)

                async with anyio.create_task_group() as group:
                    group.start_soon(listen, supervisor, heard)
                    await supervisor.process_request("thanks", TaskContext())
                    await supervisor._running_parts.recovery.recover()  # pyright: ignore[reportPrivateUsage]
                    await anyio.sleep(0.05)
                    group.cancel_scope.cancel()
                assert heard == []
                found = {row.part: row.status for row in await supervisor.doctor(timeout=5)}
                assert (found["store"], found["keys"]) == ("reached", "reached")
    assert errors(caplog) == []


async def test_a_forgetting_that_broke_off_leaves_nothing_to_nag_about(
    tmp_path: Path, movable_clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says it, and the views do not know it yet."""
    settings = kept(tmp_path)
    async with Supervisor(settings, clock=movable_clock, background=False) as supervisor:
        await supervisor.process_request(f"set a timer for 20 minutes for {SECRET}", context())
        started = TraceStarted(
            request=SECRET, user="ann", request_id="r", owner="nobody-that-lives", context={"user": "ann"}
        )
        await supervisor.store.append(stream_name("trace", "abandoned"), [started], tenant="acme")
        await supervisor.views.catch_up()
        keys = KeyFolder(settings.store_keys).keys_of("acme")
        await supervisor.store.append(FORGOTTEN, [TenantForgotten(tenant="acme", keys=keys)])
    movable_clock.move(timedelta(hours=1))
    with caplog.at_level(logging.WARNING):
        async with Supervisor(settings, clock=movable_clock, background=False) as supervisor:
            assert KeyFolder(settings.store_keys).keys_of("acme") == []
            from supervisor.bootstrap import loops

            heard: list[Any] = []
            parts = supervisor._running_parts  # pyright: ignore[reportPrivateUsage]

            async def listen() -> None:
                async for notification in supervisor.notifications():
                    heard.append(notification)

            async with anyio.create_task_group() as group:
                group.start_soon(listen)
                await anyio.sleep(0.01)
                for loop in loops(parts):
                    await loop.step()
                await anyio.sleep(0.01)
                group.cancel_scope.cancel()
            assert heard == []
            assert isinstance((await supervisor.store.read("trace/abandoned"))[0].event, Erased)
            await supervisor.forget_tenant("acme", by="ann")
            assert (await verify(supervisor.store, supervisor.views)).ok
            assert files_with(tmp_path, SECRET) == []
    assert errors(caplog) == []


async def test_a_request_id_of_before_is_refused_with_what_to_do(supervisor: Supervisor) -> None:
    await supervisor.process_request("thanks", context(request_id="r1"))
    await supervisor.forget_tenant("acme", by="ann")
    with pytest.raises(RequestRejected, match="has been forgotten") as caught:
        await supervisor.process_request("thanks", context(request_id="r1"))
    assert "new id" in caught.value.todo
    assert (await supervisor.process_request("thanks", context(request_id="r2"))).outcome == "success"


async def test_a_request_that_is_under_way_comes_to_an_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reached, go_on = anyio.Event(), anyio.Event()
    outcomes: list[str] = []

    async def script(request: str, run: RunContext) -> RoleResult:
        run.collector.register(Mark(text=SECRET))
        run.trace.record(ThinkingRecorded(text=SECRET))
        with anyio.fail_after(5):
            while not [entry for entry in await host.store.read_all() if entry.topic == ThinkingRecorded.TOPIC]:
                await anyio.sleep(0.01)
        reached.set()
        await go_on.wait()
        return RoleResult(f"done with {SECRET}")

    host = Supervisor(settings_that_know_the_role(tmp_path), background=False)
    host.add_role(ScriptedRole(script))
    async with host as supervisor:

        async def ask() -> None:
            outcomes.append((await supervisor.process_request("play the script", context())).outcome)

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            with anyio.fail_after(20):
                await reached.wait()
            await supervisor.forget_tenant("acme", by="ann")
            go_on.set()
        assert outcomes == ["success"]
        kinds = {type(entry.event) for entry in await supervisor.store.read_all() if entry.tenant == "acme"}
        assert {Erased, TraceEnded} <= kinds
        assert (await verify(supervisor.store, supervisor.views)).ok
        assert await supervisor.views.parked() == []


async def test_a_host_brings_its_own_key_service(tmp_path: Path) -> None:
    keys = MemoryKeys()
    async with Supervisor(kept(tmp_path), background=False, keys=keys) as supervisor:
        await supervisor.process_request("thanks", context())
        assert len(keys.keys_of("acme")) == 1
        assert not (tmp_path / "keys").exists()
        assert {row.part: row.detail for row in await supervisor.doctor(timeout=5)}["keys"] == "MemoryKeys"


async def test_encryption_can_be_switched_off(tmp_path: Path) -> None:
    settings = kept(tmp_path, store=StoreSettings(url="", encrypt=False))
    async with Supervisor(settings, background=False) as supervisor:
        await supervisor.process_request(f"remember that my locker code is {SECRET}", context())
        forgotten = await supervisor.forget_tenant("acme", by="ann")
        assert not forgotten.report.is_complete
        assert forgotten.report.readable > 0
    assert "events.db" in files_with(tmp_path, SECRET)
    assert not (tmp_path / "keys").exists()


async def test_what_is_wrong_with_the_keys_is_told_at_the_start(tmp_path: Path) -> None:
    settings = kept(tmp_path)
    async with Supervisor(settings, background=False) as supervisor:
        await supervisor.process_request("thanks", context())
    folder = settings.store_keys
    folder.chmod(0o755)
    with pytest.raises(ConfigurationError, match="may be read by others") as caught:
        await Supervisor(settings).start()
    assert "chmod 700" in caught.value.todo
    found = {row.part: row for row in await diagnose(settings, timeout=5)}
    assert any("may be read by others" in row.detail for row in found.values() if row.is_fault)
    folder.chmod(0o700)
    folder.rename(tmp_path / "aside")
    with pytest.raises(ConfigurationError, match="keys are missing"):
        await Supervisor(settings).start()
    assert not folder.exists()
    found = {row.part: row for row in await diagnose(settings, timeout=5)}
    assert found["keys"].is_fault
    assert "are missing" in found["keys"].detail
    (tmp_path / "aside").rename(folder)
    async with Supervisor(settings, background=False) as supervisor:
        assert (await supervisor.process_request("thanks", context())).outcome == "success"


async def test_a_key_service_that_is_down_fails_the_request_and_nothing_else(tmp_path: Path) -> None:
    class Down(MemoryKeys):
        def current(self, tenant: str) -> Any:
            if tenant == "acme":
                raise StoreUnavailable("the key server can't be reached", where="keys")
            return super().current(tenant)

    async with Supervisor(kept(tmp_path), background=False, keys=Down()) as supervisor:
        with pytest.raises(StoreUnavailable, match="key server"):
            await supervisor.process_request("thanks", context(request_id="r1"))
        assert (await supervisor.process_request("thanks", TaskContext())).outcome == "success"


async def test_its_tokens_count_for_nothing_and_are_listed_no_more(supervisor: Supervisor) -> None:
    tokens = supervisor.tokens
    acme = await tokens.create("acme's", [Scope.READ], by="ann", tenant="acme", user="ann")
    other = await tokens.create("everybody's", [Scope.READ], by="ann")
    await tokens.revoke((await tokens.create("old", [Scope.READ], by="ann", tenant="acme")).record.token_id, by="ann")
    await supervisor.forget_tenant("acme", by="ann")
    active = ActiveTokens(supervisor.store, supervisor.views, SystemClock())
    assert await active.find(acme.token) is None
    assert await active.find(other.token) is not None
    assert [record.token_id for record in await tokens.list()] == [other.record.token_id]
    with pytest.raises(NotFound):
        await tokens.revoke(acme.record.token_id, by="ann")
    await supervisor.forget_tenant("acme", by="ann")
    assert (await verify(supervisor.store, supervisor.views)).ok


async def test_what_is_not_reached_is_named(supervisor: Supervisor, tmp_path: Path) -> None:
    owner_folder = supervisor.settings.folder_of(ACME)
    owner_folder.mkdir(parents=True)
    forgotten = await supervisor.forget_tenant("acme", by="ann")
    assert any(str(owner_folder.parent) in left for left in forgotten.not_reached)
    assert forgotten.as_json()["complete"] is True
    with pytest.raises(ConfigurationError):
        await supervisor.forget_tenant("", by="ann")
