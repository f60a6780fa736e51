"""One operation's connection to a CalDAV server: every exchange bounded in time and size, its failure told by its kind.

The package `caldav` keeps the HTTP session and signs in. Its own requests are not used: they follow redirects with
other methods, take answers of any size, and don't tell a failure from an open outcome.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import anyio
import anyio.to_thread

from common.errors import ConfigurationError
from common.extras import import_extra
from roles.calendar.adapters.ics_text import printable
from roles.calendar.backend import CalendarError, CalendarUnclear

if TYPE_CHECKING:
    from caldav.aio import AsyncDAVClient

    from common.settings import CalDavAccount, CalDavSettings

__all__ = ["Answer", "Connection", "connected", "joined", "place_of"]

MAX_BYTES = 20_000_000
"""The largest answer that is read."""
_CHUNK = 65_536
_MAX_HOPS = 5
_CLOSE_SECONDS = 2.0
_WRITING = frozenset({"PUT", "DELETE"})
_REDIRECTS = frozenset({301, 302, 307, 308})
_SHOWN = 200
_AGENT = "agent-supervisor"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one request; `url` is where, behind redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class _TooLarge(Exception):
    pass


def place_of(url: str) -> str:
    """An address as it may stand in messages: without user, password and query, and of bounded length."""
    parts = urlsplit(url)
    return printable(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")), _SHOWN)


def joined(base: str, reference: str) -> str:
    """The address that a server's reference means. Raises `CalendarError` for one that is none."""
    try:
        url = urljoin(base, reference)
        urlsplit(url)
    except ValueError:
        raise CalendarError(
            "the calendar server names an address that is none", where=place_of(base), todo="Check calendar.caldav.url."
        ) from None
    return url


@asynccontextmanager
async def connected(
    settings: CalDavSettings, account: CalDavAccount, key: str, schemes: frozenset[str]
) -> AsyncGenerator[Connection]:
    """A connection of one account, closed at the end; `key` is the setting that holds the account.

    `schemes` are the ways of signing in that the server named before, as `Connection.schemes` has them. Raises
    `CalendarError` where the package is not installed.
    """
    try:
        aio = await anyio.to_thread.run_sync(_imported)
    except ConfigurationError as error:
        raise CalendarError(error.what, where=error.where, todo=error.todo) from None
    dav = cast(
        "AsyncDAVClient",
        aio.AsyncDAVClient(
            settings.url,
            username=account.username or None,
            password=account.password.get_secret_value() if account.password is not None else "",
            enable_rfc6764=False,
        ),
    )
    try:
        yield Connection(dav, settings, key, schemes)
    finally:
        with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
            await dav.close()


def _imported() -> Any:
    return import_extra("caldav.aio", extra="caldav", where="calendar.backend")


def _unsigned(request: Any) -> Any:
    """No credentials: given as such, because without any the HTTP library looks for some in the user's .netrc."""
    return request


