"""A calendar server that is not there, hangs, refuses, or answers nonsense: told as what it is, and nothing twice."""

from __future__ import annotations

import itertools
import traceback
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute

from common.clock import SystemClock
from common.errors import IntentError, SupervisorError
from common.settings import CalDavSettings
from roles.calendar import handlers
from roles.calendar.adapters import caldav_connection
from roles.calendar.adapters.caldav_server import CalDavCalendar
from roles.calendar.backend import CalendarBackend, CalendarError, CalendarUnclear, EventReference
from tests.roles.calendar.calendar_stage import DAY, HOUR, Stage, event
from tests.roles.calendar.calendars import LOCAL, NOW, Desk, ics
from tests.roles.calendar.relay import Relay, html, reply
from tests.roles.calendar.server_stage import ServerStage
from tests.services.process import free_port
from tests.services.radicale_server import PASSWORDS

XML = "Content-Type: application/xml"
LATER = NOW + 3 * DAY


def every_way(backend: CalendarBackend) -> dict[str, Callable[[], Awaitable[Any]]]:
    return {
        "between": lambda: backend.between(LOCAL, NOW, NOW + DAY),
        "get": lambda: backend.get(LOCAL, EventReference("one"), NOW),
        "add": lambda: backend.add(LOCAL, event("two")),
        "move": lambda: backend.move(LOCAL, EventReference("one"), LATER, LATER + HOUR, all_day=False),
        "remove": lambda: backend.remove(LOCAL, EventReference("one")),
    }


async def refused(backend: CalendarBackend, words: str) -> None:
    """Every method fails for sure, with these words, and tells where and what to do, and no secret."""
    for way in every_way(backend).values():
        with pytest.raises(CalendarError, match=words) as caught:
            await way()
        assert caught.value.where
        assert caught.value.todo
        told = "".join(traceback.format_exception(caught.value))
        assert not any(password in told for password in PASSWORDS.values())


async def test_a_server_that_was_killed_and_comes_back(own: ServerStage) -> None:
    await own.backend.add(LOCAL, event("one"))
    own.server.process.kill()
    await refused(own.backend, "can't be reached: nothing takes connections")
    own.server.process.start()
    assert own.other.names() == ["one.ics"]
    assert [entry.name for entry in await own.backend.between(LOCAL, NOW, NOW + 9 * DAY)] == ["one"]


async def test_a_server_that_hangs_is_left_after_the_time_it_may_take(own: ServerStage, tmp_path: Path) -> None:
    """Meanwhile everything else goes on."""
    await own.backend.add(LOCAL, event("one"))
    own.server.process.pause()
    order: list[str] = []

    async def read() -> None:
        await refused(own.backend, "no answer within 0.7 seconds")
        order.append("gave up")

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await Desk(tmp_path / "local").backend.add(LOCAL, event("local"))
        order.append("worked on")
    assert order == ["worked on", "gave up"]
    own.server.process.resume()
    assert own.other.names() == ["one.ics"]


@pytest.mark.parametrize("stop", ["kill", "pause"])
async def test_a_server_that_stops_in_the_middle_of_a_change_leaves_it_open(own: ServerStage, stop: str) -> None:
    def before(method: str, _: str) -> None:
        if method == "PUT":
            getattr(own.server.process, stop)()

    def answer(method: str, _: str, answer: bytes) -> bytes | None:
        return answer or None

    async with Relay(own.server.process.port, before=before, answer=answer, forgiving=True).running() as relay:
        backend = CalDavCalendar(own.settings.model_copy(update={"url": relay.url}), SystemClock())
        with pytest.raises(CalendarUnclear):
            await backend.add(LOCAL, event("one"))
        if stop == "kill":
            own.server.process.start()
        else:
            own.server.process.resume()
        relay.before = lambda method, path: None
        await backend.add(LOCAL, event("one"))
    assert own.other.names() == ["one.ics"]


async def test_failures_after_an_open_outcome_are_not_told_as_definite(stage: ServerStage, tmp_path: Path) -> None:
    """The first attempt did it, unheard; then the server is gone: nobody may say that it was not done."""
    down: list[bool] = []

    def answer(method: str, _: str, answer: bytes) -> bytes | None:
        if method == "PUT":
            down.append(True)
        return None if down else answer

    async with Relay(stage.server.process.port, answer=answer).running() as relay:
        desk = Desk(tmp_path, CalDavCalendar(stage.settings.model_copy(update={"url": relay.url}), SystemClock()))
        _, (intent,) = await desk.call("add", subject="lunch", when="tomorrow at noon")
        with pytest.raises(CalendarUnclear, match="lost"):
            await desk.carry_out(intent, key="k", attempt=1)
        with pytest.raises(CalendarUnclear, match="an earlier attempt had no clear outcome"):
            await desk.carry_out(intent, key="k", attempt=2)
        down.clear()
        assert "is in your calendar" in await desk.carry_out(intent, key="k", attempt=3)
        down.append(True)
        with pytest.raises(IntentError):
            await desk.carry_out(intent, key="l", attempt=1)
    assert len(stage.other.names()) == 1


