"""Gauges read at scrape time: how full the store's queue is, how far views lag, how many requests are in."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from events.projection import Views
from events.store import EventStore
from supervisor.admission import Admission

__all__ = ["LogMetrics"]


class LogMetrics(Collector):
    """A collector over what is known in memory; it reads no database and never raises."""

    def __init__(self, store: EventStore, views: Views, admission: Admission) -> None:
        self._store = store
        self._views = views
        self._admission = admission

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The families without values, so that registering costs nothing."""
        return self._families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families with their values now."""
        queue, lag, requests = self._families()
        queue.add_metric([], self._store.queue_length)
        for name in self._views.names:
            lag.add_metric([name], self._views.lag(name))
        requests.add_metric(["running"], self._admission.running)
        requests.add_metric(["waiting"], self._admission.waiting)
        return queue, lag, requests

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("supervisor_store_queue_events", "Events that wait for their commit"),
            GaugeMetricFamily("supervisor_projection_lag_events", "Events a view has not folded yet", labels=["view"]),
            GaugeMetricFamily("supervisor_requests_admitted", "Requests in this process", labels=["state"]),
        )
