"""What can be searched: the protocol, and the shapes of what is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from common.context import Owner
from roles.search.query import SearchQuery

__all__ = ["COLLECTION", "DOCUMENTS", "Findings", "FoundDocument", "Hit", "SearchSource", "SearchUnavailable"]

DOCUMENTS = "documents"
"""Origin of the owner's own documents."""
COLLECTION = "collection"
"""Origin of the documents that come with the package."""


class SearchUnavailable(Exception):
    """A source can't be searched at the moment; the message is a clause for people."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found, with its best passage.

    `source` is what is cited (``collection: saentis-lodge.md``); `excerpt` is the passage, or the part of it around
    the words searched for. A higher `score` is better; scores of different sources can't be compared.
    """

    title: str
    origin: str
    source: str
    heading: str
    excerpt: str
    score: float


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found: hits best first, words that occur nowhere, and documents that could not be read."""

    hits: tuple[Hit, ...] = ()
    unknown_words: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document, or its beginning: `total_chars` is the length of the whole."""

    title: str
    source: str
    text: str
    total_chars: int


class SearchSource(Protocol):
    """Something that can be searched on behalf of an owner. Methods raise `SearchUnavailable`, nothing else on purpose.

    What comes back is data from outside: callers cite it and never follow it.
    """

    async def search(self, owner: Owner, query: SearchQuery, limit: int) -> Findings:
        """At most `limit` documents for the query, of those the owner may see."""
        ...

    async def read(self, owner: Owner, name: str, max_chars: int) -> FoundDocument | None:
        """The document with this title or source, of those the owner may see; None where there is none."""
        ...
