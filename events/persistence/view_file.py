"""Opens the file that views are kept in; one that is damaged is set aside, for views are built anew from the log."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from common.errors import StoreDamaged
from common.logs import get_logger
from events.persistence.sqlite_views import SQLiteViews

__all__ = ["open_view_file"]

_log = get_logger(__name__)
_ASIDE = ".damaged"


def open_view_file(path: Path, timeout: float, log: str) -> SQLiteViews:
    """The views of a log in the file at `path`. Raises `StoreUnavailable`."""
    try:
        return SQLiteViews(path, timeout, log)
    except StoreDamaged:
        with _alone(path):
            try:
                return SQLiteViews(path, timeout, log)  # somebody else was first
            except StoreDamaged as error:
                _set_aside(path, error)
            return SQLiteViews(path, timeout, log)


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """One process at a time."""
    place = path.with_name(f"{path.name}.lock")
    descriptor = os.open(place, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        place.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _set_aside(path: Path, error: StoreDamaged) -> None:
    aside = path.with_name(path.name + _ASIDE)
    _log.error("%s; the file is kept as %s, and all views are built anew", error, aside)
    path.rename(aside)
    for suffix in ("-wal", "-shm"):  # they are of that file: beside a new one they would damage it
        path.with_name(path.name + suffix).unlink(missing_ok=True)
