"""A request as a row of pieces: the cheapest ways to read all of it, from its first word to its last."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from common.language.words import word_set
from roles.builder.understanding.grammar.change_rules import add_change_rules
from roles.builder.understanding.grammar.chart import Chart, Grammar
from roles.builder.understanding.grammar.condition_rules import add_condition_rules
from roles.builder.understanding.grammar.deed_rules import add_deed_rules
from roles.builder.understanding.grammar.defined_rules import add_defined_rules
from roles.builder.understanding.grammar.done_columns import add_done_rules
from roles.builder.understanding.grammar.duration_rules import add_duration_rules
from roles.builder.understanding.grammar.either_rules import add_either_rules
from roles.builder.understanding.grammar.exclusion_rules import add_exclusion_rules
from roles.builder.understanding.grammar.figure_rules import add_figure_rules
from roles.builder.understanding.grammar.forms import Binary, Definition, Thing, Want
from roles.builder.understanding.grammar.given_rules import add_given_rules
from roles.builder.understanding.grammar.leading_rules import add_leading_rules
from roles.builder.understanding.grammar.limit_rules import add_limit_rules
from roles.builder.understanding.grammar.linking import Linker
from roles.builder.understanding.grammar.list_rules import add_list_rules
from roles.builder.understanding.grammar.measured_rules import add_measured_rules
from roles.builder.understanding.grammar.named_figures import find_names, known_figures
from roles.builder.understanding.grammar.order_rules import add_order_rules
from roles.builder.understanding.grammar.period_rules import add_period_rules
from roles.builder.understanding.grammar.presence_rules import add_presence_rules
from roles.builder.understanding.grammar.prose_rules import add_prose_rules
from roles.builder.understanding.grammar.relation_rules import add_relation_rules
from roles.builder.understanding.grammar.request_rules import add_request_rules
from roles.builder.understanding.grammar.set_rules import add_set_rules
from roles.builder.understanding.grammar.shown_rules import add_shown_rules
from roles.builder.understanding.grammar.state_rules import add_state_rules
from roles.builder.understanding.grammar.time_order_rules import add_time_order_rules
from roles.builder.understanding.grammar.tokens import Token, tokens_of
from roles.builder.understanding.grammar.value_rules import add_value_rules
from roles.builder.understanding.grammar.verdict_rules import add_verdict_rules
from roles.builder.understanding.grammar.versus_conditions import add_versus_conditions
from roles.builder.understanding.grammar.versus_rules import add_versus_rules
from roles.builder.understanding.words import NUMBERS

__all__ = ["Pieces", "grammar", "ways_to_read"]

_MAX_TOKENS = 150
_KEPT = 6
_PIECE = 0.3
"""What a piece costs by itself: of two readings the one with fewer pieces is the better one."""
_POLITE = word_set(
    """please thanks thank hello hi hey could can would you i we want wants need needs like love looking know see d ll m
    build make create get give me us tell something agent agents tool bot helper assistant system service endpoint
    report list show find display return returning returns gives tells shows lists finds build builds calculate
    calculates compute computes computing calculating calculator work works out determine quick little small simple
    handy api function app script overview table kindly lot much just also do does provide provides print fetch look
    which what who there is are be have let lets that's give's going able build's use returns showing checks check
    compare compares summarise track
    our will would've nice try together along columns column fields field output and it my"""
)
_STRUCTURE = word_set("the with that to so then this these them their its who which what")
_ARTICLES = frozenset({"a", "an"})
_FREE = frozenset(".,;:?!-–—'")
_FIGURES = word_set("figure number ratio thing kpi metric value measure indicator")
_ASKS = word_set("wants want needs need asks asked wanting requires requested")


@dataclass(frozen=True, slots=True)
class Pieces:
    """One way to read a request: its pieces in order, what they cost, and the words that nothing was made of."""

    pieces: tuple[Any, ...]
    cost: float
    unused: tuple[str, ...]


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """The rules of requests."""
    made = Grammar()
    add_figure_rules(made)
    add_condition_rules(made)
    add_relation_rules(made)
    add_presence_rules(made)
    add_either_rules(made)
    add_leading_rules(made)
    add_request_rules(made)
    add_order_rules(made)
    add_measured_rules(made)
    add_value_rules(made)
    add_deed_rules(made)
    add_shown_rules(made)
    add_prose_rules(made)
    add_defined_rules(made)
    add_state_rules(made)
    add_exclusion_rules(made)
    add_period_rules(made)
    add_time_order_rules(made)
    add_duration_rules(made)
    add_change_rules(made)
    add_given_rules(made)
    add_verdict_rules(made)
    add_versus_rules(made)
    add_versus_conditions(made)
    add_set_rules(made)
    add_limit_rules(made)
    add_done_rules(made)
    add_list_rules(made)
    return made


