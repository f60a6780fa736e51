"""Payloads in the log are encrypted, bound to their place, and told apart when they can't be read."""

from __future__ import annotations

import json
import struct
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings

from common.errors import ConfigurationError, StoreError, StoreUnavailable
from common.intents import StreamAppend
from events.backend import Head
from events.catalogue import BY_TOPIC, Event
from events.catalogue.agent import AgentDisabled
from events.catalogue.log import TenantForgotten
from events.codec import FORGOTTEN, Codec, digest, dump_header, frame, unframe
from events.key_folder import KeyFolder
from events.keyring import DamagedCiphertext, KeyErased, KeyMissing, Keyring
from events.keys import DataKey, MemoryKeys
from events.recorded import Erased, RecordedEvent, Unknown
from events.store import EventStore
from events.verify import verify
from tests.events.encrypted import FailingKeys, files_with
from tests.events.samples import any_event, fact

SECRET = "planted-secret"


def problem_of(entry: RecordedEvent) -> str:
    assert isinstance(entry.event, Unknown)
    return entry.event.problem


def write(store: EventStore, stream: str, version: int, topic: str, stored: bytes) -> None:
    """Put a row into the log as it is."""
    with store.backend.transaction() as transaction:
        head = Head(version, digest(stream, version, topic, stored))
        transaction.insert([(stream, version, topic, stored)], {stream: head})


UNLIKE_THEIR_FAMILY = {
    "trace.guidelines_drawn",  # versions only: a trial counts the same after its tenant was forgotten
    "learning.original_prompt_kept",  # a prompt may quote somebody
    "build.started",  # somebody's words
    "build.failed",  # may quote them
}


def test_what_is_about_people_is_what_is_not_about_the_system() -> None:
    usual = {topic: kind for topic, kind in BY_TOPIC.items() if topic not in UNLIKE_THEIR_FAMILY}
    plain = {topic.partition(".")[0] for topic, kind in usual.items() if not kind.PERSONAL}
    personal = {topic.partition(".")[0] for topic, kind in usual.items() if kind.PERSONAL}
    assert plain & personal == set()
    assert plain >= {"agent", "flag", "guideline", "log"}
    assert personal >= {"trace", "request", "outcome", "intent", "timer", "memory", "home"}


async def test_nothing_of_a_payload_is_in_the_files(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path / 'events.db'}", KeyFolder(tmp_path / "keys")
    async with await EventStore.open(url, keys=keys) as store:
        await store.append("a", [fact(1, SECRET)], tenant="acme", correlation="trace-1", causation="b@1")
        await store.append("agent/x", [AgentDisabled(name="x", reason="in the clear")])
        (entry,) = await store.read("a")
        assert entry.event == fact(1, SECRET)
        assert (entry.tenant, entry.correlation, entry.causation) == ("acme", "trace-1", "b@1")
        assert files_with(tmp_path, SECRET) == []
        assert files_with(tmp_path, "in the clear") != []
        assert keys.keys_of("default") == []
        assert (await verify(store)).ok


@settings(max_examples=60, deadline=None)
@given(event=any_event)
def test_any_event_comes_back(event: Event) -> None:
    async def there_and_back() -> None:
        async with await EventStore.open("memory://", keys=MemoryKeys()) as store:
            await store.append("a", [event, event])
            first, second = await store.read("a")
            assert (first.event, second.event) == (event, event)
            rows = store.backend.read("a", 0)
            assert (unframe(*rows[0][1:]).key is not None) == event.PERSONAL
            if event.PERSONAL:
                assert unframe(*rows[0][1:]).payload[:12] != unframe(*rows[1][1:]).payload[:12]

    anyio.run(there_and_back)


async def test_each_tenant_has_a_key_of_its_own() -> None:
    keys = MemoryKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        for number in range(3):
            await store.append("a", [fact(number)], tenant=f"tenant {number % 2}")
        used = [unframe(*row[1:]).key for row in store.backend.read("a", 0)]
        assert used[0] == used[2] != used[1]
        assert [keys.keys_of(f"tenant {number}") for number in range(2)] == [used[:1], used[1:2]]


async def test_without_keys_payloads_are_stored_as_they_are() -> None:
    async with await EventStore.open("memory://") as store:
        await store.append("a", [fact(1, SECRET)])
        assert SECRET.encode() in store.backend.read("a", 0)[0][4]


async def test_a_plain_log_goes_on_encrypted_and_back(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path / 'events.db'}", KeyFolder(tmp_path / "keys")
    async with await EventStore.open(url) as store:
        await store.append("a", [fact(1)])
    async with await EventStore.open(url, keys=keys) as store:
        await store.append("a", [fact(2)], 1)
    async with await EventStore.open(url, keys=keys, encrypt=False) as store:
        await store.append("a", [fact(3)], 2)
        assert [entry.event for entry in await store.read("a")] == [fact(1), fact(2), fact(3)]
        keyed = [unframe(*row[1:]).key is not None for row in store.backend.read("a", 0)]
        assert keyed == [False, True, False]
        assert (await verify(store)).ok


