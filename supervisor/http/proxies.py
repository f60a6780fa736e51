"""Who calls, where a proxy in front says so."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Forwarded"]

_ADDRESS = re.compile(r"\[?([0-9A-Fa-f:.]{2,45}?)\]?(?::[0-9]{1,5})?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")


class Forwarded:
    """ASGI middleware: takes the caller's address and scheme from what `hops` proxies in front have added.

    A proxy adds to the end of X-Forwarded-For; what stands before that comes from the caller, who may write anything
    there. X-Forwarded-Proto counts by its last entry, which the nearest proxy has written.
    """

    def __init__(self, app: ASGIApp, hops: int) -> None:
        self._app = app
        self._hops = hops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the call on, as the proxies tell it."""
        if scope["type"] == "http":
            scope = {**scope, **self._told(scope)}
        await self._app(scope, receive, send)

    def _told(self, scope: Scope) -> dict[str, object]:
        told: dict[str, object] = {}
        addresses = _entries(scope, b"x-forwarded-for")
        if len(addresses) >= self._hops:
            address = _address(addresses[-self._hops])
            if address is not None:
                told["client"] = (address, 0)
        schemes = _entries(scope, b"x-forwarded-proto")
        if schemes and schemes[-1].lower() in ("http", "https"):
            told["scheme"] = schemes[-1].lower()
        return told


def _entries(scope: Scope, name: bytes) -> list[str]:
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return [entry.strip() for entry in ",".join(values).split(",") if entry.strip()]


def _address(text: str) -> str | None:
    if text.count(":") > 1 and _IPV6.fullmatch(text):
        return text
    match = _ADDRESS.fullmatch(text)
    return None if match is None else match[1]
