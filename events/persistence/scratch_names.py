"""Names that were met on the way through a whole log: on the disk where they are many, gone afterwards."""

from __future__ import annotations

import sqlite3

__all__ = ["ScratchNames"]


class ScratchNames:
    """Names, each with a value. May be used from any thread, by one at a time; `close` it."""

    def __init__(self) -> None:
        # SQLite keeps a database without a name in memory up to its cache's size, beyond it in a temporary file
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE names (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def get(self, name: str) -> str | None:
        """The value of a name; None for one that was not met."""
        row = self._database.execute("SELECT value FROM names WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def add(self, name: str, value: str = "") -> bool:
        """Note a name; False when it was met before, whose value stays."""
        added = self._database.execute("INSERT INTO names VALUES (?, ?) ON CONFLICT DO NOTHING", (name, value))
        return added.rowcount == 1

    def close(self) -> None:
        """Let them go."""
        self._database.close()
