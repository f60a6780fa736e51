"""Views in a file beside the log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from common.errors import StoreUnavailable
from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Column, Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView, facts_of
from tests.events.samples import fact


class TestFiles:
    """What is particular to views in a file beside the log."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'events.db'}"

    async def test_rows_are_kept(self, url: str, tmp_path: Path) -> None:
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            await store.append("a", [fact(1), fact(2)])
            await views.query("counts")
            await views.close()
            with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
                other.execute("UPDATE view_1 SET events = 77")
            views = Views(store, [CountView()])
            assert (await views.get("counts", ("all", "-")) or {})["events"] == 77
            report = await verify(store, views)
            assert not report.ok
            assert not report.views["counts"].equal
            await views.rebuild("counts")
            assert (await verify(store, views)).ok
            await views.close()

    @pytest.mark.parametrize(
        "changes",
        [
            {"version": 2},
            {"columns": (Column("events", "integer"), Column("last", "text"), Column("more", "text"))},
            {"indexes": (("events",),)},
            {"topics": frozenset({FactRemembered.TOPIC, FactForgotten.TOPIC})},
        ],
    )
    async def test_another_shape_is_built_from_scratch(self, store: EventStore, changes: dict[str, Any]) -> None:
        old = Views(store, [CountView()])
        await store.append("a", [fact(1)])
        await old.query("counts")
        new = Views(store, [type("NewCount", (CountView,), changes)()])
        assert (await new.get("counts", ("all", "-")) or {})["events"] == 1
        await store.append("a", [fact(2)])
        assert (await old.get("counts", ("all", "-")) or {})["events"] == 2
        assert (await new.get("counts", ("all", "-")) or {})["events"] == 2
        await old.close()
        await new.close()

    async def test_tables_of_shapes_long_gone_are_dropped(self, store: EventStore, tmp_path: Path) -> None:
        old = Views(store, [CountView()])
        await old.query("counts")
        await old.close()
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
            other.execute("UPDATE slots SET updated_at = '2020-01-01T00:00:00+00:00'")
        new = Views(store, [type("NewCount", (CountView,), {"version": 2})()])
        await new.query("counts")
        await new.close()
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other:
            assert other.execute("SELECT COUNT(*) FROM slots").fetchone()[0] == 1

    async def test_views_of_another_log_are_not_taken(self, url: str, tmp_path: Path) -> None:
        for text in ("first", "second"):
            async with await EventStore.open(url) as store:
                views = Views(store, [FactView()])
                await store.append("a", [fact(1, text)])
                assert [row["text"] for row in await views.query("facts")] == [text]
                await views.close()
            (tmp_path / "events.db").unlink()

    @pytest.mark.parametrize("later", [0, 1, 5])
    @pytest.mark.parametrize("passed_over", [0, 1_500])
    async def test_a_log_restored_from_a_backup_takes_its_views_back(
        self, url: str, tmp_path: Path, later: int, passed_over: int
    ) -> None:
        async with await EventStore.open(url) as store:
            await store.append("a", [fact(1)])
            views = Views(store, [CountView()])
            await views.query("counts")
            await views.close()
        backup = (tmp_path / "events.db").read_bytes()
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            added = [fact(2)] if not passed_over else [FactForgotten(fact_id="1", user="x")] * passed_over
            await store.append("a", added)
            await views.query("counts")
            await views.close()
        (tmp_path / "events.db").write_bytes(backup)
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            for number in range(later):
                await store.append("b", [fact(number, user="bob")])
            rows = {row["name"]: row["events"] for row in await views.query("counts")}
            assert rows == {"-": 1 + later, "ann": 1} | ({"bob": later} if later else {})
            await views.close()

    async def test_a_damaged_views_file_is_told(self, store: EventStore, tmp_path: Path) -> None:
        (tmp_path / "events-views.db").write_bytes(b"no database at all" * 100)
        views = Views(store, [FactView()])
        with pytest.raises(StoreUnavailable, match="not a database") as caught:
            await views.query("facts")
        assert "Delete this file" in caught.value.todo
        await views.close()

    async def test_a_file_of_another_program_is_left_alone(self, store: EventStore, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
            other.execute("CREATE TABLE precious (things TEXT)")
        views = Views(store, [FactView()])
        with pytest.raises(StoreUnavailable, match="another program"):
            await views.query("facts")
        await views.close()
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other:
            assert other.execute("SELECT COUNT(*) FROM precious").fetchone()[0] == 0

    async def test_an_older_format_is_built_anew_and_a_newer_one_left_alone(
        self, store: EventStore, tmp_path: Path
    ) -> None:
        await store.append("a", [fact(1)])
        for version, message in ((0, None), (99, "a newer version")):
            views = Views(store, [FactView()])
            assert await facts_of(views) == ["1"]
            await views.close()
            with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
                other.execute("UPDATE view_1 SET fact = 'changed'")
                other.execute(f"PRAGMA user_version = {version}")
            views = Views(store, [FactView()])
            if message is None:
                assert await facts_of(views) == ["1"]
            else:
                with pytest.raises(StoreUnavailable, match=message):
                    await views.query("facts")
            await views.close()

    async def test_damaged_events_are_parked(self, store: EventStore, tmp_path: Path) -> None:
        await store.append("a", [fact(1), fact(2)])
        with closing(sqlite3.connect(tmp_path / "events.db")) as other, other:
            other.execute("UPDATE stored_events SET state = substr(state, 1, 60) WHERE rowid = 1")
        views = Views(store, [FactView()])
        assert await facts_of(views) == ["2"]
        assert [entry.event_id for entry in await views.parked()] == ["a@1"]
        await views.close()
