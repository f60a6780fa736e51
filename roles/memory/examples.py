"""Things people say to the memory role; the router learns it from them."""

from __future__ import annotations

__all__ = ["EXAMPLES"]

EXAMPLES: tuple[str, ...] = (
    "Remember that my locker code is 4711",
    "What's my wifi password?",
    "Forget what I said about my sister",
    "What do you know about me?",
)
