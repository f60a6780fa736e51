"""Rules for words that are values in the database: "sold online", "who isn't a manager", "bakers and cashiers"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Count, Figure, Thing, Want, count_of
from roles.builder.understanding.grammar.tokens import stem
from roles.builder.understanding.words import words_of_name

__all__ = ["add_value_rules"]


def add_value_rules(grammar: Grammar) -> None:
    """Add rules for known values to ``told``, ``value_like``, ``some_value`` and ``item``."""
    _conditions(grammar)
    _things(grammar)


def _conditions(grammar: Grammar) -> None:
    add = grammar.add
    add("known_values", "<known_value>", lambda one: one)
    add("known_values", "<known_value> and|or|, or|and? <known_values>", _either, 0.02)
    add("value_like", "<known_values>", lambda one: one)
    add("value_like", "non - <known_value>", _not)
    add("value_like", "<known_value> <value_like>", lambda *_: None)
    add("some_value", "<known_text>", lambda said: (said,))
    add("valued", "<known_values>", lambda one: one)
    add("valued", "a|an|the <known_values>", lambda one: one)
    add("valued", "~ <known_values> <column>", _of_its_column, 0.02)
    add("valued", "~ <column> <known_values>", lambda column, one: _of_its_column(one, column), 0.02)
    lead = "in|from|at|of|for|by|through|via|with|on|as|to|over|under|based_in|located_in|using"
    add("told", f"{lead} ~ <valued>", lambda one: one, 0.05)
    came = "came|come|comes|coming|went|goes|going|go|placed|made|done|happened|were_made|was_made|were_placed|booked"
    add("told", f"that|which? {came} {lead} ~ <valued>", lambda one: one, 0.02)
    add("told", f"not {lead} ~ <valued>", _not, 0.05)
    add("told", "<done_word> in|by|with|via|through|as|on ~ <valued>", _done_by, -0.15)
    add("told", "<known_value>", lambda one: one, 0.3)
    is_ = "is|are|was|were|be|being"
    add("told", f"that|which|who? {is_} either? <valued>", lambda one: one, 0.02)
    add("told", f"that|which|who? {is_} not|no|neither <valued>", _not, 0.02)
    add("told", f"that|which|who? {is_} neither <valued> nor <valued>", _neither)
    add("told", f"and|but that|which|who? {is_} not|no <valued>", _not, 0.05)
    add("told", f"and|but that|which|who? {is_} <valued>", lambda one: one, 0.1)
    add("told", "work|works|worked|working as <valued>", lambda one: one, 0.02)
    without = "excluding|except|except_for|without|other_than|apart_from|but_not|not|leaving_out|ignoring"
    add("told", f",|(? {without} ~ <known_values> )?", _not, 0.05)
    add("told", f",|(? {without} ~ <known_values> <bare_table> )?", lambda one, _: _not(one), -0.1)
    add("told", "only|just <known_values>", lambda one: one, 0.05)
    add("told", "for|of|among only|just? <known_values> only", lambda one: one, 0.02)
    add("told", "<known_values> only", lambda one: one, 0.05)


def _either(one: Condition, other: Condition) -> Condition | None:
    """ "Bakers or cashiers": values of one column."""
    left, right = one.left, other.left
    if not isinstance(left, ColumnRef) or not isinstance(right, ColumnRef):
        return None
    places = [place for place in left.candidates if place in right.candidates]
    if not places:
        return None
    return Condition(
        "value", ColumnRef(f"{left.words} {right.words}", tuple(places)), values=(*one.values, *other.values)
    )


def _not(one: Condition) -> Condition:
    return replace(one, negated=not one.negated)


def _kind_of_things(one: Condition) -> Thing | None:
    """ "Bronze and marble pieces" are the rows that are so."""
    tables = [place.table for place, _ in one.left.candidates] if isinstance(one.left, ColumnRef) else []
    return Thing(tables[0], plural=True, where=(one,)) if len(set(tables)) == 1 else None


def _neither(one: Condition, other: Condition) -> Condition | None:
    both = _either(one, other)
    return _not(both) if both is not None else None


def _union(*things: Thing) -> Thing | None:
    """ "Shrubs or trees" are plants of one kind or the other."""
    told = things[0].where[0]
    for one in things[1:]:
        both = _either(told, one.where[0]) if one.table == things[0].table else None
        if both is None:
            return None
        told = both
    return Thing(things[0].table, plural=True, where=(told,))


def _of_its_column(one: Condition, column: ColumnRef) -> Condition | None:
    """ "The online channel": of the column that is named beside."""
    if not isinstance(one.left, ColumnRef):
        return None
    named = [place for place, _ in column.candidates]
    places = tuple(each for each in one.left.candidates if each[0] in named)
    return replace(one, left=ColumnRef(one.left.words, places)) if places else None


def _done_by(word: str, one: Condition) -> Condition | None:
    """ "Paid in cash": of the column that tells how it was paid."""
    if not isinstance(one.left, ColumnRef):
        return None
    places = tuple(
        each for each in one.left.candidates
        if any(_alike_words(word, part) for part in words_of_name(each[0].column))
    )  # fmt: skip
    return replace(one, left=ColumnRef(one.left.words, places)) if places else None


def _alike_words(word: str, other: str) -> bool:
    """Whether a participle and a column are of one verb: "insured" and insurer."""
    return stem(word) == stem(other) or (len(word) > 5 and len(other) > 5 and word[:5] == other[:5])


def _things(grammar: Grammar) -> None:
    """ "The number of bakers, cashiers and managers", "bakers and cashiers"."""
    add = grammar.add
    add("bare_table", "<value_thing> and|or|&|, <value_thing>", _union, 0.1)
    add("bare_table", "<value_thing> , <value_thing> and|or|,_and|,_or <value_thing>", _union, 0.1)
    add(
        "bare_table",
        "<known_values> pieces|ones|things|items|works|goods|objects|articles|people|persons",
        _kind_of_things,
        0.1,
    )
    add("bare_table", "<rows_named>", lambda thing: thing, 0.3)
    add("valued_thing", "<value_thing>", lambda thing: thing)
    add("valued_things", "<valued_thing> and|,_and|& <valued_thing>", lambda *things: _alike(things), 0.02)
    add("valued_things", "<valued_thing> , <valued_things>", lambda one, rest: _alike((one, *rest)), 0.02)
    add("valued_adjectives", "<known_value> and|,_and|& <known_value> <bare_table>", lambda a, b, thing: (thing, a, b))
    add("valued_adjectives", "<known_value> , <valued_adjectives>", lambda one, rest: (rest[0], one, *rest[1:]), 0.02)
    for lead in ("~ number|count|numbers|counts of", "how many"):
        cost = -0.35
        add("item", f"{lead} ~ <valued_things> <:there>?", lambda things: _counts(things), cost)
        add("item", f"{lead} ~ <valued_adjectives> <:there>?", _counts_of_kinds, cost)
        add("item", f"{lead} ~ <known_value> <bare_table> <:there>?", _count_of_kind, -0.1)
        add("item", f"{lead} ~ <valued_thing> <:there>?", lambda thing: _counts((thing,)), 0.0)
    grammar.words("there", {
        "are_there|there_are|do_we_have|we_have|they_have|it_has|does_it_have|do_they_have|work_there|we_employ|were_there|was_there|"
        "have_there_been|did_we_have|had_we|there_were|"
        "do_we_look_after|are_we_looking_after|do_we_own|do_we_keep|do_we_employ|do_we_stock|"
        "do_we_offer|do_we_run": True,
    })  # fmt: skip
    add("item", "<valued_things>", _together, 0.05)
    add("item", "all|all_the ~ <valued_things>", _together, 0.05)


def _alike(things: tuple[Any, ...]) -> tuple[Thing, ...] | None:
    return things if len({one.table for one in things}) == 1 else None


def _together(things: tuple[Thing, ...]) -> Any:
    """ "Bakers and cashiers" are staff of one role or the other."""
    told = things[0].where[0]
    for one in things[1:]:
        both = _either(told, one.where[0])
        if both is None:
            return None
        told = both
    return Thing(things[0].table, plural=True), told


def _counts(things: tuple[Thing, ...]) -> Want:
    return Want(tuple(Figure(count_of(one), f"{' '.join(_said(one.where[0]))} count") for one in things))


def _count_of_kind(value: Condition, thing: Thing) -> Want:
    return Want((Figure(count_of(thing, value)),))


def _counts_of_kinds(given: tuple[Any, ...]) -> Want:
    thing, *values = given
    return Want(
        tuple(Figure(Count(thing.table, (*thing.where, one)), f"{' '.join(_said(one))} count") for one in values)
    )


def _said(one: Condition) -> tuple[str, ...]:
    from roles.builder.understanding.known_values import phrase_of

    return tuple(word for value in one.values for word in phrase_of(value))
