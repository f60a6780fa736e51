"""Builds the search role."""

from __future__ import annotations

from roles.domain_role import DomainRole
from roles.resources import RoleResources
from roles.search.documents import DocumentSource
from roles.search.examples import EXAMPLES
from roles.search.tools import SearchTools

__all__ = ["build"]


def build(resources: RoleResources) -> DomainRole:
    """The search role over the owner's documents and the shipped collection."""
    settings = resources.settings
    tools = SearchTools(DocumentSource(settings), max_results=settings.search.max_results)
    return DomainRole(
        resources,
        name="search",
        description=(
            "Finds and reads documents: the user's own notes and files, and a shipped collection of mountain huts "
            "and lodges, packing lists, first aid, recipes, house manuals and travel tips. It does not search the web."
        ),
        examples=EXAMPLES,
        tools=tools.tools(),
        fallback=lambda part: ("search.documents", {"query": part}),
    )
