"""What the words around a time say about the half of the day that is meant."""

from __future__ import annotations

from common.language.words import Tokens

__all__ = ["hints_of"]

_HINTS: dict[str, str] = {
    **dict.fromkeys(
        ("wake", "waking", "wakeup", "breakfast", "sunrise", "getup", "school", "dawn", "brekkie"), "morning"
    ),
    **dict.fromkeys(
        (
            "dinner", "supper", "party", "drinks", "cinema", "movie", "movies", "film", "concert", "theatre", "theater",
            "opera", "gig", "pub", "bar", "beers", "bedtime", "sunset", "nightclub", "disco", "takeaway",
        ),
        "evening",
    ),
    **dict.fromkeys(("alarm", "alarms"), "alarm"),
    **dict.fromkeys(("lunch", "brunch", "siesta"), "midday"),
}  # fmt: skip


_RISING = frozenset({"get", "getting", "be", "got"})
_OUT_OF_BED = frozenset({("out", "of", "bed"), ("have", "me", "up"), ("have", "us", "up"), ("want", "me", "up")})


def hints_of(tokens: Tokens) -> frozenset[str]:
    """The parts of the day ("morning", "midday", "evening") that words such as "dinner" or "wake" speak for.

    "alarm" speaks for the morning too, but only of another day.
    """
    low = tokens.low
    found = frozenset(_HINTS[word] for word in low if word in _HINTS)
    if any(word == "up" and not _RISING.isdisjoint(low[max(0, n - 2) : n]) for n, word in enumerate(low)):
        found |= {"morning"}
    if any(tuple(low[n : n + 3]) in _OUT_OF_BED for n in range(len(low))):
        found |= {"morning"}
    return found if len(found - {"alarm"}) <= 1 else frozenset()
