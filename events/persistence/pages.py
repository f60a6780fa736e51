"""Pages of the log by the library's recorders, which are the same for every database."""

from __future__ import annotations

from collections.abc import Collection

from eventsourcing.persistence import ApplicationRecorder

from events.backend import Page
from events.codec import StoredRow

__all__ = ["read_page"]


def read_page(
    recorder: ApplicationRecorder, after: int, topics: Collection[str] | None, limit: int, until: int | None
) -> Page:
    """At most `limit` rows behind a position, of these topics (None: all), up to `until`."""
    head = recorder.max_notification_id() or 0
    stop = head if until is None else min(head, until)
    if stop <= after:
        return Page([], after)
    if topics is not None and not topics:
        return Page([], stop)
    found = recorder.select_notifications(after, limit, stop, tuple(topics or ()), inclusive_of_start=False)
    rows: list[StoredRow] = [
        (event.id, str(event.originator_id), event.originator_version, event.topic, event.state) for event in found
    ]
    return Page(rows, rows[-1][0] if len(rows) == limit else stop)
