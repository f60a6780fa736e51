"""Words for what was done to an amount, which say no more than the amount does: "hours worked", "did we sell"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.tokens import Token, stem
from roles.builder.understanding.words import words_of_name

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.linking import Linker

__all__ = ["doing", "idle_done"]

_DONE = word_set(
    """sold worked rented printed invoiced billed paid made spent used delivered shipped driven produced consumed earned
    generated taught taken received bought ordered booked played run charged collected burned burnt harvested picked
    baked brewed served poured lent borrowed flown sailed travelled traveled covered logged recorded put done given
    handled moved carried processed treated trained banked raised donated pledged issued purchased dispatched cut
    planted grown mined pumped drilled milled sent hired loaded stored wasted scrapped lost won scored sewn woven"""
)
_DO = word_set(
    """sell work rent print invoice bill pay make spend use deliver ship drive produce consume earn generate teach take
    receive buy order book play run charge collect burn harvest pick bake brew serve pour lend borrow fly sail travel
    cover log record put do give handle move carry process treat bring raise donate issue purchase dispatch have get
    place plant grow mine pump drill mill send load store waste scrap lose win score sew weave owe yield cost"""
)
_SURE = word_set("sold worked made spent used driven earned run taught burned burnt consumed produced generated")


def idle_done(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A participle behind an amount that says no more than it: no date, flag, state or value is called so."""
    if at >= len(tokens) or tokens[at].kind != "word" or tokens[at].plain not in _DONE:
        return
    word = tokens[at].plain
    tables = linker.tables
    for place, one in tables.places():
        named = stem(word) in {stem(part) for part in words_of_name(place.column)}
        if named and (one.type != "date" or one.nullable):
            return
        if (word,) in tables.values.get(place, {}):
            return
        unsure = one.type == "text" and not tables.values.get(place) and word not in _SURE
        if unsure and {*words_of_name(place.column)} & {"status", "state", "stage", "phase"}:
            return
    yield at + 1, word, 0.05


def doing(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A verb or participle for what is done with things, which the figure beside it tells."""
    if at < len(tokens) and tokens[at].kind == "word" and (tokens[at].plain in _DO or tokens[at].low in _DO):
        yield at + 1, tokens[at].plain, 0.05
    yield from idle_done(linker, tokens, at)
