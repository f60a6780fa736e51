"""Which of two readings is the surer one by what each has a use for: the one that left no word over."""

from __future__ import annotations

import re
from collections.abc import Mapping

from roles.builder.understanding.requirements import Place, Requirements

__all__ = ["has_use_for_more"]

_UNUSED = "no use was made of: "
_JUDGED = re.compile(r"\b(?:must|should|has to|pass(?:es)?|fails?|check|ok|okay|verdict)\b", re.IGNORECASE)
_ROUNDED = re.compile(r"\b(?:round|ceil|floor)\(")


def has_use_for_more(whole: Requirements, other: Requirements) -> bool:
    """Whether a reading has a use for words that the other one has none for.

    The other one says so itself, or it lacks a figure that was asked for beside those of both, or the rounding.
    """
    if _leaves_words(other) and not _leaves_words(whole):
        return True
    limits = any(one.figure or one.comparison in ("<", "<=", ">", ">=") for one in other.filters)
    if whole.rules and not other.rules and limits and _JUDGED.search(whole.request):
        return True
    if whole.groups and not whole.entity and not other.groups and other.entity and not _is_named(other):
        # "each therapist" is no single session
        return True
    if whole.entity != other.entity or whole.groups != other.groups:
        return False
    if any(re.search(r"\d%\s*\w", one.expression) for one in other.figures):
        # "plus 19 % VAT" is no remainder
        return True
    mine, others = _formulas(whole), _formulas(other)
    if whole.rules == other.rules and others and others < mine:
        return True
    rounded = any(_ROUNDED.search(one) for one in mine) and not any(_ROUNDED.search(one) for one in others)
    return rounded and {_plain(one) for one in mine} == {_plain(one) for one in others}


def _is_named(made: Requirements) -> bool:
    """Whether the request has a word for the thing of which one is asked for."""
    said = {word[:4] for word in re.findall(r"[a-z]{3,}", made.request.lower())}
    words = re.split(r"[\W_]+", made.entity.rpartition(".")[2].lower())
    return bool({word[:4] for word in words if len(word) > 2} & said)


def _leaves_words(made: Requirements) -> bool:
    return any(one.startswith(_UNUSED) for one in made.assumptions)


def _formulas(made: Requirements) -> set[str]:
    places = {one.name: one.place for one in made.bindings if one.place is not None}
    found: set[str] = set()
    for one in made.figures:
        text = re.sub(r"\b\w+\b", lambda word: _named(word[0], places), one.expression)
        text = re.sub(r"\s", "", f"{one.aggregate}({text})" if one.aggregate else text)
        found.add(re.sub(r"\(\(([^()]*)\)\)", r"(\1)", text))
    found |= {f"{one.function}({one.place.table}.{one.place.column})" for one in made.condensed if one.times is None}
    return found


def _named(word: str, places: Mapping[str, Place]) -> str:
    place = places.get(word)
    return f"{place.table}.{place.column}" if place is not None else word


def _plain(text: str) -> str:
    """A formula without its rounding and its brackets."""
    return re.sub(r"(?:,\d+)?\)|\(|\b(?:round|ceil|floor)(?=\()", "", text)
