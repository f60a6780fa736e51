"""Things people say to the timer role; the router learns it from them."""

from __future__ import annotations

__all__ = ["EXAMPLES"]

EXAMPLES: tuple[str, ...] = (
    "Set a timer for 10 minutes",
    "Wake me up at 7 tomorrow",
    "Remind me to call mum at 5 pm",
    "How much time is left on my tea timer?",
    "Cancel the pasta timer",
)
