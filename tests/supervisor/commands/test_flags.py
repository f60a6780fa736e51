"""Changing flags: the file and the log together, with who and why; nothing changes unrecorded."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from common.context import TaskContext
from common.errors import ConfigurationError, StoreUnavailable
from common.flags import FlagDeclaration
from common.flags.editing import Edit
from events.catalogue.flag import FlagChanged
from events.store import EventStore
from supervisor import Supervisor
from supervisor.testing import offline_settings

BETA = TaskContext(tenant="beta")


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncGenerator[Supervisor]:
    own = [FlagDeclaration("tone", "casual", "how letters sound")]
    async with Supervisor(offline_settings(tmp_path), flags=own, background=False) as running:
        yield running


def document(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "flags.json").read_text())["flags"]


async def test_a_change_holds_at_once_and_is_in_the_log(supervisor: Supervisor, tmp_path: Path) -> None:
    changed = await supervisor.flags.set(
        "meta-planning", by="eva", reason="first try", percent=0, tenants={"beta": "on"}
    )
    assert changed is not None
    assert changed.after == document(tmp_path)["meta-planning"]
    assert (await supervisor.flags.read("meta-planning", BETA)).value is True
    assert (await supervisor.flags.read("meta-planning")).value is False
    (recorded,) = await supervisor.store.read("flag/meta-planning")
    assert recorded.event == FlagChanged(
        key="meta-planning", before=None, after=changed.after, by="eva", reason="first try"
    )
    (step,) = await supervisor.flags.history("meta-planning")
    assert (step.by, step.reason, step.before, step.after) == ("eva", "first try", None, changed.after)


async def test_what_is_so_already_is_no_change(supervisor: Supervisor) -> None:
    assert await supervisor.flags.reset("meta-planning", by="eva") is None
    assert await supervisor.flags.set("meta-planning", by="eva", percent=10) is not None
    assert await supervisor.flags.set("meta-planning", by="eva", percent="10.0%") is None
    assert len(await supervisor.flags.history()) == 1


async def test_history_is_in_order_over_all_flags(supervisor: Supervisor) -> None:
    await supervisor.flags.set("meta-planning", by="eva", percent=10)
    await supervisor.flags.set("tone", by="tim", define={"formal": "formal"}, users={"eva": "formal"})
    await supervisor.flags.reset("meta-planning", by="eva", reason="back")
    steps = await supervisor.flags.history()
    assert [(step.key, step.by) for step in steps] == [
        ("meta-planning", "eva"),
        ("tone", "tim"),
        ("meta-planning", "eva"),
    ]
    assert steps[2].before == steps[0].after
    assert steps[2].after is None
    assert [step.key for step in await supervisor.flags.history("tone")] == ["tone"]
    assert await supervisor.flags.history("nothing") == []


async def test_a_flag_of_the_hosts_own_is_set_by_every_kind_of_rule(supervisor: Supervisor) -> None:
    await supervisor.flags.set(
        "tone",
        by="eva",
        define={"formal": "formal", "curt": "curt"},
        sessions={"s1": "formal"},
        attributes={"plan": {"pro": "curt"}},
        percent={"curt": 100},
        per="user",
    )
    read = supervisor.flags.read
    assert (await read("tone", TaskContext(session="s1", attributes={"plan": "pro"}))).value == "formal"
    assert (await read("tone", TaskContext(attributes={"plan": "pro"}))).value == "curt"
    assert (await read("tone", TaskContext())).value == "curt"
    rules = supervisor.flags.rules("tone")
    assert rules is not None
    assert (rules.default, rules.per) == ("casual", "user")
    await supervisor.flags.set("tone", by="eva", attributes={"plan": {"pro": None}}, variant="formal")
    assert (await read("tone", TaskContext(attributes={"plan": "pro"}))).value == "formal"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "nothing to change was named"),
        ({"percent": 200}, "no percentage"),
        ({"variant": "yes"}, "no variant 'yes'"),
        ({"percent": 10, "by": " "}, "who made it"),
    ],
)
async def test_a_change_that_can_not_be_is_refused_and_leaves_no_trace(
    supervisor: Supervisor, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        await supervisor.flags.set("meta-planning", **{"by": "eva", **change})
    assert not (tmp_path / "flags.json").exists()
    assert await supervisor.flags.history() == []


async def test_when_the_log_can_not_take_it_nothing_has_changed(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await supervisor.flags.set("meta-planning", by="eva", percent=10)
    before = (tmp_path / "flags.json").read_bytes()

    async def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(EventStore, "append", full)
        with pytest.raises(StoreUnavailable):
            await supervisor.flags.set("meta-planning", by="eva", percent=50)
    assert (tmp_path / "flags.json").read_bytes() == before
    assert sorted(name for name in os.listdir(tmp_path) if "flags" in name) == [".flags.json.lock", "flags.json"]
    assert await supervisor.flags.set("meta-planning", by="eva", percent=50) is not None


async def test_when_the_file_can_not_be_replaced_the_log_says_so(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Edit) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Edit, "commit", fail)
    with pytest.raises(ConfigurationError, match="the flags can't be written: Permission denied"):
        await supervisor.flags.set("meta-planning", by="eva", percent=50)
    first, second = await supervisor.flags.history()
    assert (second.before, second.after) == (first.after, first.before)
    assert "did not take effect" in second.reason


async def test_editors_at_once_lose_nothing_and_the_log_has_the_order_of_the_file(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    async def one(index: int) -> None:
        await supervisor.flags.set("meta-planning", by=f"editor {index}", tenants={f"t{index}": "on"})

    async with anyio.create_task_group() as group:
        for index in range(8):
            group.start_soon(one, index)
    rules = supervisor.flags.rules("meta-planning")
    assert rules is not None
    assert {rule.value for rule in rules.rules} == {f"t{index}" for index in range(8)}
    steps = await supervisor.flags.history("meta-planning")
    assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]
    assert steps[-1].after == document(tmp_path)["meta-planning"]


async def test_a_flag_that_nobody_declared_can_be_changed_where_the_file_defines_it(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="unknown flag 'meta-planing'"):
        await supervisor.flags.set("meta-planing", by="eva", percent=10)
    with pytest.raises(ConfigurationError, match="unknown flag"):
        await supervisor.flags.reset("meta-planing", by="eva")
    definition = {"state": "ENABLED", "variants": {"a": 1, "b": 2}, "defaultVariant": "a"}
    (tmp_path / "flags.json").write_text(json.dumps({"flags": {"theirs": definition}}))
    await supervisor.flags.set("theirs", by="eva", variant="b")
    assert document(tmp_path)["theirs"]["defaultVariant"] == "b"
    report = await supervisor.flags.report()
    assert report["undeclared"] == {"theirs": ""}


async def test_flags_that_come_from_elsewhere_are_changed_elsewhere(tmp_path: Path) -> None:
    provider = InMemoryProvider({"meta-planning": InMemoryFlag("yes", {"yes": True})})
    async with Supervisor(offline_settings(tmp_path), flag_provider=provider, background=False) as supervisor:
        with pytest.raises(ConfigurationError, match="come from In-Memory Provider, not from a file"):
            await supervisor.flags.set("meta-planning", by="eva", percent=10)
        report = await supervisor.flags.report()
    assert (report["provider"], report["file"], report["fault"]) == ("In-Memory Provider", None, None)