def ways_to_read(text: str, linker: Linker) -> list[Pieces]:
    """The cheapest readings of a whole text; none where a part of it can't be read, or it is too long."""
    tokens = tokens_of(text)
    if not tokens or len(tokens) > _MAX_TOKENS:
        return []
    chart = Chart(grammar(), linker.terminals, tokens)
    linker.implied = known_figures(linker, tokens)
    linker.defined = find_names(tokens, chart, linker) | frozenset(linker.implied)
    if linker.defined:
        chart = Chart(grammar(), linker.terminals, tokens)
    best: list[list[Pieces]] = [[] for _ in range(len(tokens) + 1)]
    best[0] = [Pieces((), 0.0, ())]
    for at in range(len(tokens)):
        best[at] = _cheapest(best[at])
        if not best[at]:
            continue
        steps = [*_steps(chart, at), *_skips(tokens, at, linker), *_questions(chart, at)]
        for before in best[at]:
            for end, pieces, cost, unused in steps:
                made = Pieces((*before.pieces, *pieces), before.cost + cost, (*before.unused, *unused))
                best[end].append(made)
    return _cheapest(best[-1]) if chart.is_whole else []


_Step = tuple[int, tuple[Any, ...], float, tuple[str, ...]]


def _steps(chart: Chart, at: int) -> Iterable[_Step]:
    for end, value, cost in chart.readings("item", at):
        if end > at:
            yield end, (value if isinstance(value, tuple) else (value,)), cost + _PIECE, ()


def _skips(tokens: Sequence[Token], at: int, linker: Linker) -> Iterable[_Step]:
    token = tokens[at]
    if token.text in _FREE or token.text == "'s":
        yield at + 1, (), 0.02 if token.text in _FREE else 0.2, ()
    elif token.kind == "word" and token.plain in _POLITE:
        listed = at > 0 and tokens[at - 1].plain in ("and", ",") and linker.columns((token.low,))
        # "with plate and make": a column, where another one stands before
        thing = (
            at > 0
            and tokens[at - 1].plain in ("which", "what", "the", "each", "every", "per", "by", "of")
            and any(score >= 0.9 for _, score in linker.table_of((token.low,)))
        )
        yield at + 1, (), 0.6 if thing or (listed and listed[0][1] >= 0.95) else 0.05, ()
    elif token.kind == "word" and token.plain in _STRUCTURE:
        yield at + 1, (), 0.25, ()
    elif (token.plain in _ARTICLES and at + 1 < len(tokens) and tokens[at + 1].plain in _POLITE) or (
        token.plain == "of" and at > 0 and tokens[at - 1].plain in ("overview", "list", "report", "summary", "table")
    ):
        yield at + 1, (), 0.05, ()
    elif token.plain == "only" and (at + 1 == len(tokens) or tokens[at + 1].text in ".,;"):
        yield at + 1, (), 0.2, ()
    elif (
        token.plain in ("for", "of")
        and at > 0
        and tokens[at - 1].plain in _POLITE
        and at + 1 < len(tokens)
        and (tokens[at + 1].plain in ("me", "us", "it", "this", "that"))
        and (tokens[at + 1].plain in ("me", "us") or at + 2 == len(tokens) or tokens[at + 2].text in ".;!")
    ):
        yield at + 1, (), 0.05, ()
    if (
        token.kind in ("number", "word")
        and at + 1 < len(tokens)
        and tokens[at + 1].low in _FIGURES
        and (token.kind == "number" or token.plain in NUMBERS)
    ):
        yield at + 2, (), 0.1, ()
    if token.plain == "of" and at > 0 and tokens[at - 1].low in _FIGURES:
        yield at + 1, (), 0.1, ()
    if at == 0:
        yield from _frames(tokens, at, linker)
    if token.plain == "for":
        yield from _for_whom(tokens, at, linker)