class Connection:
    """Requests of one account, one after another."""

    def __init__(self, dav: AsyncDAVClient, settings: CalDavSettings, key: str, schemes: frozenset[str]) -> None:
        self._dav = dav
        self._root = urlsplit(settings.url)
        self._timeout = settings.timeout
        self._key = key
        self.root = settings.url
        self.schemes = frozenset[str]()
        """The ways of signing in that the server named, once it did."""
        if schemes:
            self._sign_in(schemes)

    async def ask(self, method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request and read its whole answer, whatever its status below 500.

        PROPFIND follows redirects. Raises `CalendarError` where the server was not reached, did not answer or refuses
        who asks; a PUT or DELETE without an answer, or with one above 499, raises `CalendarUnclear`.
        """
        for _ in range(_MAX_HOPS):
            answer = await self._signed(method, url, body, headers or {})
            if method != "PROPFIND" or answer.status not in _REDIRECTS:
                return answer
            url = joined(url, answer.headers.get("location", ""))
        raise CalendarError(
            "the calendar server redirects without end", where=place_of(url), todo="Check calendar.caldav.url."
        )

    async def _signed(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        self._check_host(url)
        answer = await self._exchange(method, url, body, headers)
        if answer.status == 401 and self._dav.auth is None:
            self._sign_in(self._dav.extract_auth_types(answer.headers.get("www-authenticate", "")))
            answer = await self._exchange(method, url, body, headers)
        if answer.status == 401:
            raise CalendarError(
                "the calendar server does not accept this user name and password",
                where=place_of(url),
                todo=f"Check username and password of {self._key}.",
            )
        if answer.status >= 500:
            raise _failure(method)(
                f"the calendar server failed with status {answer.status}",
                where=place_of(url),
                todo="Try again later; the server's own log says why.",
            )
        return answer

    def _sign_in(self, schemes: frozenset[str] | set[str]) -> None:
        try:
            self._dav.build_auth_object(sorted(schemes))
        except Exception:  # of the package's own types; what matters is that nothing was made
            self._dav.auth = None
        if self._dav.auth is None:
            raise CalendarError(
                "the calendar server takes no user name and password, or none is configured",
                where=place_of(self.root),
                todo=f"Check {self._key}, and that calendar.caldav.url is the address for calendar programs.",
            )
        self.schemes = frozenset(schemes)

    def _check_host(self, url: str) -> None:
        """Credentials go to the configured server and, encrypted, to others of its domain; nowhere else."""
        asked = urlsplit(url)
        same = _origin(asked) == _origin(self._root)
        if same or (asked.scheme == "https" and _is_kin(asked.hostname or "", self._root.hostname or "")):
            return
        raise CalendarError(
            "the calendar server points to another server",
            where=place_of(url),
            todo="If that one is yours, write its address as calendar.caldav.url.",
        )

    async def _exchange(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        try:
            with anyio.fail_after(self._timeout):
                response = await self._dav.session.request(
                    method,
                    url,
                    data=body.encode("utf-8") if body else None,
                    headers={"User-Agent": _AGENT, **headers},
                    auth=self._dav.auth or _unsigned,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                )
                content = await _content(response)
        except Exception as error:  # whatever HTTP library is below, its errors share no base
            failure = _failure(method)
            raise failure(_why(error, self._timeout), where=place_of(url), todo=_todo(error)) from None
        told = {str(name).lower(): str(value) for name, value in response.headers.items()}
        return Answer(int(response.status_code or 0), told, content, url)


async def _content(response: Any) -> bytes:
    """The body, unpacked; raises `_TooLarge` before it holds more than the bound and one chunk."""
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in await response.iter_content(_CHUNK):
            size += len(chunk)
            if size > MAX_BYTES:
                raise _TooLarge
            parts.append(chunk)
    finally:
        # a connection with an answer that was not read to its end belongs to nobody else
        with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
            await response.close()
    return b"".join(parts)


def _failure(method: str) -> type[CalendarError] | type[CalendarUnclear]:
    return CalendarUnclear if method in _WRITING else CalendarError


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_kin(host: str, root: str) -> bool:
    """Whether a host is the root itself, or shares the domain of a root that has a name of its own below it."""
    domain = root.partition(".")[2]
    return host == root or ("." in domain and host.endswith(f".{domain}"))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(found) < 20:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def _why(error: Exception, timeout: float) -> str:
    """What went wrong, in words of this module alone: an HTTP library's own may say anything."""
    causes = _causes(error)
    if isinstance(error, _TooLarge):
        return f"the calendar server's answer is larger than {MAX_BYTES // 1_000_000} MB"
    if any(isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__ for cause in causes):
        return f"the calendar server gave no answer within {timeout:g} seconds"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "the calendar server can't be reached: nothing takes connections there"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "the calendar server can't be reached: its name is not known"
    insecure = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if insecure is not None:
        reason = getattr(insecure, "verify_message", "") or insecure.reason or "it speaks no TLS"
        return f"no secure connection to the calendar server: {printable(str(reason), _SHOWN)}"
    return "the connection to the calendar server was lost before its answer was complete"


def _todo(error: Exception) -> str:
    if isinstance(error, _TooLarge):
        return "Ask about a shorter time, or split the calendar."
    return "Check that it runs, and calendar.caldav.url."
