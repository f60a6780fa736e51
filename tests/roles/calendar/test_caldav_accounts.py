"""Whose account is whose, which calendar of it is meant, and settings that name none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from common.clock import SystemClock
from common.context import Owner
from common.errors import ConfigurationError, SupervisorError
from common.owner_keys import owner_of_key
from common.settings import CalDavSettings
from roles.calendar.adapters.caldav_server import CalDavCalendar
from roles.calendar.backend import CalendarError
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.roles.calendar.calendar_stage import ANNA, DAY, event
from tests.roles.calendar.calendars import LOCAL, NOW
from tests.roles.calendar.relay import Relay, reply
from tests.roles.calendar.server_stage import ServerStage, account
from tests.services.radicale_server import OtherClient, RadicaleServer

TOM = Owner("acme", "tom")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    """A server on which the user has these calendars and no others."""
    made = RadicaleServer(tmp_path_factory.mktemp("radicale-accounts"))
    made.process.start()
    for path, name, component in (
        ("a-tasks", "Tasks", "VTODO"),
        ("b-home", "Home", "VEVENT"),
        ("c-work", "Work", "VEVENT"),
        ("d-double", "Twice", "VEVENT"),
        ("e-double", "Twice", "VEVENT"),
    ):
        client = OtherClient(made.url, "local", f"/local/{path}/")
        client.make(name, component)
        client.close()
    yield made
    made.process.stop()


def backend(server: RadicaleServer, calendar: str = "", **settings: Any) -> CalDavCalendar:
    given = {"url": server.url, "account": account("local", calendar), **settings}
    return CalDavCalendar(CalDavSettings.model_validate(given), SystemClock())


FOUND = [
    ("", "Home"),
    ("Work", "Work"),
    ("work", "Work"),
    ("c-work", "Work"),
    ("/local/c-work/", "Work"),
    ("/local/c-work", "Work"),
]


@pytest.mark.parametrize(("calendar", "name"), FOUND)
async def test_the_calendar_that_is_meant(server: RadicaleServer, calendar: str, name: str) -> None:
    reached = await backend(server, calendar).probe()
    assert reached.detail.startswith(f"calendar “{name}” at http://127.0.0.1:")
    assert reached.version.startswith("Radicale 3.")


async def test_a_calendar_by_its_whole_address(server: RadicaleServer) -> None:
    assert "“Work”" in (await backend(server, f"{server.url}local/c-work/").probe()).detail
    assert "“Work”" in (await backend(server, url=f"{server.url}local/c-work/").probe()).detail


NOT_FOUND = [
    ("Holidays", "no calendar called “Holidays”", "“Home”, “Work”"),
    ("Tasks", "no calendar called “Tasks” that takes events", "“Home”"),
    ("Twice", "2 calendars called “Twice”", "the address of the one"),
    ("/local/a-tasks/", "no calendar that takes events", "calendar.caldav.account.calendar"),
    ("/local/none/", "no such calendar", "calendar"),
    ("https://elsewhere.example/cal/", "points to another server", "calendar.caldav.url"),
]


@pytest.mark.parametrize(("calendar", "what", "todo"), NOT_FOUND)
async def test_a_calendar_that_is_not_there(server: RadicaleServer, calendar: str, what: str, todo: str) -> None:
    with pytest.raises(CalendarError, match=what) as caught:
        await backend(server, calendar).between(LOCAL, NOW, NOW + DAY)
    assert todo in str(caught.value)


async def test_an_account_without_calendars(server: RadicaleServer) -> None:
    with pytest.raises(CalendarError, match=r"has no calendar that takes events|no such calendar"):
        await backend(server, account=account("anna")).add(LOCAL, event("one"))


async def test_the_well_known_address_leads_to_the_server(server: RadicaleServer) -> None:
    """As on hosts whose calendars are not at the root."""

    def answer(method: str, path: str, answer: bytes) -> bytes:
        return reply("404 Not Found") if path == "/start/" else answer

    async with Relay(server.process.port, answer=answer).running() as relay:
        found = await backend(server, url=f"{relay.url}start/").probe()
        assert "“Home”" in found.detail
        assert "/.well-known/caldav" in [path for _, path, _ in relay.seen]


async def test_credentials_are_sent_only_after_they_were_asked_for(server: RadicaleServer) -> None:
    """And where the server sends elsewhere, to nobody."""
    asked: list[str] = []
    async with Relay(answer=lambda *_: asked.append("x") or reply("404 Not Found")).running() as thief:

        def answer(method: str, path: str, answer: bytes) -> bytes:
            body = answer.partition(b"\r\n\r\n")[2]
            if b"<href>/local/</href>" not in body:
                return answer
            elsewhere = body.replace(b"<href>/local/</href>", b"<href>%b</href>" % thief.url.encode())
            return reply("207 Multi-Status", elsewhere, "Content-Type: text/xml")

        async with Relay(server.process.port, answer=answer).running() as relay:
            with pytest.raises(CalendarError, match="points to another server"):
                await backend(server, url=relay.url).probe()
    assert asked == []


async def test_every_owner_has_their_own_account_and_nobody_elses(stage: ServerStage) -> None:
    for owner in (
        TOM,
        Owner("acme", "local"),
        Owner("default", "anna"),
        Owner("", "acme/anna"),
        Owner("acme/anna", ""),
    ):
        for way in (
            stage.backend.add(owner, event("one")),
            stage.backend.between(owner, NOW, NOW + DAY),
        ):
            with pytest.raises(CalendarError, match="has no account at the calendar server") as caught:
                await way
            assert caught.value.todo
    await stage.backend.add(ANNA, event("hers"))
    assert stage.other.names() == []
    assert stage.stored(ANNA).keys() == {"hers.ics"}


def test_names_with_slashes_name_one_owner() -> None:
    owners = [Owner("a/b", "c"), Owner("a", "b/c"), Owner("a%2Fb", "c"), Owner("a", "c"), Owner("x@y", "ü z")]
    names = [CalDavSettings.key_of(owner).removeprefix("calendar.caldav.accounts.") for owner in owners]
    assert len(set(names)) == len(names)
    assert [owner_of_key(name) for name in names] == owners
    settings = CalDavSettings.model_validate(
        {"url": "https://dav.example.org", "accounts": {name: {"username": name} for name in names}}
    )
    for owner, name in zip(owners, names, strict=True):
        found = settings.account_of(owner)
        assert found is not None
        assert found.username == name
    assert settings.account_of(Owner("default", "local")) is None


ACCOUNT = {"username": "me", "password": "secret"}
MISSING = [
    ({"account": ACCOUNT}, "calendar.caldav.url"),
    ({"url": "https://dav.example.org/"}, "calendar.caldav.account"),
    ({"url": "https://dav.example.org/", "account": {}}, "calendar.caldav.account.username"),
    ({"url": "https://dav.example.org/", "accounts": {"a/b": {}}}, "calendar.caldav.accounts.a/b.username"),
]


@pytest.mark.parametrize(("given", "key"), MISSING)
async def test_settings_that_name_no_server_or_account(tmp_path: Path, given: dict[str, Any], key: str) -> None:
    """Told when the supervisor is built, not when the first event is added."""
    settings = offline_settings(tmp_path)
    calendar = settings.calendar.model_validate({"backend": "caldav", "caldav": given})
    with pytest.raises(ConfigurationError) as caught:
        async with Supervisor(settings.model_copy(update={"calendar": calendar})):
            pass
    assert caught.value.where == key
    assert caught.value.todo


WRONG = [
    {"url": "dav.example.org"},
    {"url": "ftp://dav.example.org"},
    {"url": "https://me:secret@dav.example.org/"},
    {"url": "https://[dav/"},
    {"url": "https://dav.example.org:99999999/"},
    {"accounts": {"anna": {}}},
    {"accounts": {"a/b/c": {}}},
    {"accounts": {"default/local": {}}},
]


@pytest.mark.parametrize("given", WRONG)
def test_settings_that_can_not_be_meant(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        CalDavSettings.model_validate(given)
    assert "address" in str(caught.value) or "owner" in str(caught.value) or "password" in str(caught.value)


async def test_without_the_package_the_extra_is_named(stage: ServerStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "caldav.aio", None)
    with pytest.raises(SupervisorError, match="is not installed") as caught:
        await stage.backend.add(LOCAL, event("one"))
    assert "agent-supervisor[caldav]" in caught.value.todo


async def test_a_first_probe_without_default_account_asks_for_another(stage: ServerStage) -> None:
    settings = stage.settings.model_copy(update={"account": None})
    reached = await CalDavCalendar(settings, SystemClock()).probe()
    assert stage.clients[ANNA].path in reached.detail
