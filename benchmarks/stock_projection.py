"""A projection as the eventsourcing library runs it, one event and one commit at a time, to compare ours with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking, TrackingRecorder
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder
from psycopg.sql import SQL

__all__ = ["stock_on_postgres", "stock_on_sqlite"]

_UPSERT = (
    "INSERT INTO counted (stream, events) VALUES ({0}, 1) "
    "ON CONFLICT (stream) DO UPDATE SET events = counted.events + 1"
)


class Trace(Aggregate):
    """A stream of the log."""

    @event("Recorded")
    def record(self, text: str) -> None:
        """Add an event."""


class PostgresCounts(PostgresTrackingRecorder):
    """Events per stream, in PostgreSQL."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS counted (stream text PRIMARY KEY, events bigint)").format()
        )

    def count(self, stream: str, tracking: Tracking) -> None:
        """Count an event, and remember that it was counted, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_UPSERT.format("%s").encode(), (stream,), prepare=True)


class SQLiteCounts(SQLiteTrackingRecorder):
    """Events per stream, in SQLite."""

    def __init__(self, datastore: SQLiteDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.create_table_statements.append(
            "CREATE TABLE IF NOT EXISTS counted (stream TEXT PRIMARY KEY, events INTEGER)"
        )

    def count(self, stream: str, tracking: Tracking) -> None:
        """Count an event, and remember that it was counted, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_UPSERT.format("?"), (stream,))


class PostgresCounting(Projection[PostgresCounts]):
    """Counts the events of each stream."""

    name = "counting"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Count one."""
        self.view.count(str(domain_event.originator_id), tracking)


def _fill(application: Application[Any], events: int) -> int:
    for _ in range(events // 100):
        trace = Trace()
        for number in range(99):
            trace.record(f"event number {number} of a trace")
        application.save(trace)
    return application.recorder.max_notification_id() or 0


def stock_on_postgres(url: str, events: int) -> float:
    """Events a second of the library's runner over a log of its own in this database."""
    parts = urlsplit(url)
    environ = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path[1:],
        "POSTGRES_HOST": str(parts.hostname),
        "POSTGRES_PORT": str(parts.port),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "none",
        "POSTGRES_POOL_SIZE": "3",
    }
    with Application[Any](environ) as application:
        last = _fill(application, events)
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Application[Any], projection_class=PostgresCounting, view_class=PostgresCounts, env=environ
    ) as runner:
        runner.wait(last, timeout=600)
        return last / (time.perf_counter() - began)


def stock_on_sqlite(path: str, events: int) -> float:
    """Events a second the same way on SQLite, where the library has no subscriptions: its log is read page by page."""
    environ: Mapping[str, str] = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path}
    with Application[Any](dict(environ)) as application:
        last = _fill(application, events)
        view: TrackingRecorder = SQLiteCounts(SQLiteDatastore(f"{path}-view"))
        assert isinstance(view, SQLiteCounts)
        view.create_table()
        began = time.perf_counter()
        for start in range(1, last + 1, 100):
            for notification in application.recorder.select_notifications(start, 100):
                domain_event = application.mapper.to_domain_event(notification)
                view.count(str(domain_event.originator_id), Tracking(application.name, notification.id))
        rate = last / (time.perf_counter() - began)
        view.datastore.close()
        return rate
