"""What views must do in every database that outlives a process, by what others do to it meanwhile."""

from __future__ import annotations

import threading
from typing import Any, Protocol

import anyio
import anyio.to_thread
import pytest

from common.errors import StoreUnavailable
from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Column, Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView, facts_of
from tests.events.samples import fact

__all__ = ["Beside", "KeptViewsContract"]


class Beside(Protocol):
    """Another program's hand in the database of a log and in that of its views."""

    def views(self, statement: str) -> list[tuple[Any, ...]]:
        """Do something in the views' database."""
        ...

    def set_format(self, number: int) -> None:
        """Say that another version of this software wrote the views."""
        ...

    def take(self) -> None:
        """Be there first, with a table `precious` where the views would be."""
        ...

    def restore(self, position: int) -> None:
        """Put back a backup of the log that was made at this position."""
        ...

    def lose_log(self) -> None:
        """Remove the log, and leave the views."""
        ...

    def damage(self, position: int) -> None:
        """Cut the stored bytes of an event."""
        ...


class KeptViewsContract:
    """Subclasses give the fixtures `url` and `beside`; `store` is taken from the conftest."""

    async def test_rows_are_found_by_sql_under_the_name_of_the_view(self, url: str, beside: Beside) -> None:
        shown = "SELECT events FROM counts WHERE kind = 'all'"
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            await store.append("a", [fact(1), fact(2)])
            await views.query("counts")
            assert beside.views(shown) == [(2,)]
            await views.rebuild("counts")
            await store.append("a", [fact(3)])
            await views.query("counts")
            assert beside.views(shown) == [(3,)]
            await views.purge()
            assert beside.views(shown) == [(3,)]
            await views.close()
        beside.set_format(0)  # an older version wrote them: they are made anew
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            await views.query("counts")
            assert beside.views(shown) == [(3,)]
            await views.close()

    async def test_a_view_that_an_older_program_made_is_shown_too(self, url: str, beside: Beside) -> None:
        async with await EventStore.open(url) as store:
            await store.append("a", [fact(1)])
            views = Views(store, [CountView()])
            await views.query("counts")
            await views.close()
            beside.views("DROP VIEW counts")
            views = Views(store, [CountView()])
            await views.query("counts")
            assert beside.views("SELECT events FROM counts WHERE kind = 'all'") == [(1,)]
            await views.close()

    async def test_of_two_versions_the_one_that_was_made_last_is_shown(self, store: EventStore, beside: Beside) -> None:
        columns = (Column("events", "integer"), Column("more", "text"), Column("last", "text"))
        old, new = CountView(), type("NewCount", (CountView,), {"columns": columns})()
        for number, view in enumerate((old, new, old), 1):
            await store.append("a", [fact(number)])
            views = Views(store, [view])
            await views.query("counts")
            await views.close()
        assert beside.views("SELECT more, events FROM counts WHERE kind = 'all'") == [(None, 2)]
        views = Views(store, [old])
        await views.rebuild("counts")
        assert beside.views("SELECT events FROM counts WHERE kind = 'all'") == [(3,)]
        await views.close()

    @pytest.mark.parametrize(
        "name",
        [
            "stored_events",
            "blobs",
            "segments",
            "owners",
            "log",
            "slots",
            "parked",
            "one_live_slot",
            "view_1",
            "pg_class",
        ],
    )
    async def test_a_view_may_have_the_name_of_anything_that_is_there(
        self, store: EventStore, beside: Beside, name: str
    ) -> None:
        views = Views(store, [CountView(), type("Named", (CountView,), {"name": name})()])
        for number in range(3):
            await store.append(f"a/{number}", [fact(number)])
            assert (await views.get(name, ("all", "-")) or {})["events"] == number + 1
            await views.rebuild(name)
        assert await store.version("a/0") == 1
        await views.query("counts")
        assert beside.views("SELECT events FROM counts WHERE kind = 'all'") == [(3,)]
        assert (await verify(store, views)).ok
        await views.close()

    async def test_who_reads_by_sql_sees_no_rebuild(self, store: EventStore, beside: Beside) -> None:
        await store.append("a", [fact(number) for number in range(5)])
        views = Views(store, [CountView()])
        await views.query("counts")
        seen = set[tuple[Any, ...]]()
        over = threading.Event()

        def look() -> None:
            while not over.is_set():
                seen.update(beside.views("SELECT COUNT(*), MAX(events) FROM counts"))

        async with anyio.create_task_group() as group:
            group.start_soon(anyio.to_thread.run_sync, look)
            for _ in range(8):
                await views.rebuild("counts")
            over.set()
        assert seen == {(2, 5)}
        await views.close()

    async def test_rows_are_kept_and_compared(self, url: str, beside: Beside) -> None:
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            await store.append("a", [fact(1), fact(2)])
            await views.query("counts")
            await views.close()
            beside.views("UPDATE view_1 SET events = 77")
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
    async def test_another_shape_is_built_from_scratch_beside_the_old_one(
        self, store: EventStore, changes: dict[str, Any]
    ) -> None:
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

    async def test_tables_of_shapes_long_gone_are_dropped(self, store: EventStore, beside: Beside) -> None:
        old = Views(store, [CountView()])
        await old.query("counts")
        await old.close()
        beside.views("UPDATE slots SET updated_at = '2020-01-01T00:00:00+00:00'")
        new = Views(store, [type("NewCount", (CountView,), {"version": 2})()])
        await new.query("counts")
        await new.close()
        assert beside.views("SELECT id FROM slots") == [(2,)]

    async def test_views_of_another_log_are_not_taken(self, url: str, beside: Beside) -> None:
        for text in ("first", "second"):
            async with await EventStore.open(url) as store:
                views = Views(store, [FactView()])
                await store.append("a", [fact(1, text)])
                assert [row["text"] for row in await views.query("facts")] == [text]
                await views.close()
            beside.lose_log()

    @pytest.mark.parametrize("later", [0, 1, 5])
    @pytest.mark.parametrize("passed_over", [0, 1_500])
    async def test_a_log_restored_from_a_backup_takes_its_views_back(
        self, url: str, beside: Beside, later: int, passed_over: int
    ) -> None:
        async with await EventStore.open(url) as store:
            await store.append("a", [fact(1)])
            views = Views(store, [CountView()])
            await views.query("counts")
            added = [fact(2)] if not passed_over else [FactForgotten(fact_id="1", user="x")] * passed_over
            await store.append("a", added)
            await views.query("counts")
            await views.close()
        beside.restore(1)
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            for number in range(later):
                await store.append("b", [fact(number, user="bob")])
            rows = {row["name"]: row["events"] for row in await views.query("counts")}
            assert rows == {"-": 1 + later, "ann": 1} | ({"bob": later} if later else {})
            await views.close()

    async def test_what_another_program_has_there_is_left_alone(self, store: EventStore, beside: Beside) -> None:
        beside.take()
        views = Views(store, [FactView()])
        with pytest.raises(StoreUnavailable, match="another program"):
            await views.query("facts")
        await views.close()
        assert beside.views("SELECT COUNT(*) FROM precious") == [(0,)]

    async def test_an_older_format_is_built_anew_and_a_newer_one_left_alone(
        self, store: EventStore, beside: Beside
    ) -> None:
        await store.append("a", [fact(1)])
        for version, message in ((0, None), (99, "a newer version")):
            views = Views(store, [FactView()])
            assert await facts_of(views) == ["1"]
            await views.close()
            beside.views("UPDATE view_1 SET fact = 'changed'")
            beside.set_format(version)
            views = Views(store, [FactView()])
            if message is None:
                assert await facts_of(views) == ["1"]
            else:
                with pytest.raises(StoreUnavailable, match=message):
                    await views.query("facts")
            await views.close()

    async def test_damaged_events_are_parked(self, store: EventStore, beside: Beside) -> None:
        await store.append("a", [fact(1), fact(2)])
        beside.damage(1)
        views = Views(store, [FactView()])
        assert await facts_of(views) == ["2"]
        assert [entry.event_id for entry in await views.parked()] == ["a@1"]
        await views.close()
