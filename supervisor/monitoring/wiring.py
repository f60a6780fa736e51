"""Makes the monitoring of one supervisor from its parts."""

from __future__ import annotations

import socket
from functools import partial

from common.clock import Clock
from common.flags import Flags
from common.settings import Settings
from common.telemetry import Telemetry
from events.ownership import Ownership
from events.projection import Views
from events.store import EventStore
from events.views.agent_registry import AgentRegistry
from supervisor.admission import Admission
from supervisor.commands.maintain import maintain
from supervisor.monitoring.agent_use import AgentUse, Processes
from supervisor.monitoring.book import ImprovementBook
from supervisor.monitoring.custom import CustomMetrics
from supervisor.monitoring.gauges import MonitoringGauges
from supervisor.monitoring.sampler import SamplerParts
from supervisor.monitoring.service import Monitoring
from supervisor.monitoring.work import RecentWork
from supervisor.notifications import Notifications

__all__ = ["wire_monitoring"]


def wire_monitoring(
    settings: Settings,
    clock: Clock,
    telemetry: Telemetry,
    store: EventStore,
    views: Views,
    ownership: Ownership,
    flags: Flags,
    agents: AgentRegistry,
    admission: Admission,
    notifications: Notifications,
    custom: CustomMetrics,
    processes: Processes,
) -> Monitoring:
    """The monitoring, not running yet, with its gauges registered; `processes` are those of built agents."""
    parts = SamplerParts(
        settings=settings,
        store=store,
        views=views,
        clock=clock,
        agents=agents,
        admission=admission,
        notifications=notifications,
        custom=custom,
        book=ImprovementBook(store, views),
        work=RecentWork(store),
        node=settings.monitoring.node or socket.gethostname() or "localhost",
        use=AgentUse(processes),
    )
    monitoring = Monitoring(parts, ownership, flags)
    keeping = monitoring.housekeeping
    keeping.maintain = partial(
        maintain, store, clock, settings.monitoring.maintenance, parts.node, monitoring.prune_reports,
        keeping.retire_samples,
    )  # fmt: skip
    telemetry.metrics.registry.register(MonitoringGauges(monitoring))
    return monitoring
