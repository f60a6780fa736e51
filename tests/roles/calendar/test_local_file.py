"""The file itself: several writers, crashes, and files that can't be used."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from common.clock import SystemClock
from common.context import Owner
from common.errors import IntentError, ToolError
from roles.calendar.adapters.local_file import LocalCalendar
from roles.calendar.backend import CalendarError
from roles.calendar.handlers import uid_for
from tests.roles.calendar.calendar_contract import CalendarContract
from tests.roles.calendar.calendar_stage import event
from tests.roles.calendar.calendars import LOCAL, Desk, ics

ROOT = Path(__file__).parents[3]
WRITER = Path(__file__).with_name("crashing_writer.py")
DENTIST = ics("UID:dentist\nDTSTART:20261117T083000Z\nDTEND:20261117T090000Z\nSUMMARY:Dentist")


def writer(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, str(WRITER), *arguments], env=environment, stderr=subprocess.PIPE)


class LocalStage:
    """Files in a folder, and another program that writes them."""

    def __init__(self, desk: Desk) -> None:
        self.backend = desk.backend
        self._desk = desk

    def store(self, *components: str, owner: Owner = LOCAL) -> None:
        path = self._desk.path(owner)
        before = self._desk.text(owner) if path.exists() else ics()
        inside = ics(*components).split("//EN\r\n", 1)[1]
        self._desk.write(before.replace("END:VCALENDAR\r\n", inside), owner)

    def stored(self, owner: Owner = LOCAL) -> dict[str, str]:
        return {"calendar.ics": self._desk.text(owner)} if self._desk.path(owner).exists() else {}


class TestLocalFile(CalendarContract):
    """The contract, over files."""

    @pytest.fixture
    def stage(self, tmp_path: Path) -> LocalStage:
        return LocalStage(Desk(tmp_path))


async def test_a_probe_tells_the_file_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    backend = LocalCalendar(Desk(tmp_path).settings, SystemClock())
    assert "will be made" in (await backend.probe()).detail
    assert os.listdir(tmp_path) == []
    await backend.add(LOCAL, event("one"))
    assert (await backend.probe()).detail == f"{tmp_path / 'calendar.ics'}, 1 event"
    (tmp_path / "calendar.ics").write_text("rubbish")
    with pytest.raises(CalendarError, match="no colon"):
        await backend.probe()


async def test_two_processes_adding_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = [writer("add", str(tmp_path), prefix, "12") for prefix in ("left", "right")]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    names = {entry.name for entry in await Desk(tmp_path).all()}
    assert names == {f"{prefix}{number}" for prefix in ("left", "right") for number in range(12)}


async def test_tasks_of_one_process_adding_at_once_lose_nothing(tmp_path: Path) -> None:
    desk, other = Desk(tmp_path), Desk(tmp_path)
    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(desk.backend.add, LOCAL, event(f"a{number}"))
            group.start_soon(other.backend.add, LOCAL, event(f"b{number}"))
    assert len(await desk.all()) == 20


@pytest.mark.parametrize("step", ["sync", "replace"])
async def test_killed_before_the_new_file_has_its_name_the_old_one_is_whole(tmp_path: Path, step: str) -> None:
    desk = Desk(tmp_path)
    desk.write(DENTIST)
    process = writer("crash", str(tmp_path), step)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert desk.text() == DENTIST
    assert (tmp_path / ".calendar.ics.new").exists(), "it was killed with the new file in the making"
    assert await desk.backend.add(LOCAL, event("after"))
    assert {entry.name for entry in await desk.all()} == {"Dentist", "after"}
    assert not (tmp_path / ".calendar.ics.new").exists()


BROKEN = [
    (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n", "line 5", "never ended"),
    (b"not a calendar\n", "line 1", "no colon"),
    (b"BEGIN:VCALENDAR\r\nSUMMARY:\xff\xfe\r\nEND:VCALENDAR\r\n", "line 2", "UTF-8"),
    (DENTIST.replace("20261117T083000Z", "tomorrow").encode(), "line 6", "DTSTART can't be read"),
]


@pytest.mark.parametrize(("content", "line", "reason"), BROKEN)
async def test_a_broken_file_is_named_and_never_overwritten(
    tmp_path: Path, content: bytes, line: str, reason: str
) -> None:
    desk = Desk(tmp_path)
    _, (intent,) = await desk.call("add", subject="lunch", when="tomorrow at noon")
    desk.path().write_bytes(content)
    for tool, arguments in (
        ("list", {}),
        ("find_free", {}),
        ("add", {"subject": "x", "when": "tomorrow"}),
        ("cancel", {"which": "the dentist"}),
        ("move", {"which": "the dentist", "when": "Friday"}),
    ):
        with pytest.raises(ToolError, match=reason) as caught:
            await desk.call(tool, **arguments)
        assert str(desk.path()) in caught.value.where
        assert line in caught.value.where
        assert caught.value.todo
    with pytest.raises(IntentError, match=reason):
        await desk.carry_out(intent)
    assert desk.path().read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"\r\n  \r\n"])
async def test_an_empty_file_is_an_empty_calendar(tmp_path: Path, content: bytes) -> None:
    desk = Desk(tmp_path)
    desk.path().write_bytes(content)
    assert await desk.all() == []
    assert await desk.backend.add(LOCAL, event("one"))
    assert [entry.name for entry in await desk.all()] == ["one"]


async def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    desk = Desk(blocked / "data")
    with pytest.raises(CalendarError, match="can't be used") as caught:
        await desk.backend.add(LOCAL, event("one"))
    assert str(desk.path()) in caught.value.where
    _, (intent,) = await Desk(tmp_path).call("add", subject="lunch", when="tomorrow at noon")
    with pytest.raises(IntentError, match="can't be used"):
        await desk.carry_out(intent)


async def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    desk.write(DENTIST)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CalendarError, match="No space left"):
        await desk.backend.add(LOCAL, event("one"))
    assert desk.text() == DENTIST


async def test_a_lock_that_is_never_given_back_is_waited_for_within_bounds(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.backend = type(desk.backend)(desk.settings, desk.clock, lock_timeout=0.05)
    with (tmp_path / "calendar.ics.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CalendarError, match="another program"):
            await desk.backend.add(LOCAL, event("one"))
    assert await desk.backend.add(LOCAL, event("one"))


async def test_mode_and_links_of_the_file_stay(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "mine.ics"
    real.parent.mkdir()
    real.write_text(DENTIST, newline="")
    real.chmod(0o640)
    link = tmp_path / "calendar.ics"
    link.symlink_to(real)
    desk = Desk(tmp_path)
    await desk.backend.add(LOCAL, event("one"))
    assert link.is_symlink()
    assert "UID:one" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


async def test_a_configured_path_is_the_default_owners_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, calendar={"path": tmp_path / "my" / "own.ics"})
    await desk.backend.add(LOCAL, event("mine"))
    await desk.backend.add(Owner("acme", "anna"), event("hers"))
    assert (tmp_path / "my" / "own.ics").exists()
    assert [entry.name for entry in await desk.all()] == ["mine"]
    assert [entry.name for entry in await desk.all(Owner("acme", "anna"))] == ["hers"]


def test_uids_are_stable_and_of_one_owner() -> None:
    anna, tom = Owner("acme", "anna"), Owner("acme", "tom")
    assert uid_for(anna, "k") == uid_for(anna, "k")
    assert len({uid_for(anna, "k"), uid_for(tom, "k"), uid_for(anna, "l"), uid_for(Owner("acmea", "nna"), "k")}) == 4


def test_no_calendar_library_is_imported_before_a_calendar_is_touched() -> None:
    code = (
        "import sys, roles.calendar, roles.timer, roles.smart_home;"
        "print([name for name in ('icalendar', 'recurring_ical_events', 'dateparser') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
