"""The guidelines that are served, in memory: a request takes what is there and waits for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import anyio

from common.hints import PlanningHints
from events.projection import Row, Views
from events.state.guideline import GuidelineStatus
from events.store import EventStore
from events.topic_news import TopicNews
from events.views.guidelines import GuidelineView
from supervisor.learning.assignment import OnTrial, ServedGuidelines

__all__ = ["ActiveGuidelines"]

_MANY = 100_000


class ActiveGuidelines:
    """A snapshot of the view `guidelines`: the rules in service by agent type, and what is on trial.

    `refresh` costs a look at the new events' kinds, and reads the view when guidelines are among them. The snapshot is
    replaced, never changed: a request keeps the one that it began with.
    """

    def __init__(self, store: EventStore, views: Views) -> None:
        self._views = views
        self._news = TopicNews(store, GuidelineView.topics)
        self._lock = anyio.Lock()
        self.served = ServedGuidelines()

    @property
    def current(self) -> Mapping[str, PlanningHints]:
        """The rules in service, by agent type."""
        return self.served.active

    async def refresh(self) -> None:
        """Take in what was decided since, here or in another process. Raises `StoreError`."""
        async with self._lock:
            position = await self._news.look()
            if position is None:
                return
            rows = await self._views.query(GuidelineView.name, limit=_MANY)
            self.served = _served(rows)
            self._news.taken(position)


def _served(rows: Sequence[Row]) -> ServedGuidelines:
    versions: dict[tuple[str, str], PlanningHints] = {}
    active: dict[str, PlanningHints] = {}
    trials: dict[str, OnTrial] = {}
    for row in rows:
        agent_type, version = str(row["agent_type"]), str(row["version"])
        if row["status"] == GuidelineStatus.REJECTED:
            continue
        rules = tuple(str(rule["text"]) for rule in row["rules"])
        hints = versions[agent_type, version] = PlanningHints(guideline=rules, guideline_version=version)
        if row["status"] == GuidelineStatus.ACTIVE:
            active[agent_type] = hints
        elif row["status"] == GuidelineStatus.TRIAL:
            trials[agent_type] = OnTrial(version, float(row["share"]))
    return ServedGuidelines(MappingProxyType(active), trials, versions)
