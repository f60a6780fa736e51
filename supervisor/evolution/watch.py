"""Looks at what improved versions do live; one that does worse than the version before is rolled back at once.

All requests go to an improved version from its deployment on: there is no sharing of traffic between two versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from common.clock import Clock
from common.errors import SupervisorError
from common.evolution_settings import EvolutionSettings
from common.logs import get_logger
from events.catalogue.trace import ToolCalled
from events.projection import Views
from events.store import EventStore
from events.views.agent_days import OF_THE_CALLER, AgentDays
from events.views.agent_registry import AgentRegistryView
from supervisor.evolution.acting import BY
from supervisor.evolution.fitness import Use, use_of
from supervisor.guard.two_rates import at_least, boschloo

if TYPE_CHECKING:
    from supervisor.deployment import DeployedAgents

__all__ = ["LiveWatch", "is_worse"]

_PAGE = 1_000
_MANY = 100_000
_UNKNOWN_RATE = 0.05
"""Share of failures that an agent is held to which was never called before."""
_log = get_logger(__name__)


@dataclass(slots=True)
class _Watched:
    name: str
    position: int
    before: Use
    calls: int = 0
    failed: int = 0
    seconds: float = 0.0
    read: int = field(init=False)

    def __post_init__(self) -> None:
        self.read = self.position


class LiveWatch:
    """The versions that evolution deployed in place of others, for as long as the window after that."""

    def __init__(
        self, store: EventStore, views: Views, deployed: DeployedAgents, clock: Clock, settings: EvolutionSettings
    ) -> None:
        self._store = store
        self._views = views
        self._deployed = deployed
        self._clock = clock
        self._settings = settings
        self._watched: dict[str, _Watched] = {}

    async def step(self) -> Sequence[str]:
        """Look at all of them; the names of those that were rolled back. Raises `StoreError`."""
        rolled: list[str] = []
        wanted = await self._wanted()
        self._watched = {key: one for key, one in self._watched.items() if key in wanted}
        for key, (name, position) in wanted.items():
            one = self._watched.get(key)
            if one is None:
                one = self._watched[key] = _Watched(name, position, await self._before(name))
                await self._read(one)
                one.before = _without(one.before, one)
            else:
                await self._read(one)
            why = is_worse(Use(one.calls, one.failed, 0, one.seconds), one.before, self._settings)
            if not why:
                continue
            try:
                await self._deployed.rollback(name, by=BY, reason=why)
            except SupervisorError as error:
                _log.error("%s does worse than before (%s), and could not be rolled back: %s", name, why, error)
            else:
                rolled.append(name)
        return rolled

    async def _wanted(self) -> dict[str, tuple[str, int]]:
        rows = await self._views.query(AgentRegistryView.name, {"state": "deployed"}, limit=_MANY)
        since = self._clock.now() - timedelta(days=self._settings.window)
        found: dict[str, tuple[str, int]] = {}
        for row in rows:
            about = row["deployment"]
            own = about["by"] == BY and about["how"] == "build" and about["replaces"]
            if own and row["registered_at"] >= since:
                found[f"{row['name']} {row['version']}"] = (str(row["name"]), int(row["position"]))
        return found

    async def _before(self, name: str) -> Use:
        since = (self._clock.now() - timedelta(days=2 * self._settings.window)).date().isoformat()
        return use_of(await self._views.query(AgentDays.name, {"agent": name, "day >=": since}, limit=_MANY))

    async def _read(self, one: _Watched) -> None:
        while True:
            page = await self._store.read_all(one.read, {ToolCalled.TOPIC}, limit=_PAGE)
            for entry in page:
                call = entry.event
                if not isinstance(call, ToolCalled) or call.tool.partition(".")[0] != one.name:
                    continue
                case = call.data.get("error") if isinstance(call.data, dict) else None
                one.calls += 1
                one.failed += not call.ok and case not in OF_THE_CALLER
                one.seconds += call.seconds
            if not page:
                return
            one.read = page[-1].position


def is_worse(now: Use, before: Use, settings: EvolutionSettings) -> str:
    """Why a version does worse than the one before; empty where that can't be said.

    More failures, by Boschloo's exact test at `watch_alpha` (against 1 in 20 where nothing is known of before); or,
    from `min_calls` calls on, a mean time more than `watch_slower` times as long.
    """
    if now.failed:
        chance = (
            boschloo(now.failed, now.calls, before.failed, before.calls)
            if before.calls
            else at_least(now.failed, now.calls, _UNKNOWN_RATE)
        )
        if chance < settings.watch_alpha:
            return f"{now.failed} of {now.calls} calls failed, before it {before.failed} of {before.calls}"
    if now.mean is None or before.mean is None or min(now.calls, before.calls) < settings.min_calls:
        return ""
    if now.mean > settings.watch_slower * before.mean:
        return f"a call takes {now.mean:.3g} s in the mean, before it {before.mean:.3g} s"
    return ""


def _without(whole: Use, one: _Watched) -> Use:
    return Use(
        calls=max(0, whole.calls - one.calls),
        failed=max(0, whole.failed - one.failed),
        seconds=max(0.0, whole.seconds - one.seconds),
    )
