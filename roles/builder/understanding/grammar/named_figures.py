"""Figures that a request names and defines in its own words, and those that two columns make up: margin, markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Chart, Reading
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    ColumnRef,
    Condition,
    Definition,
    Expression,
    Figure,
    Named,
    Order,
    Thing,
    is_computed,
)  # fmt: skip
from roles.builder.understanding.grammar.tokens import Token
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import singular, words_of_name

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.linking import Linker

__all__ = ["THE_ONE", "Known", "find_names", "in_full", "known_figures", "names_within", "read_defined", "with_names"]

_ENDS = word_set(
    """is are was were and or what which how that for of in the a an each every did does do show list give per by we our
    my with to from on at want need tell me where whose i you have has it not never without except excluding ignoring
    omitting"""
)
_LONGEST = 4
THE_ONE = "?"
"""In the place of a name: the only figure that the request defines."""
_DETERMINERS = word_set("the our their its his her your my a an")


@dataclass(frozen=True, slots=True)
class Known:
    """What a name stands for, besides what the request defines; `note` tells so."""

    figure: Figure
    note: str


def find_names(tokens: Sequence[Token], chart: Chart, linker: Linker) -> frozenset[tuple[str, ...]]:
    """The names for which a request has a formula: "revenue is quantity times price", "takings (…)"."""
    found: set[tuple[str, ...]] = set()
    for at in range(len(tokens)):
        for after, _, _ in chart.readings("defines", at):
            if not any(is_computed(figure) for _, figure, _ in chart.readings("figure", after)):
                continue
            for end in _ends_of_names(tokens, at):
                words = _words_before(tokens, end)
                if words and not linker.table_of(words):
                    found.add(words)
                    break
    return frozenset(found)


def _ends_of_names(tokens: Sequence[Token], at: int) -> Iterable[int]:
    """Where the name of a formula may end: right before it, or before "of a shop", "by branch", "in 2025"."""
    end = at
    while end > 0 and (tokens[end - 1].kind == "date" or tokens[end - 1].plain == "span"):
        end -= 1
    start = end - len(_words_before(tokens, end))
    if start == 0 or tokens[start - 1].plain not in _TO_THINGS:
        yield end
        return
    for place in range(start - 1, max(0, end - 8), -1):
        before = place - len(_words_before(tokens, place))
        if tokens[place].plain in _PREPOSITIONS and (before == 0 or tokens[before - 1].plain not in _TO_THINGS):
            yield place
            return


def _words_before(tokens: Sequence[Token], end: int) -> tuple[str, ...]:
    words: list[str] = []
    for token in reversed(tokens[max(0, end - _LONGEST) : end]):
        if token.kind != "word" or token.plain in _ENDS:
            break
        words.insert(0, token.low)
    return tuple(words)


_PREPOSITIONS = word_set("of for per by in at from on")
_TO_THINGS = _PREPOSITIONS | word_set("a an each every given certain one")


def read_defined(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """The name of a figure that is defined elsewhere; "ticket revenue" is the revenue of tickets, if they have one."""
    for words in linker.defined:
        if _says(words, tokens, at):
            yield at + len(words), Named(" ".join(words)), 0.05
        elif (
            at < len(tokens) and tokens[at].kind == "word" and _says(words, tokens, at + 1)
            and linker.is_named(tokens[at].low) and (tokens[at].low, *words) not in linker.defined
        ):  # fmt: skip
            yield at + 1 + len(words), Named(" ".join(words)), 0.3


def _says(words: tuple[str, ...], tokens: Sequence[Token], at: int) -> bool:
    said = tokens[at : at + len(words)]
    return len(said) == len(words) and all(
        one.kind == "word" and word in (one.low, one.plain) for one, word in zip(said, words, strict=True)
    )


_PRICES = word_set("price rate fee revenue sale charge income")
_SELLING = word_set("sell selling sale retail list unit net gross customer client")
_BOTH = _SELLING | word_set("per piece item each average standard current")
_COSTS = word_set("cost")
_BUYING = word_set("buy buying purchase wholesale cost supplier buyin")
_MARGINS = (
    ("margin",),
    ("profit", "margin"),
    ("gross", "margin"),
    ("gross", "profit", "margin"),
    ("percentage", "margin"),
)
_MARKUPS = (("markup",), ("mark", "up"), ("mark-up",))


def known_figures(linker: Linker, tokens: Sequence[Token]) -> Mapping[tuple[str, ...], Known]:
    """Margin and markup of the only two columns of a table that tell a price and a cost; none where there are more."""
    said = {one.low for one in tokens}
    if not said & {"margin", "markup", "mark"}:
        return {}
    pairs = _pairs(linker)
    if len(pairs) > 1:
        named = {name for token in tokens if token.kind == "word" for name, _ in linker.table_of((token.low,))}
        pairs = [one for one in pairs if one[0].table in named]
    if len(pairs) != 1:
        return {}
    price, cost = (ColumnRef(_words(place), ((place, 1.0),), place.table) for place in pairs[0])
    gain = Binary("-", price, cost)
    made: dict[tuple[str, ...], Known] = {}
    for names, below in ((_MARGINS, price), (_MARKUPS, cost)):
        for name in names:
            figure = Figure(Binary("/", gain, below), " ".join(name))
            made[name] = Known(figure, f"{' '.join(name)} is ({price.words} - {cost.words}) / {below.words}")
    return made


def _words(place: Place) -> str:
    return " ".join(words_of_name(place.column))


def _pairs(linker: Linker) -> list[tuple[Place, Place]]:
    """Tables with one column of a price and one of a cost, of one unit each."""
    found: list[tuple[Place, Place]] = []
    for name, table in linker.tables.tables.items():
        places = [Place(table=name, column=one.name) for one in table.columns if one.type in ("number", "integer")]
        places = [one for one in places if not linker.tables.is_key(one)]
        costs = [one for one in places if _is_cost(words_of_name(one.column))]
        prices = [one for one in places if one not in costs and _is_price(words_of_name(one.column))]
        if len(costs) == 1 and len(prices) == 1 and _rest(prices[0]) == _rest(costs[0]):
            found.append((prices[0], costs[0]))
    return found


def _rest(place: Place) -> set[str]:
    """What a price or a cost is of: of a ticket and of a production is no pair."""
    return {*words_of_name(place.column)} - _PRICES - _COSTS - _BUYING - _BOTH


def _is_cost(words: tuple[str, ...]) -> bool:
    return bool({*words} & _COSTS) or ("price" in words and bool({*words} & _BUYING))


def _is_price(words: tuple[str, ...]) -> bool:
    return "price" in words or bool({*words} & _PRICES and {*words} & _SELLING) or words in (("revenue",), ("sale",))


def with_names(one: Any, meant: Mapping[str, Expression], depth: int = 0) -> Any:
    """An expression or a condition with formulas in the place of their names."""
    if depth > _LONGEST:
        return one

    def inner(part: Any) -> Any:
        return with_names(part, meant, depth)

    match one:
        case Named(words=words) if words in meant:
            return with_names(meant[words], meant, depth + 1)
        case Binary(left=left, right=right):
            return replace(one, left=inner(left), right=inner(right))
        case Aggregate(of=of, where=where):
            of = inner(of)
            return (
                of if isinstance(of, Aggregate) and not where else replace(one, of=of, where=tuple(map(inner, where)))
            )
        case Condition(left=left, right=right):
            return replace(one, left=inner(left), right=inner(right))
        case Figure(value=value):
            return replace(one, value=inner(value))
        case _:
            return one


def names_within(one: Any) -> Iterable[str]:
    """The names within an expression or a condition."""
    match one:
        case Named(words=words):
            yield words
        case Binary(left=left, right=right) | Condition(left=left, right=right):
            yield from names_within(left)
            yield from names_within(right)
        case Aggregate(of=of, where=where):
            yield from names_within(of)
            for told in where:
                yield from names_within(told)
        case Figure(value=value):
            yield from names_within(value)
        case _:
            return


def plain_name(name: str) -> str:
    """A name without its article and in the singular: "the takings" is "taking"."""
    words = [word for word in name.lower().split() if word not in _DETERMINERS]
    return " ".join(singular(word) for word in words)


class Parts(Protocol):
    """What was said so far, see `roles.builder.understanding.grammar.assembling`."""

    figures: list[Figure]
    definitions: list[Definition]
    conditions: list[Condition]
    orders: list[Order]
    things: list[Thing]
    keys: list[Any]


def in_full(parts: Parts, implied: Mapping[tuple[str, ...], Known]) -> list[str] | None:
    """Put formulas in the place of their names, with what to tell of it; None where a name has none, or several.

    A definition that other figures are made of is no figure that is asked for, unless it is named by itself as well.
    """
    meant = _meant_by(parts.definitions, implied)
    if meant is None:
        return None
    asked = [one.value.words for one in parts.figures if isinstance(one.value, Named)]
    if THE_ONE in asked and len(parts.definitions) != 1:
        return None
    within = {name for one in parts.figures if not isinstance(one.value, Named) for name in names_within(one)}
    others = [name for one in parts.conditions for name in names_within(one) if name in meant]
    others += [name for one in parts.orders for name in names_within(one.by) if name in meant]
    if not {*asked, *within} <= {*meant, THE_ONE}:
        return None
    values = {name: one.value for name, one in meant.items()}
    own = {plain_name(one.name) for one in parts.definitions}
    steps = {name for name in within if name in own and name not in asked and _is_used_first(name, parts)}
    if within & own and not (parts.things or parts.keys or parts.conditions):
        # "value = amount * price; due = value - paid": of what is not said
        return None
    figures: list[Figure] = []
    for one in parts.figures:
        if isinstance(one.value, Named):
            if one.value.words == THE_ONE:
                continue
            figure = meant[one.value.words]
            one = Figure(figure.value, one.name or figure.name or one.value.words, one.percent or figure.percent)
        elif plain_name(one.name) in steps and one.value == values[plain_name(one.name)]:
            continue
        figures.append(with_names(one, values))
    figures += [Figure(with_names(values[name], values), meant[name].name or name, meant[name].percent)
                for name in others]  # fmt: skip
    parts.figures[:] = figures
    parts.conditions[:] = [with_names(one, values) if one.kind == "compare" else one for one in parts.conditions]
    parts.orders[:] = [replace(one, by=with_names(one.by, values)) if one.by is not None else one
                       for one in parts.orders]  # fmt: skip
    used = {*asked, *within, *others}
    return [one.note for name, one in implied.items() if " ".join(name) in used - own]


def _is_used_first(name: str, parts: Parts) -> bool:
    """Whether a name stands in a figure before it is defined: then it only explains that."""
    for one in parts.figures:
        if plain_name(one.name) == name:
            return False
        if name in names_within(one):
            return True
    return True


def _meant_by(definitions: Iterable[Definition], implied: Mapping[tuple[str, ...], Known]) -> dict[str, Figure] | None:
    """What names stand for: the request's own definitions come first. None where one is defined twice."""
    own: dict[str, Figure] = {}
    for one in definitions:
        name = plain_name(one.name)
        if own.setdefault(name, one.figure) != one.figure:
            return None
    return {" ".join(name): one.figure for name, one in implied.items()} | own
