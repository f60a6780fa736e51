"""The tools of the search role. Both only read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from common.context import Owner
from common.language.formats import Query, Subject
from common.tool import Fact, Tool, ToolContext, ToolResult
from roles.search.query import SearchQuery, read_query
from roles.search.source import DOCUMENTS, Findings, FoundDocument, Hit, SearchSource, SearchUnavailable

__all__ = ["ReadArguments", "SearchArguments", "SearchTools"]

_READ_CHARS = 4_000
_SHORT_EXCERPT = 160
_SHOWN_PROBLEMS = 3
_IT = re.compile(
    r"(?:(?:it|that|this|that one|the (?:first|top|best) (?:one|hit|result|document)|the (?:document|file))"
    r"(?: to me)?(?: in full)?)?"
)

_SEARCH_UTTERANCES = (
    "search for lodging for a mountain trip",
    "search for lodging",
    "find a hut near the glacier",
    "find me a place to stay in the Alps",
    "what do my notes say about the boiler?",
    "look up how to reset the router",
    "search my documents for the insurance policy",
    "is there anything in my files about avalanche safety?",
    "which hut is open in winter?",
    "find a recipe for barley soup",
    "what should I pack for a hut tour?",
    "look for accommodation in the mountains",
    "what does error E15 on the dishwasher mean?",
    "how do I treat a sprained ankle?",
    "find information about refunds",
    "search for a lodge with showers",
    "do I have notes on the garden project?",
    "how much does a night at the hut cost?",
)
_READ_UTTERANCES = (
    "read the document Säntis Lodge",
    "open saentis-lodge.md",
    "show me the whole packing list for a hut tour",
    "read my note about the boiler",
    "show the full text of the router manual",
    "open the first aid document",
    "read it to me in full",
    "let me see the recipe for pancakes",
    "what is in the file trips.md?",
    "read me the FAQ on refunds",
    "show the document trail safety",
    "open my notes on Zermatt",
)


class SearchArguments(BaseModel):
    """Arguments of search.documents."""

    model_config = ConfigDict(extra="forbid")

    query: Query = Field(min_length=1, max_length=1_000, description="what to search for, as said")


class ReadArguments(BaseModel):
    """Arguments of search.read."""

    model_config = ConfigDict(extra="forbid")

    source: Subject = Field(
        default="", max_length=500, description="the document's title or source; empty for the one found before"
    )


class SearchTools:
    """Tools over a search source; what they return is quoted with its source and never followed.

    `web` tells that the web can be searched too, by a tool of its own: nothing asked here is sent there.
    """

    def __init__(self, source: SearchSource, *, max_results: int, web: bool = False) -> None:
        self._source = source
        self._max_results = max_results
        self._web = web

    def tools(self) -> tuple[Tool, ...]:
        """The tools to register."""
        documents = Tool(
            name="search.documents",
            description=(
                "Search the user's own documents and the shipped collection (mountain huts and lodges, packing lists, "
                "first aid, recipes, house manuals, travel tips); returns excerpts with their sources."
            ),
            arguments=SearchArguments,
            handler=self.search,
            utterances=_SEARCH_UTTERANCES,
        )
        read = Tool(
            name="search.read",
            description="Show the text of one document by its title or source.",
            arguments=ReadArguments,
            handler=self.read,
            utterances=_READ_UTTERANCES,
        )
        return documents, read

    async def search(self, arguments: SearchArguments, context: ToolContext) -> ToolResult:
        """Look for documents. Finding nothing is a true answer, so it is no failure."""
        query = read_query(arguments.query)
        try:
            found = await self._source.search(context.context.owner, query, self._max_results)
        except SearchUnavailable as error:
            return ToolResult(ok=False, text=f"I could not search: {error}.")
        lines = [*_answer(query, found), *_problems(found.problems)]
        if self._web and not found.hits and not query.own:
            lines.append(f"To look on the web, say “search the web for {_about(query)}”.")
        return ToolResult(
            text="\n".join(lines),
            data=[_hit_data(hit) for hit in found.hits],
            facts=tuple(Fact(kind="document", name=hit.title, data={"source": hit.source}) for hit in found.hits),
            sources=tuple(hit.source for hit in found.hits),
        )

    async def read(self, arguments: ReadArguments, context: ToolContext) -> ToolResult:
        """Show one document, or its beginning."""
        name = arguments.source.strip()
        if _IT.fullmatch(name.casefold()):
            before = next((fact for fact in context.facts if fact.kind == "document"), None)
            if before is None:
                return ToolResult(ok=False, text="Which document? Name its title, for example “read Säntis Lodge”.")
            name = str(before.data.get("source") or before.name)
        try:
            found = await self._read(context.context.owner, name)
        except SearchUnavailable as error:
            return ToolResult(ok=False, text=f"I could not read it: {error}.")
        if found is None:
            return ToolResult(ok=False, text=f"There is no document called “{name}”. Search for it by what it says.")
        cut = f"\n[the first {len(found.text)} of {found.total_chars} characters]"
        text = f"“{found.title}” ({found.source}):\n{found.text}{cut if found.total_chars > len(found.text) else ''}"
        return ToolResult(text=text, data={"title": found.title, "source": found.source}, sources=(found.source,))

    async def _read(self, owner: Owner, name: str) -> FoundDocument | None:
        """The document of this name, else the one that says best what is named, if it says all of it."""
        if (found := await self._source.read(owner, name, _READ_CHARS)) is not None:
            return found
        described = await self._source.search(owner, read_query(name), 1)
        if not described.hits or described.unknown_words:
            return None
        return await self._source.read(owner, described.hits[0].source, _READ_CHARS)


def _answer(query: SearchQuery, found: Findings) -> list[str]:
    """What was found, in sentences that name their sources."""
    about = _about(query)
    if not found.hits:
        return [f"I found nothing about “{about}” in your documents."]
    first, *others = found.hits
    lines: list[str] = []
    if query.own and first.origin != DOCUMENTS:
        lines.append(f"Your own documents say nothing about “{about}”; the shipped collection does.")
    heading = f"{first.heading.rstrip(':')} – " if first.heading else ""
    lines.append(f"According to “{first.title}” ({first.source}): {heading}{first.excerpt}")
    if others:
        lines.append("Also found:")
        lines += [f"- “{hit.title}” ({hit.source}): {_shortened(hit.excerpt)}" for hit in others]
    if found.unknown_words:
        lines.append(f"No document mentions {', '.join(f'“{word}”' for word in found.unknown_words)}.")
    return lines


def _about(query: SearchQuery) -> str:
    return " ".join(word for word, _ in query.words) or query.text


def _shortened(text: str) -> str:
    if len(text) <= _SHORT_EXCERPT:
        return text
    return f"{text[:_SHORT_EXCERPT].rsplit(' ', 1)[0]} …"


def _problems(problems: Sequence[str]) -> list[str]:
    if not problems:
        return []
    more = f"; and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
    return [f"Not searched: {'; '.join(problems[:_SHOWN_PROBLEMS])}{more}."]


def _hit_data(hit: Hit) -> JsonValue:
    return {
        "title": hit.title,
        "source": hit.source,
        "heading": hit.heading,
        "excerpt": hit.excerpt,
        "score": hit.score,
    }
