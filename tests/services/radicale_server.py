"""A real CalDAV server (Radicale) with two users, and another client of it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.services.process import ServerProcess, free_port

__all__ = ["PASSWORDS", "OtherClient", "RadicaleServer", "radicale"]

PASSWORDS = {"local": "secret-of-local", "anna": "secret-of-anna"}

_CONFIG = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/data
[rights]
type = owner_only
"""

_CALENDAR = """<?xml version="1.0"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>{name}</D:displayname>
<C:supported-calendar-component-set><C:comp name="{component}"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""


class RadicaleServer:
    """The server as a process of its own; each user has what they make, and sees nothing of others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port = free_port()
        (folder / "users").write_text("".join(f"{user}:{password}\n" for user, password in PASSWORDS.items()))
        (folder / "config").write_text(_CONFIG.format(port=port, folder=folder))
        self.process = ServerProcess(
            [sys.executable, "-m", "radicale", "--config", str(folder / "config")], port, folder=folder
        )
        self.url = f"http://127.0.0.1:{port}/"
        self._numbers = itertools.count(1)

    def new_calendar(self, user: str = "local") -> OtherClient:
        """A new, empty calendar of a user."""
        client = OtherClient(self.url, user, f"/{user}/calendar{next(self._numbers):04}/")
        client.make()
        return client


class OtherClient:
    """A calendar program of the same user that is not this project: it reads and writes resources as they are."""

    def __init__(self, root: str, user: str, path: str) -> None:
        self.user = user
        self.path = path
        self._http = httpx.Client(base_url=root, auth=(user, PASSWORDS[user]), timeout=10.0)

    def make(self, name: str = "", component: str = "VEVENT") -> None:
        """Make the calendar."""
        body = _CALENDAR.format(name=name or self.path.strip("/").replace("/", " "), component=component)
        self._http.request("MKCALENDAR", self.path, content=body).raise_for_status()

    def put(self, name: str, text: str) -> None:
        """Store a text under a name, whatever is there."""
        answer = self._http.put(self.path + name, content=text.encode(), headers={"Content-Type": "text/calendar"})
        answer.raise_for_status()

    def text(self, name: str) -> str:
        answer = self._http.get(self.path + name)
        answer.raise_for_status()
        return answer.text

    def delete(self, name: str = "") -> None:
        """Delete a resource, or the whole calendar."""
        self._http.delete(self.path + name).raise_for_status()

    def names(self) -> list[str]:
        """The names of all that is stored."""
        answer = self._http.request("PROPFIND", self.path, headers={"Depth": "1"})
        answer.raise_for_status()
        hrefs = [part.split("</href>")[0] for part in answer.text.split("<href>")[1:]]
        return sorted({href.rpartition("/")[2] for href in hrefs if href.startswith(self.path)} - {""})

    def version(self) -> dict[str, str]:
        """Every resource as it is now."""
        return {name: self.text(name) for name in self.names()}

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    """One server for the whole session; a test that stops one starts its own."""
    server = RadicaleServer(tmp_path_factory.mktemp("radicale"))
    server.process.start()
    yield server
    server.process.stop()
