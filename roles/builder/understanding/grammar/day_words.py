"""The days that words of a request mean where time is measured: when rows began, ended or were due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.forms import ColumnRef
from roles.builder.understanding.grammar.tokens import Token, stem
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import words_of_name

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.linking import Linker

__all__ = ["date_field", "day_of_rows"]

_BEGAN = word_set(
    """hired joined join start started since from employed opened opening founded established registered created began
    begin entered appointed admitted enrolled launched introduced signed hire reported received ordered order placed
    posted issued requested submitted booked received arrived arrival checkin bought purchased raised"""
)
_DUE = word_set("due deadline promised expected planned scheduled target eta")
_ENDED = word_set(
    """finished completed returned resolved fixed solved settled repaired done checkout handled discharged delivered
    closed ended paid shipped filled end finish completion return delivery departure left shipped until sold"""
)


def date_field(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """The dates that words name: "the order date", "received", "delivery"."""
    for end, column, cost in linker.terminals["column"](tokens, at):
        found = tuple(one for one in column.candidates if linker.tables.column(one[0]).type == "date")
        if found:
            yield end, ColumnRef(column.words, found), cost
    if at < len(tokens) and tokens[at].kind == "word":
        said = stem(tokens[at].low)
        alike = tuple(
            (place, 0.9) for place, one in linker.tables.places()
            if one.type == "date" and said in {stem(word) for word in words_of_name(place.column)}
        )  # fmt: skip
        if alike and len(said) > 2:
            yield at + 1, ColumnRef(tokens[at].low, alike), 0.15


def day_of_rows(linker: Linker, what: str) -> Callable[[Sequence[Token], int], Iterable[Reading]]:
    """A reading of no words: the day on which rows begin, end or are due, of whatever table is meant."""

    def read(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        del tokens
        ends = (_only(linker, table, what) for table in linker.tables.tables)
        found = tuple((place, 0.8) for place in ends if place is not None)
        if found:
            yield at, ColumnRef(what, found), 0.0

    return read


def _only(linker: Linker, table: str, what: str) -> Place | None:
    dates = [one for one in linker.tables.tables[table].columns if one.type == "date"]
    named = {"beginning": _BEGAN, "end": _ENDED, "due day": _DUE}[what]
    found = [one for one in dates if {*words_of_name(one.name)} & named]
    if what == "beginning" and len(found) != 1:
        others = [one for one in dates if not {*words_of_name(one.name)} & (_DUE | _ENDED - _BEGAN)]
        sure = [one for one in others if not one.nullable]
        found = others if len(others) == 1 else sure
    if what == "end" and not found:
        found = [one for one in dates if one.nullable and not {*words_of_name(one.name)} & (_DUE | _BEGAN)]
    return Place(table=table, column=found[0].name) if len(found) == 1 else None
