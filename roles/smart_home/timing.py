"""Whether something is asked for another time than now, which the house can't be asked for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from common.language.time_words import find_spans, read_when

__all__ = ["later_words"]

_SOON = timedelta(minutes=1)
_LEVEL = re.compile(r"(?:at|to|by|on|of) (?:\d{1,3}(?:[.,]\d+)?|[a-z]+(?:[- ][a-z]+)?)", re.IGNORECASE)
_CLOCK = re.compile(r"\d:\d|\b(?:am|pm|a\.m|p\.m|noon|midnight|o['’]?clock)\b", re.IGNORECASE)


def later_words(text: str, now: datetime) -> str:
    """The words of a later time or of a length ("in ten minutes", "for an hour"), or "".

    "at 40" and "to twenty" are levels, not hours.
    """
    for span in find_spans(text):
        if span.kind == "duration":
            return span.text if span.text.lower().startswith("for ") else ""
        if _LEVEL.fullmatch(span.text) and not _CLOCK.search(span.text):
            continue
        found = read_when(span.text, now)
        if found is not None and found.start - now > _SOON:
            return span.text
    return ""
