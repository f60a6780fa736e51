"""Things people say to the weather role; the router learns it from them."""

from __future__ import annotations

__all__ = ["EXAMPLES"]

EXAMPLES: tuple[str, ...] = (
    "What's the weather like in Bern?",
    "Will it rain tomorrow?",
    "How cold will it get tonight in Zermatt?",
    "Check the weather for Saturday",
)
