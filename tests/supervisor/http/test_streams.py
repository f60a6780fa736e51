"""Streams of events: sent once each and in turn, alive when silent, and no burden to the calls beside them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import pytest
from pydantic import JsonValue

from common.errors import StoreError
from common.redaction import Redactor
from events.catalogue.agent import AgentDisabled
from supervisor.http.feed import Feed, Shown
from supervisor.http.streams import Events, ServerEvent, Streams
from tests.supervisor.http.conftest import Served

BOUND = 60.0


async def sent(events: Events, *, keep_alive: float = 1_000.0, slow: float = 0.0) -> list[bytes]:
    """The chunks that a reader gets, who takes so long for each."""
    chunks: list[bytes] = []
    busy = False

    async def send(chunk: bytes) -> None:
        nonlocal busy
        assert not busy, "two chunks at once"
        busy = True
        await anyio.sleep(slow)
        chunks.append(chunk)
        busy = False

    with anyio.fail_after(BOUND):
        await Streams(1, 1, keep_alive, Redactor()).run(send, events, "token")
    return chunks


async def counted(number: int, pause: float = 0.0) -> AsyncGenerator[ServerEvent]:
    for each in range(number):
        await anyio.sleep(pause)
        yield ServerEvent("number", each, str(each))


async def test_events_are_sent_as_they_come_and_a_silent_stream_tells_that_it_lives() -> None:
    assert await sent(counted(3)) == [ServerEvent("number", each, str(each)).encode() for each in range(3)]
    told = await sent(counted(2, pause=0.3), keep_alive=0.05, slow=0.02)
    assert told.count(b": alive\n\n") > 1
    assert [chunk for chunk in told if not chunk.startswith(b":")] == await sent(counted(2))


async def test_events_that_fail_end_the_stream_with_what_may_be_told() -> None:
    async def failing(error: Exception) -> AsyncGenerator[ServerEvent]:
        yield ServerEvent("first", 1)
        raise error

    for error, code in ((StoreError("password=hunter22", where="log"), "store"), (ValueError("inside"), "internal")):
        first, last = await sent(failing(error))
        assert first == ServerEvent("first", 1).encode()
        assert last.startswith(b"event: failed\n")
        assert code in json.loads(last.partition(b"data: ")[2])["code"]
        assert b"hunter22" not in last
        assert b"inside" not in last


async def test_a_reader_that_goes_ends_its_events() -> None:
    ended = False

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal ended
        try:
            while True:
                yield b": x\n\n"
        finally:
            ended = True

    async def gone(_: bytes) -> None:
        raise OSError("the reader has gone")

    with anyio.fail_after(BOUND), pytest.raises(ExceptionGroup):
        await Streams(1, 1, 1_000.0, Redactor()).run(gone, endless(), "token")
    assert ended


async def append(served: Served, number: int) -> None:
    events = [AgentDisabled(name=f"agent{each}", reason="a test", by="test") for each in range(number)]
    await served.supervisor.store.append("agent/many", events)


def everything(_: Shown) -> bool:
    return True


class Counting(Redactor):
    """Counts the events that it was given."""

    events = 0

    def value(self, value: JsonValue) -> JsonValue:
        self.events += isinstance(value, dict) and "position" in value
        return super().value(value)


async def test_who_catches_up_leaves_other_calls_their_turns(served: Served) -> None:
    await append(served, 300)
    redactor = Counting()
    feed = Feed(served.supervisor.store, redactor)
    head = await served.supervisor.store.head()
    between = [0]

    async def others() -> None:
        before = redactor.events
        while True:
            await anyio.lowlevel.checkpoint()
            between.append(redactor.events - before)
            before = redactor.events

    found: list[int] = []
    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as group, aclosing(feed.follow(0, everything)) as pages:
            group.start_soon(feed.lead)
            group.start_soon(others)
            while not found or found[-1] < head:
                found += [shown.position for shown in await anext(pages)]
            group.cancel_scope.cancel()
    assert found == list(range(1, head + 1))
    assert redactor.events == head
    assert max(between) <= 2


async def test_what_comes_together_is_told_together_to_all_readers_and_made_once(served: Served) -> None:
    feed = Feed(served.supervisor.store, Redactor())
    start = await served.supervisor.store.head()
    pages: dict[int, list[Shown]] = {}

    async def read(number: int) -> None:
        async with aclosing(feed.follow(start, everything)) as following:
            pages[number] = await anext(following)

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as leading:
            leading.start_soon(feed.lead)
            async with anyio.create_task_group() as reading:
                for number in range(3):
                    reading.start_soon(read, number)
                await anyio.wait_all_tasks_blocked()
                await append(served, 5)
            leading.cancel_scope.cancel()
    first, *others = pages.values()
    assert [shown.topic for shown in first] == ["agent.disabled"] * 5
    for page in others:
        assert [id(shown) for shown in page] == [id(shown) for shown in first]


async def test_a_call_waits_for_no_thread_that_others_hold(served: Served, client: httpx.AsyncClient) -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    borrowers = [object() for _ in range(int(limiter.total_tokens))]
    for borrower in borrowers:
        limiter.acquire_on_behalf_of_nowait(borrower)
    try:
        with anyio.fail_after(BOUND):
            assert (await client.get("/api/approvals")).status_code == 200
    finally:
        for borrower in borrowers:
            limiter.release_on_behalf_of(borrower)


def test_a_process_that_serves_lets_nothing_halt_it_and_a_host_is_left_as_it_is() -> None:
    program = """
import gc, json, sys
import supervisor.http.server, supervisor.cli.serve
from supervisor.cli.own_process import answer_promptly
before = gc.get_threshold(), gc.get_freeze_count(), sys.getswitchinterval()
answer_promptly()
print(json.dumps([before, [gc.get_threshold(), gc.get_freeze_count(), sys.getswitchinterval()]]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=BOUND)
    (threshold, frozen, turn), after = json.loads(done.stdout)
    assert (frozen, turn) == (0, pytest.approx(0.005))
    assert after[0][:2] == threshold[:2]
    assert after[0][2] > threshold[2]
    assert after[1] > 10_000
    assert after[2] < turn
