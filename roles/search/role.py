"""Builds the search role."""

from __future__ import annotations

from dataclasses import replace

from common.health import HealthCheck
from common.results import RoleResult
from common.run_context import RunContext
from common.service_settings import WebSearchSettings
from roles.domain_role import DomainRole
from roles.resources import RoleResources
from roles.search.documents import DocumentSource
from roles.search.examples import EXAMPLES
from roles.search.tools import SearchTools
from roles.search.web import WebSearch, asks_for_web
from roles.search.web_tools import WEB_TOOL, WebTools

__all__ = ["build"]

_NO_WEB = "I can't search the web: no provider for it is set up (search.web.provider). Of the documents:"
_DOCUMENTS = (
    "Finds and reads documents: the user's own notes and files, and a shipped collection of mountain huts "
    "and lodges, packing lists, first aid, recipes, house manuals and travel tips."
)


class SearchRole(DomainRole):
    """The role, which says so where the web was asked for and there is none."""

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """See `common.role.Role`."""
        result = await super().execute(request, run)
        if any(tool.name == WEB_TOOL for tool in self.tools) or not asks_for_web(request):
            return result
        return replace(result, text=f"{_NO_WEB}\n{result.text}", ok=False, partly=result.ok or result.partly)


def build(resources: RoleResources) -> DomainRole:
    """The search role over the owner's documents, the shipped collection, and the web where a provider is configured.

    Raises `ConfigurationError` for a provider without what it needs.
    """
    settings = resources.settings
    web = _web(settings.search.web)
    source = DocumentSource(settings)
    tools = SearchTools(source, max_results=settings.search.max_results, web=web is not None).tools()
    checks = [HealthCheck("search", source.probe)]
    if web is not None:
        bounds = settings.search.web
        tools += WebTools(web, max_results=bounds.max_results, timeout=bounds.timeout).tools()
        checks.append(HealthCheck("web search", web.probe))
    return SearchRole(
        resources,
        name="search",
        description=f"{_DOCUMENTS} {_ABOUT_THE_WEB[web is not None]}",
        examples=EXAMPLES,
        tools=tools,
        fallback=lambda part: ("search.documents", {"query": part}),
        health_checks=checks,
    )


_ABOUT_THE_WEB = {False: "It does not search the web.", True: "It searches the web where the user asks for that."}


def _web(settings: WebSearchSettings) -> WebSearch | None:
    match settings.provider:
        case "none":
            return None
        case "searxng":
            from roles.search.web_searxng import SearxngSearch

            return SearxngSearch(settings)
        case "ddgs":
            from roles.search.web_ddgs import DdgsSearch

            return DdgsSearch(settings)
