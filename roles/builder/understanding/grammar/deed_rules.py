"""Rules for what was done, earned and taken in: "units sold", "which branch sold most", "who earns least"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.deed_words import Deed
from roles.builder.understanding.grammar.figure_rules import owned
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    ColumnRef,
    Condition,
    Count,
    Expression,
    Figure,
    Group,
    Number,
    Order,
    Thing,
    Want,
    count_of,
    which_of,
)  # fmt: skip
from roles.builder.understanding.grammar.pay_rules import add_pay_rules, alone

__all__ = ["add_deed_rules"]

_DID = "did|do|does|have|has|had"
_UNITS = "units|unit|pieces|piece|items|item|copies|articles|goods"
_ALL = "altogether|in_total|overall|in_all|so_far|ever"


def add_deed_rules(grammar: Grammar) -> None:
    """Add the rules for amounts of what was done, and for orders and conditions by them."""
    grammar.words(
        "party", {"we|you|they|i|us|it|people|our_people|our_customers|the_company|our_company|everyone": True}
    )
    grammar.words("most", {
        "most|the_most|best|the_best|most_of_all": "down", "least|the_least|fewest|worst|the_worst": "up",
    })  # fmt: skip
    _amounts(grammar)
    _takings(grammar)
    _how_many(grammar)
    _mosts(grammar)
    add_pay_rules(grammar)
    _conditions(grammar)


def _amounts(grammar: Grammar) -> None:
    add = grammar.add
    add("field", "~ <amount_column> <deed>", _done_amount, 0.02)
    add("field", "~ <amount_column> <:idle_word>", lambda column: column, 0.02)
    add("aggregate", f"~ total? number|amount|quantity|volume of? ~ {_UNITS} <deed>", _amount, -0.1)
    add("aggregate", f"~ total? {_UNITS} <deed>", _amount, -0.1)
    add(
        "aggregate",
        f"~ total|overall? {_UNITS} of ~ <bare_table> <deed>",
        lambda thing, deed: _handled(thing, deed, ()),
        -0.1,
    )
    add(
        "aggregate",
        "~ total? number|amount|quantity of ~ <bare_table> <deed>",
        lambda thing, deed: _handled(thing, deed, ()),
        -0.1,
    )


def _takings(grammar: Grammar) -> None:
    """ "How much did we take in", "what did members spend with us"."""
    add = grammar.add
    add("figure", "~ total|overall? <takings>", lambda one: one, -0.1)
    add("aggregate", "~ total|overall? <takings>", lambda one: one.value, 0.1)
    add("factor", "<row_value>", lambda one: one)
    add(
        "item",
        "how_much|what did|do|have|has|does <:party> <earning> with|from|on|by|for?",
        lambda one: Want((one,)),
        -0.1,
    )
    add(
        "item", "how_much|what did|do|have|has|does ~ <value_thing> <spending> with|at|on|for us|here?", _spent_by, -0.1
    )
    add(
        "item",
        "how_much|what did|do|have|has|does ~ <known_value> <spending> with|at|on|for us|here?",
        _spent_for,
        -0.1,
    )
    add(
        "item",
        "how_much|what did|does|has each|every ~ <bare_table> <earning>",
        lambda thing, one: _with_group(Want((one,)), thing),
        -0.1,
    )
    add("aggregate", "~ total? <amount_column> of ~ <bare_table> <deed>", _amount_of_kind, -0.1)
    add(
        "aggregate",
        "~ average|mean <amount_column> per|for_each|of_each|for_every|a|an <bare_table>",
        _mean_of_rows,
        -0.15,
    )
    add(
        "item",
        "how_much ~ <takings> did|does|do|has|have <:party>? make|makes|made|take|taken|earn|earned|bring_in|"
        "generate|get|got? in?",
        lambda one: Want((one,)),
        0.05,
    )
    add(
        "item",
        "how_much did|does|do|has|have each|every ~ <bare_table> take|make|earn|bring|takes|turn in|over?",
        lambda thing: None,
    )


def _done_amount(column: ColumnRef, deed: Deed) -> ColumnRef | None:
    """ "Hours worked" are the hours of the rows that tell of work."""
    return owned(column, Thing(deed.table)) or None


def _spent_by(thing: Thing, one: Figure) -> Any:
    return Want((one,)), *thing.where


def _spent_for(value: Condition, one: Figure) -> Any:
    return Want((one,)), value


def _amount_of_kind(column: ColumnRef, thing: Thing, deed: Deed) -> Expression | None:
    """ "Packs of Amox dispensed"."""
    own = owned(column, Thing(deed.table))
    if own is None or not thing.where or (thing.table not in deed.of and thing.table != deed.table):
        return None
    return Aggregate("sum", own, thing.where)


def _mean_of_rows(column: ColumnRef, thing: Thing) -> Expression | None:
    """ "Kilometres per rental" on average: the mean over rentals, where these have the kilometres."""
    own = owned(column, replace(thing, where=()))
    return Aggregate("mean", own, thing.where) if own is not None else None


def _amount(deed: Deed) -> Expression | None:
    return deed.amount if deed.summed else None


def _handled(thing: Thing, deed: Deed, told: tuple[Condition, ...]) -> Expression | None:
    """How many of a thing were sold, lent, treated: the sum of the quantities, where rows tell any."""
    if thing.table != deed.table and thing.table not in deed.of:
        return None
    where = (*thing.where, *told)
    return replace(deed.amount, where=where) if isinstance(deed.amount, Aggregate | Count) else None


def _how_many(grammar: Grammar) -> None:
    add = grammar.add
    asked = "how many ~ <bare_table> <told>*"
    several = "how many ~ <valued_things>"
    named = "how many ~ <part_of_name> <told>*"
    for lead in (f"{named} {_DID} <:party> <deed>", f"{named} was|were|is|are|have_been|has_been <deed>"):
        add("item", f"{lead} {_ALL}?", lambda thing, told, deed: _counted(thing, told, deed), -0.1)
    for lead in (f"{several} {_DID} <:party> <deed>", f"{several} was|were|is|are|have_been|has_been <deed>"):
        add("item", f"{lead} {_ALL}?", _counted_several, -0.3)
    kinds = "how many ~ <several_kinds>"
    for lead in (f"{kinds} {_DID} <:party> <deed>", f"{kinds} was|were|is|are|have_been|has_been <deed>"):
        add("item", f"{lead} {_ALL}?", _counted_several, -0.3)
    add("several_kinds", "<known_value> and|&|,_and <known_value> <part_of_name>", _kinds_of)
    add("several_kinds", "<known_value> , <known_value> and|&|,_and <known_value> <part_of_name>", _kinds_of)
    add("item", f"{several} {_DID} each|every ~ <bare_table> <deed>", _several_each, -0.3)
    for lead in (f"{asked} {_DID} <:party> <deed>", f"{asked} was|were|is|are|have_been|has_been <deed>"):
        add("item", f"{lead} {_ALL}?", lambda thing, told, deed: _counted(thing, told, deed), -0.1)
    for lead in (f"{asked} {_DID} <:party> <making>", f"{asked} was|were|have_been|has_been <making>"):
        add("item", f"{lead} {_ALL}?", lambda thing, told, deed: _made(thing, told, deed), -0.3)
    add("item", f"{asked} {_DID} each|every ~ <bare_table> <deed>", _counted_each, -0.1)
    add("item", f"{asked} {_DID} ~ <bare_table> <deed>", _counted_of, -0.05)
    add("item", f"how many {_UNITS} {_DID} <:party> <deed>", lambda deed: _units(deed), -0.1)
    add("item", f"how many {_UNITS} was|were|have_been <deed>", lambda deed: _units(deed), -0.1)
    add("item", f"how many {_UNITS} {_DID} each|every ~ <bare_table> <deed>", _units_each, -0.1)
    add("item", f"how many|much ~ <amount_column> {_DID} <:party> <deed>", _amount_done, -0.05)
    add("item", f"how many|much ~ <amount_column> {_DID} each|every ~ <bare_table> <deed>",
        lambda column, thing, deed: _with_group(_amount_done(column, deed), thing), -0.05)  # fmt: skip
    add("item", f"how many ~ <bare_table> {_DID} <bare_table> make|made|have|had|get|got|place|placed|take|taken?",
        _counted_by, 0.1)  # fmt: skip
    add("item", "~ <part_of_name> <deed>", _named_after, 0.0)


def _counted(thing: Thing, told: tuple[Condition, ...], deed: Deed) -> Any:
    amount = _handled(thing, deed, told)
    return Want((Figure(amount),)) if amount is not None else None


def _kinds_of(*given: Any) -> Any:
    *values, thing = given
    return tuple(replace(thing, where=(one,)) for one in values)


def _counted_several(things: tuple[Thing, ...], deed: Deed) -> Any:
    amounts = [(one, _handled(one, deed, ())) for one in things]
    if any(amount is None for _, amount in amounts):
        return None
    return Want(tuple(Figure(amount, f"{one.where[0].values[0]} {deed.word}") for one, amount in amounts if amount))


def _several_each(things: tuple[Thing, ...], by: Thing, deed: Deed) -> Any:
    return _with_group(_counted_several(things, deed), by) if by.table in deed.of else None


def _made(thing: Thing, told: tuple[Condition, ...], deed: Deed) -> Any:
    return _counted(thing, told, deed) if thing.where and thing.table == deed.table else None


def _counted_each(thing: Thing, told: tuple[Condition, ...], by: Thing, deed: Deed) -> Any:
    return _with_group(_counted(thing, told, deed), by) if by.table in deed.of else None


def _counted_of(thing: Thing, told: tuple[Condition, ...], by: Thing, deed: Deed) -> Any:
    """ "How many sales did students make": of those who are so."""
    made = _counted(thing, told, deed) if by.table in deed.of and by.where else None
    return (made, *by.where) if made is not None else None


def _counted_by(thing: Thing, by: Thing) -> Any:
    return (Want((Figure(count_of(thing)),)), *by.where) if by.where and by.table != thing.table else None


def _with_group(made: Any, by: Thing) -> Any:
    return (made, Group((which_of(by, "each"),))) if made is not None else None


def _units(deed: Deed) -> Any:
    return Want((Figure(deed.amount),)) if deed.summed else None


def _units_each(by: Thing, deed: Deed) -> Any:
    return _with_group(_units(deed), by) if by.table in deed.of else None


def _amount_done(column: ColumnRef, deed: Deed) -> Any:
    own = owned(column, Thing(deed.table))
    return Want((Figure(Aggregate("sum", own)),)) if own is not None else None


def _named_after(thing: Thing, deed: Deed) -> Any:
    """ "Tickets sold" are what the rows of ticket sales count."""
    if thing.table != deed.table or not thing.plural or not deed.summed:
        return None
    return Want(
        (Figure(replace(deed.amount, where=thing.where) if isinstance(deed.amount, Aggregate) else deed.amount),)
    )


def _mosts(grammar: Grammar) -> None:
    """ "Which branch sold most", "the bike that was rented most often"."""
    add = grammar.add
    for lead in ("which|what <bare_table>", "~ <bare_table>"):
        for does in ("that|which|who? has|have|had? <deed>", "that|which|who? was|were|is|are|been|has_been? <deed>"):
            add("item", f"{lead} {does} <most> {_ALL}?", _most)
            add("item", f"{lead} {does} <most> {_UNITS} {_ALL}?", _most)
            add("item", f"{lead} {does} most|the_most often|frequently", partial(_often, way="down"))
            add("item", f"{lead} {does} least|the_least often|frequently", partial(_often, way="up"))
            add("item", f"{lead} {does} most_often|most_frequently", partial(_often, way="down"))
            add("item", f"{lead} {does} ~ <superlative> <amount_column>", _most_of)
            add("item", f"{lead} {does} ~ <superlative> <bare_table>", _most_things)
        add("item", f"{lead} that|which|who? <:unknown> ~ <superlative> <amount_column>", _most_done, -0.1)
        add(
            "item",
            f"which|what <field> {_DID} <:party> <:unknown> ~ <superlative> <amount_column> of?",
            _most_made_of_kind,
            -0.1,
        )
        add(
            "item",
            f"which|what <field> {_DID} <:party> <:deed> ~ <superlative> <amount_column> of?",
            _most_made_of_kind,
            -0.1,
        )
        for brings in ("brings|bring|brought in|us?", "makes|make|made|earns|earn|earned|generates|generate|generated"):
            add("item", f"which|what <field> {brings} ~ <superlative> <takings>", _most_taken_kind, -0.1)
        for does in ("brings|bring|brought in|us?", "makes|make|made|earns|earn|earned|generates|generate|generated|"
                     "yields|has|had|have|takes_in|took_in|takes|took|with",
                     "that|which brings|brought|makes|made in?"):  # fmt: skip
            add("item", f"{lead} {does} ~ <superlative> <takings>", _most_taken, -0.1)


def _most_made_of_kind(field: ColumnRef, way: Any, column: ColumnRef) -> Any:
    """ "Which product do we print most copies of"."""
    return Group((field,)), Order(Aggregate("sum", column), way, 1)


def _most(thing: Thing, deed: Deed, way: Any) -> Any:
    return (alone(thing), Order(deed.amount, way, 1)) if thing.table in deed.of and not thing.plural else None


def _often(thing: Thing, deed: Deed, *, way: Any) -> Any:
    if thing.table not in deed.of or thing.plural:
        return None
    return alone(thing), Order(Count(deed.table), way, 1)


def _most_of(thing: Thing, deed: Deed, way: Any, column: ColumnRef) -> Any:
    own = owned(column, Thing(deed.table))
    if own is None or thing.table not in deed.of or thing.plural:
        return None
    return alone(thing), Order(Aggregate("sum", own), way, 1)


def _most_things(thing: Thing, deed: Deed, way: Any, of: Thing) -> Any:
    """ "Sold the most pastries"; of people and places, how many different ones is another question."""
    if thing.table not in deed.of or thing.plural or (of.table not in deed.of and of.table != deed.table):
        return None
    if not deed.summed and of.table != deed.table:
        return None
    amount = _handled(of, deed, ())
    return alone(thing), Order(amount, way, 1)


def _most_taken(thing: Thing, way: Any, of: Figure) -> Any:
    return None if thing.plural else (alone(thing), Want((of,)), Order(of.value, way, 1))


def _most_taken_kind(field: ColumnRef, way: Any, of: Figure) -> Any:
    return Group((field,)), Want((of,)), Order(of.value, way, 1)


def _most_done(thing: Thing, way: Any, column: ColumnRef) -> Any:
    return None if thing.plural else (alone(thing), Order(Aggregate("sum", column), way, 1))


def _conditions(grammar: Grammar) -> None:
    """ "Haven't sold anything online", "sold more than 100 units altogether"."""
    add = grammar.add
    for lead in ("who|that|which? have|has|had|did|do|does not", "who|that|which? never|have_never|has_never"):
        add("told", f"{lead} <deed> anything|any|one|a_single_one|a_thing|a_single_thing <told>*", _none_done, -0.1)
        add("told", f"{lead} <deed> <told>*", _none_done, 0.05)
        add("told", f"{lead} <deed> any|a|an|a_single ~ <bare_table> <told>*", _none_done_of, -0.1)
    add("told", f"that|which|who? <aux>* <deed> <limit> {_UNITS}? {_ALL}?", _done_so_much, 0.05)
    for lead in ("", "that|which|who|lasting|taking|of", "that|which lasted|took|last|takes|lasts|were|was|is|are"):
        add("told", f"{lead} <sign> ~ <plain_number> <amount_column>", _amount_limited, 0.05)
    add("told", "that|which|who? <aux>* <deed> <limit> times", lambda deed, limit: None)


def _none_done(deed: Deed, told: tuple[Condition, ...]) -> Condition:
    return Condition("has", sign="=", right=Number(0.0), table=deed.table, where=told)


def _none_done_of(deed: Deed, thing: Thing, told: tuple[Condition, ...]) -> Condition | None:
    if thing.table not in deed.of and thing.table != deed.table:
        return None
    return Condition("has", sign="=", right=Number(0.0), table=deed.table, where=(*thing.where, *told))


def _amount_limited(sign: Any, number: Number, column: ColumnRef) -> Condition:
    """ "Longer than 9 hours" is said of the column of hours."""
    return compared(column, (sign, number, None))


def _done_so_much(*given: Any) -> Condition:
    deed, limit = given[-2], given[-1]
    return compared(deed.amount, limit)
