"""Keeps SQLite's write-ahead log short.

SQLite begins the log anew when a commit finds nobody reading from it. Where reads overlap all the time that moment
never comes, and the log grows without bound; then a writer has to insist on it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

__all__ = ["WAL_LIMIT", "WalBound"]

WAL_LIMIT = 64 * 1024 * 1024
"""Bytes of the write-ahead log beyond which a writer waits for readers."""
_PATIENCE = 250
"""Milliseconds that it waits: long enough for every reader but one that walks through a whole table."""


class WalBound:
    """The write-ahead log of one file, looked at by the one connection that writes."""

    def __init__(self, path: Path) -> None:
        self._wal = path.with_name(f"{path.name}-wal")
        self._next = WAL_LIMIT

    def keep(self, connection: sqlite3.Connection) -> None:
        """Empty the log where it has become too long; for a connection that is in no transaction.

        While somebody reads for longer than it waits the log is left as it is, until it has grown as much again.
        """
        try:
            size = os.stat(self._wal).st_size
        except OSError:
            return
        if size < self._next:
            return
        timeout = int(connection.execute("PRAGMA busy_timeout").fetchone()[0])
        connection.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
        with contextlib.suppress(sqlite3.Error):  # what was committed before stays so, whatever fails here
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute(f"PRAGMA busy_timeout = {timeout}")
        with contextlib.suppress(OSError):
            left = os.stat(self._wal).st_size
            self._next = WAL_LIMIT + (left if left >= size else 0)
