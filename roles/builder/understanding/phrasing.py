"""Wordings of one meaning brought into one form: "a price that I choose" and "X euros" are "a given …"."""

from __future__ import annotations

import re

__all__ = ["in_plain_phrases"]

_WHOEVER = (
    r"(?:that\s+|which\s+)?(?:i|you|we|they|(?:the\s+)?(?:users?|callers?)|somebody|someone|one)\s+"
    r"(?:(?:can|will|may|want\s+to|would\s+like\s+to|am\s+going\s+to)\s+)?"
    r"(?:specif(?:y|ies)|gives?|chooses?|picks?|enters?|names?|selects?|provides?|types?(?:\s+in)?|sets?|says?|supply"
    r"|supplies|pass(?:es)?(?:\s+in)?)\b"
)
_NOUN = r"(?:(?!(?:of|and|or|with|that|which|when|if|where|who|by|for|in|as|so|then|once|after)\b)[a-z]+)"
_OF_MINE = re.compile(
    rf"\b(?:an?|any|some|the)\s+(?:number\s+of\s+)?(?P<what>{_NOUN}(?:\s+{_NOUN})?)\s+(?:{_WHOEVER}|of\s+(?:my|your"
    r"|their|the\s+user's|the\s+caller's)\s+(?:choice|choosing))",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"\b(?P<before>than|least|most|above|below|over|under|exceeding|after|before|since)\s+(?:[XYZNKxyzn]|<[a-z]+>)"
    r"(?=\s+[A-Za-z]{2,})"
)
_TO_ANOTHER = re.compile(
    r"\b(?:from|between)\s+(?:one|an?)\s+(?:date|day)\s+(?:to|and|until|till)\s+(?:another|the\s+other|the\s+next)"
    r"(?:\s+(?:one|date|day))?\b",
    re.IGNORECASE,
)
_LATELY = re.compile(
    r"\b(?:(?:in|over|during|within|for|from|of)\s+)?(?:the\s+)?(?:(?P<back>last|past|previous)|(?P<on>next|coming"
    r"|following))\s+(?:[NnXx]|<[a-z]+>|(?:an?\s+)?(?:given|certain|chosen|some)\s+(?:number|amount)\s+of|so\s+many"
    r"|however\s+many|given)\s+(?P<unit>day|week|month|year)s?\b(?:\s+given\b)?",
)  # fmt: skip
_DAYS_OF_MINE = re.compile(rf"(?P<which>last|past|previous|next|coming)\s+(?P<unit>[a-z]+s)\s+(?:{_WHOEVER})",
                           re.IGNORECASE)  # fmt: skip


def in_plain_phrases(text: str) -> str:
    """The text with what the caller gives said in one way: "a given price", "between two dates".

    "The last N days" are ``lately given dayspan``, "the next N weeks" ``ahead given weekspan``.
    """
    plain = _DAYS_OF_MINE.sub(lambda match: f"{match['which']} N {match['unit']}", text)
    plain = _LATELY.sub(
        lambda match: f"{'lately' if match['back'] else 'ahead'} given {match['unit'].lower()}span", plain
    )
    plain = _OF_MINE.sub(lambda match: f"a given {match['what']}", plain)
    plain = _LETTER.sub(lambda match: f"{match['before']} a given", plain)
    return _TO_ANOTHER.sub("between two dates", plain)
