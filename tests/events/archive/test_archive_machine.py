"""An archived log and a copy that was never archived give the same answers to every read."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, cast

from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from common.clock import SystemClock
from events.archive.backend import ArchivedBackend
from events.archive.run import archive_log
from events.backend import Backend, Page
from events.catalogue import Event
from events.catalogue.log import SegmentArchived
from events.catalogue.memory import FactRemembered
from events.catalogue.trace import ToolCalled, TraceEnded, TraceStarted
from events.codec import Codec, StoredRow
from events.persistence.memory import MemoryBackend
from events.store import EventStore
from events.verify import verify
from tests.events.archive.traces import copy_rows, ended, started, step, table
from tests.events.samples import fact

TRACES = [f"trace/{name}" for name in "abcdef"]
STREAMS = [*TRACES, "facts", "log/archive", "nothing"]
TOPICS = [ToolCalled.TOPIC, TraceEnded.TOPIC, TraceStarted.TOPIC, FactRemembered.TOPIC, SegmentArchived.TOPIC, "none"]
parts = st.floats(0, 1)
topics = st.none() | st.sets(st.sampled_from(TOPICS))
limits = st.integers(1, 12) | st.just(1_000)


class Interrupted:
    """A table that was read just before something else happened."""

    def __init__(self, backend: Backend, page: Page, rows: list[StoredRow]) -> None:
        self._backend = backend
        self._page = page
        self._rows = rows

    def page(self, *_: Any) -> Page:
        return self._page

    def read(self, *_: Any) -> list[StoredRow]:
        return self._rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class ArchiveMachine(RuleBasedStateMachine):
    """Two stores on one log, both of which archive, and the copy."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal())
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory())) / "archive"
        self.copy = MemoryBackend()

    def do(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        return self._portal.call(work, *arguments)

    def open(self) -> tuple[EventStore, EventStore]:
        async def both() -> tuple[EventStore, EventStore]:
            one = await EventStore.open("memory://", archive=self.folder)
            again = ArchivedBackend(table(one), self.folder)
            return one, EventStore(again, queue_size=100, timeout=5, clock=SystemClock(), codec=Codec())

        return self.do(both)

    @initialize()
    def begin(self) -> None:
        self.stores = self.open()
        self.store = self.stores[0]

    def teardown(self) -> None:
        try:
            if hasattr(self, "stores"):
                for stream in STREAMS:
                    self.read(stream, 0)
                self.page(0, None, None, 1_000, None)
                for place in range(self.copy.head()):
                    for store in self.stores:
                        assert store.backend.page(place, None, 1, place + 1) == self.copy.page(
                            place, None, 1, place + 1
                        )
                for store in self.stores:
                    report = self.do(verify, store)
                    assert report.ok, report.problems
                    self.do(store.close)
        finally:
            self._stack.close()

    def _sync(self) -> None:
        """Bring the copy up to date; what is new is in the table."""
        copy_rows(table(self.store).page(self.copy.head(), None, 1_000_000).rows, self.copy)

    @rule(stream=st.sampled_from(TRACES), steps=st.integers(0, 4), end=st.booleans())
    def trace(self, stream: str, steps: int, end: bool) -> None:
        version = self.copy.version(stream)
        events: list[Event] = [*([] if version else [started()]), *map(step, range(steps)), *([ended()] if end else [])]
        self.do(self.store.append, stream, events, version)
        self._sync()

    @rule(number=st.integers(1, 3))
    def other(self, number: int) -> None:
        self.do(self.store.append, "facts", [fact(n) for n in range(number)])
        self._sync()

    @rule(part=parts, rows=st.integers(1, 8), which=st.integers(0, 1))
    def archive(self, part: float, rows: int, which: int) -> None:
        before = round(self.copy.head() * part)
        store = self.stores[which]
        self.do(lambda: archive_log(store, before, rows=rows))
        self._sync()
        left = {row[1] for row in table(store).page(0, {TraceStarted.TOPIC}, 1_000).rows}
        for stream in left:
            rows_of = self.copy.read(stream, 0)
            assert len(rows_of) == 1 or rows_of[-1][3] != TraceEnded.TOPIC or rows_of[-1][0] > before

    @rule(part=parts, some=topics, limit=limits, until=st.none() | parts, which=st.integers(0, 1))
    def look(self, part: float, some: set[str] | None, limit: int, until: float | None, which: int) -> None:
        self.page(part, some, until, limit, which)

    def page(self, part: float, some: set[str] | None, until: float | None, limit: int, which: int | None) -> None:
        after = round((self.copy.head() + 1) * part)
        stop = None if until is None else round((self.copy.head() + 1) * until)
        for store in self.stores if which is None else [self.stores[which]]:
            assert store.backend.page(after, some, limit, stop) == self.copy.page(after, some, limit, stop)

    @rule(stream=st.sampled_from(STREAMS), after=st.integers(0, 12))
    def read(self, stream: str, after: int) -> None:
        for store in self.stores:
            backend = store.backend
            assert backend.read(stream, after) == self.copy.read(stream, after)
            assert backend.version(stream) == self.copy.version(stream)
            assert (backend.head(), backend.issued()) == (self.copy.head(), self.copy.issued())

    @rule(
        part=parts,
        some=topics,
        limit=limits,
        stream=st.sampled_from(TRACES),
        version=st.integers(0, 4),
        written=st.booleans(),
    )
    def archived_in_between(
        self, part: float, some: set[str] | None, limit: int, stream: str, version: int, written: bool
    ) -> None:
        """Somebody appends and archives everything after the table was read and before the segments are."""
        after = round(self.copy.head() * part)
        page, rows = table(self.store).page(after, some, limit), table(self.store).read(stream, version)
        expected = self.copy.page(after, some, limit), self.copy.read(stream, version)
        if written:
            self.trace(stream, 3, True)
            self.trace(stream, 1, True)
        self.archive(1.0, 3, 1)
        reader = ArchivedBackend(cast("Backend", Interrupted(table(self.store), page, rows)), self.folder)
        assert reader.page(after, some, limit) == expected[0]
        assert reader.read(stream, version) == expected[1]


class FileMachine(ArchiveMachine):
    """In a file, which two stores have open."""

    def open(self) -> tuple[EventStore, EventStore]:
        async def both() -> tuple[EventStore, EventStore]:
            url = self.address()
            one = await EventStore.open(url, archive=self.folder)
            return one, await EventStore.open(url, archive=self.folder)

        return self.do(both)

    def address(self) -> str:
        return f"sqlite:///{self.folder.with_name('events.db')}"


def test_on_a_server(postgres_url: str) -> None:
    schemas = (f"log_{number}" for number in count(1))

    class ServerMachine(FileMachine):
        """On a server, each example in a schema of its own."""

        def address(self) -> str:
            return f"{postgres_url}?schema={next(schemas)}"

    run_state_machine_as_test(ServerMachine, settings=settings(few, max_examples=6))


few = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestInMemory = ArchiveMachine.TestCase
TestInMemory.settings = settings(few, max_examples=40)
TestInAFile = FileMachine.TestCase
TestInAFile.settings = few
