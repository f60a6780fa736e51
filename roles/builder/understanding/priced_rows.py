"""Things for less or more than an amount of money: "pastries under 2 euros"."""

from __future__ import annotations

import re

from common.language.words import word_set
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows_read import COMPARISONS, Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["read_prices"]

_PRICES = word_set("price rate fee fare rent tariff")
_LINK = r"(?:(?:that|which|are|is|for|at|cost|costs|costing|priced|worth|sold) )*"


def read_prices(tagged: Tagged, tables: Tables, table: str, rows: Rows) -> None:
    """Add what an amount in a currency says of the one price that the rows of `table` have."""
    prices = [
        Place(table=table, column=one.name)
        for one in tables.tables[table].columns
        if one.type in ("number", "integer") and _PRICES.intersection(words_of_name(one.name))
    ]
    if len(prices) != 1:
        return
    for words, sign in COMPARISONS:
        pattern = (
            rf"\b(?P<mark>T\d+) {_LINK}{words} (?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?) (?:euros?|dollars?"
            rf"|pounds?|eur|usd|gbp|chf|francs?)\b"
        )
        for match in re.finditer(pattern, tagged.text):
            if tagged.table(match["mark"]) == table and not tagged.is_taken(match.start("number")):
                number = float(match["number"].replace(",", ""))
                rows.add(prices[0], sign, "", "number", int(number) if number.is_integer() else number)
                tagged.take(match)
