"""What the builder makes of a request: the same need in words of the builder's own, which hold nothing that was said.

Only these words are ever built from by itself: what somebody said is no instruction, and stays with whoever said it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import SupervisorError
from common.language.words import stem

if TYPE_CHECKING:
    from roles.builder.understanding import Requirements
    from roles.engineering.specification import DataSource

__all__ = ["Understand", "Understood", "understand"]

_MAX_FIGURES = 6
_FOR = re.compile(r"\bfor\b")
_NUMBER = re.compile(r"(?:\bof )?[\d.,]*\d")
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Understood:
    """`request` asks the builder for an agent that serves the need; `name` is what it will be called."""

    name: str
    title: str
    request: str


Understand = Callable[[str], Understood | None]
"""None for what no template covers, or where something is missing. May block for some milliseconds."""


def understand(sources: Sequence[DataSource]) -> Understand:
    """Understands requests for figures, over these tables where they hold what is needed."""

    def read(text: str) -> Understood | None:
        from roles.builder.understanding import analyze

        try:
            for said in (text, " ".join(_NUMBER.sub("", _FOR.sub("with", text)).split())):
                first = analyze(said, sources)
                asked = [one for one in first.figures if one.asked]
                if first.missing or first.uncovered or not 0 < len(asked) <= _MAX_FIGURES or not _named(text, first):
                    continue
                for words in _wordings(first):
                    again = analyze(words, sources)
                    if _same(first, again):
                        return Understood(again.name, again.title, words)
        except SupervisorError:
            return None
        return None

    return read


def _same(first: Requirements, again: Requirements) -> bool:
    """Whether both compute the same from the same."""
    if again.missing or again.uncovered or again.entity != first.entity:
        return False
    return _meaning(first) == _meaning(again)


def _meaning(found: Requirements) -> object:
    figures = [(one.name, one.expression, one.asked) for one in found.figures]
    return figures, sorted((one.name, one.place is None) for one in found.bindings)


def _named(text: str, found: Requirements) -> bool:
    """Whether what a request gives values for is what would be asked for.

    Somebody who tells revenue and costs is not to be asked for the gross profit, nor have the costs taken for it.
    """
    if not any(letter.isdigit() for letter in text):
        return True
    said = _stems(text)
    for one in found.figures:
        if one.asked:
            said.subtract(_stems(one.title or one.name))
    given = [one.name for one in found.bindings if one.input is not None]
    return all(any(said[word] > 0 for word in _stems(name)) for name in given)


def _stems(text: str) -> Counter[str]:
    return Counter(stem(word) for word in _WORD.findall(text.casefold().replace("_", " ")))


def _wordings(found: Requirements) -> Sequence[str]:
    figures = " and the ".join(one.title or one.name.replace("_", " ") for one in found.figures if one.asked)
    words = f"Build an agent that calculates the {figures}"
    if found.entity:
        return (f"{words} for {found.entity}",)
    given = [one.name.replace("_", " ") for one in found.bindings if one.input is not None]
    return (words, f"{words} from {' and '.join(given)}") if given else (words,)
