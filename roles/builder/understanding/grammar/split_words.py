"""Amounts whose words stand apart: "how many tickets were sold" asks for the column of tickets sold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.forms import ColumnRef
from roles.builder.understanding.grammar.tokens import Token
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables

__all__ = ["split_amount"]

_BETWEEN = word_set("were was are is did do does have has had been we they you it he she get got")


class _Columns(Protocol):
    tables: Tables

    def columns(self, words: tuple[str, ...]) -> tuple[tuple[Place, float], ...]: ...


def split_amount(linker: _Columns, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """A noun, auxiliary words and a participle that are a column of numbers together, and are none apart."""
    for first in (1, 2):
        noun = tokens[at : at + first]
        if len(noun) != first or any(one.kind != "word" for one in noun):
            return
        end = at + first
        while end < len(tokens) and tokens[end].plain in _BETWEEN:
            end += 1
        if end == at + first or end >= len(tokens) or tokens[end].kind != "word":
            continue
        words = (*(one.low for one in noun), tokens[end].low)
        found = tuple(
            one for one in linker.columns(words)
            if one[1] >= 0.8 and linker.tables.column(one[0]).type in ("number", "integer")
            and not linker.tables.is_key(one[0])
        )  # fmt: skip
        if found:
            yield end + 1, ColumnRef(" ".join(words), found), 0.1
