"""Whatever is done to a log, in whatever order, it holds what was acknowledged and its views equal their rebuilds."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg import sql

from common.errors import StreamConflict
from common.intents import StreamAppend
from events.catalogue import Event
from events.catalogue.log import EventParked, LogSealed
from events.catalogue.memory import FactForgotten, FactRemembered
from events.pending import Pending
from events.projection import Views
from events.seal import seal_log
from events.store import EventStore
from events.transfer import Imported, export_lines, import_lines
from events.verify import verify
from tests.events.example_views import CountView, FactView
from tests.events.samples import fact

STREAMS = ("a", "b", "c")
TEXTS = st.sampled_from(["one", "two words", "poison", "unstorable", "poison key"])
FACTS = st.integers(0, 5)
POISON = ("poison", "unstorable", "poison key")


class Model:
    """What the log should hold: the ids and texts of facts in their order, and how many events each stream has."""

    def __init__(self) -> None:
        self.streams: dict[str, int] = dict.fromkeys(STREAMS, 0)
        self.facts: list[tuple[str, str | None]] = []

    @property
    def rows(self) -> dict[str, str]:
        """The rows of the view `facts`."""
        rows: dict[str, str] = {}
        for name, text in self.facts:
            if text is None:
                rows.pop(name, None)
            elif text not in POISON:
                rows[name] = text
        return rows

    @property
    def parked(self) -> int:
        """How many events the view `facts` can't take."""
        return sum(text in POISON for _, text in self.facts)


