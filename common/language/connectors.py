"""The words between the things that somebody asks for, and what they say of the order."""

from __future__ import annotations

from typing import NamedTuple

from common.language.words import Tokens, word_set

__all__ = ["CONDITIONS", "SIGNALS", "Connector", "opens_with_order", "read_connector"]

CONDITIONS = frozenset({"if", "unless"})
SIGNALS = word_set(
    ", ; : & + / - * • ) and then also plus but if unless otherwise afterwards before beforehand after so finally "
    "lastly next as once when or else whenever case should provided"
)
"""A text with none of these words, and no second sentence, asks for one thing."""
_JOINING = (
    ",|and|&|+|also|plus|but|so|as well as|along with|in addition|additionally|besides|furthermore|moreover|-|/|or|"
    "while you're at it|while you are at it|on top of that|last|second|secondly|third|thirdly"
)
_FOLLOWING = (
    "then|and then|after that|after this|afterwards|afterward|after which|followed by|finally|lastly|once that's done|"
    "once that is done|once done|when that's done|when that is done|when you're done|when done|next|once you have that|"
    "when you have that|based on that|depending on that|with that|later"
)
_PRECEDING = "before that|but first|beforehand|but before that"
_LONE = frozenset({"first", "second", "third", "last", "later", "next"})
"""Words that connect only behind a comma or "and"; elsewhere they are part of what is said."""


class Connector(NamedTuple):
    """A run of connecting words: the token behind it; whether it orders ("then") or reverses ("before that")."""

    end: int
    follows: bool = False
    precedes: bool = False
    strong: bool = False


def _table() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for phrases, mark in ((_JOINING, ""), (_FOLLOWING, "follows"), (_PRECEDING, "precedes")):
        for phrase in phrases.split("|"):
            words = tuple(phrase.split())
            table.setdefault(words[0], []).append((words, mark))
    for entries in table.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return table


_CONNECTORS = _table()


def _phrase(tokens: Tokens, index: int, end: int) -> tuple[int, str] | None:
    for words, mark in _CONNECTORS.get(tokens.word(index), ()):
        size = len(words)
        if index + size <= end and tuple(tokens.low[index : index + size]) == words:
            return size, mark
    return None


def read_connector(tokens: Tokens, index: int, end: int) -> Connector | None:
    """The run of connecting words at `index`, or None where there is none."""
    at, marks, count = index, set[str](), 0
    for _ in range(6):
        found = _phrase(tokens, at, end)
        if found is None:
            break
        at += found[0]
        marks.add(found[1])
        count += 1
    if not count:
        return None
    if count == 1 and tokens.word(index) in _LONE and tokens.word(index - 1) != ",":
        return None
    strong = count > 1 or bool(marks - {""}) or tokens.word(index) in ("also", "plus", "but", "as", "additionally")
    return Connector(at, "follows" in marks, "precedes" in marks, strong)


def opens_with_order(tokens: Tokens, start: int, end: int) -> bool:
    """Whether a sentence opens with a word that puts it after what was said before ("then", "after that")."""
    index = start
    for _ in range(3):
        found = _phrase(tokens, index, end)
        if found is not None and found[1] == "follows":
            return True
        if tokens.word(index) not in ("and", ",", "please", "but"):
            return False
        index += 1
    return False