@pytest.mark.parametrize(
    ("stream", "version", "topic", "change"),
    [
        ("b", 1, "memory.remembered", {}),
        ("a", 2, "memory.remembered", {}),
        ("a", 1, "memory.forgotten", {}),
        ("a", 1, "memory.remembered", {"recorded_at": datetime(2020, 1, 1, tzinfo=UTC).isoformat()}),
        ("a", 1, "memory.remembered", {"tenant": "other"}),
    ],
)
async def test_a_ciphertext_can_not_be_moved_or_redated(
    stream: str, version: int, topic: str, change: dict[str, str]
) -> None:
    keys = MemoryKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        await store.append("a", [fact(1, SECRET)], tenant="acme")
        (row,) = store.backend.read("a", 0)
        read = unframe(*row[1:])
        changed = frame(stream, version, topic, dump_header({**read.header, **change}), read.payload)
        entry = Codec(BY_TOPIC, store.keyring).decode((1, stream, version, topic, changed))
        assert "can't be decrypted" in problem_of(entry)
        same = frame("a", 1, row[3], dump_header(read.header), read.payload)
        assert Codec(BY_TOPIC, store.keyring).decode((1, "a", 1, row[3], same)).event == fact(1, SECRET)


async def test_a_changed_ciphertext_with_a_right_checksum_is_found() -> None:
    async with await EventStore.open("memory://", keys=MemoryKeys()) as store:
        await store.append("a", [fact(1)])
        _, stream, version, topic, stored = store.backend.read("a", 0)[0]
        changed = bytearray(stored)
        changed[-1] ^= 1
        place = f"{stream}\n{version}\n{topic}\n".encode()
        struct.pack_into(">I", changed, 5, zlib.crc32(bytes(changed[9:]), zlib.crc32(place)))
        entry = store.codec.decode((1, stream, version, topic, bytes(changed)))
        assert "can't be decrypted" in problem_of(entry)
        for cut in (0, 5, 20):
            read = unframe(stream, version, topic, stored)
            short = frame(stream, version, topic, read.header_bytes, read.payload[:cut])
            assert "can't be decrypted" in problem_of(store.codec.decode((1, stream, version, topic, short)))


@pytest.mark.parametrize("key", [5, None, ["x"], {"a": 1}, "../../etc/passwd", "x" * 5_000, ""])
async def test_a_planted_key_name_does_no_harm(key: object, tmp_path: Path) -> None:
    async with await EventStore.open("memory://", keys=KeyFolder(tmp_path / "keys")) as store:
        await store.append("b", [fact(1)])
        header = {"schema_version": 1, "key": key, "recorded_at": "2026-11-28T09:00:00+00:00", "tenant": "default"}
        write(store, "a", 1, "memory.remembered", frame("a", 1, "memory.remembered", dump_header(header), b"{}"))
        (entry,) = await store.read("a")
        assert problem_of(entry)


async def test_missing_erased_and_damaged_are_three_things() -> None:
    keys = MemoryKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        for tenant in ("kept", "lost", "forgotten"):
            await store.append(tenant, [fact(1)], tenant=tenant)
        lost, forgotten = keys.keys_of("lost"), keys.keys_of("forgotten")
        keys.destroy(lost)
        await store.append(FORGOTTEN, [TenantForgotten(tenant="forgotten", keys=forgotten)])
        (kept,), (missing,), (erased,) = [await store.read(name) for name in ("kept", "lost", "forgotten")]
        assert kept.event == fact(1)
        assert problem_of(missing) == f"its key {lost[0]} is missing"
        assert erased.event == Erased("memory.remembered", 1)
        assert (erased.tenant, erased.stream, erased.version) == ("forgotten", "forgotten", 1)
        report = await verify(store)
        assert [problem.partition(": ")[2] for problem in report.problems] == [f"its key {lost[0]} is missing"]


