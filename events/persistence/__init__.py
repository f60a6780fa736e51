"""The databases that can carry the log; the only place that knows the eventsourcing library."""

from __future__ import annotations

import logging
from pathlib import Path

from common.errors import ConfigurationError
from common.extras import import_extra
from events.backend import Backend, ViewDatabase

__all__ = ["archive_folder", "open_backend", "scratch_views"]

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


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
    if url.startswith(_POSTGRES):
        return _open_postgres(url, timeout)
    raise ConfigurationError(
        f"no event store can be opened from {_shown(url)!r}",
        where="store.url",
        todo="Use sqlite:///relative/path, sqlite:////absolute/path, postgresql://user@host/database or memory://.",
    )


def archive_folder(url: str) -> Path | None:
    """Where the archive of a log is when nobody says otherwise: beside its file, if it is one."""
    if url.startswith(_SQLITE):
        path = Path(url.removeprefix(_SQLITE))
        return path.with_name(f"{path.name}-archive")
    return None


def _open_postgres(url: str, timeout: float) -> Backend:
    for module in ("psycopg", "psycopg_pool"):
        import_extra(module, extra="postgres", where="store.url")
    # the library sets the levels of the driver's loggers when it is imported, which are the host's to set
    loggers = [logging.getLogger(name) for name in ("psycopg", "psycopg.pool")]
    levels = [logger.level for logger in loggers]
    from events.persistence.postgres import PostgresBackend

    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    return PostgresBackend(url, timeout)


def _shown(url: str) -> str:
    """A URL without what may be user and password."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def scratch_views() -> ViewDatabase:
    """An empty database for views that are built only to be looked at; in memory, on the disk where it grows."""
    from events.persistence.sqlite_views import SQLiteViews

    return SQLiteViews(None, 5.0, "scratch", private="")
