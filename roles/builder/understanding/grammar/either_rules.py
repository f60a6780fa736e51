"""Rules for conditions of which one or another has to hold: "that are unpaid or older than 30 days"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.forms import (
    Condition,
    Expression,
    Figure,
    Named,
    Number,
    Thing,
    Want,
    count_of,
)  # fmt: skip

__all__ = ["add_either_rules"]

_WHO = "that|which|who|whose|where|those|the_ones|ones"
_OR = ",? or|or_else|or_otherwise|or_also|or_if either|also|if|else|otherwise?"
_BE = "is|are|was|were|have|has|had|have_been|has_been|had_been|be"


def _branches(grammar: Grammar) -> None:
    """What may stand on either side of "or"."""
    add = grammar.add
    add("branch", "<told>", lambda one: one)
    add("branch", "<told_of_column>", lambda one: one, 0.05)
    add("branch", f"those|the_ones|ones|any? {_WHO}? <told_of_column>", lambda one: one, 0.1)
    add("branch", "those|the_ones|ones|any|them <told>", lambda one: one, 0.05)
    add("branch", f"{_WHO}|with|having ~ <told_of_column>", lambda one: one, 0.05)
    add("branch", f"{_WHO}? {_BE} <told>", lambda one: one, 0.1)
    add("branch", f"{_WHO}? {_BE} <value_like>", lambda one: one, 0.2)
    add("branch", f"{_WHO}? have|has|had a|an|any? ~ <told_of_column>", lambda one: one, 0.05)
    add("branch", "a|an ~ <told_of_column>", lambda one: one, 0.1)
    add("branch", "a|an <valued>", lambda one: one, 0.05)
    add("branch", "<limit> <field>", lambda limit, field: compared(field, limit), 0.05)
    add("branch", f"{_WHO}? {_BE}? <bare_limit>", lambda one: one, 0.1)
    add("further", "<branch>", lambda one: one)
    add("further", "~ <bare_table> <told>", _of_thing, 0.1)
    add("further", "~ <bare_table> that|which|who? is|are|was|were <value_like>", lambda _, one: one, 0.2)
    add("further", "a|an|any? <value_like> <bare_table>", lambda one, thing: _of_thing(thing, one), 0.2)
    add("branches", f"{_OR} <further>", lambda one: (one,))
    add("branches", f"{_OR} <further> <branches>", lambda one, rest: (one, *rest), 0.01)
    add("listed", ", <branch>", lambda one: one)
    add("first_branch", "<branch>", lambda one: one)
    add("first_branch", f"{_WHO}|with|having? {_BE}? either|whether <branch>", lambda one: one)
    add("joined", "<branch> and|but|and_also <branch>", lambda one, other: (one, other))


def _either(grammar: Grammar) -> None:
    add = grammar.add
    add("said_any", "<first_branch> <branches>", lambda one, rest: _any((one, *rest)), 0.02)
    add("said_any", "<first_branch> <listed>* <branches>", _listed, 0.03)
    add("said_any", "<first_branch> and|but|and_also <branch> <branches>", _and_or, 0.05)
    add("said_any", "<first_branch> <branches> and|but|and_also <branch>", _or_and, 0.05)
    add("said_any", "<first_branch> <branches> ,? or both?", lambda one, rest: _any((one, *rest)), 0.03)
    add("said_any", f"both <joined> {_OR} <further>", lambda both, one: _any((Condition("all", where=both), one)), 0.02)
    add(
        "said_any",
        "<first_branch> , or both? <joined>",
        lambda one, both: _any((one, Condition("all", where=both))),
        -0.05,
    )
    add("item", "<said_any>", lambda one: one)
    add("item", "and|but <said_any>", lambda one: one, 0.02)
    add("item", "any|all? ~ <bare_table> <said_any>", lambda thing, told: (thing, told), 0.02)
    add("item", "how many ~ <bare_table> <said_any>", lambda thing, told: (Want((Figure(count_of(thing)),)), told), 0.1)
    add("aggregate", "~ number|count of all? ~ <bare_table> <said_any>", lambda thing, told: count_of(thing, told), 0.2)
    add("item", f"all|any? ~ <bare_table> {_OR} <further>", _things_or, 0.1)
    add("told", "( only|just? <said_any> )", lambda one: one, 0.02)
    add("item", f"~ <value_like> <bare_table> ,? or {_WHO}|also? <branch>", _adjective, 0.15)
    for told in ("<value_like>", "<valued>"):
        grammar.add("item", f"either ~ {told} <bare_table> {_OR} <further>", _adjective, 0.05)
    grammar.add(
        "item", f"either ~ <bare_table> <told> {_OR} <further>", lambda thing, told, one: _adjective(told, thing, one)
    )
    grammar.add("item", "~ <valued> <bare_table> ,? or those|the_ones|ones|any? <branch>", _adjective, 0.05)


def _limits(grammar: Grammar) -> None:
    """ "Price below 10 or above 100", "outside 10 to 100", "placed before 2024 or after 2025"."""
    add = grammar.add
    add("told_of_column", "<field> <be>? either? <limit> or <limit>", _two_limits)
    add(
        "told_of_column",
        "<field> <be>? not between <number> and <number>",
        lambda field, _, low, high: _outside(field, low, high),
    )
    add(
        "told_of_column",
        "<field> <be>? outside of? ~ <number> and|to|- <number>",
        lambda field, _, low, high: _outside(field, low, high),
    )
    add(
        "told_of_column",
        "<field> of|is|are|was|were|equals ~ <number>",
        lambda field, number: compared(field, ("=", number, None)),
        0.15,
    )
    add("told_of_column", "<field> <be>? either? <window> or <window>", lambda field, _, one, other: _any(
        (Condition("window", field, window=one), Condition("window", field, window=other))))  # fmt: skip
    add("told", "either? <window> or <window>", lambda one, other: _any(
        (Condition("window", window=one), Condition("window", window=other))), 0.02)  # fmt: skip


def _ages(grammar: Grammar) -> None:
    """ "Older than 30 days", "less than a year old"."""
    add = grammar.add
    grammar.words("age_unit", {"day|days": "day", "week|weeks": "week", "month|months": "month", "year|years": "year"})
    add("age", "<number> <age_unit>", lambda number, unit: (number, unit))
    add("age", "a|an|one <age_unit>", lambda unit: (Number(1.0), unit))
    lead = f"that|which|who? {_BE}?"
    for words, sign in (("older_than", ">"), ("younger_than|newer_than|more_recent_than", "<")):
        add("told", f"{lead} {words} <age> old?", lambda age, sign=sign: _aged(sign, age), 0.0)
        add("told", f"{lead} {words} <number>", lambda number, sign=sign: _aged(sign, (number, "")), 0.2)
    for words, sign in (
        ("more_than|over", ">"), ("less_than|under", "<"), ("at_least", ">="), ("at_most|up_to|no_more_than", "<="),
    ):  # fmt: skip
        add("told", f"{lead} {words} <age> old", lambda age, sign=sign: _aged(sign, age))
    add("told", f"and|but {lead} older_than <age> old?", lambda age: _aged(">", age), 0.1)


def _worth(grammar: Grammar) -> None:
    """ "Worth more than 500", "who earn less than 3000", "above 100"; "who live in Leeds"."""
    add = grammar.add
    who = "that|which|who?"
    for verbs, what in (
        (f"{_BE}? worth|priced|priced_at|valued_at|costing|cost|costs", "its price"),
        ("earn|earns|earned|earning|make|makes|making|are_paid|is_paid|get_paid|gets_paid|on_a_salary_of", "its pay"),
    ):
        add("told", f"{who} {verbs} <limit>", lambda limit, what=what: compared(Named(what), limit), 0.1)
        add("told", f"and|but {who} {verbs} <limit>", lambda limit, what=what: compared(Named(what), limit), 0.15)
    happened = "took_place|takes_place|taken_place|happened|occurred|was_held|were_held|took_effect"
    add("told", f"{who} {happened} <window>", lambda window: Condition("window", window=window), 0.02)
    add("bare_limit", "<sign> ~ <number> in_total|in_all|altogether|in_value|in_amount?", _bare)
    add(
        "told_of_column",
        "<sign> ~ <number> in ~ <field>",
        lambda sign, number, field: compared(field, (sign, number, None)),
        0.1,
    )
    add("bare_limit", "<number> <behind_sign>", lambda number, sign: _bare(sign, number))
    add("told", f"{who} is|are|was|were <bare_limit>", lambda one: one, 0.2)
    live = (
        "work|works|working|worked|employed|live|lives|living|lived|reside|resides|based|located|come|comes|stationed"
        "|situated|resident|stored|kept|held"
    )
    add("told", f"{who} {_BE}? {live} in|at|from|on ~ <valued>", lambda one: one)


def _bare(sign: Any, number: Any) -> Condition | None:
    if not isinstance(number, Number) or number.percent:
        return None
    return Condition("aged", sign=sign, right=number, values=("bare",))


def _aged(sign: Any, age: Any) -> Condition | None:
    number, unit = age
    return Condition("aged", sign=sign, right=number, values=(unit,)) if float(number.value).is_integer() else None


def _any(parts: tuple[Condition, ...]) -> Condition | None:
    flat: list[Condition] = []
    for one in parts:
        flat += one.where if one.kind == "any" else (one,)
    return Condition("any", where=tuple(dict.fromkeys(flat))) if len(set(flat)) > 1 else None


def _of_thing(thing: Thing, told: Condition) -> Condition:
    """ "Or orders that are late": the things are named once more; that they are the same is looked at later."""
    return Condition("all", where=(Condition("all", table=thing.table), *thing.where, told))


def _listed(first: Condition, listed: tuple[Condition, ...], rest: tuple[Condition, ...]) -> Condition | None:
    return _any((first, *listed, *rest)) if listed else None


def _and_or(one: Condition, other: Condition, rest: tuple[Condition, ...]) -> Condition | None:
    """ "A and B or C": "and" binds before "or"."""
    return _any((Condition("all", where=(one, other)), *rest))


def _or_and(one: Condition, rest: tuple[Condition, ...], last: Condition) -> Condition:
    """ "A or B and C" may be the one or the other: it is asked which."""
    return Condition("any", where=(one, *rest, last), negated=True)


def _adjective(value: Condition, thing: Thing, one: Condition) -> Any:
    made = _any((value, one))
    return (thing, made) if made is not None else None


def _things_or(thing: Thing, one: Condition) -> Any:
    """ "Novels or books with under 100 pages": what the first ones are called is one of the conditions."""
    if not thing.where:
        return None
    kind = thing.where[0] if len(thing.where) == 1 else Condition("all", where=thing.where)
    return _adjective(kind, replace(thing, where=()), one)


def _two_limits(field: Expression, _: object, one: Any, other: Any) -> Condition | None:
    return _any((compared(field, one), compared(field, other)))


def _outside(field: Expression, low: Number, high: Number) -> Condition | None:
    return _any((Condition("compare", field, "<", low), Condition("compare", field, ">", high)))


def add_either_rules(grammar: Grammar) -> None:
    """Add the rules for alternatives and ages to ``item`` and ``told``."""
    _branches(grammar)
    _either(grammar)
    _limits(grammar)
    _ages(grammar)
    _worth(grammar)
