"""Words of a request for many rows that nothing is known of: they may choose among the rows, or name a figure."""

from __future__ import annotations

import re

from roles.builder.understanding.accounting import places_of
from roles.builder.understanding.adjectives import EXPLAINED
from roles.builder.understanding.idle_words import DOING, SPEECH
from roles.builder.understanding.lacking import alike
from roles.builder.understanding.requirements import Requirements
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["foreign_words"]

_INTRODUCES = re.compile(
    r"\b(?:wants?|needs?|likes?|loves?|help|am|agent|bot|tool|assistant|build|make|create|please|asks?|wondering|know)\b"
)
_MARK = re.compile(r"\b[CTFRD]\d+\b")
_LEFT_FROM = re.compile(r"(?:left|leave|based|coming|comes|came) (?:in|from|at)\b")


def foreign_words(made: Requirements, tagged: Tagged) -> list[str]:
    """Words of a request for many rows that nothing is known of, and that may choose among them or be a figure."""
    if not (made.show or made.condensed or made.each):
        return []
    known = [word for place in places_of(made) for word in words_of_name(place.column)]
    known += [word for one in made.inputs for word in one.name.split("_")]
    tables = {place.table for place in places_of(made)} | {made.table, made.entity} - {""}
    found: list[str] = []
    for match in re.finditer(r"(?<![\w'])[a-z][a-z']+", tagged.text[_introduced(tagged.text) :]):
        word, at = match[0], match.start() + _introduced(tagged.text)
        if word in SPEECH | DOING or tagged.is_taken(at) or _LEFT_FROM.match(tagged.text[at:]):
            continue
        if any((word[:4] == one[:4] or _stem(word) == _stem(one)) and len(one) > 2 for one in known) or any(
            alike(word, one) for one in tables
        ):
            continue
        behind = tagged.text[at + len(word) :]
        in_brackets = behind.startswith(" ( ") and tagged.is_taken(at + len(word) + 3)
        if EXPLAINED.match(behind) or in_brackets or " i . e" in behind:
            continue
        found.append(word)
    return list(dict.fromkeys(found))


def _stem(word: str) -> str:
    """A word without its ending: "bake", "baked" and "baking" are one."""
    return re.sub(r"(?:ing|ed|es|e|s)$", "", word)


def _introduced(text: str) -> int:
    """Where a request begins in earnest: "the director wants …", "an agent for the shop. …"."""
    first = _MARK.search(text)
    before = text[: first.start()] if first is not None else ""
    return max([0, *(one.end() for one in _INTRODUCES.finditer(before)), before.rfind(" . ") + 1])
