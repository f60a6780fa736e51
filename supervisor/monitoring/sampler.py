"""Takes one sample: reads everything, judges health, works out the score, and tells the log."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio
import anyio.to_thread

from common.clock import Clock
from common.logs import get_logger
from common.monitoring_settings import ThresholdSettings
from common.owner_keys import DEFAULT_OWNER
from common.settings import Settings
from events.catalogue import Event
from events.catalogue.system import AlertRaised, HealthChanged, SystemSampled
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.agent_registry import AgentRegistry
from events.views.system import SystemHealthView
from supervisor.admission import Admission
from supervisor.monitoring.activity import Activity, ActivityWindow, Work
from supervisor.monitoring.agent_use import AgentUse
from supervisor.monitoring.book import ImprovementBook
from supervisor.monitoring.custom import CustomMetrics
from supervisor.monitoring.health import SYSTEM, ComponentState, HealthChange, HealthKeeper, Measured
from supervisor.monitoring.machine import LoopLag, MachineReader
from supervisor.monitoring.score import performance_score, score_parts
from supervisor.monitoring.thresholds import Health, Threshold, standard_thresholds
from supervisor.monitoring.work import RecentWork
from supervisor.notifications import Notification, Notifications

__all__ = ["ALERT_KIND", "Sampler", "SamplerParts"]

ALERT_KIND = "health"
_MOST = 200
"""Roles, tools or models that one sample tells of: those with the most calls."""
_MOMENT = 0.2
_NO_WINDOW = "the window has only begun"
_NO_REQUESTS = "no request ended in the window"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SamplerParts:
    """What a sample is read from."""

    settings: Settings
    store: EventStore
    views: Views
    clock: Clock
    agents: AgentRegistry
    admission: Admission
    notifications: Notifications
    custom: CustomMetrics
    book: ImprovementBook
    work: RecentWork
    node: str
    use: AgentUse


class Sampler:
    """The samples of one process. Figures that can't be read are absent, with the reason."""

    def __init__(self, parts: SamplerParts) -> None:
        self._parts = parts
        monitoring = parts.settings.monitoring
        self.keeper = HealthKeeper(monitoring)
        self.settings = parts.settings
        """The settings, with the thresholds that hold now."""
        self.limits = monitoring.thresholds
        """The thresholds that hold now, which may be tuned."""
        self.thresholds = standard_thresholds(self.limits)
        self.lag = LoopLag()
        self._machine = MachineReader(parts.settings.data_dir)
        self._window = ActivityWindow(parts.views, monitoring.window)
        self.activity = Activity(0.0)
        """What was done in the window until the last sample."""
        self.components: Mapping[str, ComponentState] = self.keeper.components
        """The health that the last sample showed: what has settled, or for one that is not recorded a first look."""
        self.latest: SystemSampled | None = None
        self.latest_at: datetime | None = None
        self._restored = False
        self._waits = (0, 0.0)

    def tune(self, limits: ThresholdSettings) -> None:
        """Judge by these thresholds from the next sample on."""
        self.limits = limits
        self.thresholds = standard_thresholds(limits)
        tuned = self._parts.settings.monitoring.model_copy(update={"thresholds": limits})
        self.settings = self._parts.settings.model_copy(update={"monitoring": tuned})

    async def take(self, *, leads: bool, record: bool) -> SystemSampled:
        """Take a sample; with `record` it counts for health and goes into the log. Raises `StoreError`.

        Who `leads` tells of each agent, tool and model, too.
        """
        await self.restore()
        parts, now = self._parts, self._parts.clock.now()
        if not record and not self._machine.was_read:  # one look at CPU use takes two, a moment apart
            await anyio.to_thread.run_sync(self._machine.read)
            await anyio.sleep(_MOMENT)
        figures, absent = await anyio.to_thread.run_sync(self._machine.read)
        custom, custom_absent = await parts.custom.read(parts.settings.monitoring.metric_timeout)
        figures |= custom
        absent |= custom_absent
        await parts.book.refresh()
        self.activity = await self._window.look(now)
        self._read_process(figures, absent, record)
        await self._read_work(figures, absent)
        measured = self._measured(figures)
        changes = self.keeper.see(measured, now) if record else []
        components = self.keeper.components if record else self._glance(measured, now)
        figures["failed_agents"] = sum(
            name.startswith("role:") and state.level is Health.UNHEALTHY for name, state in components.items()
        )
        levels = [state.level for name, state in components.items() if name != SYSTEM]
        sample = SystemSampled(
            node=parts.node,
            process=str(os.getpid()),
            at=now,
            health=components[SYSTEM].level if SYSTEM in components else Health.UNKNOWN,
            score=performance_score(score_parts(figures, levels, self.limits)),
            figures=figures,
            absent=absent,
            agents=await self._agents(now) if leads else {},
            tools=_busiest(self.activity.tools) if leads else {},
            models=_busiest(self.activity.models) if leads else {},
        )
        if record:
            await self._record(sample, changes, now)
        self.latest, self.latest_at, self.components = sample, now, components
        return sample

    async def restore(self) -> None:
        """Go on from the health that the log knows of this node."""
        if self._restored:
            return
        for row in await self._parts.views.query(SystemHealthView.name, {"node": self._parts.node}, limit=10_000):
            self.keeper.restore(row["component"], Health(row["health"]), row["since"], row["reasons"])
        self._restored = True

    def _glance(self, measured: Mapping[str, Measured], now: datetime) -> Mapping[str, ComponentState]:
        """What one look says, on top of what has settled before; nothing is kept of it."""
        glance = HealthKeeper(self._parts.settings.monitoring.model_copy(update={"worse_after": 1, "better_after": 1}))
        for name, state in self.keeper.components.items():
            glance.restore(name, state.level, state.since or now, state.reasons)
        glance.see(measured, now)
        return glance.components

    def _read_process(self, figures: dict[str, float], absent: dict[str, str], record: bool) -> None:
        parts = self._parts
        late = self.lag.take()
        if late is None:
            absent["loop_lag"] = "the event loop is watched while monitoring runs"
        else:
            figures["loop_lag"] = round(late, 6)
        waiting = parts.store.queue_length
        figures["store_queue"] = waiting
        figures["store_queue_usage"] = round(100 * waiting / parts.settings.store.queue_size, 3)
        figures["projection_lag"] = max((parts.views.lag(name) for name in parts.views.names), default=0)
        figures["tasks"] = len(asyncio.all_tasks())
        figures["requests_running"] = parts.admission.running
        figures["requests_waiting"] = parts.admission.waiting
        admitted, waited = parts.admission.admitted - self._waits[0], parts.admission.waited - self._waits[1]
        figures["requests_admitted"] = admitted
        if admitted:
            figures["admission_wait"] = round(waited / admitted, 6)
        else:
            absent["admission_wait"] = "no request was admitted since the last sample"
        if record:
            self._waits = (parts.admission.admitted, parts.admission.waited)

    async def _read_work(self, figures: dict[str, float], absent: dict[str, str]) -> None:
        requests = self.activity.requests
        figures["requests"] = requests.calls
        told = requests.figures()
        for name in ("response_time", "success_rate", "error_rate"):
            if name in told:
                figures[name] = told[name]
            else:
                absent[name] = _NO_REQUESTS if self.activity.seconds else _NO_WINDOW
        figures["tokens"] = sum(work.tokens for work in self.activity.models.values())
        figures["cost"] = round(sum(work.cost for work in self.activity.models.values()), 6)
        figures["total_errors"] = self.activity.total_errors
        agents = await self._parts.agents.get_all_agents()
        figures["total_agents"] = len(agents)
        figures["active_agents"] = sum(agent.enabled for agent in agents)
        figures["total_insights"] = self._parts.book.total

    async def _agents(self, now: datetime) -> dict[str, dict[str, float]]:
        await self._parts.work.refresh()
        began = now - timedelta(seconds=self._parts.settings.monitoring.window)
        tokens = Counter[str]()
        for span in reversed(self._parts.work.spans):
            if span.ended_at < began:
                break
            tokens[span.role] += span.tokens
        told = _busiest(self.activity.roles)
        use = await anyio.to_thread.run_sync(self._parts.use.look)
        for name, figures in told.items():
            figures.update(use.get(name, {}))
            figures["tokens"] = tokens[name]
            figures["insights"] = self._parts.book.insights(f"role:{name}")
            del figures["cost"]
        return told

    def _measured(self, figures: dict[str, float]) -> dict[str, Measured]:
        measured: dict[str, Measured] = {}
        for component in ("machine", "process", "store", "views"):
            known = [(each, figures[name]) for name, each in self.thresholds[component].items() if name in figures]
            if known:
                measured[component] = known
        least = self._parts.settings.monitoring.min_calls
        for component, work in self.activity.components().items():
            if work.calls >= least:
                told = work.figures()
                measured[component] = [(each, told[name]) for name, each in self.thresholds["work"].items()]
        for metric in self._parts.custom.all:
            value = figures.get(f"custom.{metric.name}")
            if metric.limit is not None and value is not None:
                limit = Threshold(metric.name, metric.limit, float("inf"), unit=metric.unit)
                measured[f"metric:{metric.name}"] = [(limit, value)]
        return measured

    async def _record(self, sample: SystemSampled, changes: Sequence[HealthChange], now: datetime) -> None:
        events: list[Event] = [sample]
        alert: AlertRaised | None = None
        for change in changes:
            events.append(
                HealthChanged(
                    node=sample.node,
                    process=sample.process,
                    component=change.component,
                    before=change.before,
                    after=change.after,
                    reasons=list(change.reasons),
                )
            )
            _log.info("%s is %s: %s", change.component, change.after, "; ".join(change.reasons) or "within bounds")
            if change.component == SYSTEM and change.after is Health.UNHEALTHY:
                alert = _alert(sample, change)
                events.append(alert)
        await self._parts.store.append(stream_name("system", sample.node), events)
        if alert is not None:
            await self._parts.notifications.send(Notification("alert", alert.title, alert.text, now, DEFAULT_OWNER))


def _alert(sample: SystemSampled, change: HealthChange) -> AlertRaised:
    return AlertRaised(
        node=sample.node,
        kind=ALERT_KIND,
        subject=SYSTEM,
        title=f"{sample.node} is unhealthy",
        text="; ".join(change.reasons),
        evidence={"before": change.before.value, "after": change.after.value, "score": sample.score},
    )


def _busiest(works: Mapping[str, Work]) -> dict[str, dict[str, float]]:
    chosen = sorted(works.items(), key=lambda item: -item[1].calls)[:_MOST]
    return {name: work.figures() for name, work in chosen}
