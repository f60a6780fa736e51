"""Requirements with the things that callers name, by the columns by which they name them."""

from __future__ import annotations

from roles.builder.understanding.named_things import NamedThings
from roles.builder.understanding.requirements import Place, Question, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import column_identifier
from roles.engineering.specification import Filter, Input

__all__ = ["with_named_things"]


def with_named_things(made: Requirements, named: NamedThings, tables: Tables) -> Requirements:
    """The requirements, with things found by the columns that the request tells; a question where one has no place."""
    by = dict(named.by)
    if not by or made.missing or made.uncovered:
        return made
    for table, place in by.items():
        if made.entity == table:
            made = made if place is None else made.model_copy(update={
                "named_by": place,
                "assumptions": (*made.assumptions, f"the {tables.one(table).replace('_', ' ')} is found by its "
                                                   f"{place.column.replace('_', ' ')} as the database has it"),
            })  # fmt: skip
        elif not _is_given(made, table):
            made = _also_given(made, table, place, tables)
    return made


def _is_given(made: Requirements, table: str) -> bool:
    return any(one.input and one.table == table for one in made.filters)


def _also_given(made: Requirements, table: str, place: Place | None, tables: Tables) -> Requirements:
    """With one more thing that the caller names: rows have to lead to it, else it is asked what is meant."""
    what = tables.one(table).replace("_", " ")
    if not made.table or tables.path(made.table, table, upwards=True) is None or (made.groups and table == made.table):
        text = f"What does the {what} that is given choose? It was not understood. Say it in other words."
        return made.model_copy(update={"missing": (Question(name="unclear", text=text),)})
    place = place or Place(table=table, column=tables.key(table))
    name = column_identifier(place.column)
    if name in ("id", "name", "code", "number", "title") or any(one.name == name for one in made.inputs):
        name = f"{tables.one(table)}_{name}"[:48]
    given = Input(
        name=name,
        type=tables.column(place).type,
        description=f"{what.capitalize()}: its {place.column.replace('_', ' ')}",
    )
    chosen = Filter(table=place.table, column=place.column, comparison="=", input=name)
    return made.model_copy(update={"filters": (*made.filters, chosen), "inputs": (*made.inputs, given)})
