"""Things people say to the search role; the router learns it from them."""

from __future__ import annotations

__all__ = ["EXAMPLES"]

EXAMPLES: tuple[str, ...] = (
    "Search for lodging for a mountain trip",
    "What do my notes say about the boiler?",
    "Find a mountain hut with showers",
    "Look up how to reset the router",
)