async def test_a_slow_look_for_overlaps_does_not_spoil_what_was_done(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "_OVERLAP_SECONDS", 0.1)

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.backend, name)

        async def between(self, *_: object) -> Any:
            await anyio.sleep(60)

    desk = Desk(tmp_path, stage.backend)
    _, (intent,) = await desk.call("add", subject="lunch", when="tomorrow at noon")
    slow = Desk(tmp_path, Slow())  # type: ignore[arg-type]
    with anyio.fail_after(20):
        assert "is in your calendar" in await slow.carry_out(intent)


async def test_a_wrong_password_is_said_without_saying_it(stage: ServerStage) -> None:
    bad = stage.settings.account.model_copy(update={"password": "wrong-secret"})  # type: ignore[union-attr]
    settings = stage.settings.model_validate(
        {**stage.settings.model_dump(), "account": {**bad.model_dump(), "password": "wrong-secret"}}
    )
    assert "wrong-secret" not in repr(settings)
    with pytest.raises(CalendarError, match="does not accept this user name and password") as caught:
        await CalDavCalendar(settings, SystemClock()).add(LOCAL, event("one"))
    assert "wrong-secret" not in "".join(traceback.format_exception(caught.value))
    assert "calendar.caldav.account" in caught.value.todo
    assert stage.other.names() == []


async def test_a_calendar_of_somebody_else_is_refused(stage: ServerStage) -> None:
    hers = stage.settings.accounts["acme/anna"].calendar
    mine = stage.settings.account.model_copy(update={"calendar": hers})  # type: ignore[union-attr]
    backend = CalDavCalendar(stage.settings.model_copy(update={"account": mine}), SystemClock())
    await refused(backend, "may not do this")


async def test_a_calendar_that_was_deleted_is_missed_and_found_again(stage: ServerStage) -> None:
    await stage.backend.between(LOCAL, NOW, NOW + DAY)
    stage.other.delete()
    await refused(stage.backend, "no such calendar|none of a calendar|no calendar that takes events")
    stage.other.make()
    assert await stage.backend.add(LOCAL, event("one"))


async def test_no_server_no_name_and_no_encryption(stage: ServerStage) -> None:
    port = stage.server.process.port
    for url, words in (
        (f"http://127.0.0.1:{free_port()}/", "nothing takes connections"),
        ("http://calendar.invalid/", "its name is not known"),
        (f"https://127.0.0.1:{port}/", "no secure connection"),
    ):
        await refused(CalDavCalendar(stage.settings.model_copy(update={"url": url}), SystemClock()), words)


BOMB = b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>%s]><multistatus xmlns='DAV:'>&z;</multistatus>" % b"".join(
    b"<!ENTITY %c '%s'>" % (char, b"&%c;" % (char - 1) * 10) for char in b"bcdefghijklmnopqrstuvwxyz"
)
NONSENSE: list[tuple[bytes | None, str]] = [
    (html("Please sign in"), "status 200"),
    (reply("207 Multi-Status", b"not xml at all", XML), "none of a calendar server"),
    (reply("207 Multi-Status", b"", XML), "none of a calendar server"),
    (reply("207 Multi-Status", b"<a/>", XML), "none of a calendar server"),
    (reply("207 Multi-Status", BOMB, XML), "calendar server"),
    (reply("207 Multi-Status", b"<multistatus xmlns='DAV:'/>", XML), "does not say whose|no calendar that takes"),
    (b"hello\r\n\r\n", "lost before its answer"),
    (b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 5000\r\n\r\n<multi", "lost before its answer"),
    (None, "lost before its answer"),
    (reply("500 Oops"), "status 500"),
    (reply("403 Forbidden"), "may not do this"),
    (reply("404 Not Found"), "no such calendar"),
    (reply("429 Too Many"), "asked too often"),
    (reply("401 Who are you", b"", 'WWW-Authenticate: Weird realm="x"'), "takes no user name"),
    (reply("401 Who are you"), "takes no user name"),
    (reply("301 Moved", b"", "Location: http://evil.example/steal"), "points to another server"),
    (reply("301 Moved", b"", "Location: http://[broken"), "calendar server"),
    (reply("302 Found", b"", "Location: /again"), "redirects without end"),
    (
        reply("207 Multi-Status", b"<multistatus xmlns='DAV:'>" + b"<response/>" * 10_001 + b"</multistatus>", XML),
        "more",
    ),
]


@pytest.mark.parametrize(("answer", "words"), NONSENSE)
async def test_nonsense_in_place_of_a_calendar(answer: bytes | None, words: str) -> None:
    async with Relay(answer=lambda *_: answer).running() as relay:
        await refused(CalDavCalendar(settings_for(relay), SystemClock()), words)


def settings_for(relay: Relay, calendar: str = "/local/c/", timeout: float = 5.0) -> CalDavSettings:
    account = {"username": "local", "password": PASSWORDS["local"], "calendar": calendar}
    return CalDavSettings.model_validate({"url": relay.url, "account": account, "timeout": timeout})


async def test_an_enormous_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caldav_connection, "MAX_BYTES", 100_000)
    packed = zlib.compress(b" " * 50_000_000)
    for answer in (
        reply("207 Multi-Status", b" " * 200_000, XML),
        reply("207 Multi-Status", packed, XML, "Content-Encoding: deflate"),
    ):
        async with Relay(answer=lambda *_, sent=answer: sent).running() as relay:
            await refused(CalDavCalendar(settings_for(relay), SystemClock()), "is larger than")


