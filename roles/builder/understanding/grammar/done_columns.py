"""Columns that a noun and what was done with it tell together: "how many hours were billed" is ``billed_hours``."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from roles.builder.understanding.grammar.chart import Grammar, Reading
from roles.builder.understanding.grammar.forms import Aggregate, ColumnRef, Figure, Group, Want, which_of
from roles.builder.understanding.grammar.tokens import Token

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.linking import Linker

__all__ = ["add_done_rules", "done_column"]

_AUXILIARIES = frozenset({"was", "were", "is", "are", "been", "has", "have", "got", "be", "being"})
_SURE = 0.85


def done_column(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A noun of up to three words, auxiliaries, and a participle, as the one number that they tell together."""
    words: list[str] = []
    for end in range(at, min(len(tokens), at + 4)):
        token = tokens[end]
        if token.kind != "word":
            return
        if token.plain in _AUXILIARIES and words:
            yield from _behind(linker, tokens, end, tuple(words))
            return
        words += token.words or (token.low,)


def _behind(linker: Linker, tokens: Sequence[Token], at: int, words: tuple[str, ...]) -> Iterable[Reading]:
    while at < len(tokens) and tokens[at].plain in _AUXILIARIES:
        at += 1
    if at >= len(tokens) or tokens[at].kind != "word":
        return
    found = tuple(
        (place, score) for place, score in linker.columns((*words, tokens[at].low))
        if score >= _SURE and linker.tables.column(place).type in ("number", "integer")
    )  # fmt: skip
    alone = any(score >= _SURE for _, score in linker.columns(words))
    if found and not alone:
        yield at + 1, ColumnRef(" ".join((*words, tokens[at].low)), found), 0.1


def add_done_rules(grammar: Grammar) -> None:
    """Add the rules for ``item``: "how many hours were billed", "… for each project"."""
    total = "in_total|altogether|overall|in_all|all_in_all?"
    add = grammar.add
    add("item", f"how_many|how_much|what_number_of|what_amount_of ~ <done_column> {total}",
        _total, 0.02)  # fmt: skip
    add("item", f"how_many|how_much ~ <done_column> {total} for|by|on|to each|every <bare_table>",
        lambda column, thing: (_total(column), Group((which_of(thing, "each"),))), 0.02)  # fmt: skip


def _total(column: ColumnRef) -> Want:
    return Want((Figure(Aggregate("sum", column)),))
