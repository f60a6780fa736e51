"""Finds what a question gives for the values of an agent: "if NOI is 90k and debt service 60k, what is the DSCR?"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from roles.engineering.formulas.quantities import QUANTITIES

__all__ = ["Given", "given_values", "phrases_of", "without"]

_FILLERS = r"(?:(?:is|are|was|were|of|at|be|being|equals|equal to|comes to|amounts to|would be)\s+|\s*[=:]\s*)?"
_NUMBER = (
    r"(?:[$€£]\s*)?(?P<number>-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?|-?\.\d+)"
    r"\s?(?P<scale>k|m|mn|mio|bn|thousand|million|billion)?(?![\w.]*\w)\s*(?P<percent>%|percent\b)?"
)
_SCALES: Mapping[str, float] = {
    "": 1.0, "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_LENGTHS = frozenset(
    [
        "height",
        "length",
        "width",
        "depth",
        "distance",
        "radius",
        "diameter",
        "perimeter",
        "side",
        "altitude",
        "elevation",
    ]
)
"""Of these "1.75m" are metres."""
_SHORT = {"net operating income": ("noi",), "cost of goods sold": ("cogs",), "operating expenses": ("opex",)}
_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Given:
    """A value that was said for a name; `start` and `end` are the place of the words for both in the text."""

    name: str
    value: float
    percent: bool
    start: int
    end: int


def phrases_of(name: str, description: str = "") -> list[str]:
    """What people call a value: its name, its description where that is short, its initials, what the library knows."""
    words = name.lower().split("_")
    plain = " ".join(words)
    found = [plain, *([description.lower()] if 0 < len(description.split()) <= _MOST_WORDS else [])]
    found += ["".join(word[0] for word in words if word)] if len(words) > 2 else []
    found += [one.lower() for one in QUANTITIES[name].phrases] if name in QUANTITIES else []
    found += [short for text in (plain, *found) for short in _SHORT.get(text, ())]
    return list(dict.fromkeys(" ".join(text.split()) for text in found if text.strip()))


def given_values(text: str, phrases: Mapping[str, Sequence[str]]) -> list[Given]:
    """The values that a text gives for names, by the phrases of these; of two phrases in one place the longer one.

    A phrase that is said of two numbers gives none: which of them is meant is not known.
    """
    ways = sorted(
        ((phrase, name) for name, known in phrases.items() for phrase in known),
        key=lambda one: (-len(one[0]), one[0] != one[1].replace("_", " ")),
    )
    found: list[Given] = []
    for pattern in (r"\b{phrase}\s*{fillers}{number}", r"{number}\s+(?:of\s+|in\s+|as\s+)?{phrase}\b"):
        for phrase, name in ways:
            said = pattern.format(phrase=_loose(phrase), fillers=_FILLERS, number=_NUMBER)
            for one in re.finditer(said, text, re.IGNORECASE):
                if not any(one.start() < other.end and other.start < one.end() for other in found):
                    found.append(_given(name, phrase, one))
    return sorted(_each_once(found), key=lambda one: one.start)


def without(text: str, given: Sequence[Given]) -> str:
    """The text without the words of these values."""
    kept: list[str] = []
    at = 0
    for one in given:
        kept.append(text[at : one.start])
        at = one.end
    return " ".join(" ".join([*kept, text[at:]]).split())


def _given(name: str, phrase: str, said: re.Match[str]) -> Given:
    scale = (said["scale"] or "").lower()
    if scale == "m" and not _LENGTHS.isdisjoint(phrase.split()):
        scale = ""
    value = round(float(said["number"].replace(",", "")) * _SCALES[scale], 9)
    return Given(name, value, bool(said["percent"]), said.start(), said.end())


def _each_once(found: Sequence[Given]) -> Iterator[Given]:
    for one in found:
        if all(other.value == one.value for other in found if other.name == one.name):
            yield one


def _loose(phrase: str) -> str:
    """The phrase in the singular or plural, with any blanks between its words."""
    words = phrase.split()
    return r"[\s-]+".join([*(re.escape(word) for word in words[:-1]), f"{re.escape(words[-1].rstrip('s'))}s?"])