async def test_an_answer_that_never_ends_is_left_after_the_time_it_may_take() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def drip(stream: Any) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in itertools.count():
                await stream.send(b"1\r\nx\r\n")
                await anyio.sleep(0.05)

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, guarded(drip))
        port = listener.extra(SocketAttribute.local_port)
        relay = Relay(url=f"http://127.0.0.1:{port}/")
        with pytest.raises(CalendarError, match="no answer within"):
            await CalDavCalendar(settings_for(relay, timeout=0.5), SystemClock()).between(LOCAL, NOW, NOW + DAY)
        group.cancel_scope.cancel()


def guarded(handler: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    async def handle(stream: Any) -> None:
        try:
            await handler(stream)
        except (anyio.BrokenResourceError, anyio.EndOfStream):
            return

    return handle


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("500 Oops", CalendarUnclear),
        ("503 Busy", CalendarUnclear),
        ("202 Accepted", CalendarUnclear),
        ("207 Multi-Status", CalendarUnclear),
        ("408 Request Timeout", CalendarUnclear),
        ("302 Found", CalendarError),
        ("403 Forbidden", CalendarError),
        ("404 Not Found", CalendarError),
        ("409 Conflict", CalendarError),
        ("413 Too Large", CalendarError),
        ("415 Unsupported", CalendarError),
    ],
)
async def test_what_a_write_is_told(stage: ServerStage, status: str, error: type[SupervisorError]) -> None:
    """A refusal is definite, a failure is open; neither is taken for done."""

    def answer(method: str, _: str, answer: bytes) -> bytes:
        return reply(status, b"", "Location: /elsewhere") if method in ("PUT", "DELETE") else answer

    await stage.backend.add(LOCAL, event("one"))
    before = stage.stored()
    async with Relay(answer=answer, port=stage.server.process.port, quiet=("PUT", "DELETE")).running() as relay:
        backend = CalDavCalendar(stage.settings.model_copy(update={"url": relay.url}), SystemClock())
        ways = every_way(backend)
        for way in ("add", "move", "remove"):
            if way == "remove" and status.startswith("404"):
                continue  # gone is gone: it is looked for again, and found
            with pytest.raises(error) as caught:
                await ways[way]()
            assert type(caught.value) is error
    assert stage.stored() == before


async def test_a_broken_event_is_named_and_left_as_it_is(stage: ServerStage) -> None:
    stage.other.put("bad.ics", ics("UID:bad\nDTSTART:20261117T083000Z\nDTEND:20261117T090000Z\nSUMMARY:Bad"))

    def answer(method: str, _: str, answer: bytes) -> bytes:
        broken = answer.replace(b"DTSTART:20261117T083000Z", b"DTSTART:20261117TXX3000Z")
        return broken if method == "REPORT" else answer

    async with Relay(stage.server.process.port, answer=answer).running() as relay:
        backend = CalDavCalendar(stage.settings.model_copy(update={"url": relay.url}), SystemClock())
        with pytest.raises(CalendarError, match="DTSTART can't be read") as caught:
            await backend.between(LOCAL, NOW, NOW + 9 * DAY)
        assert "bad.ics" in caught.value.where
        with pytest.raises(CalendarError, match="DTSTART can't be read"):
            await backend.remove(LOCAL, EventReference("bad"))
    assert stage.other.names() == ["bad.ics"]


async def test_a_server_that_tells_no_version_of_events_gets_no_changes(stage: ServerStage) -> None:
    await stage.backend.add(LOCAL, event("one"))

    def answer(method: str, _: str, answer: bytes) -> bytes:
        return answer.replace(b"getetag", b"getnone") if method == "REPORT" else answer

    async with Relay(stage.server.process.port, answer=answer).running() as relay:
        backend = CalDavCalendar(stage.settings.model_copy(update={"url": relay.url}), SystemClock())
        assert len(await backend.between(LOCAL, NOW, NOW + 9 * DAY)) == 1
        for way in ("move", "remove"):
            with pytest.raises(CalendarError, match="which version"):
                await every_way(backend)[way]()
    assert stage.other.names() == ["one.ics"]
