"""Blobs: what events name is kept whole, with them or not at all."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.blob import MAX_BLOB_BYTES, Blob
from common.errors import StoreError, StreamConflict
from common.intents import StreamAppend
from events.blobs import DamagedBlob, open_blob
from events.catalogue.memory import FactRemembered
from events.forget import forget_tenant
from events.keys import MemoryKeys
from events.pending import Pending
from events.projection import Views
from events.store import EventStore
from events.trace_writer import TraceWriter
from events.verify import verify
from tests.events.blobs import keep, names_of, naming
from tests.events.example_views import FactView
from tests.events.samples import fact
from tests.events.store_contract import blocked_writer
from tests.memory import memory_below

ROOT = Path(__file__).parents[2]
Put = Callable[[str, bytes | None], Awaitable[None]]


@pytest.fixture(params=["plain", "encrypted"])
def keys(request: pytest.FixtureRequest) -> MemoryKeys | None:
    return MemoryKeys() if request.param == "encrypted" else None


@pytest.fixture
async def store(url: str, keys: MemoryKeys | None) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(url, timeout=5, keys=keys) as opened:
        yield opened


@pytest.mark.parametrize("content", [b"", b"\x00", os.urandom(100_000), b"ab" * 50_000, b"x" * MAX_BLOB_BYTES])
async def test_content_comes_back_as_it_was(store: EventStore, content: bytes) -> None:
    name = await keep(store, content)
    assert await store.blob(name) == content
    assert (await verify(store)).ok


def test_content_beyond_the_bound_is_refused() -> None:
    with pytest.raises(StoreError, match="at most 4,194,304 are kept whole"):
        Blob(bytes(MAX_BLOB_BYTES + 1))


async def _kept(content: bytes) -> None:
    async with await EventStore.open("memory://") as store:
        assert await store.blob(await keep(store, content)) == content


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=2_000) | st.binary(min_size=1, max_size=20).map(lambda part: part * 200))
def test_any_content_comes_back(content: bytes) -> None:
    anyio.run(_kept, content)


async def test_an_unknown_name_gives_nothing(store: EventStore) -> None:
    for name in ("", "x", "sha256:00", "sha256:" + "0" * 64, "no-key:" + "0" * 64):
        assert await store.blob(name) is None


async def test_equal_content_is_stored_once_and_named_alike(store: EventStore) -> None:
    one, other = Blob(b"same" * 500), Blob(b"same" * 500)
    await store.append("a", [naming(1, one, other), naming(2, one)], blobs=[one, other])
    await store.append("b", [naming(3, Blob(b"")), naming(4, again := Blob(b"same" * 500))], blobs=[again])
    first, second, third = await names_of(store, "a")
    assert first == second == third == (await names_of(store, "b"))[1]
    assert await store.blob(first) == b"same" * 500


async def test_a_reference_stands_for_the_name_wherever_it_is(store: EventStore) -> None:
    one, other = Blob(b"1"), Blob(b"2")
    event = fact(1, f"«{one.reference}» and “{other.reference}” and {one.reference}", user=other.reference)
    await store.append([StreamAppend("a", [event]), StreamAppend("b", [naming(2, one)], blobs=[one, other])])
    (recorded,) = await store.read("a")
    assert isinstance(recorded.event, FactRemembered)
    (name,) = await names_of(store, "b")
    assert recorded.event.text == f"«{name}» and “{recorded.event.user}” and {name}"
    assert (await store.blob(name), await store.blob(recorded.event.user)) == (b"1", b"2")


async def test_a_blob_that_no_event_names_is_refused(store: EventStore) -> None:
    with pytest.raises(StoreError, match="no event of the append names the blob"):
        await store.append("a", [fact(1)], blobs=[Blob(b"x")])
    with pytest.raises(StoreError, match="in its parts"):
        await store.append([StreamAppend("a", [fact(1)])], blobs=[Blob(b"x")])
    assert await store.head() == 0


async def test_an_append_that_conflicts_leaves_no_blob(store: EventStore) -> None:
    """Also where it shares its commit with others, and where a whole batch is done again for one that is guilty."""
    name = await keep(store, b"kept")
    kept, lost = [Blob(b"%d kept" % number) for number in range(3)], [Blob(b"%d lost" % number) for number in range(3)]
    outcomes: list[Pending] = []
    async with blocked_writer(store) as release:
        for number in range(3):
            outcomes.append(store.post("b", [naming(number, kept[number])], blobs=[kept[number]]))
            outcomes.append(
                store.post("a", [naming(number, lost[number])], blobs=[lost[number]], expected_version=number + 7)
            )
        release.set()
    for number, pending in enumerate(outcomes):
        if number % 2:
            with pytest.raises(StreamConflict):
                await pending.durable()
        else:
            await pending.durable()
    names = await names_of(store, "b")
    assert [await store.blob(each) for each in names] == [blob.content for blob in kept]
    async with await EventStore.open("memory://") as other:
        for blob in lost:
            assert await store.blob(await keep(other, blob.content)) is None
    assert await store.blob(name) == b"kept"


async def test_a_transaction_that_fails_at_its_end_leaves_no_blob(store: EventStore) -> None:
    def fails(transaction: Any) -> int:
        transaction.insert_blobs([("sha256:x", b"content")])
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        await store.execute(fails)
    assert store.backend.blob("sha256:x") is None


async def test_more_than_an_append_may_carry_is_refused(store: EventStore) -> None:
    blobs = [Blob(bytes(MAX_BLOB_BYTES)) for _ in range(17)]
    with pytest.raises(StoreError, match="at most 67,108,864 are taken"):
        await store.append("a", [naming(1, *blobs)], blobs=blobs)


async def test_what_waits_is_counted(url: str) -> None:
    """Sixteen of the largest fill the queue's 64 MiB."""
    async with await EventStore.open(url, timeout=5) as store:
        async with blocked_writer(store):
            for number in range(16):
                blob = Blob(bytes(MAX_BLOB_BYTES))
                store.post("a", [naming(number, blob)], blobs=[blob])
            with anyio.move_on_after(0.05) as waited:
                await store.append("b", [fact(1)])
            assert waited.cancelled_caught
            assert store.queue_length == 16
        assert await store.append("b", [fact(1)]) == 17