class LogMachine(RuleBasedStateMachine):
    """One log that is written, read, rebuilt, sealed, exported and opened again."""

    url = "memory://"

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal())
        self.model = Model()
        self.posted: list[tuple[Pending, str, list[tuple[str, str | None]]]] = []

    def _do(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        return self._portal.call(work, *arguments)

    @initialize()
    def begin(self) -> None:
        self.store = self._do(EventStore.open, self._address())
        self.views = Views(self.store, [FactView(), CountView()], page_size=7)

    def _address(self) -> str:
        return self.url

    def teardown(self) -> None:
        try:
            if hasattr(self, "store"):
                self.settle_posts()
                self.check()
                self._do(self.views.close)
                self._do(self.store.close)
        finally:
            self._stack.close()

    def _expect(self, stream: str, told: list[tuple[str, str | None]]) -> list[Event]:
        self.model.streams[stream] += len(told)
        self.model.facts += told
        return [
            FactForgotten(fact_id=name, user="ann") if text is None else fact(int(name), text) for name, text in told
        ]

    changes = st.lists(st.tuples(FACTS.map(str), st.none() | TEXTS), min_size=1, max_size=4)

    @rule(stream=st.sampled_from(STREAMS), told=changes, checked=st.booleans())
    def append(self, stream: str, told: list[tuple[str, str | None]], checked: bool) -> None:
        self.settle_posts()
        expected = self.model.streams[stream] if checked else None
        self._do(self.store.append, stream, self._expect(stream, told), expected)

    @rule(told=changes)
    def append_to_all(self, told: list[tuple[str, str | None]]) -> None:
        self.settle_posts()
        versions = dict(self.model.streams)
        parts = [StreamAppend(stream, self._expect(stream, told), versions[stream]) for stream in STREAMS]
        self._do(self.store.append, parts)

    @rule(stream=st.sampled_from(STREAMS), told=changes, off=st.sampled_from([-1, 1, 2]))
    def conflict(self, stream: str, told: list[tuple[str, str | None]], off: int) -> None:
        self.settle_posts()
        expected = self.model.streams[stream] + off
        if expected < 0:
            return
        other = next(name for name in STREAMS if name != stream)
        parts = [StreamAppend(other, [fact(1)]), StreamAppend(stream, [fact(2)], expected)]
        with pytest.raises(StreamConflict):
            self._do(self.store.append, parts)

    @rule(stream=st.sampled_from(STREAMS), told=changes)
    def post(self, stream: str, told: list[tuple[str, str | None]]) -> None:
        events = self._expect(stream, told)

        async def work() -> Pending:
            return self.store.post(stream, events)

        self.posted.append((self._do(work), stream, told))

    @rule()
    def settle_posts(self) -> None:
        for pending, _, _ in self.posted:
            self._do(pending.durable)
        self.posted.clear()

    @rule()
    def read_views(self) -> None:
        self.settle_posts()
        rows = self._do(self.views.query, "facts")
        assert {row["fact"]: row["text"] for row in rows} == self.model.rows
        counted = self._do(self.views.get, "counts", ("all", "-"))
        remembered = sum(text is not None for _, text in self.model.facts)
        assert (0 if counted is None else counted["events"]) == remembered

    @rule(name=st.sampled_from(["facts", "counts"]))
    def rebuild(self, name: str) -> None:
        rebuilt = self._do(self.views.rebuild, name)
        assert not rebuilt.changed

    @rule()
    def look_at_parked_events(self) -> None:
        self.settle_posts()
        parked = self._do(self.views.parked)
        assert len(parked) == self.model.parked
        told = [entry.event for entry in self._do(self.store.read, "log") if isinstance(entry.event, EventParked)]
        assert [event.event_id for event in told] == list(dict.fromkeys(event.event_id for event in told))
        assert {entry.event_id for entry in parked} == {event.event_id for event in told}

    @rule()
    def seal(self) -> None:
        self.settle_posts()
        sealed = self._do(seal_log, self.store)
        if sealed is not None:
            assert isinstance(sealed.event, LogSealed)
            assert sealed.event.events == sealed.position - 1

    @rule(part=st.floats(0, 1))
    def look_back(self, part: float) -> None:
        """A view as it stood at a place in between."""
        self.settle_posts()
        position = int(self._do(self.store.head) * part)
        events = self._do(self.store.read_all, 0, None, 100_000)[:position]
        then = Model()
        for entry in events:
            match entry.event:
                case FactRemembered(fact_id=name, text=text):
                    then.facts.append((name, text))
                case FactForgotten(fact_id=name):
                    then.facts.append((name, None))
                case _:
                    pass

        rows = self._do(self.views.query_at, "facts", position)
        assert {row["fact"]: row["text"] for row in rows} == then.rows

    @rule(broken_off=st.booleans())
    def copy(self, broken_off: bool) -> None:
        """Into another store and back, the first time perhaps only in part."""
        self.settle_posts()

        async def work() -> tuple[list[str], list[str], Imported]:
            lines = [line async for line in export_lines(self.store)]
            async with await EventStore.open("memory://") as other:
                there = len(lines) // 2 if broken_off else 0
                await import_lines(other, lambda: lines[:there])
                imported = await import_lines(other, lambda: lines)
                assert imported.added == len(lines) - there
                assert (await verify(other)).ok
                return lines, [line async for line in export_lines(other)], imported

        lines, again, _ = self._do(work)
        assert again == lines

    @invariant()
    @precondition(lambda self: hasattr(self, "store") and not self.posted)
    def holds_what_was_acknowledged(self) -> None:
        for stream, version in self.model.streams.items():
            assert self._do(self.store.version, stream) == version

    def check(self) -> None:
        """The whole log, event by event, and both views."""
        recorded = self._do(self.store.read_all, 0, None, 100_000)
        told = [
            (entry.event.fact_id, getattr(entry.event, "text", None))
            for entry in recorded
            if isinstance(entry.event, FactRemembered | FactForgotten)
        ]
        assert told == self.model.facts
        report = self._do(verify, self.store, self.views)
        assert report.ok, report.problems
        assert report.newer == 0


class KeptMachine(LogMachine):
    """The same with a log that stays: it can be closed and opened again, and other processes write beside it."""

    def begin_at(self) -> str:
        """Where the log of this example is."""
        raise NotImplementedError

    def throw_views_away(self) -> None:
        """Take away what can be built anew from the log."""
        raise NotImplementedError

    def _address(self) -> str:
        self._place = self.begin_at()
        return self._place

    @rule(views_too=st.booleans())
    def open_again(self, views_too: bool) -> None:
        self.settle_posts()
        self._do(self.views.close)
        self._do(self.store.close)
        if views_too:  # they hold nothing that the log does not
            self.throw_views_away()
        self.store = self._do(EventStore.open, self._place)
        self.views = Views(self.store, [FactView(), CountView()], page_size=7)

    @rule(stream=st.sampled_from(STREAMS), told=LogMachine.changes)
    def somebody_else_appends(self, stream: str, told: list[tuple[str, str | None]]) -> None:
        self.settle_posts()
        events = self._expect(stream, told)

        async def work() -> None:
            async with await EventStore.open(self._place) as other:
                views = Views(other, [FactView(), CountView()], page_size=3)
                await other.append(stream, events)
                await views.query("facts")
                await views.close()

        self._do(work)


class FileMachine(KeptMachine):
    """In a file."""

    def begin_at(self) -> str:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        return f"sqlite:///{self._folder / 'events.db'}"

    def throw_views_away(self) -> None:
        for file in self._folder.glob("events-views.db*"):
            file.unlink()


def test_a_log_on_a_server(postgres_url: str) -> None:
    schemas = (f"log_{number}" for number in count(1))

    class ServerMachine(KeptMachine):
        """On a server, each example in a schema of its own."""

        def begin_at(self) -> str:
            self._schema = next(schemas)
            return f"{postgres_url}?schema={self._schema}"

        def throw_views_away(self) -> None:
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                views = sql.Identifier(f"{self._schema}_views")
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(views))

    run_state_machine_as_test(ServerMachine, settings=few)


few = settings(max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestLogInMemory = LogMachine.TestCase
TestLogInMemory.settings = settings(few, max_examples=15)
TestLogInAFile = FileMachine.TestCase
TestLogInAFile.settings = few
