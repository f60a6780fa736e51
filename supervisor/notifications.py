"""Tells the host what happens on its own: timers that fire, approvals that wait."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from common.context import Owner
from common.health import HealthCheck
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from common.redaction import Redactor, current_redactor
from roles.timer.firing import FiredTimer
from supervisor.alert_limits import AlertLimits
from supervisor.notifiers.outbox import Message, Outbox

__all__ = ["Notification", "Notifications", "Notifier", "approval_command"]

_JOINER = "\u200d"
"""Joins parts of an emoji."""
_ACTING = frozenset({"Cc", "Cf", "Cs"})
_MAX_TITLE = 200
_MAX_TEXT = 2_000

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Notification:
    """One message: `kind` is timer, alarm, reminder, approval or alert; `owner` is whom it concerns."""

    kind: str
    title: str
    text: str
    at: datetime
    owner: Owner


Notifier = Callable[[Notification], Awaitable[None]]
"""What a host hands over to be told; its exceptions are logged and do no harm."""


class Notifications:
    """Passes each notification to every open stream, to the outbox for its owner's addresses, and to the host.

    Streams are bounded: a listener that does not read loses the newest messages, which stay in the log. Alerts are
    always logged, and sent within `supervisor.alert_limits`.
    """

    def __init__(
        self,
        notifier: Notifier | None = None,
        *,
        outbox: Outbox | None = None,
        redactor: Redactor | None = None,
        buffer: int = 256,
        timeout: float = 10.0,
    ) -> None:
        self._notifier = notifier
        self._redact = (redactor or Redactor()).text
        self._outbox = outbox
        self._buffer = buffer
        self._timeout = timeout
        self._listeners: list[MemoryObjectSendStream[Notification]] = []
        self._limits = AlertLimits()

    async def send(self, notification: Notification) -> None:
        """Deliver to whoever listens, without the secrets in it; never raises."""
        notification = replace(notification, title=self._shown(notification.title), text=self._shown(notification.text))
        if notification.kind == "alert" and self._is_held_back(notification):
            return
        for listener in self._listeners:
            try:
                listener.send_nowait(notification)
            except (anyio.WouldBlock, anyio.BrokenResourceError):
                _log.warning("a listener does not read its notifications; one was dropped: %s", notification.title)
        if self._outbox is not None:
            self._outbox.post(notification.owner, _message(notification))
        if self._notifier is None:
            return
        try:
            with anyio.fail_after(self._timeout):
                await self._notifier(notification)
        except Exception:  # the host's fault must not stop the timers
            _log.exception("the host's notifier failed")

    def _is_held_back(self, alert: Notification) -> bool:
        """Alerts are always logged, and told unless there are too many."""
        owner = f"{alert.owner.tenant}\0{alert.owner.user}"
        refusal = self._limits.refusal(owner, alert.title, alert.text, alert.at)
        told = f" (not sent: {refusal})" if refusal else ""
        _log.warning("alert%s: %s: %s", told, alert.title, " ".join(alert.text.split()))
        return bool(refusal)

    def _shown(self, text: str) -> str:
        """Without the secrets that have a known form, and those that the running request told."""
        return current_redactor.get().text(self._redact(text))

    async def timer_fired(self, fired: FiredTimer) -> None:
        """Tell of a timer that went off."""
        await self.send(Notification(fired.kind, fired.title, fired.text, fired.at, fired.owner))

    async def listen(self) -> AsyncGenerator[Notification]:
        """Every notification from now on, until the generator is closed or the supervisor ends."""
        send, receive = anyio.create_memory_object_stream[Notification](self._buffer)
        self._listeners.append(send)
        try:
            async for notification in receive:
                yield notification
        finally:
            if send in self._listeners:
                self._listeners.remove(send)
            send.close()
            receive.close()

    def services(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """What delivers to addresses for as long as the supervisor runs."""
        return () if self._outbox is None else (self._outbox.run,)

    def health_checks(self) -> Sequence[HealthCheck]:
        """Whether the configured addresses are there."""
        return () if self._outbox is None else (HealthCheck("notifications", self._outbox.probe),)

    async def close(self, seconds: float = 5.0) -> None:
        """End every open stream, and deliver what still waits for addresses, for at most `seconds`."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        if self._outbox is not None:
            await self._outbox.close(seconds)


def approval_command(intent_id: str, owner: Owner) -> str:
    """The command that approves an intent of this owner."""
    command = ["agent-supervisor", "approvals", "approve", intent_id]
    if owner != DEFAULT_OWNER:
        command += ["--tenant", owner.tenant, "--user", owner.user]
    return shlex.join(command)


def _message(notification: Notification) -> Message:
    title = " ".join(_shown(notification.title).split())
    text = _shown(notification.text).strip() or title or notification.kind
    return Message(notification.kind, _cut(title, _MAX_TITLE), _cut(text, _MAX_TEXT))


def _shown(text: str) -> str:
    """The text without characters that act instead of being shown."""
    return "".join(
        char for char in text if char == "\n" or char == _JOINER or unicodedata.category(char) not in _ACTING
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"
