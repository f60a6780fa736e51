"""Figures of one amount per unit of another that a request names without a formula: "price per GB of a plan"."""

from __future__ import annotations

import re

from roles.builder.understanding.definitions import Definition
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows import singular_said
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import ONE_OF_MANY, Tagged
from roles.builder.understanding.words import identifier, singular, words_of_name

__all__ = ["counts_units", "unit_figures"]

_ONE = ONE_OF_MANY.replace("each|every|", "")
_PER = re.compile(r"(?<![F\d] )\b(?P<amount>C\d+) per (?:one |single )?(?P<unit>C\d+)\b")


def unit_figures(text: str, tagged: Tagged, tables: Tables, focus: list[str]) -> list[Definition]:
    """The formulas that such figures have: an amount by what there are many of, both numbers of one row.

    Of a thing to which many such rows belong the totals are divided.
    """
    found: list[Definition] = []
    for match in _PER.finditer(tagged.text):
        if re.search(r"\bF\d+ (?:(?:of|the) )*$", tagged.text[: match.start()]):
            continue
        amount = tagged.column(match["amount"], focus)
        unit = _beside(tagged, match["unit"], amount) or tagged.column(match["unit"], focus)
        if amount is None or unit is None or not (_is_number(tables, amount) and counts_units(tables, unit)):
            continue
        if tables.base([amount.table, unit.table]) not in (amount.table, unit.table):
            continue
        said = f"{tagged.said(match['amount'])} per {tagged.said(match['unit'])}"
        where = re.search(r"\W+".join(map(re.escape, said.split())), text, re.IGNORECASE)
        if where is None:
            continue
        names = [" ".join(words_of_name(place.column)) for place in (amount, unit)]
        of_many = _of_many(tagged, tables, amount.table)
        base = tables.base([amount.table, unit.table])
        parts = [
            f"sum({identifier(name)})" if of_many and place.table == base else identifier(name)
            for name, place in zip(names, (amount, unit), strict=True)
        ]
        found.append(
            Definition(
                name=identifier(said), words=where[0], expression=" / ".join(parts),
                phrases={identifier(name): name for name in names}, start=where.start(), end=where.end(),
            )
        )  # fmt: skip
    return found


def _beside(tagged: Tagged, mark: str, amount: Place | None) -> Place | None:
    """The column of that name in the table of the amount; None where there is none."""
    meanings = [one for one in tagged.span(mark).meanings if one.kind == "column" and one.place is not None]
    beside = [
        one for one in meanings if amount is not None and one.place is not None and one.place.table == amount.table
    ]
    return max(beside, key=lambda one: one.score).place if beside else None


def _is_number(tables: Tables, place: Place) -> bool:
    return tables.column(place).type in ("number", "integer") and not tables.is_key(place)


def counts_units(tables: Tables, place: Place) -> bool:
    """Whether a column tells how many units there are, and does not number them as years and floors are numbered."""
    if not _is_number(tables, place):
        return False
    parts = re.split(r"[_\W]+", place.column.lower())
    return tables.column(place).type == "number" or any(singular(part) != part for part in parts)


def _of_many(tagged: Tagged, tables: Tables, table: str) -> bool:
    """Whether the figure is of one thing to which many rows of the table belong."""
    marks = [mark for mark in tagged.marks("T") if not tagged.by_key(mark)]
    if any(tagged.table(mark) == table for mark in marks):
        return False
    return any(
        tables.path(table, tagged.table(mark), upwards=True)
        and singular_said(tagged, mark)
        and re.search(rf"\b(?:of|for) (?:{_ONE} |the )?{mark}\b", tagged.text) is not None
        for mark in marks
    )
