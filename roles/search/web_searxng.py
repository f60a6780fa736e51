"""A SearXNG server as the web search, by its JSON API.

The client ignores proxy settings and .netrc of the environment and follows no redirects: queries go to the address in
`settings.search.web` and nowhere else. Nothing is retried: a tool call is short.
"""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from common.errors import ConfigurationError, ToolError
from common.health import Reached
from common.service_settings import WebSearchSettings
from roles.search.web import WebResult, WebUnavailable, clean_results, clean_text

if TYPE_CHECKING:
    import httpx

__all__ = ["SearxngSearch"]

_MAX_BYTES = 2_000_000
_WHERE = "search.web.url"
_NO_JSON = "it does not give its results as JSON (403): list json under search.formats in its settings.yml"
_SHOWN_ENGINES = 4


class SearxngSearch:
    """Implements `roles.search.web.WebSearch`. Raises `ConfigurationError` for an address that is none."""

    name = "SearXNG"

    def __init__(self, settings: WebSearchSettings) -> None:
        self._settings = settings
        self._base = _base(settings.url)
        self._host = urlsplit(self._base).netloc.rpartition("@")[2]
        self._tls: ssl.SSLContext | None = None

    async def search(self, query: str, limit: int) -> tuple[WebResult, ...]:
        """See the protocol."""
        params = {"q": query, "format": "json", "safesearch": "1" if self._settings.safe else "0"}
        if self._settings.language:
            params["language"] = self._settings.language
        status, body = await self._ask("/search", params)
        if status != 200:
            raise WebUnavailable(_refusal(status))
        answer = _json(body)
        rows = answer.get("results")
        if not isinstance(rows, list):
            raise WebUnavailable("its answer has no list of results")
        items = [cast("dict[str, Any]", row) for row in cast("list[object]", rows) if isinstance(row, dict)]
        found = clean_results(((item.get("title"), item.get("url"), item.get("content")) for item in items), limit)
        if found:
            return found
        if rows:
            raise WebUnavailable("none of its results can be shown")
        if silent := _silent_engines(answer.get("unresponsive_engines")):
            raise WebUnavailable(f"it found nothing, and search engines it asks did not answer ({silent})")
        return ()

    async def probe(self) -> Reached:
        """See the protocol: a search without a query tells whether JSON is allowed, and asks no search engine."""
        try:
            status, _ = await self._ask("/search", {"format": "json"})
            if status not in (200, 400):
                raise WebUnavailable(_refusal(status))
            status, body = await self._ask("/config", {})
            version = _json(body).get("version") if status == 200 else None
        except WebUnavailable as error:
            raise ToolError(
                f"SearXNG at {self._host}: {error}", where=_WHERE, todo="Look at the server, or name another address."
            ) from error
        return Reached(clean_text(version, 60), f"SearXNG at {self._host}")

    async def _ask(self, path: str, params: dict[str, str]) -> tuple[int, bytes]:
        import httpx

        try:
            with anyio.fail_after(self._settings.timeout):
                return await self._get(f"{self._base}{path}", params)
        except TimeoutError:
            raise WebUnavailable(f"no answer within {self._settings.timeout:g} s") from None
        except httpx.ConnectError:
            raise WebUnavailable("it can't be reached") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise WebUnavailable(f"the exchange with it failed ({type(error).__name__})") from None

    async def _get(self, url: str, params: dict[str, str]) -> tuple[int, bytes]:
        import httpx

        # Asking for no compression keeps the bound on bytes a bound on memory.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "agent-supervisor"}
        client = httpx.AsyncClient(trust_env=False, timeout=self._settings.timeout, verify=await self._tls_context())
        async with client, client.stream("GET", url, params=params, headers=headers) as response:
            return response.status_code, await _body(response)

    async def _tls_context(self) -> ssl.SSLContext:
        """One context for all calls: reading the certificates takes tens of milliseconds."""
        if not self._base.startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # unused, and trusts nobody
        if self._tls is None:
            import httpx

            self._tls = await anyio.to_thread.run_sync(lambda: httpx.create_ssl_context(trust_env=False))
        return self._tls


async def _body(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise WebUnavailable("its answer is compressed, though that was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise WebUnavailable("its answer is too large")
    return bytes(body)


def _base(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            "SearXNG is chosen for searching the web, but no address of a server is given"
            if not url.strip()
            else "the address of the SearXNG server is no http:// or https:// address",
            where=_WHERE,
            todo="Name the server there, such as http://localhost:8888, or set search.web.provider to none.",
        )
    return url.strip().partition("?")[0].partition("#")[0].rstrip("/").removesuffix("/search")


def _refusal(status: int) -> str:
    if status == 403:
        return _NO_JSON
    if status == 429:
        return "it takes no more requests from here for now (429)"
    if 300 <= status < 400:
        return f"it sends to another address ({status}): name that one as search.web.url"
    if status >= 500:
        return f"it has a fault of its own ({status})"
    return f"it refused the request ({status})"


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise WebUnavailable("its answer is no JSON; is it a SearXNG server?") from None
    if not isinstance(answer, dict):
        raise WebUnavailable("its answer is not of SearXNG's form")
    return cast("dict[str, Any]", answer)


def _silent_engines(listed: object) -> str:
    """ "brave: too many requests; …" from [[engine, reason], …], or empty."""
    if not isinstance(listed, list):
        return ""
    said: list[str] = []
    for entry in cast("list[object]", listed)[:_SHOWN_ENGINES]:
        words = cast("list[object]", entry) if isinstance(entry, list) else [entry]
        said.append(": ".join(clean_text(word, 60) for word in words[:2]))
    return "; ".join(text for text in said if text)
