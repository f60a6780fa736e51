"""The operation that requirements become: its name, its outputs, and how people ask for it."""

from __future__ import annotations

from collections.abc import Sequence

from roles.builder.understanding.queries import MadeQuery
from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import identifier, plural, words_of_name
from roles.engineering.formulas.quantities import QUANTITIES
from roles.engineering.formulas.scope import is_series
from roles.engineering.specification import Input, Output, ValueType, selected_type

__all__ = ["described", "operation_name", "outputs_of"]


def operation_name(made: Requirements, tables: Tables) -> str:
    """The name of the method: ``calculate_dscr``, ``find_orders``, ``get_customer``, ``revenue_by_sector``."""
    asked = [one.name for one in made.figures if one.asked]
    if made.each and asked:
        by = f"_by_{made.groups[0].part or identifier(words_of_name(made.groups[0].column))}" if made.groups else ""
        return f"list_{asked[0]}{by}"[:48].rstrip("_")
    if asked:
        return f"calculate_{asked[-1] if len(asked) > 1 and made.rules else asked[0]}"[:48]
    if made.condensed:
        head = "_and_".join(one.name for one in made.condensed[:2])[:30].rstrip("_")
        if made.groups:
            return f"{head}_by_{identifier(words_of_name(made.groups[0].column))}"[:48]
        return f"get_{head}"[:48]
    one = tables.one(made.table)
    return f"get_{one}"[:48] if made.entity == made.table else f"find_{plural(one)}"[:48]


def described(made: Requirements, tables: Tables) -> str:
    """What the operation does, in a sentence."""
    of = f" of a {tables.one(made.entity).replace('_', ' ')}" if made.entity and made.entity != made.table else ""
    if made.each and made.figures and not made.condensed:
        names = ", ".join(_within(one.title or one.name.replace("_", " ")) for one in made.figures if one.asked)
        by = (
            f" by {', '.join(one.part or one.column.replace('_', ' ') for one in made.groups[:1])}"
            if made.groups
            else ""
        )
        return f"Lists the {names}{by or f' of {plural(tables.one(made.table))}'.replace('_', ' ')}."
    if made.figures and not made.each:
        names = ", ".join(_within(one.title or one.name.replace("_", " ")) for one in made.figures if one.asked)
        thing = f" of a {tables.one(made.entity).replace('_', ' ')}" if made.entity else ""
        told = ", and tells whether it passes" if made.rules else ""
        return f"Calculates the {names}{thing}{told}."
    if made.condensed:
        names = ", ".join(one.name.replace("_", " ") for one in made.condensed)
        by = f" by {', '.join(one.column.replace('_', ' ') for one in made.groups[:1])}" if made.groups else ""
        return f"Gives {names}{by}{of}."
    thing = tables.one(made.table).replace("_", " ")
    if made.entity == made.table:
        return f"Shows a {thing} by its number."
    by = [one.column.replace("_", " ") for one in made.filters if one.input]
    return f"Lists {plural(thing)}{_by(by)}{of}."


def _within(title: str) -> str:
    """A title as it stands within a sentence."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _by(names: Sequence[str]) -> str:
    return f" by {', '.join(dict.fromkeys(names))}" if names else ""


def outputs_of(made: Requirements, tables: Tables, query: MadeQuery) -> tuple[Output, ...]:
    """What the operation answers with."""
    if made.figures and made.show and not made.each:
        totals = [Output(name=one.name, type="number", unit=one.unit, description=one.title) for one in made.figures]
        return (*totals, *_read(tables, query))
    return _calculated(made, tables, query) if made.figures and not made.each else _read(tables, query)


def _calculated(made: Requirements, tables: Tables, query: MadeQuery) -> tuple[Output, ...]:
    """What callers gave, what was read, the figures, and what is to be said of them."""
    found = [_echo(one) for one in query.inputs]
    found += [Output(name="mode", type="text", description="How it was calculated")] if made.modes else []
    found += [_text("adjustments", "What the mode changed", series=True)] if made.modes else []
    for binding in made.bindings:
        if binding.aggregate is not None:
            found.append(Output(name=binding.name, type="integer" if binding.aggregate == "count" else "number"))
        elif binding.place is not None and not binding.rows and binding.name not in query.in_series:
            column = tables.column(binding.place)
            found.append(Output(name=binding.name, type=column.type, unit=column.unit or _unit(binding.name)))
    found += [Output(name=one.name, type="number", unit=one.unit, description=one.title) for one in made.figures]
    if made.rules:
        found += [_text("validation_status", "PASS or FAIL")]
        found += [_text("failed_rules", "The rules that were not kept", series=True)]
    if made.modes:
        found += [_text("analysis", "What the result means")]
        found += [_text("suggestions", "What would change it", series=True)]
        found += [_text("report", "All of it, for people")]
    if query.in_series:
        found.append(Output(name="row_count", type="integer", description="How many rows it is made of"))
    return tuple(found)


def _text(name: str, description: str, *, series: bool = False) -> Output:
    return Output(name=name, type="text", description=description, series=series)


def _read(tables: Tables, query: MadeQuery) -> tuple[Output, ...]:
    """The columns of the rows."""
    asked = query.query
    if asked is None:
        return ()
    single = not is_series(asked)
    found: list[Output] = []
    for column in asked.columns:
        kind: ValueType = tables.column(Place(table=column.table, column=column.column)).type
        kind = selected_type(column, kind)
        found.append(Output(name=column.name, type=kind, series=not single))
    if not single:
        found.append(Output(name="row_count", type="integer", description="How many rows there are"))
    return tuple(found)


def _echo(one: Input) -> Output:
    return Output(name=one.name, type=one.type, unit=one.unit, description=one.description)


def _unit(name: str) -> str:
    unit = QUANTITIES[name].unit if name in QUANTITIES else ""
    return "" if unit == "money" else unit
