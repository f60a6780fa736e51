"""Tells people of improvements that wait for them: each once, and again only when it became more urgent.

What was told is in the log, as alerts, so that no restart tells it again. Critical ones are told at once, at most so
many an hour; the others together, at most one notification in `monitoring.notify_every` seconds. What is held back is
told with the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue

from common.clock import Clock
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from events.catalogue.system import AlertRaised
from events.projection import Views
from events.state.improvement_limits import PRIORITIES
from events.store import EventStore, stream_name
from events.time_travel import position_at
from events.views.improvements import ImprovementView
from supervisor.monitoring.book import BookEntry, ImprovementBook
from supervisor.monitoring.lead import Lead
from supervisor.notifications import Notification, Notifications

__all__ = ["ALERT_KIND", "ImprovementNews"]

ALERT_KIND = "improvement"
_BACK = timedelta(days=90)
_HOUR = timedelta(hours=1)
_CRITICAL_AN_HOUR = 10
_LISTED = 10
_AT_ONCE = 1_000
"""Improvements that one notification tells of, the most urgent ones; the others wait for the next."""
_PAGE = 1_000

_log = get_logger(__name__)


class ImprovementNews:
    """Steps by the process that leads."""

    def __init__(
        self,
        store: EventStore,
        views: Views,
        clock: Clock,
        notifications: Notifications,
        lead: Lead,
        node: str,
        every: float,
    ) -> None:
        self._store = store
        self._views = views
        self._clock = clock
        self._notifications = notifications
        self._lead = lead
        self._node = node
        self._every = timedelta(seconds=every)
        self._book = ImprovementBook(store, views)
        self._told: dict[str, str] = {}
        self._position: int | None = None
        self._digest_at: datetime | None = None
        self._critical: deque[datetime] = deque(maxlen=_CRITICAL_AN_HOUR)

    async def step(self) -> int:
        """Tell what is new, if this process leads; how many improvements were told of. Raises `StoreError`."""
        if not await self._lead.leads():
            return 0
        await self._book.refresh()
        await self._restore()
        new = [
            entry
            for entry in self._book.pending()
            if entry.id not in self._told or _is_worse(entry.priority, self._told[entry.id])
        ]
        if not new:
            return 0
        now = self._clock.now()
        told = 0
        for entry in new:
            if entry.priority == PRIORITIES[0] and self._may_tell_critical(now):
                self._critical.append(now)
                await self._tell([entry], now)
                told += 1
        rest = [entry for entry in new if self._told.get(entry.id) != entry.priority]
        if rest and _is_over(self._digest_at, self._every, now):
            self._digest_at = now
            rest = sorted(rest, key=lambda entry: PRIORITIES.index(entry.priority))[:_AT_ONCE]
            await self._tell(rest, now)
            told += len(rest)
        return told

    def _may_tell_critical(self, now: datetime) -> bool:
        return len(self._critical) < _CRITICAL_AN_HOUR or _is_over(self._critical[0], _HOUR, now)

    async def _tell(self, entries: Sequence[BookEntry], now: datetime) -> None:
        critical = any(entry.priority == PRIORITIES[0] for entry in entries)
        ordered = sorted(entries, key=lambda entry: PRIORITIES.index(entry.priority))
        titles = [await self._title(entry) for entry in ordered[:_LISTED]]
        lines = [f"{entry.priority}: {name} ({entry.id})" for name, entry in zip(titles, ordered, strict=False)]
        if len(ordered) > _LISTED:
            lines.append(f"and {len(ordered) - _LISTED} more: agent-supervisor improvements list --status pending")
        lines.append(f"Decide: agent-supervisor improvements approve {ordered[0].id}, or reject.")
        title = titles[0] if len(ordered) == 1 else f"{len(ordered)} improvements wait for a decision"
        told: dict[str, JsonValue] = {entry.id: entry.priority for entry in ordered}
        alert = AlertRaised(
            node=self._node,
            kind=ALERT_KIND,
            subject=ordered[0].id,
            title=title,
            text="\n".join(lines),
            evidence={"improvements": told, "critical": critical},
        )
        # in the log first: killed in between, it is told by the log and the dashboard alone, and never twice
        await self._store.append(stream_name("system", self._node), [alert])
        self._told |= {entry.id: entry.priority for entry in ordered}
        kind = "alert" if critical else "approval"
        if not critical:  # alerts are logged by who sends them
            _log.info("%s: %s", title, "; ".join(lines))
        await self._notifications.send(Notification(kind, title, alert.text, now, DEFAULT_OWNER))

    async def _title(self, entry: BookEntry) -> str:
        row = await self._views.get(ImprovementView.name, (entry.id,))
        return entry.id if row is None else str(row["title"])

    async def _restore(self) -> None:
        """Know what was told before, by this process or others."""
        head = await self._store.head()
        position = self._position
        if position is None:
            position = await position_at(self._store, self._clock.now() - _BACK)
        while True:
            page = await self._store.read_all(position, {AlertRaised.TOPIC}, limit=_PAGE)
            for entry in page:
                if isinstance(entry.event, AlertRaised) and entry.event.kind == ALERT_KIND:
                    improvements = entry.event.evidence.get("improvements")
                    if isinstance(improvements, dict):
                        self._told |= {name: str(priority) for name, priority in improvements.items()}
                    if self._digest_at is None or entry.recorded_at > self._digest_at:
                        self._remember(entry.event, entry.recorded_at)
            if len(page) < _PAGE:
                break
            position = page[-1].position
        self._position = max(head, page[-1].position if page else 0)

    def _remember(self, alert: AlertRaised, at: datetime) -> None:
        if alert.evidence.get("critical") is not True and at <= self._clock.now():
            self._digest_at = at


def _is_over(since: datetime | None, lasts: timedelta, now: datetime) -> bool:
    """Whether so much time has passed; also where `since` is still to come, for then the clock was set back."""
    return since is None or now < since or now - since >= lasts


def _is_worse(priority: str, before: str) -> bool:
    return before not in PRIORITIES or PRIORITIES.index(priority) < PRIORITIES.index(before)
