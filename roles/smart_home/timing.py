"""Whether something is asked for another time than now, which the house can't be asked for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from common.language.time_words import find_spans, read_when
from common.language.words import read_number, tokenize

__all__ = ["later_words"]

_SOON = timedelta(minutes=1)
_BEFORE = re.compile(r"(?:at|to|by|on|of)\s+", re.IGNORECASE)


def later_words(text: str, now: datetime) -> str:
    """The words of a later time or of a length ("in ten minutes", "for an hour"), or "".

    "at 40" and "to twenty" are levels, not hours.
    """
    for span in find_spans(text):
        if span.kind == "duration":
            return span.text if span.text.lower().startswith("for ") else ""
        if _is_level(span.text):
            continue
        found = read_when(span.text, now)
        if found is not None and found.start - now > _SOON:
            return span.text
    return ""


def _is_level(text: str) -> bool:
    """Whether nothing but a number is said."""
    tokens = tokenize(_BEFORE.sub("", text, count=1))
    number = read_number(tokens, 0)
    return number is not None and number[1] == len(tokens)
