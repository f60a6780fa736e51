"""Calendars on a running CalDAV server, for tests."""

from __future__ import annotations

from typing import Any

from common.clock import SystemClock
from common.context import Owner
from common.settings import CalDavSettings
from roles.calendar.adapters.caldav_server import CalDavCalendar
from tests.roles.calendar.calendar_stage import ANNA, grouped
from tests.roles.calendar.calendars import LOCAL, ics
from tests.services.radicale_server import PASSWORDS, OtherClient, RadicaleServer

__all__ = ["ServerStage", "account"]

KEYS = {LOCAL: "local", ANNA: "anna"}


def account(user: str, calendar: str = "", **changes: Any) -> dict[str, Any]:
    return {"username": user, "password": PASSWORDS[user], "calendar": calendar, **changes}


class ServerStage:
    """New calendars of two owners on a running server, and another client of each."""

    def __init__(self, server: RadicaleServer, **settings: Any) -> None:
        self.server = server
        self.clients = {owner: server.new_calendar(user) for owner, user in KEYS.items()}
        mine, hers = (self.clients[owner] for owner in (LOCAL, ANNA))
        self.settings = CalDavSettings.model_validate(
            {
                "url": server.url,
                "account": account("local", mine.path),
                "accounts": {"acme/anna": account("anna", hers.path)},
                **settings,
            }
        )
        self.backend = self.another()
        self.other: OtherClient = mine

    def another(self) -> CalDavCalendar:
        """A backend of another process, so to say: it knows nothing of the first."""
        return CalDavCalendar(self.settings, SystemClock())

    def store(self, *components: str, owner: Owner = LOCAL) -> None:
        for number, group in enumerate(grouped(components).values()):
            self.clients[owner].put(f"theirs-{len(self.clients[owner].names())}-{number}.ics", ics(*group))

    def stored(self, owner: Owner = LOCAL) -> dict[str, str]:
        return self.clients[owner].version()

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
