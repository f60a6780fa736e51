"""Reads yes or no, on or off, open or closed from what somebody asked."""

from __future__ import annotations

from common.language.marked import Marked
from common.language.phrases import ARTICLES
from common.language.words import stem
from common.language.wrappers import skip_wrapper

__all__ = ["read_switch"]

_PAIRS = (
    ("lock", "unlock"), ("open", "close"), ("mute", "unmute"), ("enable", "disable"), ("activate", "deactivate"),
    ("start", "stop"), ("arm", "disarm"), ("subscribe", "unsubscribe"), ("connect", "disconnect"), ("allow", "forbid"),
    ("show", "hide"), ("include", "exclude"),
)  # fmt: skip
_YES = {stem(yes): stem(no) for yes, no in _PAIRS}
_NO = {stem(no): stem(yes) for yes, no in _PAIRS}
_ON_NAMES = frozenset(
    stem(word) for word in ("on", "enabled", "active", "power", "state", "switch", "running", "powered", "turn")
)
_ON = frozenset(stem(word) for word in ("enable", "activate", "illuminate", "light", "start"))
_OFF = frozenset(stem(word) for word in ("off", "disable", "deactivate", "kill", "shut", "stop", "extinguish"))
_LEADING = frozenset(
    {"turn", "switch", "put", "power", "turned", "switched", "go", "leave", "keep", "flip", "set", "be", "is", "get"}
)
_SWITCHING = frozenset({"turn", "switch", "put", "power", "turned", "switched", "flip"})
_NOT = frozenset({"not", "no", "without", "don't", "dont", "never", "isn't", "non"})
_YES_WORDS = frozenset({"yes", "yeah", "yep", "true", "sure"})
_NO_WORDS = frozenset({"no", "nope", "false"})


def read_switch(marked: Marked, words: frozenset[str], used: bytearray) -> bool | None:
    """What the text says about a yes-or-no property with these stemmed words in its name; None where nothing."""
    low = marked.low
    stems = [stem(word) for word in low]
    if words & _ON_NAMES and (on := _on_off(marked, stems)) is not None:
        return on
    for index, word in enumerate(stems):
        if used[index] or not marked.free(index):
            continue
        if word in words and len(word) > 2:
            return not _negated(low, index)
        if word in _YES and (_NO_OF(word, words)):
            return False
        if word in _NO and _NO[word] in {w[: len(_NO[word])] for w in words}:
            return False
        if word in _YES and word in {w[: len(word)] for w in words}:
            return not _negated(low, index)
    if low and low[0] in _YES_WORDS:
        return True
    return False if low and low[0] in _NO_WORDS and len(low) <= 3 else None


def _NO_OF(word: str, words: frozenset[str]) -> bool:  # noqa: N802
    """Whether the property is called after the opposite ("closed", and the text says "open")."""
    return _YES[word] in {w[: len(_YES[word])] for w in words}


def _negated(low: list[str], index: int) -> bool:
    return bool(_NOT.intersection(low[max(0, index - 3) : index]))


def _on_off(marked: Marked, stems: list[str]) -> bool | None:
    """On or off as said with a verb of switching ("turn the light on", "lights off")."""
    low = marked.low
    for index, word in enumerate(stems):
        if not marked.free(index):
            continue
        if word in _OFF:
            return _negated(low, index)
        if low[index] == "on" and _is_particle(marked, index):
            return not _negated(low, index)
    start = skip_wrapper(marked.tokens, 0, len(low))
    return True if start < len(low) and stems[start] in _ON else None


def _is_particle(marked: Marked, index: int) -> bool:
    """Whether "on" goes with the verb and is not the "on" of "on Saturday" or "on my calendar"."""
    tokens = marked.tokens
    following = tokens.word(index + 1)
    if tokens.word(index - 1) in _LEADING:
        return tokens.word(index - 1) in _SWITCHING or following not in ARTICLES
    ends = (
        not following
        or not following[0].isalnum()
        or following in ("please", "pls", "plz", "thanks", "and", "in", "for", "at", "now", "again", "when", "until")
    )
    return ends or bool(marked.inside[index + 1]) if index + 1 < len(tokens) else ends
