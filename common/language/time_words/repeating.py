"""Whether words speak of something that comes again and again."""

from __future__ import annotations

import re

from common.language.words import Tokens, word_set

__all__ = ["REPEATERS", "is_repeating", "read_repeat"]

REPEATERS = word_set("daily everyday weekly biweekly fortnightly monthly yearly annually weekdays hourly once twice")
_UNITS = word_set("hour day weekday night week fortnight month year")

_REPEATING = re.compile(
    r"\b(?:every|each|hourly|daily|weekly|bi-?weekly|fortnightly|monthly|bi-?monthly|quarterly|yearly|annually"
    r"|weekdays|weekends|repeat(?:ing|s|edly)?|recurring|again and again)\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b"
    r"|\b(?:once|twice|(?:two|three|four|five|\d{1,2}) times) (?:a|an|per) (?:hour|day|night|week|month|year)\b",
    re.IGNORECASE,
)


def read_repeat(tokens: Tokens, index: int) -> int:
    """The index behind words that only say how often ("daily", "every weekday", "twice a week"); `index` for others."""
    word = tokens.word(index)
    if word in ("once", "twice"):
        often = tokens.word(index + 1) in ("a", "per", "every") and tokens.word(index + 2) in _UNITS
        return index + 3 if often else index
    if word in REPEATERS:
        return index + 1
    if word in ("every", "each"):
        at = index + 1 + (tokens.word(index + 1) in ("other", "second", "single"))
        return at + 1 if tokens.word(at) in _UNITS else index
    return index


def is_repeating(*texts: str) -> bool:
    """Whether any of the texts asks for more than one time ("every other Tuesday", "twice a day", "on Mondays")."""
    return any(_REPEATING.search(text) for text in texts)
