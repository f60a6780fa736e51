"""What the builder makes of a request: the same need in words of the builder's own, which hold nothing that was said.

Only these words are ever built from by itself: what somebody said is no instruction, and stays with whoever said it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import SupervisorError
from common.language.words import stem

if TYPE_CHECKING:
    from roles.builder.understanding import Requirements
    from roles.builder.understanding.requirements import Binding
    from roles.engineering.specification import DataSource

__all__ = ["Understand", "Understanding", "Understood", "understand"]

_MAX_FIGURES = 6
_KEPT = 5_000
_CONDENSED = {
    "count": "number of", "sum": "total", "mean": "average", "minimum": "lowest", "maximum": "highest",
}  # fmt: skip
_OPENINGS = ("Build an agent that calculates", "Make an agent that tells")
"""A table may have a column "build cost"; then the second one is read rightly."""
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
    """Understands requests for figures and for what rows come to, over these tables where they hold what is needed."""

    def read(text: str) -> Understood | None:
        from roles.builder.understanding import analyze

        try:
            for said in (text, " ".join(_NUMBER.sub("", _FOR.sub("with", text)).split())):
                first = analyze(said, sources)
                if first.missing or first.uncovered or not _covered(text, first):
                    continue
                for words in _wordings(first):
                    again = analyze(words, sources)
                    if _same(first, again):
                        return Understood(again.name, again.title, words)
        except SupervisorError:
            return None
        return None

    return read


class Understanding:
    """Remembers what requests meant, for as long as the tables stay the same: cycles come to the same ones again.

    Of what was said only hashes are kept.
    """

    def __init__(self) -> None:
        self._sources: Sequence[DataSource] | None = None
        self._read: Understand = _nothing
        self._known: OrderedDict[bytes, Understood | None] = OrderedDict()

    def over(self, sources: Sequence[DataSource]) -> Understand:
        """Understands requests over these tables."""
        if self._sources != sources:
            self._sources, self._read, self._known = sources, understand(sources), OrderedDict()
        read, known = self._read, self._known

        def remembered(text: str) -> Understood | None:
            key = hashlib.blake2b(text.encode(), digest_size=16).digest()
            if key in known:
                return known[key]
            meant = known[key] = read(text)
            while len(known) > _KEPT:
                known.popitem(last=False)
            return meant

        return remembered


def _nothing(text: str) -> Understood | None:
    return None


def _covered(text: str, found: Requirements) -> bool:
    """Whether this is all that is asked: figures of rows or of given values, or rows condensed without a choice."""
    if found.condensed:
        chosen = found.filters or found.inputs or found.modes or found.rules or any(map(str.isdigit, text))
        return not chosen and all(one.times is None for one in found.condensed)
    return 0 < sum(one.asked for one in found.figures) <= _MAX_FIGURES and _named(text, found)


def _same(first: Requirements, again: Requirements) -> bool:
    """Whether both compute the same from the same."""
    if again.missing or again.uncovered or again.entity != first.entity:
        return False
    return _meaning(first) == _meaning(again)


def _meaning(found: Requirements) -> object:
    figures = [(one.name, one.expression, one.asked) for one in found.figures]
    rows = found.condensed, found.groups, found.filters, found.single, found.order, found.limit, found.show
    return figures, sorted((one.name, one.place is None) for one in found.bindings), rows


def _named(text: str, found: Requirements) -> bool:
    """Whether what a request gives values for is what would be asked for.

    Somebody who tells revenue and costs is not to be asked for the gross profit, nor have the costs taken for it; nor
    is an agent wanted that looks up in a table what was told.
    """
    if not any(letter.isdigit() for letter in text):
        return True
    said = _stems(text)
    for one in found.figures:
        title = _stems(one.title or one.name)
        if one.asked and title <= said:
            said.subtract(title)
    given = [one.name for one in found.bindings if one.input is not None]
    looked_up = [one for one in found.bindings if one.place is not None]
    if looked_up and all(_is_told(said, one) for one in looked_up):
        return False
    return all(any(said[word] > 0 for word in _stems(name)) for name in given)


def _is_told(said: Counter[str], value: Binding) -> bool:
    """Whether one of the names of a value is there, whole."""
    from roles.engineering.formulas.quantities import QUANTITIES

    known = QUANTITIES.get(value.name)
    names = (value.name, *value.phrases, *(known.phrases if known is not None else ()))
    return any(stems and stems <= said for stems in map(_stems, names))


def _stems(text: str) -> Counter[str]:
    return Counter(stem(word) for word in _WORD.findall(text.casefold().replace("_", " ")))


def _wordings(found: Requirements) -> Sequence[str]:
    """Requests for the same; several, for the tables' own words may be read as another thing in one of them."""
    return [f"{opening} the {words}" for words in _said(found) for opening in _OPENINGS]


def _said(found: Requirements) -> Sequence[str]:
    if found.condensed:
        return (_condensed(found),)
    figures = " and the ".join(one.title or one.name.replace("_", " ") for one in found.figures if one.asked)
    if found.entity:
        return (f"{figures} for {found.entity}",)
    given = [one.name.replace("_", " ") for one in found.bindings if one.input is not None]
    return (figures, f"{figures} from {' and '.join(given)}") if given else (figures,)


def _condensed(found: Requirements) -> str:
    """What rows come to, in the words of their tables."""
    said: list[str] = []
    for one in found.condensed:
        of = "" if one.function == "count" else f" {_plain(one.place.column)} of"
        said.append(f"{_CONDENSED[one.function]}{of} {_plain(one.place.table)}")
    groups = " and ".join(_plain(one.column) for one in found.groups)
    return f"{' and the '.join(said)}{f' by {groups}' if groups else ''}"


def _plain(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")
