"""The file is read again as its content changes; a broken one is refused as a whole and the last good one stays."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import TaskContext
from common.flags import META_PLANNING, Flags
from common.flags import watched_file as watched
from supervisor.testing import MovableClock
from tests.common.flags.definitions import meta_planning, write

START = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


class Watch:
    """Flags over a file, with a clock that can be moved."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = MovableClock(START)
        self.flags = Flags("supervisor", {}, file=path, clock=self.clock)

    async def value(self) -> Any:
        return (await self.flags.read(META_PLANNING, TaskContext())).value

    async def after(self, document: Any) -> Any:
        write(self.path, document)
        await self.flags.refresh()
        return await self.value()


@pytest.fixture
async def watch(tmp_path: Path) -> Watch:
    found = Watch(tmp_path / "flags.json")
    write(found.path, meta_planning("on"))
    await found.flags.open()
    return found


async def test_a_changed_file_holds(watch: Watch) -> None:
    assert await watch.value() is True
    assert await watch.after(meta_planning("off")) is False
    assert await watch.after(meta_planning("on")) is True


async def test_an_older_time_and_the_same_length_make_no_difference(watch: Watch) -> None:
    before = watch.path.stat()
    text = watch.path.read_text()
    write(watch.path, text.replace('"defaultVariant": "on"', '"defaultVariant":"off"'))
    assert watch.path.stat().st_size == before.st_size
    os.utime(watch.path, ns=(0, before.st_mtime_ns - 10**9))
    await watch.flags.refresh()
    assert await watch.value() is False


@pytest.mark.parametrize(
    "broken", ["", "{", "{}", "[]", {"flags": []}, meta_planning("of")], ids=["empty", "cut", "{}", "[]", "list", "bad"]
)
async def test_a_broken_set_is_refused_as_a_whole(watch: Watch, broken: Any) -> None:
    if isinstance(broken, dict) and isinstance(broken["flags"], dict):
        broken["flags"]["router-model"] = {"state": "ENABLED", "variants": {"fast": "fast"}, "defaultVariant": "fast"}
    assert await watch.after(broken) is True
    assert (await watch.flags.read("router-model", TaskContext())).value == "off"
    fault = watch.flags.fault()
    assert fault is not None
    assert fault.what
    assert fault.todo
    assert (fault.meanwhile, fault.since) == ("the last good set holds", START)
    assert fault.where.startswith("flags.json")
    watch.clock.move(timedelta(minutes=1))
    assert await watch.after("still {") is True
    fault = watch.flags.fault()
    assert fault is not None
    assert fault.since == START, "it is the same time of trouble"
    assert await watch.after(meta_planning("on")) is True
    assert watch.flags.fault() is None


async def test_the_good_set_from_before_clears_the_fault(watch: Watch) -> None:
    good = watch.path.read_text()
    await watch.after("{")
    assert await watch.after(good) is True
    assert watch.flags.fault() is None


async def test_a_file_that_stays_broken_is_told_once_and_without_tracebacks(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            await watch.after("{")
        await watch.after("{{")
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in told] == [
        "the flags are refused, and the last good set holds: no valid JSON: Expecting property name enclosed in double "
        "quotes [flags.json:1:2]"
    ] * 2
    assert all(record.exc_info is None for record in caplog.records)


async def test_a_broken_file_at_the_start_leaves_settings_and_defaults_with_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    write(path, "{")
    flags = Flags("supervisor", {META_PLANNING: True}, file=path)
    await flags.open()
    read = await flags.read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason, read.provider) == (True, "STATIC", "settings")
    fault = flags.fault()
    assert fault is not None
    assert fault.meanwhile == "settings and defaults hold"


async def test_without_a_file_settings_and_defaults_hold_and_nothing_is_wrong(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "none" / "flags.json")
    await watch.flags.open()
    assert (await watch.value(), watch.flags.fault()) == (False, None)
    watch.path.parent.mkdir()
    assert await watch.after(meta_planning("on")) is True


async def test_a_file_that_is_moved_about_is_not_gone_at_once(watch: Watch) -> None:
    text = watch.path.read_text()
    watch.path.unlink()
    await watch.flags.refresh()
    assert await watch.value() is True
    assert await watch.after(text) is True
    watch.path.unlink()
    await watch.flags.refresh()
    await watch.flags.refresh()
    assert (await watch.value(), watch.flags.fault()) == (False, None)
    assert await watch.after(text) is True, "the same content counts when it comes back"


@pytest.mark.parametrize("kind", ["folder", "pipe", "locked", "loop"])
async def test_what_can_not_be_read_is_a_fault_and_blocks_nothing(
    watch: Watch, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    watch.path.unlink()
    match kind:
        case "folder":
            watch.path.mkdir()
        case "pipe":
            os.mkfifo(watch.path)
        case "loop":
            watch.path.symlink_to(watch.path.name)
        case _:
            if os.geteuid() == 0:
                pytest.skip("nothing is locked for root")
            watch.path.touch(mode=0)
    with anyio.fail_after(5):
        await watch.flags.refresh()
        await watch.flags.refresh()
    fault = watch.flags.fault()
    assert fault is not None
    assert "can't be read" in fault.what
    assert len(caplog.records) == 1
    assert await watch.value() is True


async def test_evaluations_look_themselves_when_nobody_did_for_a_second(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = watched.time.monotonic()
    monkeypatch.setattr(watched.time, "monotonic", lambda: now)
    await watch.flags.refresh()
    write(watch.path, meta_planning("off"))
    assert await watch.value() is True
    now += 0.9
    assert await watch.value() is True
    now += 0.2
    assert await watch.value() is False


async def test_one_looks_while_the_others_go_on(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    plain = watched.read_content

    def counted(path: Path) -> bytes | None:
        looks.append(path)
        return plain(path)

    monkeypatch.setattr(watched, "read_content", counted)
    now = watched.time.monotonic() + 5
    monkeypatch.setattr(watched.time, "monotonic", lambda: now)
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(watch.value)
    assert len(looks) == 1
