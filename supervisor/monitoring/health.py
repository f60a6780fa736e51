"""The health of components and of the whole, with hysteresis: one bad sample changes nothing, nor does one good one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from common.monitoring_settings import MonitoringSettings
from supervisor.monitoring.thresholds import CORE, Health, Threshold, worst

__all__ = ["SYSTEM", "ComponentState", "HealthChange", "HealthKeeper", "Measured"]

SYSTEM = "system"
"""The name of the whole among the components."""
_FORGET = 20
"""Samples without any figure after which nothing is known of a component any more."""

Measured = Sequence[tuple[Threshold, float]]
"""The figures of a component that have a limit, with it."""


@dataclass(frozen=True, slots=True)
class ComponentState:
    """A component: its level since when and why, and how many samples in a row (`streak`) said `leaning` instead."""

    level: Health = Health.UNKNOWN
    since: datetime | None = None
    reasons: tuple[str, ...] = ()
    leaning: Health = Health.UNKNOWN
    streak: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A component is at another level than before."""

    component: str
    before: Health
    after: Health
    reasons: tuple[str, ...]


class HealthKeeper:
    """Keeps the state of all components of one process; pure, and told of each sample once."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self._settings = settings
        self._states: dict[str, ComponentState] = {}

    @property
    def components(self) -> Mapping[str, ComponentState]:
        """The state of each component, the whole under `SYSTEM`."""
        return self._states

    @property
    def whole(self) -> Health:
        """The level of the whole."""
        return self._states.get(SYSTEM, ComponentState()).level

    def restore(self, component: str, level: Health, since: datetime, reasons: Sequence[str]) -> None:
        """Go on from what was known before a restart; not for a component that a sample has told of already."""
        self._states.setdefault(component, ComponentState(level, since, tuple(reasons)))

    def see(self, measured: Mapping[str, Measured], at: datetime) -> list[HealthChange]:
        """Take a sample in; the components that changed by it, the whole last."""
        changes: list[HealthChange] = []
        for name in {*measured, *(name for name in self._states if name != SYSTEM)}:
            before = self._states.get(name, ComponentState())
            after = self._next(before, measured.get(name, ()), at)
            if after.level is Health.UNKNOWN and after.silent > _FORGET:
                self._states.pop(name, None)
            else:
                self._states[name] = after
            if after.level is not before.level and worst(after.level, before.level).rank > Health.HEALTHY.rank:
                changes.append(HealthChange(name, before.level, after.level, after.reasons))
        changes.sort(key=lambda change: change.component)
        return changes + self._see_whole(at)

    def _next(self, state: ComponentState, measured: Measured, at: datetime) -> ComponentState:
        if not measured:
            silent = state.silent + 1
            if silent < _FORGET or state.level is Health.UNKNOWN:
                return replace(state, silent=silent, streak=0)
            return ComponentState(Health.UNKNOWN, at, ("nothing could be measured for long",), silent=silent)
        judged = [(item, value, item.judge(value, state.level, self._settings.margin)) for item, value in measured]
        level = worst(*(each for _, _, each in judged))
        reasons = tuple(item.told(value) for item, value, each in judged if each.rank > Health.HEALTHY.rank)
        if level is state.level:
            return replace(state, reasons=reasons, leaning=level, streak=0, silent=0)
        if state.level is Health.UNKNOWN and level is Health.HEALTHY:
            return ComponentState(level, at)
        return self._lean(state, level, reasons, at)

    def _lean(self, state: ComponentState, level: Health, reasons: tuple[str, ...], at: datetime) -> ComponentState:
        is_worse = level.rank > max(state.level.rank, Health.HEALTHY.rank)
        goes_on = state.streak > 0 and (state.leaning.rank > max(state.level.rank, Health.HEALTHY.rank)) == is_worse
        streak = state.streak + 1 if goes_on else 1
        # of several levels in a row, the one nearest to where the component is
        choose = min if is_worse else max
        leaning = choose(state.leaning, level, key=lambda each: each.rank) if goes_on else level
        needed = self._settings.worse_after if is_worse else self._settings.better_after
        if streak >= needed:
            return ComponentState(leaning, at, reasons)
        return replace(state, leaning=leaning, streak=streak, silent=0)

    def _see_whole(self, at: datetime) -> list[HealthChange]:
        parts = {name: state for name, state in self._states.items() if name != SYSTEM}
        levels = [
            state.level if name in CORE or state.level is not Health.UNHEALTHY else Health.DEGRADED
            for name, state in parts.items()
        ]
        level = worst(*levels)
        bad = [(name, state) for name, state in parts.items() if state.level.rank > Health.HEALTHY.rank]
        reasons = tuple(f"{name} is {state.level}" for name, state in sorted(bad))
        before = self._states.get(SYSTEM, ComponentState())
        if before.level is level:
            self._states[SYSTEM] = replace(before, reasons=reasons)
            return []
        self._states[SYSTEM] = ComponentState(level, at, reasons)
        if worst(before.level, level).rank <= Health.HEALTHY.rank:
            return []
        return [HealthChange(SYSTEM, before.level, level, reasons)]
