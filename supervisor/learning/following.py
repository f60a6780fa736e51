"""Follows guidelines in one status: what became of the requests under each, read from the log as far as it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from common.errors import GuidelineError
from common.logs import get_logger
from events.projection import Views
from events.recorded import RecordedEvent
from events.state.guideline import GuidelineState, GuidelineStatus, fold_guideline
from events.store import EventStore
from events.views.guidelines import GuidelineView
from supervisor.commands.guidelines import guideline_stream
from supervisor.learning.outcome_pages import OutcomePage, OutcomePages

__all__ = ["Counts", "Followed", "FollowedGuidelines"]

_MANY = 10_000
_log = get_logger(__name__)


class Counts(Protocol):
    """What pages of outcomes are counted into."""

    def take(self, page: OutcomePage) -> None:
        """Count a page."""
        ...


class Followed(Protocol):
    """A guideline that is followed: since which event, how it stands, and what was counted."""

    state: GuidelineState

    @property
    def since(self) -> RecordedEvent:
        """From which event on."""
        ...

    @property
    def counts(self) -> Counts:
        """What was counted."""
        ...

    @property
    def pages(self) -> OutcomePages:
        """Where it is counted from."""
        ...


T = TypeVar("T", bound=Followed)


class FollowedGuidelines(Generic[T]):
    """The guidelines of a log that have `status`, by agent type; what is followed is forgotten once it has not.

    since: the event of a guideline's stream from which it is followed; None: it is not.
    begin: what follows the guideline of an agent type from that event on.
    """

    def __init__(
        self,
        store: EventStore,
        views: Views,
        status: GuidelineStatus,
        since: Callable[[Sequence[RecordedEvent], GuidelineState], RecordedEvent | None],
        begin: Callable[[str, RecordedEvent, GuidelineState], T],
    ) -> None:
        self._store = store
        self._views = views
        self._status = status
        self._since = since
        self._begin = begin
        self.known: dict[str, T] = {}

    async def read(self) -> None:
        """Know which there are, and count what their requests came to by now. Raises `StoreError`."""
        rows = await self._views.query(GuidelineView.name, {"status": self._status}, limit=_MANY)
        names = [str(row["agent_type"]) for row in rows]
        self.known = {name: followed for name, followed in self.known.items() if name in names}
        for name in names:
            followed = await self._follow(name)
            if followed is None:
                self.known.pop(name, None)
                continue
            self.known[name] = followed
            async for page in followed.pages.read():
                followed.counts.take(page)

    async def _follow(self, name: str) -> T | None:
        """What follows the guideline of an agent type as it stands now; None where it can't be read."""
        stream = guideline_stream(name)
        known = self.known.get(name)
        if known is not None and await self._store.version(stream) == known.state.stream_version:
            return known
        recorded = await self._store.read(stream)
        try:
            state = fold_guideline(name, recorded)
        except GuidelineError as error:
            _log.warning("the guideline of %s can't be followed: %s", name, error)
            return None
        since = self._since(recorded, state)
        if since is None:
            return None
        if known is not None and known.since.id == since.id:
            known.state = state
            return known
        return self._begin(name, since, state)
