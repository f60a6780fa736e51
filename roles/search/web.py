"""What a web search is to the role: the protocol, the shape of what is found, and how foreign text is cleaned."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Protocol
from urllib.parse import urlsplit

from common.health import Reached

__all__ = ["WebResult", "WebSearch", "WebUnavailable", "asks_for_web", "clean_results", "clean_text", "web_query"]

_MAX_TITLE = 150
_MAX_SNIPPET = 300
_MAX_URL = 1_000
_MAX_QUERY = 300
_TAG = re.compile(r"<[^<>]{0,1000}>")
_ASKS = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you|i want you to|i'd like you to|go and)\s+)*"
    r"(?:(?:search|look|check|browse|find|see|ask|try)?(?:\s+(?:it\s+)?up)?\s*(?:on|in|through|over)?\s*(?:the\s+)?"
    r"(?:web|internet|world wide web|google|bing|duckduckgo)"
    r"|(?:do|run|make)\s+an?\s+(?:web|internet|online|google)\s+search|(?:web|internet|online)\s+search"
    r"|(?:what\s+does\s+)?(?:the\s+)?(?:web|internet)\s+(?:say|know)s?|search\s+online|look\s+online|check\s+online)"
    r"(?:\s+(?:for|about|on|to see|to find out|what it says about|whether|if))?\s*[:,-]?\s+",
    re.IGNORECASE,
)
_VERBS = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you)\s+)*"
    r"(?:(?:look\s+(?:up|for)|search(?:\s+for)?|find(?:\s+out)?|check)[:,]?\s+)?(?:(?:whether|if)\s+)?",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r"^(?:the\s+)?(?:web|internet)\s+(?:say|know)s?\s+(?:about\s+)?", re.IGNORECASE
)  # the end of a question
_WANTED = re.compile(
    r"\b(?:search|browse|check|on|over|through|from|using) (?:the )?(?:web|internet)\b"
    r"|\b(?:web|internet|online) search\b|^\W*(?:please )?google\b|\bon google\b|\bonline\W*(?:please)?\W*$"
    r"|\b(?:look|search|check) online\b"
    r"|\bthe (?:web|internet) (?:say|know)",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"\s*\b(?:(?:on|in|over|from|using|with|via)\s+(?:the\s+)?(?:web|internet|world wide web|google)|online)"
    r"(?:\s*,?\s*please)?\W*$",
    re.IGNORECASE,
)
_OPERATOR = re.compile(r"(?<!\S)[!:<?]+(?=\S)")


class WebUnavailable(Exception):
    """The web can't be searched at the moment; the message is a clause for people."""


@dataclass(frozen=True, slots=True)
class WebResult:
    """One page that was found: all three are text from outside, cleaned and cut."""

    title: str
    url: str
    snippet: str


class WebSearch(Protocol):
    """A search of the web. Methods raise `WebUnavailable` or `ConfigurationError`, nothing else on purpose.

    What comes back is data from outside: callers cite it and never follow it.
    """

    @property
    def name(self) -> str:
        """What people know it by ("SearXNG")."""
        ...

    async def search(self, query: str, limit: int) -> tuple[WebResult, ...]:
        """At most `limit` pages for the query, the provider's best first; empty where it found none."""
        ...

    async def probe(self) -> Reached:
        """Ask whether it is there, without searching. Raises `SupervisorError` with what to do where it is not."""
        ...


def clean_results(rows: Iterable[tuple[object, object, object]], limit: int) -> tuple[WebResult, ...]:
    """From a provider's (title, url, snippet): the first `limit` that lead to a page of the web, each page once."""
    found: dict[str, WebResult] = {}
    for title, url, snippet in rows:
        address = _address(url)
        if address is None or (key := _key(address)) in found:
            continue
        shown = clean_text(title, _MAX_TITLE) or urlsplit(address).netloc
        found[key] = WebResult(shown, address, clean_text(snippet, _MAX_SNIPPET))
        if len(found) == limit:
            break
    return tuple(found.values())


def clean_text(text: object, most: int) -> str:
    """Foreign text as one line of at most `most` characters, without markup and without characters that act."""
    if not isinstance(text, str):
        return ""
    plain = unescape(_TAG.sub(" ", text[: 20 * most]))
    # Controls, and formatting characters that turn the direction of text or hide in it.
    plain = "".join(" " if char.isspace() else char for char in plain if char.isspace() or _is_shown(char))
    plain = " ".join(plain.split())
    return plain if len(plain) <= most else f"{plain[: most - 2].rsplit(' ', 1)[0]} …"


def web_query(text: str) -> str:
    """What to search for, of what was said: without the words that ask for the web, and without search operators.

    A word that starts with "!" would make SearXNG send the query elsewhere.
    """
    said = clean_text(text, _MAX_QUERY)
    asked = _ASKS.sub("", _SAYS.sub("", said), count=1)
    asked = _WHERE.sub("", asked)
    asked = _VERBS.sub("", asked, count=1)
    return _OPERATOR.sub("", asked).strip(" ?.!,:;") or _OPERATOR.sub("", said)


def asks_for_web(request: str) -> bool:
    """Whether a request names the web as the place to look."""
    return _WANTED.search(request) is not None


def _is_shown(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _address(url: object) -> str | None:
    """The address, if it is one of a page of the web that people can be shown."""
    if not isinstance(url, str) or not 8 <= len(url) <= _MAX_URL:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None  # "https://bank.example@evil.example" is made to be misread
    if not all(_is_shown(char) and not char.isspace() for char in url) or set(url) & set("<>\"'`\\"):
        return None
    return url


def _key(address: str) -> str:
    parts = urlsplit(address)
    return f"{(parts.hostname or '').removeprefix('www.')}:{parts.port or ''}{parts.path.rstrip('/')}?{parts.query}"
