"""Blobs and encrypted events in exports and imports: each once, in its place, and nothing that was changed."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import zlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.blob import MAX_BLOB_BYTES, Blob
from common.errors import StoreError
from events.archive.backend import ArchivedBackend
from events.catalogue.memory import FactRemembered
from events.forget import forget_tenant
from events.key_folder import KeyFolder
from events.keys import MemoryKeys
from events.persistence.memory import MemoryBackend
from events.projection import Views
from events.recorded import Erased
from events.store import EventStore
from events.transfer import Imported, export_lines, import_lines
from tests.events.example_views import FactView
from tests.events.export_lines import changed, lines_of
from tests.events.samples import fact


@pytest.fixture
async def empty() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as store:
        yield store


async def kept(store: EventStore, content: bytes, stream: str = "a", tenant: str = "acme") -> None:
    blob = Blob(content)
    await store.append(stream, [fact(1, blob.reference)], tenant=tenant, blobs=[blob])


def line_of(kind: str, lines: list[str]) -> int:
    """The index of the first line that has a field."""
    return next(index for index, line in enumerate(lines) if kind in json.loads(line))


async def test_a_blob_stands_once_before_the_first_event_that_names_it() -> None:
    async with await EventStore.open("memory://") as store:
        await store.append("a", [fact(1)])
        for content in (b"one", b"two", b"one"):
            await kept(store, content)
        lines = [json.loads(line) for line in await lines_of(store)]
        assert [line.get("position") for line in lines] == [1, None, 2, None, 3, 4]
        assert set(lines[1]) == {"blob", "content"}
        assert base64.b64decode(lines[1]["content"]) == b"one"
        assert lines[1]["blob"] == lines[2]["payload"]["text"] == lines[2]["header"]["blobs"][0]
        rest = [json.loads(line) async for line in export_lines(store, 3)]
        assert [line.get("position") for line in rest] == [None, 4]


async def test_parts_that_follow_on_each_other_are_one_export(empty: EventStore) -> None:
    async with await EventStore.open("memory://") as store:
        for content in (b"one", b"two", b"one"):
            await kept(store, content)
        whole = await lines_of(store)
        rest = [line async for line in export_lines(store, 2)]
    assert await import_lines(empty, lambda: [*whole[:4], *rest]) == Imported(3, 3, 2)
    assert await lines_of(empty) == whole


async def test_chunks_of_an_export_and_of_an_import_are_bounded(empty: EventStore) -> None:
    seen: list[int] = []

    def show(done: int, whole: int) -> None:
        seen.append(done)

    async with await EventStore.open("memory://") as store:
        for number in range(4):
            await kept(store, bytes([number]) * MAX_BLOB_BYTES, f"s{number}")
        exported = [line async for line in export_lines(store, progress=show)]
    assert seen == [2, 4, 4]
    await import_lines(empty, lambda: exported, show)
    assert seen[3:] == [2, 4]
    assert await lines_of(empty) == exported


async def refused(store: EventStore, lines: list[str], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        await import_lines(store, lambda: lines)
    assert await store.head() == 0


@pytest.mark.parametrize("encrypted", [False, True])
async def test_blobs_that_were_changed_moved_or_removed_are_refused(empty: EventStore, encrypted: bool) -> None:
    async with await EventStore.open("memory://", keys=MemoryKeys() if encrypted else None) as store:
        await kept(store, b"one")
        await kept(store, b"two")
        one, first, two, second = await lines_of(store)
    other = {**json.loads(one), "content": json.loads(two)["content"]}
    await refused(empty, [json.dumps(other), first, two, second], r"its blob was changed: .*\[line 1\]")
    await refused(empty, [first, one, two, second], r"no line before it has the blob .* \[line 1\]")
    await refused(empty, [one, first, second], "no line before it has the blob")
    await refused(empty, [one, two, first, second], r"the event behind it does not name its blob \[line 2\]")
    await refused(empty, [one, first, two], r"no event behind it names its blob \[line 3\]")
    again = {**json.loads(one), "content": None}
    await refused(empty, [one, first, json.dumps(again), second], "a line before it has another content for its blob")
    for change, message in [
        ({"more": 1}, "Extra inputs"),
        ({"content": "%"}, "base64"),
        ({"redacted": True}, "for showing only"),
        ({"part": True}, "some topics only"),
    ]:
        await refused(empty, [changed(one, **change), first, two, second], message)
    assert await import_lines(empty, lambda: [one, first, two, second]) == Imported(
        2, 2, 2, 2 * encrypted, (json.loads(one)["blob"].partition(":")[0],) if encrypted else ()
    )


async def test_a_key_that_is_there_tells_of_a_blob_that_was_made_up() -> None:
    """Its checksum fits; what it decrypts to does not."""
    keys = MemoryKeys()
    async with (
        await EventStore.open("memory://", keys=keys) as store,
        await EventStore.open("memory://", keys=keys) as to,
    ):
        await kept(store, b"one")
        blob, event = map(json.loads, await lines_of(store))
        body = base64.b64decode(blob["content"])[5:]
        body = body[:-1] + bytes([body[-1] ^ 1])
        stored = b"\x01" + zlib.crc32(body, zlib.crc32(blob["blob"].encode())).to_bytes(4, "big") + body
        blob["content"] = base64.b64encode(stored).decode()
        await refused(to, [json.dumps(blob), json.dumps(event)], "its blob was changed")


async def test_more_blobs_than_an_event_names_are_refused(empty: EventStore) -> None:
    content = bytes(1_000_000)
    name = "sha256:" + hashlib.sha256(content).hexdigest()
    line = json.dumps({"blob": name, "stored": base64.b64encode(content).decode()})
    with pytest.raises(StoreError, match=r"more blobs before it than an event names .*\[line 76\]"):
        await import_lines(empty, lambda: (line for _ in range(1_000)))


async def test_a_log_that_lost_a_blob_does_not_take_its_export_for_its_own() -> None:
    async with await EventStore.open("memory://") as store:
        await kept(store, b"one")
        exported = await lines_of(store)
        assert isinstance(store.backend, ArchivedBackend)
        assert isinstance(store.backend.table, MemoryBackend)
        store.backend.table._blobs.clear()  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(StoreError, match=r"the log has its event, but not its blob \[line 1\]"):
            await import_lines(store, lambda: exported)


def copy_keys(source: Path, target: Path) -> list[str]:
    target.mkdir(mode=0o700)
    return sorted(shutil.copy2(path, target) and path.stem for path in source.glob("*.key"))


async def test_what_can_not_be_read_is_counted_until_the_keys_are_there(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    async with await EventStore.open("memory://", keys=KeyFolder(here)) as store:
        for tenant in ("acme", "globex", "initech"):
            await kept(store, b"one", tenant, tenant)
        views = Views(store, [FactView()])
        await forget_tenant(store, views, "initech")
        await views.close()
        exported = await lines_of(store)
    url = f"sqlite:///{tmp_path / 'events.db'}"
    async with await EventStore.open(url, keys=KeyFolder(there)) as other:
        imported = await import_lines(other, lambda: exported)
        (recorded,) = await other.read("initech")
        assert isinstance(recorded.event, Erased)
    missing = copy_keys(here, there)
    assert (imported.events, imported.unreadable, imported.keys) == (4, 2, tuple(missing))
    async with await EventStore.open(url, keys=KeyFolder(there)) as other:
        assert await import_lines(other, lambda: exported) == Imported(4, 0, 3)
        (recorded,) = await other.read("acme")
        assert isinstance(recorded.event, FactRemembered)
        assert await other.blob(recorded.event.text) == b"one"
