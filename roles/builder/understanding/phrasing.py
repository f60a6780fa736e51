"""Wordings of one meaning brought into one form: "a price that I choose" and "X euros" are "a given …"."""

from __future__ import annotations

import re

from roles.builder.understanding.idle_phrases import without_idle_phrases

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


_GIVEN_BEHIND = re.compile(
    rf"(?P<lead>[,;(–—]\s*|(?<=[a-z])[.]\s+|\b(?:and|with)\s+|\s-\s)(?:the\s+|an?\s+|its\s+|their\s+)?"
    rf"(?P<what>(?!(?:the\s+)?(?:others?|rest|remaining)\b){_NOUN}(?:\s+{_NOUN}){{0,2}}(?:\s+of\s+(?:the|an?)\s+{_NOUN})?)\s+(?:is\s+|are\s+|being\s+|will\s+be\s+|gets\s+)?"
    r"(?:given|provided|passed(?:\s+in)?|supplied|typed\s+in|as\s+(?:an?\s+|the\s+)?(?:inputs?|parameter|argument))"
    r"(?:\s+by\s+(?:me|us|the\s+(?:users?|callers?)))?\)?(?=\s*(?:[.,;:?]|$))",
    re.IGNORECASE,
)
""" "…, name of the client given"."""


_THE_OTHERS = re.compile(
    r"\b(?:the )?(?:others?|remaining|rest) (?:two|three|four|five|[2-5])(?: (?:values|inputs|numbers|figures))?"
    r"(?= (?:are|is|come|will be) (?:given|provided|supplied|entered|typed|from)\b)",
    re.IGNORECASE,
)
""" "The other two are given by the user": how many these are says nothing."""
_ON_TOP = re.compile(
    r"\b(?:(?P<seller>best[- ]?sellers?|top[- ]?sellers?|winners?)\s+(?:first|on top|at the top)"
    r"|(?:the\s+)?(?P<which>[a-z]+est|best|worst|most)\s+(?:ones?\s+)?(?:on top|at the top))\b",
    re.IGNORECASE,
)
""" "Best seller on top"."""
_MORE_THAN_ONE = re.compile(
    r"\b(more than|at least|less than|fewer than|at most|over|exactly|no more than) one\b(?!\s+(?:of|or|and"
    r"|third|half|quarter)\b)",
    re.IGNORECASE,
)
_SO_MANY = re.compile(
    r"(?:(?<=\bwith )|(?<=\bhave )|(?<=\bhas )|(?<=\bhad )|(?<=\bhaving )|(?<=\bof )|(?<=\bmade )|(?<=\bplaced ))"
    r"(?P<number>\d+|two|three|four|five|ten) or (?P<way>more|fewer|less)(?= [a-z])",
    re.IGNORECASE,
)
_AND_UP = re.compile(r"(?<![\w.])(\d+)\+ (?=[a-z])", re.IGNORECASE)


def in_plain_phrases(text: str) -> str:
    """The text with what the caller gives said in one way: "a given price", "between two dates".

    "The last N days" are ``lately given dayspan``, "the next N weeks" ``ahead given weekspan``.
    """
    plain = _DAYS_OF_MINE.sub(lambda match: f"{match['which']} N {match['unit']}", without_idle_phrases(text))
    plain = _ON_TOP.sub(lambda match: f"{'highest' if match['seller'] else match['which']} first", plain)
    plain = _MORE_THAN_ONE.sub(r"\1 1", plain)
    plain = _SO_MANY.sub(
        lambda match: f"at {'least' if match['way'].lower() == 'more' else 'most'} {match['number']}", plain
    )
    plain = _AND_UP.sub(r"at least \1 ", plain)
    plain = _LATELY.sub(
        lambda match: f"{'lately' if match['back'] else 'ahead'} given {match['unit'].lower()}span", plain
    )
    plain = _THE_OTHERS.sub("the others", plain)
    plain = _OF_MINE.sub(lambda match: f"a given {match['what']}", plain)
    plain = _GIVEN_BEHIND.sub(_as_given, plain)
    plain = _LETTER.sub(lambda match: f"{match['before']} a given", plain)
    return _TO_ANOTHER.sub("between two dates", plain)


def _as_given(match: re.Match[str]) -> str:
    lead = match["lead"] if match["lead"].strip() in (",", ";", ".") else " "
    return f"{lead}for a given {match['what']}"