async def test_the_trace_names_what_is_kept_beside_it(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    blob, ending = Blob(b"a full result"), Blob(b"another")
    writer.record(naming(1, blob), [blob])
    await writer.end(fact(2), [StreamAppend("other", [naming(3, ending)], blobs=[ending])])
    (name, *_), (other,) = await names_of(store, "trace/t1"), await names_of(store, "other")
    assert (await store.blob(name), await store.blob(other)) == (blob.content, ending.content)


async def test_a_text_that_is_too_long_is_cut_and_its_blob_is_kept(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    blob = Blob(b"whole")
    writer.record(FactRemembered(fact_id="1", text=blob.reference, user="x" * 600_000), [blob])
    await writer.flush()
    (name,) = await names_of(store, "trace/t1")
    assert await store.blob(name) == b"whole"


@pytest.fixture
def put(store: EventStore) -> Put:
    """A way to put other bytes in the place of a blob, or to take it away."""
    from events.persistence.memory import MemoryBackend
    from events.persistence.sqlite import SQLiteBackend

    table = getattr(store.backend, "table", store.backend)  # an archive may stand before it

    async def put(name: str, stored: bytes | None) -> None:
        def work(transaction: Any) -> int:
            if isinstance(table, SQLiteBackend):
                transaction._cursor.execute("DELETE FROM blobs WHERE name = ?", (name,))
            elif isinstance(table, MemoryBackend):
                table._blobs.pop(name)  # pyright: ignore[reportPrivateUsage]
            else:
                transaction.connection.do("DELETE FROM blobs WHERE name = %s", (name,))
            return 0

        await store.execute(work)
        if stored is not None:
            row = (name, stored)
            await store.execute(lambda transaction: transaction.insert_blobs([row]) or 0)

    return put


async def test_what_is_missing_is_found(store: EventStore, put: Put) -> None:
    name = await keep(store, b"content")
    await keep(store, b"content", "b")
    await keep(store, b"good", "b")
    await put(name, None)
    assert await store.blob(name) is None
    assert (await verify(store)).problems == [f"a@1 at position 1: the blob {name} that it names is missing"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda stored: b"", "the stored bytes are cut short"),
        (lambda stored: stored[:-1], "the checksum does not match: the row was changed"),
        (lambda stored: stored[:20] + b"\x00" + stored[21:], "the checksum does not match: the row was changed"),
        (lambda stored: b"\x07" + stored[1:], "the stored bytes have the unknown format 7"),
    ],
)
async def test_what_was_changed_is_a_typed_error(
    store: EventStore, put: Put, change: Callable[[bytes], bytes], problem: str
) -> None:
    name = await keep(store, b"content, whatever it is")
    stored = store.backend.blob(name)
    assert stored is not None
    await put(name, change(stored))
    with pytest.raises(DamagedBlob, match=problem) as caught:
        await store.blob(name)
    assert caught.value.where == name
    assert (await verify(store)).problems == [f"a@1 at position 1: the blob {name} that it names is damaged: {problem}"]


