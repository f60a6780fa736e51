"""Heads of any number of streams, for walks through a whole log: on the disk where they are many, gone afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping

from events.backend import Head

__all__ = ["ScratchHeads"]


class ScratchHeads:
    """Streams and their last events. May be used from any thread, by one at a time; `close` it."""

    def __init__(self) -> None:
        # SQLite keeps a database without a name in memory up to its cache's size, beyond it in a temporary file
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE heads (stream TEXT PRIMARY KEY, version INTEGER NOT NULL, digest TEXT) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def load(self, streams: Collection[str]) -> dict[str, Head]:
        """The heads of those of the streams that have one."""
        rows = self._database.execute(
            "SELECT stream, version, digest FROM json_each(?) AS wanted JOIN heads ON heads.stream = wanted.value",
            (json.dumps(list(streams)),),
        )
        return {stream: Head(version, digest) for stream, version, digest in rows}

    def store(self, heads: Mapping[str, Head]) -> None:
        """Put heads in place of those that were there."""
        self._database.executemany(
            "INSERT OR REPLACE INTO heads VALUES (?, ?, ?)",
            [(stream, head.version, head.digest) for stream, head in heads.items()],
        )

    def count(self) -> int:
        """How many streams there are."""
        return int(self._database.execute("SELECT COUNT(*) FROM heads").fetchone()[0])

    def close(self) -> None:
        """Let it go."""
        self._database.close()
