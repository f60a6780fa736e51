"""Views in a file beside the log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from events.projection import Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView
from tests.events.kept_views_contract import Beside, KeptViewsContract
from tests.events.samples import fact


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

    async def test_what_is_no_database_is_set_aside(self, store: EventStore, tmp_path: Path) -> None:
        (tmp_path / "events-views.db").write_bytes(b"no database at all" * 100)
        await store.append("a", [fact(1)])
        views = Views(store, [FactView()])
        assert [row["fact"] for row in await views.query("facts")] == ["1"]
        assert (tmp_path / "events-views.db.damaged").read_bytes() == b"no database at all" * 100
        await views.close()

    @pytest.mark.parametrize("table", ["view_1", "sqlite_autoindex_view_1_1"])
    @pytest.mark.parametrize("content", ["zeros", "noise"])
    async def test_a_view_with_a_damaged_page_is_built_anew(
        self, store: EventStore, tmp_path: Path, table: str, content: str
    ) -> None:
        await store.append("a", [fact(number, "x" * 200) for number in range(300)])
        views = Views(store, [FactView()])
        before = await views.query("facts", order_by="fact", limit=300)
        await views.close()
        damage(tmp_path / "events-views.db", table, content)
        for _ in range(2):
            views = Views(store, [FactView()])
            row = await views.get("facts", ("150",))
            assert row is not None
            assert row["length"] == 200
            assert await views.query("facts", order_by="fact", limit=400) == before
            await store.append("a", [fact(999)])
            assert await views.get("facts", ("999",)) is not None
            before = await views.query("facts", order_by="fact", limit=400)
            assert (await verify(store, views)).ok
            await views.close()

    async def test_a_damaged_view_keeps_no_other_from_catching_up(self, store: EventStore, tmp_path: Path) -> None:
        await store.append("a", [fact(number, "x" * 200) for number in range(300)])
        views = Views(store, [FactView(), CountView()])
        await views.catch_up()
        await views.close()
        damage(tmp_path / "events-views.db", "view_1", "noise")
        await store.append("a", [fact(number, "y" * 200) for number in range(300)])
        views = Views(store, [FactView(), CountView()])
        await views.catch_up()
        assert [state.lag for state in await views.states()] == [0, 0]
        await views.close()


def damage(path: Path, table: str, content: str) -> None:
    """Overwrite a page in the middle of a table or an index."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = file.execute("PRAGMA page_size").fetchone()[0]
        try:
            found = file.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,)).fetchall()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite was built without dbstat")
    with path.open("r+b") as file:
        file.seek((found[len(found) // 2][0] - 1) * size)
        file.write(bytes(size) if content == "zeros" else b"\xa5" * size)