def checksummed(name: str, body: bytes) -> bytes:
    return b"\x01" + zlib.crc32(body, zlib.crc32(name.encode())).to_bytes(4, "big") + body


async def test_another_content_under_the_name_is_found(store: EventStore, keys: MemoryKeys | None, put: Put) -> None:
    """Whoever can write the database can make a checksum, too."""
    name, other = await keep(store, b"content"), await keep(store, b"another", "b")
    stored = store.backend.blob(other)
    assert stored is not None
    await put(name, stored)
    with pytest.raises(DamagedBlob, match="the checksum does not match"):
        await store.blob(name)
    await put(name, checksummed(name, stored[5:]))
    with pytest.raises(DamagedBlob, match="not what its name says" if keys is None else "not where it was put"):
        await store.blob(name)
    assert (await verify(store)).problems[0].startswith(f"a@1 at position 1: the blob {name} that it names is damaged")


@pytest.mark.parametrize("size", [MAX_BLOB_BYTES + 1, 16 * MAX_BLOB_BYTES])
def test_what_would_unpack_to_more_than_any_blob_is_damaged_and_not_unpacked(size: int) -> None:
    content = bytes(size)
    name = "sha256:" + hashlib.sha256(content).hexdigest()
    stored = checksummed(name, b"\x01" + zlib.compress(content, 1))
    with memory_below(4 * MAX_BLOB_BYTES), pytest.raises(DamagedBlob):
        open_blob(name, stored, None)


async def test_equal_content_of_two_tenants_has_nothing_in_common(url: str) -> None:
    """And nobody without the key can test a guess, or see in the database what it says."""
    keys = MemoryKeys()
    async with await EventStore.open(url, keys=keys) as store:
        one = await keep(store, b"content", "a", tenant="acme")
        other = await keep(store, b"content", "b", tenant="globex")
        assert one.rpartition(":")[2] != other.rpartition(":")[2]
        assert [name.rpartition(":")[0] for name in (one, other)] == [*keys.keys_of("acme"), *keys.keys_of("globex")]
        assert hashlib.sha256(b"content").hexdigest() not in one
        assert b"content" not in (store.backend.blob(one) or b"")
        assert await store.blob(one) == await store.blob(other) == b"content"


async def test_blobs_of_a_forgotten_tenant_are_gone_and_no_problem(url: str) -> None:
    async with await EventStore.open(url, keys=MemoryKeys()) as store:
        one = await keep(store, b"content", "a", tenant="acme")
        other = await keep(store, b"content", "b", tenant="globex")
        views = Views(store, [FactView()])
        await forget_tenant(store, views, "acme")
        await views.close()
        assert (await store.blob(one), await store.blob(other)) == (None, b"content")
        assert (await verify(store)).ok
        back = await keep(store, b"content", "c", tenant="acme")
        assert back != one
        assert await store.blob(back) == b"content"
