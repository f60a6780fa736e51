"""The databases that can carry the log; the only place that knows the eventsourcing library."""

from __future__ import annotations

from pathlib import Path

from common.errors import ConfigurationError
from events.backend import Backend, ViewDatabase

__all__ = ["open_backend", "scratch_views"]

_SQLITE = "sqlite:///"


def open_backend(url: str, timeout: float) -> Backend:
    """Open the database that a store URL names; blocks. `timeout` in seconds bounds every wait for a lock.

    Raises `ConfigurationError` for a URL it can't read and `StoreUnavailable` when the database can't be opened.
    """
    if url == "memory://":
        from events.persistence.memory import MemoryBackend

        return MemoryBackend()
    if url.startswith(_SQLITE) and (path := url.removeprefix(_SQLITE)) and path != ":memory:":
        from events.persistence.sqlite import SQLiteBackend

        return SQLiteBackend(Path(path), timeout)
    raise ConfigurationError(
        f"no event store can be opened from {url!r}",
        where="store.url",
        todo="Use sqlite:///relative/path, sqlite:////absolute/path or memory://.",
    )


def scratch_views() -> ViewDatabase:
    """An empty database for views that are built only to be looked at; in memory, on the disk where it grows."""
    from events.persistence.sqlite_views import SQLiteViews

    return SQLiteViews(None, 5.0, "scratch", private="")
