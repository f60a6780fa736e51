"""SQLite connections with the settings that the log relies on, and their faults in the words of the store."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from pathlib import Path
from urllib.parse import quote

from common.errors import StoreDamaged, StoreError, StoreUnavailable

__all__ = ["connect", "connect_writer", "create_file", "fault", "when_free"]

_LOOK = 0.002
"""Seconds between two looks whether a lock is free."""
_ROOM = 256 * 1024
"""Bytes; SQLite's shared index alone takes 32 KiB at a time."""


def create_file(path: Path) -> None:
    """Make an empty database file that only its owner may read, and the folders above it. Raises `StoreUnavailable`.

    SQLite gives the write-ahead log the mode of the database file. The file is not opened here: closing it again
    would take away the locks of every connection that this process has to it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError, PermissionError):  # of the latter SQLite tells more
            os.mknod(path, 0o600 | stat.S_IFREG)
    except OSError as error:
        raise StoreUnavailable(
            f"the file can't be made: {error.strerror}",
            where=str(path),
            todo="Name a file in a folder you may write to (store.url or data_dir).",
        ) from error
    if path.exists() and not os.access(path, os.W_OK):
        # SQLite would find out later, and leave files beside it that nobody may write either
        raise StoreUnavailable(_READ_ONLY[0], where=str(path), todo=_READ_ONLY[1])


def connect(path: Path, timeout: float, *, synchronous: str) -> sqlite3.Connection:
    """Open a file in WAL mode and autocommit, usable from any one thread at a time.

    `timeout` is how long to wait for a lock, in seconds; `synchronous` is FULL (each commit is on the disk when it
    returns) or NORMAL (a power cut may undo the last commits, a crash of the process does not). Raises
    `sqlite3.Error`.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        _use_wal(connection, timeout)
        connection.execute(f"PRAGMA synchronous={synchronous}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_writer(path: Path, timeout: float, *, synchronous: str) -> sqlite3.Connection:
    """Like `connect`; but what needs the writer's lock goes through `when_free`, and fails at once without it."""
    connection = connect(path, timeout, synchronous=synchronous)
    connection.execute("PRAGMA busy_timeout=0")
    return connection


def when_free(connection: sqlite3.Connection, statement: str, timeout: float) -> None:
    """Execute what takes the writer's lock, as soon as it is free; `timeout` in seconds bounds the wait.

    SQLite's own wait comes to look ten times a second only: beside processes that write without pause it may find the
    lock taken every time, until it gives up. Raises `sqlite3.Error`.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK)
        else:
            return


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether somebody else holds the lock; the low byte of an extended code is the code itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _use_wal(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch to WAL once; SQLite does not wait here when another process switches at the same moment, so this does."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


_READ_ONLY = ("the database can't be written", "Give this user the right to write the file and its folder.")
_NO_DATABASE = "the file is not a database"
_DAMAGED = ("the database is damaged", "Restore a backup; events verify says which events can't be read.")
_REASONS = (
    (
        "locked",
        "the database is locked by another program",
        "Close what holds it (a database browser, a backup), or raise store.timeout.",
    ),
    (
        "unable to open",
        "the database file can't be opened",
        "Name a file in a folder you may write to (store.url or data_dir).",
    ),
    ("readonly", *_READ_ONLY),
    ("read-only", *_READ_ONLY),
    ("not a database", _NO_DATABASE, "Name another file, or move this one away."),
    ("full", "the disk is full", "Free some space; nothing that was acknowledged is lost."),
    ("malformed", *_DAMAGED),
    ("decode to UTF-8", *_DAMAGED),
)


def fault(error: Exception, path: Path) -> StoreError:
    """What a database error means to the store's caller: most are no fault of what was to be written."""
    text = str(error)
    if type(error).__name__ in ("IntegrityError", "DataError", "InterfaceError", "ProgrammingError"):
        return StoreError(f"the database refused it: {text}", where=str(path))
    if "disk I/O error" in text and _is_full(path):
        text = "full"  # what lies beside the file could not be made, which SQLite tells no better
    for sign, what, todo in _REASONS:
        if sign in text:
            kind = StoreDamaged if what in (_DAMAGED[0], _NO_DATABASE) else StoreUnavailable
            return kind(what, where=str(path), todo=todo)
    return StoreUnavailable(f"the database failed: {text or type(error).__name__}", where=str(path))


def _is_full(path: Path) -> bool:
    """Whether there is less room than the files need that SQLite makes beside its own."""
    with contextlib.suppress(OSError):
        room = os.statvfs(path.parent)
        return room.f_bavail * room.f_frsize < _ROOM
    return False
