"""The metasearch package ddgs as the web search: it asks public search engines itself, without a key or a server.

It is synchronous and runs in a worker thread. Its own time limit ends what it started; where it overruns that, the
thread is left to end by itself and the caller goes on. An engine that refuses looks to it like one that found nothing.
"""

from __future__ import annotations

import math
import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from common.errors import ToolError
from common.extras import import_extra
from common.health import Reached
from common.service_settings import WebSearchSettings
from roles.search.web import WebResult, WebUnavailable, clean_results

__all__ = ["DdgsSearch"]

_WHERE = "search.web.provider"
_AT_ONCE = 4
_AT_LEAST = 10
_COUNTRIES = {
    "en": "us",
    "ja": "jp",
    "ko": "kr",
    "zh": "cn",
    "sv": "se",
    "da": "dk",
    "cs": "cz",
    "el": "gr",
    "uk": "ua",
}


class DdgsSearch:
    """Implements `roles.search.web.WebSearch`.

    `backend` names the engines as ddgs writes it; `reach` is a host whose answer to a connection shows that the
    network is there.
    """

    name = "ddgs"

    def __init__(
        self, settings: WebSearchSettings, *, backend: str = "auto", reach: tuple[str, int] = ("duckduckgo.com", 443)
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._reach = reach
        self._threads = anyio.CapacityLimiter(_AT_ONCE)

    async def search(self, query: str, limit: int) -> tuple[WebResult, ...]:
        """See the protocol."""
        try:
            with anyio.fail_after(self._settings.timeout):
                rows = await anyio.to_thread.run_sync(
                    self._rows, query, limit, abandon_on_cancel=True, limiter=self._threads
                )
        except TimeoutError:
            raise WebUnavailable(f"no answer within {self._settings.timeout:g} s") from None
        return clean_results(((row.get("title"), row.get("href"), row.get("body")) for row in rows), limit)

    async def probe(self) -> Reached:
        """See the protocol: the package is there, and a connection to the network can be made."""
        await anyio.to_thread.run_sync(_package)
        try:
            package_version = version("ddgs")
        except PackageNotFoundError:
            package_version = ""
        host, port = _proxy() or self._reach
        try:
            with anyio.fail_after(self._settings.timeout):
                await (await anyio.connect_tcp(host, port)).aclose()
        except (OSError, TimeoutError):
            raise ToolError(
                f"ddgs is installed, but {host} can't be reached",
                where=_WHERE,
                todo="Look at the network, or name a proxy in the environment as DDGS_PROXY.",
            ) from None
        return Reached(package_version, f"{host} takes connections")

    def _rows(self, query: str, limit: int) -> list[dict[str, Any]]:
        package = _package()
        errors = import_extra("ddgs.exceptions", extra="web", where=_WHERE)
        # More than are shown, because some of what comes back may not be fit to be shown.
        options: dict[str, Any] = {
            "max_results": max(_AT_LEAST, 2 * limit),
            "safesearch": "moderate" if self._settings.safe else "off",
        }
        if region := _region(self._settings.language):
            options["region"] = region
        try:
            client = package.DDGS(timeout=math.ceil(self._settings.timeout))
            return cast("list[dict[str, Any]]", client.text(query, backend=self._backend, **options))
        except errors.RatelimitException:
            raise WebUnavailable("the search engines take no more requests from here for now") from None
        except errors.TimeoutException:
            raise WebUnavailable("the search engines did not answer in time") from None
        except errors.DDGSException as error:
            if "no results" in str(error).lower():
                return []
            raise WebUnavailable("the search engines could not be asked") from error
        except Exception as error:  # engines parse foreign pages, and fail in as many ways
            raise WebUnavailable(f"what the search engines answered can't be read ({type(error).__name__})") from error


def _package() -> Any:
    return import_extra("ddgs", extra="web", where=_WHERE)


def _region(language: str) -> str:
    """ddgs' country-language for "de", "de-CH" or "en"; empty for none."""
    spoken, _, country = language.strip().lower().replace("_", "-").partition("-")
    if not spoken.isalpha() or (country and not country.isalpha()):
        return ""
    country = country or _COUNTRIES.get(spoken, spoken)
    return f"{'uk' if country == 'gb' else country}-{spoken}"


def _proxy() -> tuple[str, int] | None:
    try:
        parts = urlsplit(os.environ.get("DDGS_PROXY", ""))
        return (parts.hostname, parts.port) if parts.hostname and parts.port else None
    except ValueError:
        return None
