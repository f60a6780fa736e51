"""Addresses that Apprise knows: more than a hundred services, each by a URL that mostly holds its token."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import anyio
from pydantic import SecretStr

from common.errors import ConfigurationError, SupervisorError
from common.extras import import_extra
from common.health import Reached
from supervisor.notifiers.address import DeliveryFailed

__all__ = ["AppriseAddress"]

_OWN_SERVERS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
"""Kinds whose host and port are in the address as they are, and tell nothing that is secret."""


_busy: ContextVar[bool] = ContextVar("apprise_is_busy_for_us", default=False)


class _NoSecrets(logging.Filter):
    """Holds back what Apprise and its HTTP client log while they work for us: whole addresses, tokens and messages.

    Even an error of Apprise's names the address that it could not load. What matters is told by our own errors.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Passes on what others' use of Apprise logs."""
        return not _busy.get()


_FILTER = _NoSecrets()


@contextmanager
def _quiet() -> Generator[None]:
    # Other users of Apprise in this process are not affected: the filter looks at who is at work.
    for name in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(name).addFilter(_FILTER)
    token = _busy.set(True)
    try:
        yield
    finally:
        _busy.reset(token)


class AppriseAddress:
    """Implements `supervisor.notifiers.address.Address`. Make it in a worker thread: the import takes a while.

    `setting` names where the address stands, `timeout` bounds each exchange with the service, in seconds. Raises
    `ConfigurationError` for an address that Apprise does not understand, and where Apprise is not installed.
    """

    def __init__(self, url: SecretStr, setting: str, timeout: float) -> None:
        apprise: Any = import_extra("apprise", extra="notifications", where=setting)
        address = url.get_secret_value().strip()
        # Kept from reading emoji names and escapes into people's text, and from doing work on threads of its own.
        asset = apprise.AppriseAsset(async_mode=False, interpret_emojis=False, interpret_escapes=False)
        with _quiet():
            service = apprise.Apprise.instantiate(address, asset=asset)
        if service is None:
            raise ConfigurationError(
                "Apprise does not understand this address",
                where=setting,
                todo="Write it as Apprise's documentation of the service says, such as ntfy://ntfy.sh/topic.",
            )
        self._kind = address.partition(":")[0].lower()
        self.place = f"{setting} ({self._kind})"
        self._service: Any = service
        for bound in ("socket_connect_timeout", "socket_read_timeout"):
            setattr(service, bound, min(getattr(service, bound, None) or timeout, timeout))
        self._sender: Any = apprise.Apprise(asset=asset)
        self._sender.add(service)
        self._text = apprise.NotifyFormat.TEXT
        self._timeout = timeout

    def send(self, title: str, text: str) -> None:
        """See the protocol."""
        try:
            with _quiet():
                taken = self._sender.notify(body=text, title=title, body_format=self._text)
        except Exception as error:  # the message of an error can hold the address
            raise DeliveryFailed(f"the service's plugin failed ({type(error).__name__})") from None
        if not taken:
            raise DeliveryFailed("the service did not take it")

    async def probe(self) -> Reached:
        """See the protocol: only servers of one's own can be asked without sending."""
        if self._kind not in _OWN_SERVERS:
            return Reached(detail="understood; it can't be asked without sending")
        port = int(self._service.port or (443 if self._service.secure else 80))
        try:
            with anyio.fail_after(self._timeout):
                await (await anyio.connect_tcp(str(self._service.host), port)).aclose()
        except (OSError, TimeoutError):
            raise SupervisorError(
                "nobody takes connections there", where=self.place, todo="Look at the service, or change the address."
            ) from None
        return Reached(detail="takes connections")
