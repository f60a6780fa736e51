"""Things people say to the conversation role; the router learns it from them."""

from __future__ import annotations

__all__ = ["EXAMPLES"]

EXAMPLES: tuple[str, ...] = (
    "Hello",
    "Thank you",
    "Who are you?",
    "Tell me something interesting about the moon",
)
