"""The append-only log: append, post, read, follow."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import anyio
import anyio.to_thread

from common.blob import Blob
from common.clock import Clock, SystemClock
from common.coarse_timers import CoarseTimers
from common.errors import StoreError, StoreUnavailable
from common.health import Reached
from common.intents import StreamAppend
from events.backend import Backend, Page, Transaction, ViewDatabase
from events.blobs import draft_blobs, read_blob
from events.catalogue import BY_TOPIC, Event
from events.cipher import Cipher
from events.codec import Codec
from events.commit import Append, ReadyAppend, StreamDrafts
from events.following import Following
from events.key_check import open_cipher
from events.keyring import Keyring
from events.keys import KeyService
from events.ownership import Ownership
from events.pending import Pending, wake
from events.recorded import RecordedEvent
from events.room import Room
from events.sending import Sending
from events.streams import check_name, stream_name, stream_parts
from events.tail import Tail
from events.workers import Workers
from events.writer import Job, Writer

__all__ = ["EventStore", "stream_name", "stream_parts"]

Result = TypeVar("Result")

_QUEUE_BYTES = 64 * 1024 * 1024
_POST_TIMES = 4
"""Posts never wait, so they may go this many times over the queue's bound before they are refused."""
_GRACE = 1.25
"""How much longer a caller waits than the writer may take, so that the writer's own error comes first."""
_READERS = 8


