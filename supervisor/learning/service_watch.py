"""Watches versions of guidelines in service: one that succeeds less than before is rolled back by itself."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from common.clock import Clock
from common.errors import GuidelineError, NotFound, StreamConflict
from common.intents import StreamAppend
from common.logs import get_logger
from events.catalogue.guideline import GuidelineActivated, GuidelineRolledBack
from events.catalogue.system import AlertRaised
from events.projection import Views
from events.recorded import RecordedEvent
from events.state.guideline import GuidelineState, GuidelineStatus
from events.store import EventStore, stream_name
from supervisor.alerts import Alerts
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.following import FollowedGuidelines
from supervisor.learning.outcome_pages import OutcomePages
from supervisor.learning.service_counts import ServiceCounts, ServiceRecord
from supervisor.notifications import Notifications

__all__ = ["ALERT_KIND", "ALPHA", "BY", "RolledBack", "ServiceWatch"]

BY = "watch"
"""Who is named in the log for what the watch takes back."""
ALERT_KIND = "guideline-drop"
ALPHA = 0.05
"""The chance that a version which does no worse than before is ever rolled back."""

_BEFORE = 50_000
"""Positions of the log that are read from before a version came into service, for how it went then."""
_MANY = 10_000
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What the watch found. `made`: whether it was rolled back, or a person was told; `restored`: to what (None: no
    guideline).
    """

    agent_type: str
    version: str
    restored: str | None
    reason: str
    made: bool


@dataclass(slots=True)
class _Watched:
    """A version in service, as far as the log was read. `is_way_back`: an earlier drop put it there, not a decision."""

    since: RecordedEvent
    counts: ServiceCounts
    pages: OutcomePages
    state: GuidelineState
    is_way_back: bool
    told: bool = False


class ServiceWatch:
    """The versions in service of one log.

    alpha: see `ALPHA`; it holds for the whole time that a version is in service, however often one looks, as long as
    what it is asked for stays the same. report_wait: seconds after the end of a request in which what is reported of
    it counts. A drop that goes on after a roll-back has another cause than the guideline: then a person is told
    instead, once.
    """

    def __init__(
        self,
        store: EventStore,
        views: Views,
        guidelines: GuidelineCommands,
        clock: Clock,
        notifications: Notifications | None = None,
        *,
        alpha: float = ALPHA,
        report_wait: float = 0.0,
    ) -> None:
        self._store = store
        self._views = views
        self._guidelines = guidelines
        self._alerts = Alerts(store, notifications, clock)
        self._alpha = alpha
        self._report_wait = report_wait
        self._watched = FollowedGuidelines(store, views, GuidelineStatus.ACTIVE, _put_into_service, self._begin)
        self._lock = anyio.Lock()

    async def step(self) -> list[RolledBack]:
        """Read what is new, and roll back what did worse. Raises `StoreError`."""
        async with self._lock:
            await self._watched.read()
            found = [
                await self._take_back(watched)
                for watched in list(self._watched.known.values())
                if watched.counts.drop is not None and not watched.told
            ]
        return [each for each in found if each is not None]

    async def report(self) -> list[ServiceRecord]:
        """How every version in service does, by agent type. Raises `StoreError`."""
        async with self._lock:
            await self._watched.read()
            return [followed.counts.record for _, followed in sorted(self._watched.known.items())]

    def _begin(self, name: str, since: RecordedEvent, state: GuidelineState) -> _Watched:
        counts = ServiceCounts(name, state.active or "", since, self._alpha, self._report_wait)
        pages = OutcomePages(self._store, max(0, since.position - _BEFORE))
        is_way_back = isinstance(since.event, GuidelineRolledBack) and since.event.by == BY
        return _Watched(since, counts, pages, state, is_way_back)

    async def _take_back(self, watched: _Watched) -> RolledBack | None:
        record, restored = watched.counts.record, watched.state.before[-1] if watched.state.before else None
        reason = _reason(record)
        try:
            with anyio.CancelScope(shield=True):  # whoever rolls back also tells
                if not watched.is_way_back:
                    await self._make(watched, record, restored, reason)
                elif not await self._tell_once(watched, record, reason):
                    return None
        except (StreamConflict, GuidelineError, NotFound) as error:
            _log.info("the guideline of %s was changed meanwhile: %s", record.agent_type, error)
            return None
        return RolledBack(record.agent_type, record.version, restored, reason, not watched.is_way_back)

    async def _make(self, watched: _Watched, record: ServiceRecord, restored: str | None, reason: str) -> None:
        title = f"{record.agent_type}: version {record.version} was rolled back to {restored or 'no guideline'}"
        alert = _alert(record, title, reason)
        evidence = {"kind": "service", **record.as_json()}
        await self._guidelines.roll_back(
            record.agent_type,
            by=BY,
            reason=reason,
            evidence=evidence,
            beside=[StreamAppend(stream_name("system", alert.node), [alert])],
            expected_version=watched.state.stream_version,
        )
        del self._watched.known[record.agent_type]
        await self._alerts.tell(alert)

    async def _tell_once(self, watched: _Watched, record: ServiceRecord, reason: str) -> bool:
        title = f"{record.agent_type}: it goes badly after the roll-back, too"
        text = f"Version {record.version}: {reason}. The guideline is not the cause, it seems; nothing was changed."
        alert = _alert(record, title, text)
        watched.told = True
        stream = stream_name("alert", ALERT_KIND, record.agent_type, str(watched.since.version))
        try:
            await self._store.append(stream, [alert], 0)
        except StreamConflict:
            return False
        await self._alerts.tell(alert)
        return True


def _put_into_service(recorded: Sequence[RecordedEvent], state: GuidelineState) -> RecordedEvent | None:
    """What put the version in service there; None where none is."""
    return (
        None if state.active is None else next((each for each in reversed(recorded) if _puts_into_service(each)), None)
    )


def _puts_into_service(entry: RecordedEvent) -> bool:
    event = entry.event
    return isinstance(event, GuidelineActivated) or (isinstance(event, GuidelineRolledBack) and bool(event.restored))


def _alert(record: ServiceRecord, title: str, text: str) -> AlertRaised:
    return AlertRaised(
        node=socket.gethostname() or "localhost",
        kind=ALERT_KIND,
        subject=f"{record.agent_type} {record.version}",
        title=title,
        text=text,
        evidence=record.as_json(),
    )


def _reason(record: ServiceRecord) -> str:
    what = "what it replaced" if record.against == "replaced" else "its own earlier record"
    return (
        f"in service: {record.successes} of {record.outcomes} went well, against {record.reference_successes} of "
        f"{record.reference_outcomes} of {what} (evidence {record.evidence:.3g}, {record.needed:.3g} is enough)"
    )