def _frames(tokens: Sequence[Token], at: int, linker: Linker) -> Iterable[_Step]:
    """ "Dunning helper:", "As the head brewer I want": what a request begins with and says nothing about rows."""
    meant = False
    for end in range(at, min(len(tokens), at + 12)):
        token = tokens[end]
        if token.kind in ("quoted", "date") or (token.kind == "sign" and token.text not in ":-'s.,"):
            return
        if token.kind == "number" and not (end > 0 and tokens[end - 1].text == "-"):
            return
        said = tuple(one.plain for one in tokens[at:end] if one.kind == "word" and one.plain not in _POLITE)
        if token.text == ":" and end > at and not meant:
            yield end + 1, (), 0.3, said
        if token.text in ".?!" and end > at:
            if not meant:
                yield end + 1, (), 0.3, said
            return
        if (
            token.plain in _ASKS
            and at < end <= at + 5
            and not any(one in _DECIDES or one in _SAYS_MORE for one in said[1:])
        ):
            yield end + 1, (), 0.4, said
            if end + 1 < len(tokens) and tokens[end + 1].plain == "for":
                yield end + 2, (), 0.4, said
        meant = meant or token.plain == "given"
        if token.kind == "word" and token.plain not in _POLITE and token.plain not in _STRUCTURE:
            neutral = token.plain in _SAYS_MORE or token.plain in ("as", "our", "on")
            meant = meant or token.plain in _DECIDES or (not neutral and linker.means(tokens, end))


_SAYS_MORE = word_set("given when for by each of in a an")
_DECIDES = word_set(
    "month year day quarter week date period margin markup profit revenue rounded monthly yearly daily not no never"
    " without except only than least most above below over under between per by each every"
)


def _questions(chart: Chart, at: int) -> Iterable[_Step]:
    """ "How full was a flight? Passengers / seats": words for a figure whose formula follows say only of what it is."""
    tokens = chart.tokens
    if tokens[at].plain not in ("how", "what", "which"):
        return
    thing: tuple[Any, ...] = ()
    said: list[str] = []
    for end in range(at + 1, min(len(tokens), at + 20)):
        token = tokens[end]
        if token.plain in _DECIDES - {"per"} or token.kind in ("number", "date", "quoted") or token.text in ".;,":
            return
        said += [token.plain] if token.kind == "word" else []
        if token.plain in _ARTICLES:
            read = [value for _, value, _ in chart.readings("bare_table", end + 1)]
            thing = (Thing(read[0].table, "one"),) if read else thing
        if token.text in ("?", ":") or (token.text == "-" and not token.glued):
            after = end + 1
            for lead in (("that", "'s"), ("this", "is"), ("that", "is"), ("i", ".", "e", "."), ("it", "is")):
                if tuple(one.plain for one in tokens[after : after + len(lead)]) == lead:
                    after += len(lead)
                    break
            if any(_is_formula(value) for _, value, _ in chart.readings("item", after)):
                yield after, thing, 0.5, ()
            return


def _is_formula(piece: Any) -> bool:
    parts: tuple[Any, ...] = cast("tuple[Any, ...]", piece) if isinstance(piece, tuple) else (piece,)
    figures = [one.figure for one in parts if isinstance(one, Definition)]
    figures += [figure for one in parts if isinstance(one, Want) for figure in one.items]
    return any(isinstance(one.value, Binary) for one in figures)


def _for_whom(tokens: Sequence[Token], at: int, linker: Linker) -> Iterable[_Step]:
    """ "For our receptionist", "for the actuaries": whom an agent is for."""
    if at == 0 or at + 2 >= len(tokens) or tokens[at - 1].plain not in _POLITE:
        return
    if tokens[at + 1].plain in ("our", "my", "the", "us", "me"):
        for end in (at + 3, at + 4):
            words = tokens[at + 2 : end]
            if end <= len(tokens) and all(one.kind == "word" and not linker.means(tokens, at + 2 + index)
                                          for index, one in enumerate(words)):  # fmt: skip
                yield end, (), 0.3, tuple(one.plain for one in words)


def _cheapest(found: list[Pieces]) -> list[Pieces]:
    best: dict[tuple[Any, ...], Pieces] = {}
    for one in found:
        if one.pieces not in best or best[one.pieces].cost > one.cost:
            best[one.pieces] = one
    return heapq.nsmallest(_KEPT, best.values(), key=lambda one: one.cost)
