"""`supervisor.monitoring`: how the system does, what would improve it, and a person's decisions on that."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from pydantic import JsonValue

from common.errors import ConfigurationError
from common.flags import Flags
from events.catalogue.system import SystemSampled
from events.ownership import Ownership
from supervisor.commands.improvements import ImprovementCommands
from supervisor.monitoring.analyzers import Analyzers
from supervisor.monitoring.builtin import builtin_analyzers, builtin_predictors
from supervisor.monitoring.custom import MetricFunction
from supervisor.monitoring.desk import ImprovementDesk
from supervisor.monitoring.files import ReportFolder, write_status
from supervisor.monitoring.findings import AnalysisContext, Analyzer
from supervisor.monitoring.health import ComponentState
from supervisor.monitoring.history import SeriesHistory
from supervisor.monitoring.housekeeping import Housekeeping
from supervisor.monitoring.lead import Lead
from supervisor.monitoring.models import (
    AgentPerformance,
    AnalysisReport,
    Forecast,
    HealthReport,
    MetricsReport,
    ReportInfo,
    SystemStatus,
)
from supervisor.monitoring.policy import policy_check
from supervisor.monitoring.queries import agent_performance, metrics_of
from supervisor.monitoring.report_page import report_page
from supervisor.monitoring.sampler import Sampler, SamplerParts
from supervisor.monitoring.score import score_parts
from supervisor.monitoring.standing import StandingReader
from supervisor.monitoring.suggesting import Outcome, Suggester
from supervisor.monitoring.thresholds import Threshold
from supervisor.scheduler import Loop, Scheduler

__all__ = ["Monitoring"]

_REPORTED = 20
_POINTS = 240
_REPORT_POINTS = 120
_ENDING = 30.0
"""Seconds that stopping waits for what is being done to end."""
_HOUSEKEEPING = 600.0
"""Seconds between two looks at whether something is to be kept house for."""

Spawn = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


class Monitoring(ImprovementDesk):
    """The monitoring of one supervisor: made at its start, running unless it has no loops (``background=False``).

    Every reading method works whether it runs or not, and on what other processes on the same log have told, too.
    Raises `StoreError` where the log can't be read.
    """

    def __init__(self, parts: SamplerParts, ownership: Ownership, flags: Flags) -> None:
        settings = parts.settings.monitoring
        allows = policy_check(flags, settings.auto_apply_types)
        super().__init__(parts, ImprovementCommands(parts.store, allows))
        self._settings = settings
        self._sampler = Sampler(parts)
        self._lead = Lead(parts.store, ownership, parts.node)
        self._history = SeriesHistory(parts.store, settings.history)
        self.suggester = Suggester(self.improvements, parts.book, settings, allows)
        """What makes improvements of findings; told by who wires the supervisor who draws up their plans."""
        self._analyzers = Analyzers(settings.analyzer_timeout)
        self._predictors = Analyzers(settings.analyzer_timeout)
        for name, function in builtin_analyzers().items():
            self._analyzers.register(name, function)
        self._forecasts: list[Forecast] = []
        for name, function in builtin_predictors(self._forecasts).items():
            self._predictors.register(name, function)
        self._standing = StandingReader(self._sampler, parts.views, parts.clock, settings, parts.node)
        self._reports = ReportFolder(parts.settings.data_dir, settings.maintenance.keep_reports)
        self.housekeeping = Housekeeping(parts.store, parts.views, parts.clock, settings.maintenance, parts.node)
        """When maintenance is due, and what it does."""
        self._analysing = anyio.Lock()
        self._sampling = anyio.Lock()
        self._spawn: Spawn | None = None
        self._scope: anyio.CancelScope | None = None
        self._ended = anyio.Event()
        self._leads = False
        self._more: list[Loop] = []
        self.last_analysis: AnalysisReport | None = None
        """What the last analysis of this process did."""

    # --- running ---------------------------------------------------------------------------------------------------

    def attach(self, spawn: Spawn) -> None:
        """Told at the start how a task is begun that ends with the supervisor."""
        self._spawn = spawn

    @property
    def node(self) -> str:
        """This process's name in samples."""
        return self._parts.node

    @property
    def is_running(self) -> bool:
        """Whether this process samples and analyses by itself."""
        return self._scope is not None

    async def start_continuous_monitoring(self) -> bool:
        """Sample, analyse, predict and report from now on, until the supervisor ends; False where that is so already.

        Also for a supervisor without loops, which does not begin by itself. Raises `ConfigurationError` before the
        supervisor's start.
        """
        if self._scope is not None:
            return False
        if self._spawn is None:
            raise ConfigurationError("the supervisor is not started", where="monitoring", todo="Start it first.")
        self._scope, self._ended = anyio.CancelScope(), anyio.Event()
        self._spawn(partial(self._run, self._scope, self._ended))
        return True

    async def stop_monitoring(self) -> bool:
        """Do nothing by itself any more; what is asked for is answered all the same. False where nothing ran.

        Improvements that are approved are not carried out any more, either: what was begun is taken up where it was,
        by this process once it is started again, or by another one that runs on the same log, which leads from now on.
        """
        scope, self._scope = self._scope, None
        if scope is None:
            return False
        scope.cancel()
        with anyio.move_on_after(_ENDING):
            await self._ended.wait()
        self._leads = False
        await self._lead.give_up()
        return True

    def run_beside(self, loop: Loop) -> None:
        """Have this done, too, for as long as monitoring runs by itself; to be told before it is started."""
        self._more.append(loop)

    async def _run(self, scope: anyio.CancelScope, ended: anyio.Event) -> None:
        try:
            with scope:
                await self._run_loops()
        finally:
            ended.set()

    async def _run_loops(self) -> None:
        settings = self._settings
        step = settings.sample_every
        each = [
            Loop("sampling", step, self.sample, timeout=max(30.0, step), delay=step),
            Loop("analysis", settings.analyze_every, self._analyse, timeout=600.0, delay=settings.analyze_every),
            Loop("prediction", settings.predict_every, self._predict, timeout=600.0, delay=settings.predict_every),
            Loop("reports", settings.report_every, self.write_report, timeout=120.0, delay=settings.report_every),
        ]
        each += [Loop("housekeeping", _HOUSEKEEPING, self._keep_house, timeout=3_600.0, delay=_HOUSEKEEPING)]
        await Scheduler([*each, *self._more], [self._sampler.lag.run]).run()

    async def sample(self) -> SystemSampled:
        """Take a sample now and record it, as is done by itself every `monitoring.sample_every` seconds."""
        async with self._sampling:
            self._leads = await self._lead.leads()
            return await self._sampler.take(leads=self._leads, record=True)

    async def _analyse(self) -> None:
        if await self._lead.leads():
            await self._analysis(self._analyzers)

    async def _predict(self) -> None:
        if await self._lead.leads():
            await self._analysis(self._predictors)

    async def _keep_house(self) -> None:
        if await self._lead.leads() and not await self.housekeeping.maintain_if_due():
            await self.housekeeping.retire_by_itself()

    # --- what it extends by ----------------------------------------------------------------------------------------

    def metric(self, name: str, fn: MetricFunction, *, limit: float | None = None, unit: str = "") -> None:
        """Have a figure of one's own in every sample, as ``custom.<name>``; above `limit` it counts as degraded.

        `fn` takes nothing and gives a number, at once or as a coroutine, within `monitoring.metric_timeout` seconds.
        Raises `ConfigurationError`.
        """
        self._parts.custom.add(name, fn, limit=limit, unit=unit)

    def register_analyzer(self, name: str, fn: Analyzer) -> None:
        """Have an analysis of one's own: what it finds becomes improvements. Raises `ConfigurationError`."""
        self._analyzers.register(name, fn)

    def tune_thresholds(self, values: Mapping[str, float]) -> None:
        """Have these thresholds hold from now on instead of the configured ones, by the names of their settings."""
        self._sampler.tune(self._settings.thresholds.model_copy(update=dict(values)))

    # --- analysis --------------------------------------------------------------------------------------------------

    async def trigger_analysis(self) -> AnalysisReport:
        """Analyse and predict now, whichever process leads; waits for it. Raises `StoreError`."""
        async with self._sampling:
            if self._sampler.latest is None:
                await self._sampler.take(leads=False, record=False)
        report = await self._analysis(self._analyzers)
        more = await self._analysis(self._predictors)
        both = report.model_dump() | {
            "seconds": round(report.seconds + more.seconds, 3),
            "findings": report.findings | more.findings,
            "failed": report.failed | more.failed,
            **{name: getattr(report, name) + getattr(more, name) for name in ("suggested", "seen", "closed")},
            "approved": report.approved + more.approved,
        }
        self.last_analysis = AnalysisReport.model_validate(both)
        return self.last_analysis

    async def _analysis(self, analyzers: Analyzers) -> AnalysisReport:
        async with self._analysing:
            started = time.perf_counter()
            context = await self._context()
            found, failed = await analyzers.run(context)
            outcome = Outcome()
            await self._parts.book.refresh()
            for name, findings in found.items():
                await self.suggester.take(name, findings, context, outcome)
            await self._parts.book.refresh()
            await self.suggester.apply_policy(outcome)
            await self._parts.book.refresh()
            self.last_analysis = AnalysisReport(
                at=context.now,
                seconds=round(time.perf_counter() - started, 3),
                findings={name: len(findings) for name, findings in found.items()},
                failed=dict(failed),
                suggested=tuple(outcome.suggested),
                seen=tuple(outcome.seen),
                closed=tuple(outcome.closed),
                approved=tuple(outcome.approved),
            )
            return self.last_analysis

    async def _context(self) -> AnalysisContext:
        await self._sampler.restore()
        now = self._parts.clock.now()
        await self._history.refresh(now)
        await self._parts.work.refresh()
        custom = {
            f"metric:{each.name}": {each.name: Threshold(each.name, each.limit, float("inf"), unit=each.unit)}
            for each in self._parts.custom.all
            if each.limit is not None
        }
        return AnalysisContext(
            now=now,
            settings=self._sampler.settings,
            series=self._history.series,
            activity=self._sampler.activity,
            spans=self._parts.work.spans,
            spans_read=self._parts.work.read,
            components=dict(self._sampler.keeper.components),
            thresholds={**self._sampler.thresholds, **custom},
        )

    # --- what it tells ---------------------------------------------------------------------------------------------

    async def get_system_status(self) -> SystemStatus:
        """The whole in a few numbers, from the last sample of this node, or one that is taken for this answer."""
        standing = await self._standing.read(runs=self.is_running)
        book = self._parts.book
        await book.refresh()
        counts = book.counts()
        return SystemStatus(
            meta_agent_active=self.is_running or standing.recorded,
            total_improvements=book.total,
            pending_improvements=counts["pending"],
            completed_improvements=counts["completed"],
            performance_score=standing.score,
            health=standing.health,
            node=self._parts.node,
            at=self._parts.clock.now(),
            sampled_at=standing.at if standing.recorded else None,
            analyzed_at=None if self.last_analysis is None else self.last_analysis.at,
            leads=self._leads,
            improvements=counts,
            score_parts=score_parts(standing.figures, standing.levels, self._sampler.limits),
            figures=dict(standing.figures),
        )

    async def get_health(self) -> HealthReport:
        """The whole and each component, with the reasons; the last known health of every other node."""
        return await self._standing.report(runs=self.is_running)

    async def get_metrics(
        self, hours: float = 24.0, *, node: str | None = None, points: int = _POINTS
    ) -> MetricsReport:
        """The samples of the last `hours`, at most `points` of them, evenly chosen, the last one included.

        Of all nodes, or of one. Raises `ConfigurationError` for bounds that can't be.
        """
        return await metrics_of(self._parts.views, self._parts.clock.now(), hours, node, points)

    async def get_agent_performance(
        self, agent_name: str | None = None, *, hours: float = 24.0
    ) -> list[AgentPerformance]:
        """How an agent did, or all of them, with the history of the last `hours`. Raises `NotFound`."""
        parts = self._parts
        return await agent_performance(parts.views, parts.agents, parts.book, agent_name, parts.clock.now(), hours)

    async def get_forecasts(self) -> list[Forecast]:
        """When figures reach their limits, by the last prediction of this process."""
        return list(self._forecasts)

    # --- reports ---------------------------------------------------------------------------------------------------

    async def write_report(self) -> ReportInfo:
        """Write `system_status.json` and a report, JSON and HTML, now. Raises `ConfigurationError`."""
        status, health = await self.get_system_status(), await self.get_health()
        now = self._parts.clock.now()
        pending = await self.get_improvements("pending", page_size=_REPORTED)
        agents = await self.get_agent_performance(hours=1.0)
        metrics = await self.get_metrics(points=_REPORT_POINTS)
        report: dict[str, Any] = {
            "at": now.isoformat(),
            "status": status.model_dump(mode="json"),
            "health": health.model_dump(mode="json"),
            "agents": [agent.model_dump(mode="json", exclude={"history"}) for agent in agents],
            "improvements": [item.model_dump(mode="json") for item in pending.items],
            "forecasts": [forecast.model_dump(mode="json") for forecast in self._forecasts],
            "analysis": None if self.last_analysis is None else self.last_analysis.model_dump(mode="json"),
            "metrics": [
                sample.model_dump(mode="json", exclude={"figures", "absent", "tools", "models"})
                for sample in metrics.samples
            ],
        }
        folder = self._parts.settings.data_dir
        await anyio.to_thread.run_sync(write_status, folder, report["status"])
        return await anyio.to_thread.run_sync(lambda: self._reports.write(now, report, report_page(report)))

    async def get_reports(self) -> list[ReportInfo]:
        """The reports in the data folder, newest first."""
        return await anyio.to_thread.run_sync(self._reports.list)

    async def read_report(self, name: str) -> JsonValue:
        """A report by its file name, as `get_reports` tells it. Raises `NotFound`; no name leads out of the folder."""
        return await anyio.to_thread.run_sync(self._reports.read, name)

    async def read_report_html(self, name: str) -> str:
        """The page of a report, by the name of either file. Raises `NotFound`."""
        return await anyio.to_thread.run_sync(self._reports.read_html, name)

    async def prune_reports(self) -> int:
        """Delete the oldest reports beyond `monitoring.maintenance.keep_reports`; how many."""
        return await anyio.to_thread.run_sync(self._reports.prune)

    # --- for the gauges --------------------------------------------------------------------------------------------

    @property
    def components(self) -> Mapping[str, ComponentState]:
        """The health that the last sample of this process showed."""
        return self._sampler.components

    @property
    def latest(self) -> SystemSampled | None:
        """The last sample of this process."""
        return self._sampler.latest

    @property
    def improvement_counts(self) -> Mapping[str, int]:
        """How many improvements stand where, as this process knows."""
        return self._parts.book.counts()