async def test_a_key_that_came_back_is_used_at_once(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    async with await EventStore.open("memory://", keys=keys) as store:
        await store.append("a", [fact(1)])
        (key_id,) = keys.keys_of("default")
        file = tmp_path / "keys" / f"{key_id}.key"
        file.rename(tmp_path / "aside")
        fresh = Keyring(keys)
        codec = Codec(BY_TOPIC, fresh)
        assert "missing" in problem_of(codec.decode_page(store.backend.read("a", 0))[0])
        (tmp_path / "aside").rename(file)
        assert codec.decode_page(store.backend.read("a", 0))[0].event == fact(1)


async def test_a_statement_elsewhere_forgets_nothing() -> None:
    keys = MemoryKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        await store.append("a", [fact(1)], tenant="acme")
        await store.append("log/other", [TenantForgotten(tenant="acme", keys=keys.keys_of("acme"))])
        await store.read("log/other")
        assert (await store.read("a"))[0].event == fact(1)


# What the key service fails to do


async def test_a_service_that_fails_fails_only_what_needs_it() -> None:
    keys = FailingKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        keys.down_for = {"unlucky"}
        lucky = store.post("a", [fact(1)], tenant="lucky")
        unlucky = store.post("b", [fact(2)], tenant="unlucky")
        system = store.post("agent/x", [AgentDisabled(name="x")], tenant="unlucky")
        await lucky.durable()
        await system.durable()
        with pytest.raises(StoreUnavailable, match="no key to give"):
            await unlucky.durable()
        both = [StreamAppend("c", [fact(3)]), StreamAppend("agent/x", [AgentDisabled(name="x")])]
        with pytest.raises(StoreUnavailable, match="no key to give"):
            await store.append(both, tenant="unlucky")
        assert [entry.stream for entry in await store.read_all()] == ["a", "agent/x"]
        keys.down_for = set()
        with anyio.fail_after(60):
            while True:  # where the machine stood still, the service seemed slow to fail and is left alone for that
                with suppress(StoreUnavailable):
                    await store.append("b", [fact(2)], 0, tenant="unlucky")
                    break
                await anyio.sleep(0.01)


@pytest.mark.parametrize(("took", "asked"), [(0.01, 2), (0.2, 1)])
def test_a_service_is_left_alone_only_where_it_was_slow_to_fail(took: float, asked: int) -> None:
    seconds = [0.0]

    class Failing(FailingKeys):
        def current(self, tenant: str) -> DataKey:
            seconds[0] += took
            return super().current(tenant)

    keys = Failing()
    keys.down_for = {"acme"}
    keyring = Keyring(keys, clock=lambda: seconds[0])
    before = keys.asked
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="no key to give"):
            keyring.current("acme")
    assert keys.asked - before == asked
    keys.down_for = set()
    seconds[0] += 1.0
    keyring.current("acme")


async def test_what_follows_a_refused_append_is_refused_too() -> None:
    keys = FailingKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        keys.down_for = {"unlucky"}
        first = store.post("a", [fact(1)], tenant="unlucky")
        second = store.post("a", [AgentDisabled(name="x")], tenant="unlucky", follows=first)
        with pytest.raises(StoreError, match="the append before it failed"):
            await second.durable()


async def test_reading_what_can_not_be_decrypted_now_is_an_error_and_no_finding() -> None:
    keys = FailingKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        await store.append("a", [fact(1)], tenant="acme")
        await store.append("agent/x", [AgentDisabled(name="x")])
        keys.down = True
        assert (await store.read("a"))[0].event == fact(1)  # the key is known
        codec = Codec(BY_TOPIC, Keyring(keys))
        with pytest.raises(StoreUnavailable, match="can't be reached"):
            codec.decode_page(store.backend.read("a", 0))
        assert len(codec.decode_page(store.backend.read("agent/x", 0))) == 1


async def test_a_service_is_not_asked_for_every_append() -> None:
    keys = FailingKeys()
    async with await EventStore.open("memory://", keys=keys) as store:
        await store.append("a", [fact(1)])
        asked = keys.asked
        for number in range(20):
            await store.append("a", [fact(number)])
        assert keys.asked == asked


# What is seen when a log is opened


async def test_missing_keys_are_told_at_once_and_none_is_made(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path / 'events.db'}", KeyFolder(tmp_path / "keys")
    async with await EventStore.open(url, keys=keys) as store:
        await store.append("a", [fact(number) for number in range(3)], tenant="acme")
    wrong = KeyFolder(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="keys are missing") as caught:
        await EventStore.open(url, keys=wrong)
    assert "acme" in caught.value.where
    assert "store.keys" in caught.value.todo
    with pytest.raises(ConfigurationError, match="no keys were given"):
        await EventStore.open(url)
    async with await EventStore.open(url, keys=wrong, allow_missing_keys=True) as store:
        assert "missing" in problem_of((await store.read("a"))[0])
        with pytest.raises(StoreUnavailable, match="keys of this tenant are missing"):
            await store.append("b", [fact(1)], tenant="acme")
        await store.append("b", [fact(1)], tenant="new")
    assert wrong.keys_of("acme") == []
    async with await EventStore.open(url, keys=keys, allow_missing_keys=True) as store:
        assert (await store.read("a"))[0].event == fact(0)


