"""Other programs that read views in PostgreSQL by SQL: what they were granted, what they built, how long they take."""

from __future__ import annotations

from typing import Any

import pytest

from events.persistence import view_tables
from events.projection import Column, RecordedEvent, Row, Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView
from tests.events.samples import fact
from tests.services.postgres_server import PostgresServer

SCHEMA = "agent_supervisor_views"
SHOWN = f"SELECT events FROM {SCHEMA}.counts WHERE kind = 'all'"


class MoreCounted(CountView):
    """Another shape of the view."""

    columns = (Column("more", "text"), *CountView.columns)

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        return {"more": "x", **(super().evolve(key, row, event) or {})}


def look(postgres: PostgresServer, url: str, statement: str) -> list[tuple[Any, ...]]:
    with postgres.connect(url) as other:
        done = other.execute(statement.encode())
        return done.fetchall() if done.description else []


async def test_what_was_granted_and_built_on_a_view_outlives_a_rebuild(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async with await EventStore.open(postgres_url, timeout=5) as store:
        await store.append("a", [fact(1), fact(2)])
        views = Views(store, [CountView()])
        await views.query("counts")
        look(
            postgres,
            postgres_url,
            f"CREATE VIEW public.mine AS SELECT events * 10 FROM {SCHEMA}.counts WHERE kind = 'all'",
        )
        look(postgres, postgres_url, f"GRANT SELECT ON {SCHEMA}.counts TO pg_monitor")
        for _ in range(2):
            await views.rebuild("counts")
        await store.append("a", [fact(3)])
        await views.query("counts")
        assert look(postgres, postgres_url, "SELECT * FROM public.mine") == [(30,)]
        granted = f"SELECT has_table_privilege('pg_monitor', '{SCHEMA}.counts', 'SELECT')"
        assert look(postgres, postgres_url, granted) == [(True,)]
        await views.close()


async def test_who_reads_in_a_long_transaction_holds_up_no_rebuild(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_tables, "_SHOW_AGAIN", 0.0)
    async with await EventStore.open(postgres_url, timeout=5) as store:
        await store.append("a", [fact(1)])
        views = Views(store, [CountView()])
        await views.query("counts")
        with postgres.connect(postgres_url) as reader, reader.transaction():
            assert reader.execute(SHOWN.encode()).fetchall() == [(1,)]
            await views.rebuild("counts")
            await store.append("a", [fact(2)])
            assert (await views.get("counts", ("all", "-")) or {})["events"] == 2
            assert reader.execute(SHOWN.encode()).fetchall() == [(1,)]
        await store.append("a", [fact(3)])
        await views.get("counts", ("all", "-"))
        assert look(postgres, postgres_url, SHOWN) == [(3,)]
        assert (await verify(store, views)).ok
        await views.close()


async def test_other_columns_keep_from_being_shown_where_something_was_built_on_the_old_ones(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async with await EventStore.open(postgres_url, timeout=5) as store:
        await store.append("a", [fact(1)])
        views = Views(store, [CountView()])
        await views.query("counts")
        await views.close()
        look(postgres, postgres_url, f"CREATE VIEW public.mine AS SELECT * FROM {SCHEMA}.counts")
        views = Views(store, [MoreCounted()])
        assert (await views.get("counts", ("all", "-")) or {})["more"] == "x"
        assert look(postgres, postgres_url, "SELECT events FROM public.mine WHERE kind = 'all'") == [(1,)]
        look(postgres, postgres_url, "DROP VIEW public.mine")
        await views.rebuild("counts")
        assert look(postgres, postgres_url, f"SELECT more FROM {SCHEMA}.counts WHERE kind = 'all'") == [("x",)]
        await views.close()
