"""A chart parser for declared rules: every symbol at every place is worked out once, the cheapest readings are kept.

Rules are written as patterns: ``of|for ~ <table> 's? <column>``. A word stands for itself, ``a|b_c`` for one of them
(``b_c`` is two words), ``?`` makes optional, ``~`` is any number of determiners, ``<symbol>`` is read by other rules or
by a terminal, and its value is given to the rule's action; ``<symbol>*`` gives a tuple of any number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from roles.builder.understanding.grammar.tokens import Token

__all__ = ["Chart", "Grammar", "Reading"]

_KEPT_PER_END = 3
_KEPT = 24
_MAX_STEPS = 150_000
_DETERMINERS = frozenset(
    {"the", "our", "my", "your", "its", "their", "his", "her", "this", "these", "those", "that", "own", "whole",
     "respective", "such"}
)  # fmt: skip
Reading = tuple[int, Any, float]
Terminal = Callable[[Sequence[Token], int], Iterable[Reading]]
Action = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern: words, determiners, or a symbol."""

    words: tuple[tuple[str, ...], ...] = ()
    first: frozenset[str] = frozenset()
    symbol: str = ""
    optional: bool = False
    many: bool = False
    silent: bool = False
    determiners: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    parts: tuple[_Part, ...]
    action: Action
    cost: float


class Grammar:
    """Rules by the symbol that they make."""

    def __init__(self) -> None:
        self.rules: dict[str, list[_Rule]] = {}

    def add(self, symbol: str, pattern: str, action: Action, cost: float = 0.0) -> None:
        """One more way to make a symbol; the action gets the values of the pattern's symbols, None gives no reading."""
        self.rules.setdefault(symbol, []).append(_Rule(tuple(map(_part, pattern.split())), action, cost))

    def words(self, symbol: str, meanings: Mapping[str, Any], cost: float = 0.0) -> None:
        """Words that stand for a value each: ``{"above|more_than": ">"}``."""
        for pattern, value in meanings.items():
            self.add(symbol, pattern, partial(_same, value), cost)


def _same(value: Any) -> Any:
    return value


def _part(text: str) -> _Part:
    if text == "~":
        return _Part(determiners=True)
    many, optional = text.endswith(">*"), text.endswith("?") and len(text) > 1
    text = text[:-1] if many or optional else text
    if text.startswith("<") and text.endswith(">") and len(text) > 2:
        symbol = text[1:-1]
        return _Part(symbol=symbol.removeprefix(":"), optional=optional, many=many, silent=symbol.startswith(":"))
    words = tuple(tuple(one.split("_")) for one in text.split("|"))
    return _Part(words=words, first=frozenset(one[0] for one in words), optional=optional)


class Chart:
    """The readings of one text. `terminals` read what the grammar has no rules for."""

    def __init__(self, grammar: Grammar, terminals: Mapping[str, Terminal], tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self._rules, self._terminals = grammar.rules, terminals
        self._known: dict[tuple[str, int], list[Reading]] = {}
        self._first = [("", "") if one.kind == "quoted" else (one.plain, one.low) for one in tokens]
        self._steps = 0

    @property
    def is_whole(self) -> bool:
        """Whether all readings could be looked at; else there are too many, and none is to be trusted."""
        return self._steps <= _MAX_STEPS

    def readings(self, symbol: str, at: int) -> list[Reading]:
        """The ways to read a symbol from a place on, the cheapest first: where it ends, its value, its cost."""
        key = (symbol, at)
        if key not in self._known:
            self._known[key] = []
            self._known[key] = _kept(self._all(symbol, at))
        return self._known[key]

    def _all(self, symbol: str, at: int) -> Iterable[Reading]:
        terminal = self._terminals.get(symbol)
        if terminal is not None:
            yield from terminal(self.tokens, at)
        for rule in self._rules.get(symbol, ()):
            for end, values, cost in self._match(rule.parts, 0, at, (), rule.cost):
                value = rule.action(*values)
                if value is not None:
                    yield end, value, cost

    def _match(
        self, parts: Sequence[_Part], index: int, at: int, values: tuple[Any, ...], cost: float
    ) -> Iterable[tuple[int, tuple[Any, ...], float]]:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            return
        if index == len(parts):
            yield at, values, cost
            return
        part = parts[index]
        if part.determiners:
            while at < len(self.tokens) and self.tokens[at].plain in _DETERMINERS:
                yield from self._match(parts, index + 1, at, values, cost)
                at += 1
            yield from self._match(parts, index + 1, at, values, cost)
        elif part.symbol and part.many:
            yield from self._many(parts, index, at, values, cost, ())
        elif part.symbol:
            for end, value, more in self.readings(part.symbol, at):
                given = values if part.silent else (*values, value)
                yield from self._match(parts, index + 1, end, given, cost + more)
            if part.optional:
                given = values if part.silent else (*values, None)
                yield from self._match(parts, index + 1, at, given, cost)
        else:
            said = self._first[at] if at < len(self._first) else ("", "")
            may_be = said[0] in part.first or said[1] in part.first
            for words in part.words if may_be else ():
                if self._says(words, at):
                    yield from self._match(parts, index + 1, at + len(words), values, cost)
            if part.optional:
                yield from self._match(parts, index + 1, at, values, cost)

    def _many(
        self, parts: Sequence[_Part], index: int, at: int, values: tuple[Any, ...], cost: float, found: tuple[Any, ...]
    ) -> Iterable[tuple[int, tuple[Any, ...], float]]:
        yield from self._match(parts, index + 1, at, (*values, found), cost)
        if len(found) < 12:
            for end, value, more in self.readings(parts[index].symbol, at)[:4]:
                if end > at:
                    yield from self._many(parts, index, end, values, cost + more, (*found, value))

    def _says(self, words: tuple[str, ...], at: int) -> bool:
        if at + len(words) > len(self.tokens):
            return False
        for word, token in zip(words, self.tokens[at : at + len(words)], strict=True):
            if token.kind == "quoted" or (token.plain != word and token.low != word):
                return False
        return True


def _kept(found: Iterable[Reading]) -> list[Reading]:
    best: dict[tuple[int, Any], Reading] = {}
    for one in found:
        key = (one[0], one[1])
        if key not in best or best[key][2] > one[2]:
            best[key] = one
    per_end: dict[int, int] = {}
    kept: list[Reading] = []
    for one in sorted(best.values(), key=lambda one: (one[2], -one[0])):
        per_end[one[0]] = per_end.get(one[0], 0) + 1
        if per_end[one[0]] <= _KEPT_PER_END:
            kept.append(one)
    return kept[:_KEPT]
