"""What is said around a formula and changes it: "on average", "as a percentage", "per trade", where no bracket is."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from common.errors import ValidationFailed
from roles.builder.understanding.words import identifier, words_of

if TYPE_CHECKING:
    from roles.builder.understanding.definitions import Definition

__all__ = ["in_hundreds", "in_one_reading", "over_all", "without_groups"]

_BEHIND = re.compile(r"\s+(?:(?P<mean>on average)|(?P<sum>in total|altogether|overall))$", re.IGNORECASE)


_PER_THING = re.compile(r"\s+per\s+(?P<what>[a-z][a-z ]*)$", re.IGNORECASE)


def without_groups(one: Definition, names: Collection[tuple[str, ...]]) -> Definition:
    """The formula with "per trade" left to the request, where that is a table, or a column that it does not hold."""
    match = _PER_THING.search(one.words)
    if match is None or not one.words[: match.start()].strip():
        return one
    what = words_of(match["what"])
    held = {word for phrase in one.phrases.values() for word in words_of(phrase)}
    if held.intersection(what) or not (what in names or ("table", *what) in names):
        return one
    words = one.words[: match.start()]
    return replace(one, words=words, name=identifier(words))


def over_all(one: Definition) -> Definition:
    """The formula as the mean or the sum of all rows, where the words behind its name say so."""
    match = _BEHIND.search(one.words)
    if match is None or one.aggregate:
        return one
    words = one.words[: match.start()]
    if "(" in one.expression and re.search(r"\b(?:sum|mean|count|median|minimum|maximum)\(", one.expression):
        return replace(one, words=words, name=identifier(words))
    return replace(one, words=words, name=identifier(words), aggregate="mean" if match["mean"] else "sum")


_TWO_READINGS = re.compile(r"(?P<whole>(?P<first>\w+)[^()]*? [-+] (?P<last>\w+)[^()+-]*?) / (?P<below>\w+)[^()]*")


def in_one_reading(text: str, one: Definition) -> Definition:
    """The formula, with a bracket where words tell none and only one makes sense: "price minus cost divided by price".

    Raises `ValidationFailed` where either could be meant.
    """
    match = _TWO_READINGS.fullmatch(one.expression)
    if match is None or not re.search(r"\b(?:divided by|over|out of)\b", text[one.start : one.end], re.IGNORECASE):
        return one
    if match["below"] in (match["first"], match["last"]) and match[0].endswith(match["below"]):
        return replace(one, expression=f"({match['whole']}) / {match['below']}")
    raise ValidationFailed(
        f"({match['whole']}) / {match['below']} or {one.expression} may be meant", where=one.name,
        todo="Write it with brackets.",
    )  # fmt: skip


_SHOWN_IN_PERCENT = re.compile(
    r"\s*,?\s+(?:(?:please\s+)?(?:shown?|give|given|expressed?|told|reported?|returned?)\s+(?:(?:it|this|that"
    r"|the result)\s+)?)?(?:as\s+(?:an?\s+)?(?:percentage|percent|%)"
    r"|in\s+(?:percent|per cent|%))(?=\s*(?:[,;:?!)]|\.(?!\d)|$)|\s+(?:for|of|please|pls)\b)",
    re.IGNORECASE,
)


def in_hundreds(text: str, one: Definition) -> Definition:
    """The formula times 100, where "as a percentage" stands behind it."""
    of_one = re.match(
        r"\s+(?:of|for|per)\s+(?:an?|the|each|one"
        r"|every)\s+[a-z]+(?:\s[a-z]+)?(?=,?\s)",
        text[one.end :],
        re.IGNORECASE,
    )
    shown = _SHOWN_IN_PERCENT.match(text[one.end :])
    if shown is None and of_one is not None and _SHOWN_IN_PERCENT.match(text[one.end + of_one.end() :]):
        return one if re.search(r"\b100\b", one.expression) else replace(one, expression=f"({one.expression}) * 100")
    if shown is None or re.search(r"\b100\b", one.expression):
        return one
    return replace(one, expression=f"({one.expression}) * 100", end=one.end + shown.end())
