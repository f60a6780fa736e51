"""`agent-supervisor chat`: a conversation, with timers firing while it waits."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import anyio

from common.context import TaskContext
from common.errors import SupervisorError
from supervisor.cli.options import CommonOptions, OwnerOptions, RequestOptions, request_context
from supervisor.cli.output import note, one_line, redact_known, ring, write
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.cli.lines import LineReader
    from supervisor.facade import Supervisor
    from supervisor.notifications import Notification

__all__ = ["Conversation", "chat", "notification_line"]

_LEAVE = frozenset({"exit", "quit", "bye", ":q"})
_TURNS_SHOWN = 5
_TURNS_REMEMBERED = 100


def chat(
    *,
    request: RequestOptions = RequestOptions(),  # noqa: B008 - frozen
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Talk, with timers firing meanwhile.

    Ctrl-C cancels the running request; a second one leaves, as do Ctrl-D and “exit”. With --session a conversation is
    continued.
    """
    context = request_context(request, owner)
    if context.session is None:
        context = context.model_copy(update={"session": uuid.uuid4().hex[:8]})
    return anyio.run(_chat, context, common, request.quiet)


async def _chat(context: TaskContext, common: CommonOptions, quiet: bool) -> int:
    from supervisor.cli.lines import make_reader
    from supervisor.cli.running import check_flags
    from supervisor.cli.timers import timer_notes

    async with open_supervisor(common, background=True) as supervisor:
        await check_flags(supervisor, context)
        turns = await supervisor.traces(limit=_TURNS_REMEMBERED, session=context.session, owner=context.owner)
        turns.reverse()
        for line in earlier_lines(turns[-_TURNS_SHOWN:]):
            write(line)
        note(f"Session {context.session}. Leave with “exit” or Ctrl-D.")
        reader = make_reader([str(turn["request"]) for turn in turns])
        head = await supervisor.store.head()
        conversation = Conversation(supervisor, context, reader, quiet=quiet)
        await conversation.run()
        for line in await timer_notes(supervisor, conversation.traces, head):
            note(line)
    return 0


def earlier_lines(turns: Sequence[dict[str, Any]]) -> list[str]:
    """Earlier turns of a session, oldest first, as they are shown at its start."""
    lines: list[str] = []
    for turn in turns:
        redact_known(str(turn["request"]))
        lines += [f"you> {one_line(str(turn['request']), 200)}", str(turn.get("answer") or "(no answer)")]
    return lines


def notification_line(notification: Notification, zone: tzinfo) -> str:
    """A notification as it is shown, with the time in `zone`."""
    return f"[{notification.at.astimezone(zone):%H:%M:%S}] {notification.text or notification.title}"


@dataclass(slots=True)
class Conversation:
    """Reads lines, answers them one after the other, and shows notifications as they come."""

    supervisor: Supervisor
    context: TaskContext
    reader: LineReader
    quiet: bool = False
    traces: set[str] = field(default_factory=set[str], init=False)
    _running: TaskContext | None = field(default=None, init=False)
    _interrupted: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Talk until the lines end."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch_signals, group.cancel_scope)
            group.start_soon(self._show_notifications)
            await self._talk()
            group.cancel_scope.cancel()

    async def _talk(self) -> None:
        while True:
            try:
                text = (await self.reader.read()).strip()
            except EOFError:
                return
            except KeyboardInterrupt:
                if self._interrupted:
                    return
                self._interrupted = True
                note("Ctrl-C again, Ctrl-D or “exit” leaves")
                continue
            self._interrupted = False
            if text.lower() in _LEAVE:
                return
            if text:
                await self._answer(text)

    async def _answer(self, text: str) -> None:
        from supervisor.cli.ask import print_response
        from supervisor.cli.progress import make_progress
        from supervisor.cli.running import run_request, with_request_id

        redact_known(text)
        context = self._running = with_request_id(self.context)
        try:
            response = await run_request(self.supervisor, text, context, make_progress(quiet=self.quiet))
            self.traces.add(response.trace_id)
            await print_response(self.supervisor, response, context)
        except SupervisorError as error:
            note(f"agent-supervisor: {error}")
        finally:
            self._running = None

    async def _watch_signals(self, scope: anyio.CancelScope) -> None:
        from supervisor.cli.running import cancel_running

        with anyio.open_signal_receiver(signal.SIGINT) as signals:
            async for _ in signals:
                running = self._running
                if running is None or self._interrupted or not await cancel_running(self.supervisor, running):
                    break
                self._interrupted = True
                note("cancelling; Ctrl-C again to leave")
        scope.cancel()

    async def _show_notifications(self) -> None:
        zone = ZoneInfo(self.context.timezone or self.supervisor.settings.timezone)
        async with aclosing(self.supervisor.notifications()) as notifications:
            async for notification in notifications:
                if notification.owner == self.context.owner:
                    ring()
                    write(notification_line(notification, zone))
