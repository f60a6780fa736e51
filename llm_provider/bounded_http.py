"""HTTP clients for servers of strangers: bounded answers, and no header that is sent to another host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import ModuleType
from typing import Any

__all__ = ["MAX_ANSWER_BYTES", "http_client"]

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""The longest answer that is read; of a stream of events, the longest line."""


def http_client(library: ModuleType, url: str, headers: Mapping[str, str], *, connect: float, read: float) -> Any:
    """An `AsyncClient` of `library` (httpx or httpx2) for one server; `connect` and `read` are timeouts in seconds.

    It follows redirects and addresses within the server's own origin only, because the headers hold its secrets.
    """
    lib: Any = library
    origin = _origin(lib.URL(url))

    async def stay(request: Any) -> None:
        if _origin(request.url) != origin:
            raise lib.RequestError(f"it leads to another host, {request.url.host}", request=request)

    return lib.AsyncClient(
        headers=dict(headers),
        timeout=lib.Timeout(connect, read=read),
        follow_redirects=True,
        event_hooks={"request": [stay]},
        transport=_bounded(lib),
    )


def _origin(url: Any) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _bounded(lib: Any) -> Any:
    stream: Any = lib.AsyncByteStream
    transport: Any = lib.AsyncHTTPTransport

    class Counted(stream):
        def __init__(self, inner: Any, *, by_line: bool) -> None:
            self._inner = inner
            self._by_line = by_line

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self._inner:
                end = chunk.rfind(b"\n") if self._by_line else -1
                size = len(chunk) - end - 1 if end >= 0 else size + len(chunk)
                if size > MAX_ANSWER_BYTES:
                    raise lib.ReadError(f"the answer has more than {MAX_ANSWER_BYTES:,} bytes")
                yield chunk

        async def aclose(self) -> None:
            await self._inner.aclose()

    class Bounded(transport):
        async def handle_async_request(self, request: Any) -> Any:
            plain: Any = super()
            response: Any = await plain.handle_async_request(request)
            events = str(response.headers.get("content-type", "")).lower().startswith("text/event-stream")
            response.stream = Counted(response.stream, by_line=events)
            return response

    return Bounded()
