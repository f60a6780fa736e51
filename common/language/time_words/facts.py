"""Finds the thing that an offset counts from among the facts of earlier results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from common.language.words import stem, tokenize, word_set
from common.tool import Fact

__all__ = ["anchor_of", "fact_for"]

_DATED = frozenset({"event", "time"})
_PLAIN = word_set(
    "it that this then them the a an my our your his her their event appointment meeting thing entry "
    "start starts begin begins beginning of to we i us you they leave go set off out there one time trip "
    "is"
)
_SHARE = 0.5


def fact_for(name: str, facts: Sequence[Fact]) -> Fact | None:
    """The dated fact that `name` means: the one called so, else, where `name` says nothing particular, the last."""
    dated = [fact for fact in facts if fact.kind in _DATED and fact.start and _instant(fact.start) is not None]
    if not dated:
        return None
    wanted = _words(name)
    if not wanted:
        return dated[-1]
    best, share = None, 0.0
    for fact in dated:
        words = _words(fact.name)
        common = len(wanted & words) / min(len(wanted), len(words)) if words else 0.0
        if common >= max(share, _SHARE):
            best, share = fact, common
    return best


def anchor_of(fact: Fact, zone: tzinfo | None, sign: int) -> datetime | None:
    """The instant of a fact in `zone`: its start, or for what comes after it (positive sign) its end."""
    text = fact.end if sign > 0 and fact.end else fact.start
    instant = _instant(text or "")
    return instant.astimezone(zone) if instant is not None else None


def _words(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in tokenize(text).low if word[0].isalnum() and word not in _PLAIN)


def _instant(text: str) -> datetime | None:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
