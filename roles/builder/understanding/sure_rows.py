"""What a reading by marks computes with rows that can't be meant so: it is asked about, or counted rightly."""

from __future__ import annotations

import re

from roles.builder.understanding.requirements import Figure, Question, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.unit_figures import counts_units
from roles.engineering.formulas import parse

__all__ = ["with_sure_rows"]


def with_sure_rows(made: Requirements, tables: Tables) -> Requirements:
    """The requirements, with a question where a value of one row stands for many, or rows are grouped by an amount.

    "Total units divided by the number of orders" of a client is of many rows: no formula takes the first of them. A
    count of the things that rows belong to counts each once.
    """
    if made.missing or made.uncovered:
        return made
    made = made.model_copy(update={"figures": tuple(_each_once(one, made) for one in made.figures)})
    if not made.each:
        for one in made.figures:
            for name in _alone(one, made):
                words = name.replace("_", " ")
                text = f"There may be several rows with a {words} for one thing: is their total meant in the formula?"
                return made.model_copy(update={"missing": (Question(name="which_rows", text=text),)})
    for place in made.groups:
        if not place.part and not tables.is_key(place) and counts_units(tables, place):
            words = place.column.replace("_", " ")
            text = f"Is it meant for each number of {words} by itself, or divided by the {words}? Say it as a formula."
            return made.model_copy(update={"missing": (Question(name="groups", text=text),)})
    return made


def _each_once(one: Figure, made: Requirements) -> Figure:
    places = {each.name: each.place for each in made.bindings if each.place is not None}

    def changed(match: re.Match[str]) -> str:
        place = places.get(match[1])
        return f"distinct({match[1]})" if place is not None and place.table != made.table else match[0]

    text = re.sub(r"\bcount\((\w+)\)", changed, one.expression)
    return one if text == one.expression else one.model_copy(update={"expression": text})


def _alone(one: Figure, made: Requirements) -> list[str]:
    """The columns of the rows that a formula over many rows takes without a function."""
    others = [each.name for each in made.figures] + [each.name for each in made.bindings if each.input is not None]
    read = parse(one.expression, scalars=others)
    if not read.series_names or made.entity == made.table:
        return []
    own = {each.name for each in made.bindings if each.place is not None and each.place.table == made.table}
    return [name for name in read.scalar_names if name in own and name not in read.series_names]
