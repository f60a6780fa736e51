"""Views in a file beside the log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from common.errors import StoreUnavailable
from events.projection import Views
from events.store import EventStore
from tests.events.example_views import FactView
from tests.events.kept_views_contract import Beside, KeptViewsContract


class BesideFiles:
    """Another program's hand in both files."""

    def __init__(self, folder: Path) -> None:
        self.log_file = folder / "events.db"
        self.views_file = folder / "events-views.db"

    def views(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.views_file)) as other, other:
            return other.execute(statement).fetchall()

    def set_format(self, number: int) -> None:
        self.views(f"PRAGMA user_version = {number}")

    def take(self) -> None:
        self.views("CREATE TABLE precious (things TEXT)")

    def restore(self, position: int) -> None:
        self._log(f"DELETE FROM stored_events WHERE rowid > {position}")
        self._log(f"UPDATE sqlite_sequence SET seq = {position}")

    def lose_log(self) -> None:
        self.log_file.unlink()

    def damage(self, position: int) -> None:
        self._log(f"UPDATE stored_events SET state = substr(state, 1, 60) WHERE rowid = {position}")

    def _log(self, statement: str) -> None:
        with closing(sqlite3.connect(self.log_file)) as other, other:
            other.execute(statement)


class TestFiles(KeptViewsContract):
    """What is particular to views in a file beside the log."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'events.db'}"

    @pytest.fixture
    def beside(self, tmp_path: Path) -> Beside:
        return BesideFiles(tmp_path)

    async def test_a_damaged_views_file_is_told(self, store: EventStore, tmp_path: Path) -> None:
        (tmp_path / "events-views.db").write_bytes(b"no database at all" * 100)
        views = Views(store, [FactView()])
        with pytest.raises(StoreUnavailable, match="not a database") as caught:
            await views.query("facts")
        assert "Delete this file" in caught.value.todo
        await views.close()