async def test_a_long_plain_end_does_not_hide_that_keys_are_missing(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path / 'events.db'}", KeyFolder(tmp_path / "keys")
    async with await EventStore.open(url, keys=keys) as store:
        await store.append("a", [fact(number) for number in range(3)], tenant="acme")
        await store.append("agent/x", [AgentDisabled(name="x")] * 300)
    with pytest.raises(ConfigurationError, match="keys are missing"):
        await EventStore.open(url, keys=KeyFolder(tmp_path / "elsewhere"))


async def test_keys_that_vanish_under_a_running_store_are_not_replaced() -> None:
    keys = MemoryKeys()
    keyring = Keyring(keys)
    key = keyring.current("acme")
    keys._keys.clear()  # pyright: ignore[reportPrivateUsage] - as if somebody had removed the folder
    keyring._current.clear()  # pyright: ignore[reportPrivateUsage] - a minute later
    with pytest.raises(StoreUnavailable, match="keys of this tenant are missing"):
        keyring.current("acme")
    assert keys.keys_of("acme") == []
    keyring.forget([key.id])
    assert keyring.current("acme").id != key.id


# The key ring by itself


def test_three_ways_of_not_being_readable() -> None:
    keys = MemoryKeys()
    keyring = Keyring(keys)
    key_id, ciphertext = keyring.encrypt("acme", b"place", b"content")
    assert keyring.decrypt(key_id, b"place", ciphertext) == b"content"
    for aad, stored in ((b"other", ciphertext), (b"place", ciphertext[:-1]), (b"place", b""), (b"place", b"x" * 11)):
        with pytest.raises(DamagedCiphertext):
            keyring.decrypt(key_id, aad, stored)
    with pytest.raises(KeyMissing):
        keyring.decrypt("unheard-of", b"place", ciphertext)
    keyring.forget([key_id])
    with pytest.raises(KeyErased):
        keyring.decrypt(key_id, b"place", ciphertext)
    assert keys.get(key_id) is not None  # it need not be destroyed for that


def test_a_forgotten_key_is_not_used_even_where_the_service_still_has_it() -> None:
    keys = MemoryKeys()
    keyring = Keyring(keys)
    old = keyring.current("acme")
    keyring.forget([old.id])
    assert keyring.current("acme").id != old.id
    assert keys.get(old.id) is None


def test_a_service_that_insists_on_a_forgotten_key_is_refused() -> None:
    class Stubborn(MemoryKeys):
        def destroy(self, key_ids: object) -> None:
            pass

    keys = Stubborn()
    keyring = Keyring(keys)
    keyring.forget([keyring.current("acme").id])
    with pytest.raises(StoreUnavailable, match="told to destroy"):
        keyring.current("acme")


def test_a_service_that_mixes_tenants_up_is_refused() -> None:
    class Mixing(MemoryKeys):
        def current(self, tenant: str) -> DataKey:
            return super().current("somebody else")

    with pytest.raises(StoreUnavailable, match="another tenant"):
        Keyring(Mixing()).current("acme")


def test_a_destroyed_key_is_dropped_from_the_cache() -> None:
    keys = MemoryKeys()
    keyring = Keyring(keys)
    key_id, ciphertext = keyring.encrypt("acme", b"", b"content")
    keys.destroy([key_id])
    keyring.refresh()
    with pytest.raises(KeyMissing):
        keyring.decrypt(key_id, b"", ciphertext)


def test_a_key_that_is_destroyed_while_it_is_fetched_is_not_kept() -> None:
    keys = MemoryKeys()

    class Slow(FailingKeys):
        def get(self, key_id: str) -> DataKey | None:
            key = super().get(key_id)
            self.service.destroy([key_id])
            keyring.refresh()
            return key

    key_id, ciphertext = Keyring(keys).encrypt("acme", b"", b"content")
    keyring = Keyring(Slow(keys))
    assert keyring.decrypt(key_id, b"", ciphertext) == b"content"  # it was asked for before
    with pytest.raises(KeyMissing):
        keyring.decrypt(key_id, b"", ciphertext)


def test_names_of_contents_tell_nothing_without_the_key() -> None:
    keyring = Keyring(MemoryKeys())
    one, other = keyring.current("a"), keyring.current("b")
    assert one.name(b"content") == one.name(b"content") != one.name(b"contenu")
    assert one.name(b"content") != other.name(b"content")
    assert len(bytes.fromhex(one.name(b"content"))) == 32


def test_the_header_of_an_encrypted_event_is_plain_json() -> None:
    key = Keyring(MemoryKeys()).current('odd "tenant"')
    assert json.loads(f"{{{key.told[1:]}}}") == {"key": key.id}