class EventStore:
    """One open log. Safe to use from any number of tasks; make it with `EventStore.open`.

    An append is acknowledged after its commit, which many appends share. Reads see everything acknowledged before.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        queue_size: int,
        timeout: float,
        clock: Clock,
        codec: Codec,
        cipher: Cipher | None = None,
    ) -> None:
        self._backend = backend
        self._cipher = cipher
        self._timeout = timeout
        self._clock = clock
        self._codec = codec
        self._timers = CoarseTimers()
        self.sending = Sending()
        """Where those join who send what they hold as soon as the running task waits."""
        self._room = Room(queue_size, _QUEUE_BYTES)
        self._tail = Tail(backend.head())
        encrypting = cipher if cipher is not None and cipher.encrypts else None
        self._writer = Writer(backend, self._room, self._tail.advance, encrypting)
        self._workers = Workers("the event store", _READERS)
        self._following = Following(backend, self._tail, self._workers, timeout, self.read_page)
        weakref.finalize(self, self._writer.stop)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        queue_size: int = 10_000,
        timeout: float = 10.0,
        clock: Clock | None = None,
        catalogue: Mapping[str, type[Event]] = BY_TOPIC,
        keys: KeyService | None = None,
        encrypt: bool = True,
        allow_missing_keys: bool = False,
        archive: Path | None = None,
    ) -> EventStore:
        """Open the log that a URL names: ``sqlite:///path``, ``postgresql://user@host/database`` or ``memory://``.

        `queue_size` bounds the events that wait for their commit (beyond it `append` waits); `timeout` in seconds
        bounds an append or a read; `clock` stamps the events. With `keys` the payloads of personal events are
        encrypted under the keys of their tenants; with ``encrypt=False`` only what is encrypted already is decrypted.
        `archive` is the folder of segment files (default: ``<file>-archive`` beside an SQLite file, else none).

        Raises `ConfigurationError` for a URL it can't read, `StoreUnavailable` when the database can't be opened or
        written, or the keys not asked for. When the log holds events whose keys are missing: `ConfigurationError`,
        unless `allow_missing_keys` (those events are read as `Unknown` then).
        """

        def make() -> EventStore:
            from events.archive.backend import ArchivedBackend
            from events.persistence import archive_folder, open_backend

            table = open_backend(url, timeout / 2)
            backend = ArchivedBackend(table, archive or archive_folder(url))
            try:
                cipher = open_cipher(table, keys, encrypts=encrypt, allow_missing=allow_missing_keys)
                return cls(
                    backend,
                    queue_size=queue_size,
                    timeout=timeout,
                    clock=clock or SystemClock(),
                    codec=Codec(catalogue, cipher.keyring),
                    cipher=cipher,
                )
            except BaseException:
                backend.close()
                raise

        return await anyio.to_thread.run_sync(make)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def append(
        self,
        stream: str | Sequence[StreamAppend],
        events: Sequence[Event] = (),
        expected_version: int | None = None,
        *,
        tenant: str = "default",
        correlation: str | None = None,
        causation: str | None = None,
        blobs: Sequence[Blob] = (),
    ) -> int:
        """Append to one stream, or to several atomically; durable on return. Returns the last position.

        `expected_version` is the stream's version before (0: it must not exist; None: any). `blobs` is content that
        the events name by its references; it is read back by `blob`. Raises `StreamConflict`
        when it is another, `StoreError` for events that can't be stored, `StoreUnavailable` when the database can't
        be written in time. Nothing is appended in any of these cases, unless the message says that it is not known.
        """
        ready = self._prepare(stream, events, expected_version, tenant, correlation, causation, blobs)
        if not self._room.take_now(ready.events, ready.size):
            await self._wait_for_room(ready)
        return await self._put(ready, None).durable()

    async def _wait_for_room(self, ready: ReadyAppend) -> None:
        try:
            with anyio.fail_after(self._timeout):
                await self._room.take(ready.events, ready.size)
        except TimeoutError:
            raise StoreUnavailable(
                f"the event store's queue stayed full for {self._timeout:g} seconds; nothing was appended",
                where=ready.parts[0].stream,
                todo="Try again later; the disk or the database may be overloaded.",
            ) from None

    def post(
        self,
        stream: str | Sequence[StreamAppend | StreamDrafts],
        events: Sequence[Event] = (),
        *,
        tenant: str = "default",
        correlation: str | None = None,
        causation: str | None = None,
        expected_version: int | None = None,
        follows: Pending | None = None,
        blobs: Sequence[Blob] = (),
    ) -> Pending:
        """Append without waiting, in the order of the calls; `Pending.durable` tells how it went.

        Events may be encoded already, by this store's codec.

        With `follows` it comes directly behind that append in their common streams, or fails: when that one failed,
        and when anybody else appended in between. Raises `StoreError` for events that can't be stored and
        `StoreUnavailable` when the store is closed; a queue that is far over its bound fails the pending append.
        """
        ready = self._prepare(stream, events, expected_version, tenant, correlation, causation, blobs)
        if self._room.take_beyond(ready.events, ready.size, _POST_TIMES):
            return self._put(ready, follows)
        refused = Pending(self._timeout)
        refused.settle(
            StoreUnavailable(
                "the event store's queue is full", where=ready.parts[0].stream, todo="Wait for what was posted before."
            )
        )
        return refused

    def _prepare(
        self,
        stream: str | Sequence[StreamAppend | StreamDrafts],
        events: Sequence[Event],
        expected: int | None,
        tenant: str,
        correlation: str | None,
        causation: str | None,
        blobs: Sequence[Blob],
    ) -> ReadyAppend:
        """Check and encode an append. Raises `StoreError`."""
        appends = [StreamAppend(stream, events, expected, blobs)] if isinstance(stream, str) else stream
        if not appends:
            raise StoreError("an append names no stream", where="append")
        if not isinstance(stream, str) and (events or blobs or expected is not None):
            raise StoreError("an append to several streams has events and versions in its parts", where="append")
        for what, value in (("tenant", tenant), ("correlation", correlation), ("causation", causation)):
            if value is not None:
                check_name(what, value)
        parts: list[StreamDrafts] = []
        count = size = 0
        for append in appends:
            part = append if isinstance(append, StreamDrafts) else self.encoded(append)
            check_name("stream", part.stream)
            if part.expected is not None and part.expected < 0:
                raise StoreError("an expected version is not below 0", where=part.stream)
            parts.append(part)
            count += len(part.drafts)
            size += sum([len(draft.payload) for draft in part.drafts])
        beside = [blob for append in appends for blob in append.blobs]
        if beside:
            size += sum([len(blob.content) for blob in beside])
        drafted = draft_blobs(beside, [draft.payload for part in parts for draft in part.drafts]) if beside else ()
        return ReadyAppend(parts, tenant, correlation, causation, max(1, count), size, drafted)

    def encoded(self, append: StreamAppend) -> StreamDrafts:
        """What `post` takes in its place. Raises `StoreError` for events that can't be stored."""
        drafts = [self._codec.draft(event) for event in append.events]
        return StreamDrafts(append.stream, drafts, append.expected_version, append.blobs)

    def _put(self, ready: ReadyAppend, follows: Pending | None) -> Pending:
        pending = Pending(self._timeout * _GRACE, self._timers)
        append = Append(
            parts=ready.parts,
            tenant=ready.tenant,
            correlation=ready.correlation,
            causation=ready.causation,
            recorded_at=self._clock.now(),
            pending=pending,
            events=ready.events,
            size=ready.size,
            follows=follows,
            blobs=ready.blobs,
        )
        try:
            self._writer.put(append)
        except StoreError:
            wake(self._room.give(ready.events, ready.size))
            raise
        return pending

    async def execute(self, work: Callable[[Transaction], int], timeout: float | None = None) -> int:
        """Have the writer do something in a transaction of its own, in its turn; returns the position it returns.

        For what is not an append of events: imports, archives. `work` runs on the writer's thread; `timeout` in
        seconds (default: the store's) bounds the wait. Raises like `Pending.durable`.
        """
        job = Job(work, Pending((self._timeout if timeout is None else timeout) * _GRACE))
        self._writer.put(job)
        return await job.pending.durable()

    async def read(self, stream: str, after_version: int = 0) -> list[RecordedEvent]:
        """The events of a stream in order, those behind `after_version`; empty when there is no such stream."""
        check_name("stream", stream)
        return await self.run(lambda: self._codec.decode_page(self._backend.read(stream, after_version)))

    async def read_all(
        self, after: int = 0, topics: Collection[str] | None = None, limit: int = 1000
    ) -> list[RecordedEvent]:
        """At most `limit` events of the log in order, those behind the position `after`; only these topics, if any."""
        page = await self.run(lambda: self.read_page(after, topics, limit))
        return page[0]

    async def follow(self, after: int = 0, topics: Collection[str] | None = None) -> AsyncGenerator[RecordedEvent]:
        """Every event behind `after`, in order, without gap or duplicate, and then every new one as it is durable.

        Sees what other processes append, too. Ends when the store is closed. Raises `StoreUnavailable` when the log
        could not be read for as long as the store's time-out.
        """
        async with aclosing(self._following.follow(after, topics)) as events:
            async for event in events:
                yield event

    async def blob(self, name: str) -> bytes | None:
        """The content of a blob, by the name that an event has for it; None for an unknown one, or an erased one.

        Raises `StoreError` for one that is damaged, or whose key is missing without having been forgotten.
        """
        return await self.run(lambda: read_blob(self._backend, name, self.keyring))

    async def version(self, stream: str) -> int:
        """The version of a stream; 0 when there is none."""
        check_name("stream", stream)
        return await self.run(lambda: self._backend.version(stream))

    async def head(self) -> int:
        """The position of the last event; 0 when the log is empty."""
        return await self.run(self.head_now)

    @property
    def queue_length(self) -> int:
        """How many events wait for their commit."""
        return self._room.events

    @property
    def known_head(self) -> int:
        """The last position that this process has seen; costs nothing, and may be behind other processes."""
        return self._tail.position

    @property
    def backend(self) -> Backend:
        """The database below; its methods block."""
        return self._backend

    @property
    def keyring(self) -> Keyring | None:
        """The keys that payloads and blobs are encrypted under; its methods block."""
        return None if self._cipher is None else self._cipher.keyring

    @property
    def cipher(self) -> Cipher | None:
        """What holds the keys to what the log says of those that were forgotten; its methods block."""
        return self._cipher

    @property
    def codec(self) -> Codec:
        """The way of this store's events into bytes and back."""
        return self._codec

    async def probe(self) -> Reached:
        """Ask the database for the end of the log. Raises `StoreError`."""
        head = await self.head()
        return Reached(self._backend.product, f"{head} event{'' if head == 1 else 's'}")

    def head_now(self) -> int:
        """Like `head`, blocking: for worker threads."""
        head = self._backend.head()
        self._tail.seen(head)
        return head

    def read_page(
        self, after: int, topics: Collection[str] | None, limit: int, until: int | None = None
    ) -> tuple[list[RecordedEvent], int]:
        """Blocking, for worker threads: at most `limit` events, and the position up to which the log was searched."""
        page: Page = self._backend.page(after, topics, max(1, limit), until)
        return self._codec.decode_page(page.rows), page.scanned_to

    async def ownership(self) -> Ownership:
        """Become an owner of traces, among the processes that share this log. Raises `StoreUnavailable`."""
        return await self.run(self._backend.ownership)

    def open_views(self) -> ViewDatabase:
        """Blocking: open the database of the views over this log."""
        return self._backend.views()

    async def close(self, timeout: float | None = None) -> None:
        """Write what is queued and let the database go; later calls do nothing.

        Not interrupted by cancellation. Raises `StoreUnavailable` when `timeout` seconds (default: the store's) were
        not enough; nothing that was acknowledged is lost then.
        """
        if self._workers.closed:
            return
        seconds = self._timeout if timeout is None else timeout
        with anyio.CancelScope(shield=True):
            self._writer.stop()
            await self._workers.close(seconds)
            self._tail.release()
            drained = await anyio.to_thread.run_sync(self._writer.join, seconds)
            if not drained:
                self._writer.afterwards(self._let_go)
                raise StoreUnavailable(
                    f"{self.queue_length} events were not written within {seconds:g} seconds", where="close"
                )
            await anyio.to_thread.run_sync(self._let_go)

    def _let_go(self) -> None:
        self._following.close()
        self._backend.close()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do blocking work on the database in a worker thread; `close` waits for it."""
        return await self._workers.run(work)
