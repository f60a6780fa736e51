"""`chat`: lines are answered in turn, timers fire meanwhile, Ctrl-C cancels and then leaves."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import anyio
import pytest

from common.context import Owner, TaskContext
from common.intents import IntentHandler
from common.results import RoleResult
from common.run_context import RunContext
from common.tool import Tool
from supervisor import Supervisor
from supervisor.cli.chat import Conversation, earlier_lines, notification_line
from supervisor.notifications import Notification
from supervisor.testing import offline_settings


@dataclass
class Script:
    """Says one line after the other; before a line it may wait for something to be shown."""

    lines: Sequence[str | type[BaseException]]
    capsys: pytest.CaptureFixture[str]
    wait_for: dict[int, str] = field(default_factory=dict[int, str])
    shown: str = ""
    said: int = 0

    async def read(self) -> str:
        wanted = self.wait_for.get(self.said)
        while wanted is not None and wanted not in self.look():
            await anyio.sleep(0.01)
        if self.said == len(self.lines):
            raise EOFError
        line = self.lines[self.said]
        self.said += 1
        if not isinstance(line, str):
            raise line
        return line

    def look(self) -> str:
        """All that was written so far."""
        captured = self.capsys.readouterr()
        self.shown += captured.out + captured.err
        return self.shown


class Dreams:
    """A role whose requests never end by themselves."""

    name = "dreams"
    description = "Dreams of sheep until it is woken."
    examples = (
        "dream of electric sheep",
        "have a long dream about sheep",
        "dream on until I wake you",
        "start dreaming of sheep",
        "sleep and dream of electric sheep",
        "dream about a meadow full of sheep",
        "go on dreaming",
        "dream for ever",
    )
    tools: Sequence[Tool] = ()
    intent_handlers: Sequence[IntentHandler] = ()

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        await anyio.sleep_forever()
        raise AssertionError(request, run)


@pytest.fixture
async def living(tmp_path: Path) -> AsyncGenerator[Supervisor]:
    """A supervisor with its loops and a tool that never ends."""
    supervisor = Supervisor(offline_settings(tmp_path))
    supervisor.add_role(Dreams())
    async with supervisor:
        yield supervisor


def conversation(supervisor: Supervisor, reader: Script) -> Conversation:
    return Conversation(supervisor, TaskContext(session=uuid.uuid4().hex), reader, quiet=True)


async def test_lines_are_answered_until_exit(living: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(["turn on the kitchen light", "", "  EXIT ", "never said"], capsys)
    talk = conversation(living, script)
    with anyio.fail_after(30):
        await talk.run()
    assert script.said == 3
    assert "kitchen light" in script.look()
    assert "outcome  success" in script.shown
    (row,) = await living.traces(session=talk.context.session)
    assert talk.traces == {row["trace_id"]}


async def test_a_line_that_can_not_be_taken_does_not_end_the_talk(
    living: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Script(["Z\udcfcrich", "\x00", "list my timers"], capsys)
    with anyio.fail_after(30):
        await conversation(living, script).run()
    assert "can't be encoded" in script.look()
    assert "the request is empty" in script.shown
    assert "outcome  success" in script.shown


async def test_a_timer_fires_while_the_prompt_waits(living: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(["set a tea timer for 1 second"], capsys, wait_for={1: "] ⏰"})
    with anyio.fail_after(30):
        await conversation(living, script).run()
    assert "] ⏰ Tea: your 1 second timer is done" in script.shown


async def test_control_c_cancels_the_running_request_and_then_leaves(
    living: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Script(["dream of electric sheep", "never said"], capsys, wait_for={1: "never shown"})
    talk = conversation(living, script)

    async def interrupt() -> None:
        while not await living.traces(session=talk.context.session):
            await anyio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        while "outcome  cancelled" not in script.look():
            await anyio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(interrupt)
            await talk.run()
    assert script.said == 1
    (row,) = await living.traces(session=talk.context.session)
    assert row["outcome"] == "cancelled"


async def test_control_c_at_the_prompt_leaves_when_it_is_said_twice(
    living: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Script([KeyboardInterrupt, "list my timers", KeyboardInterrupt, KeyboardInterrupt, "never said"], capsys)
    with anyio.fail_after(30):
        await conversation(living, script).run()
    assert script.said == 4
    assert "Ctrl-C again, Ctrl-D or “exit” leaves" in script.look()


async def test_notifications_of_others_are_not_shown(living: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    await living.process_request("set a secret timer for 1 second", TaskContext(user="eva"))
    script = Script(["set a tea timer for 2 seconds"], capsys, wait_for={1: "] ⏰ Tea"})
    with anyio.fail_after(30):
        await conversation(living, script).run()
    assert "ecret" not in script.look()


def test_a_notification_is_one_line() -> None:
    at = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
    told = Notification(kind="reminder", title="Trip", text="⏰ Reminder: trip", at=at, owner=Owner("default", "local"))
    assert notification_line(told, ZoneInfo("Europe/Zurich")) == "[09:00:00] ⏰ Reminder: trip"


def test_earlier_turns_are_shown_with_their_answers() -> None:
    turns = [{"request": "hello\nyou", "answer": "Hi."}, {"request": "and?", "answer": None}]
    assert earlier_lines(turns) == ["you> hello you", "Hi.", "you> and?", "(no answer)"]
