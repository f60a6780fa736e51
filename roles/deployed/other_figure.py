"""Whether a request asks for another figure than those that an agent calculates.

A sentence about one figure of a company is much like one about another. A planner that knows no agent for it takes the
nearest, and the answer would be right for a question that nobody asked.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from roles.engineering.formulas.ratios import RATIOS

if TYPE_CHECKING:
    from roles.engineering.specification import Specification

__all__ = ["other_figure", "plain_words", "said_figures"]

_WORD = re.compile(r"[^\W_]+")


def other_figure(said: str, specification: Specification) -> str:
    """The words for a known figure in a request that names none of the agent's own; empty where there is none."""
    named = _named(said, _figures())
    if not named:
        return ""
    own: set[str] = set()
    for operation in specification.operations:
        own |= {*operation.formulas, *(one.name for one in (*operation.inputs, *operation.outputs))}
    about = (specification.name, specification.title, specification.purpose, *_examples(specification))
    mentioned = set(_named(" and ".join(about), _figures()))
    return "" if any(_figures()[phrase] & own or phrase in mentioned for phrase in named) else named[0]


def _named(said: str, known: Iterable[str]) -> list[str]:
    """Phrases of figures in a text; of two in the same place the longer one."""
    text = plain_words(said)
    found: list[str] = []
    for phrase in sorted(known, key=len, reverse=True):
        if f" {phrase} " in text:
            found.append(phrase)
            text = text.replace(f" {phrase} ", " / ")
    return found


@functools.cache
def _figures() -> dict[str, frozenset[str]]:
    """Phrase -> the names of the figures of the library that it means."""
    known: dict[str, set[str]] = {}
    for name, ratio in RATIOS.items():
        for phrase in (name, ratio.title, *ratio.phrases):
            known.setdefault(plain_words(phrase).strip(), set()).add(name)
    return {phrase: frozenset(names) for phrase, names in known.items()}


def _examples(specification: Specification) -> Iterable[str]:
    yield from specification.examples
    for operation in specification.operations:
        yield from operation.examples


def said_figures(said: str, own: Iterable[str] = ()) -> frozenset[str]:
    """The names of the figures that a request names: of the library, and of agents' own.

    Of two in the same place it is the longer one: the "budget variance percentage" is no "budget variance".
    """
    known = dict(_figures())
    for name in own:
        phrase = plain_words(name).strip()
        known[phrase] = known.get(phrase, frozenset()) | {name}
    return frozenset(name for phrase in _named(said, known) for name in known[phrase])


def plain_words(text: str) -> str:
    """The words of a text, in small letters, with one blank before, between and behind them."""
    return f" {' '.join(_WORD.findall(text.casefold().replace('_', ' ')))} "
