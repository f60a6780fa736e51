"""Rules for states and flags: "current staff", "who is still with us", "flats with a balcony", "not a student"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Figure, Thing, Want, count_of
from roles.builder.understanding.grammar.states import state_of

__all__ = ["add_state_rules"]

_STILL = "still|currently|now|presently|at_present|at_the_moment|today"
_LEAD = "that|which|who?"
_IS = "is|are|was|were|has_been|have_been|been|remain|remains"


def add_state_rules(grammar: Grammar) -> None:
    """Add rules for states to ``value_like`` and ``told``, and for flags."""
    _states(grammar)
    _held_now(grammar)
    _lacking(grammar)
    _going_on(grammar)
    _flags(grammar)
    _done_things(grammar)
    _asked_whether(grammar)
    _days(grammar)


def _states(grammar: Grammar) -> None:
    """ "Current staff", "overdue invoices", "which are past due"."""
    add = grammar.add
    grammar.words("gone_on", {
        "still_with_us|with_us|still_here|still_there|still_around|in_service|in_use|in_force|in_operation"
            "|in_business|on_sale|for_sale"
        "|on_the_market|on_the_payroll|on_our_payroll|on_the_books|on_our_books|on_staff|in_print"
            "|in_stock_range|still_working|working_here"
        "|working_for_us|still_employed|still_active|still_open|still_running|still_valid|still_going": "on",
        "no_longer_with_us|no_longer_here|no_longer_there|out_of_service|out_of_business|out_of_print|off_the_market"
        "|not_with_us_any_more|not_with_us_anymore|gone": "off",
    })  # fmt: skip
    grammar.words("state_adjective", {
        "current|currently_employed|currently_active|present|still_employed|still_active|still_open"
            "|currently_open|ongoing|serving": "on",
        "former|ex": "off",
    })  # fmt: skip
    add("value_like", "<state_adjective>", lambda way: _state(way, "current" if way == "on" else "former"))
    add(
        "told",
        "at_the_moment|right_now|at_present|as_of_now|these_days|just_now|as_of_today|today",
        lambda: _state("on", "now"),
        0.1,
    )
    add("value_like", "overdue|past_due", lambda: _state("overdue", "overdue"))
    for lead, cost in ((_LEAD, 0.0), ("and|but that|which|who?", 0.05)):
        add("told", f"{lead} {_IS} still|currently|now? overdue|past_due", lambda: _state("overdue", "overdue"), cost)
        add("told", f"{lead} {_IS} not overdue|past_due", lambda: _state("overdue", "overdue", negated=True), cost)


def _held_now(grammar: Grammar) -> None:
    """ "How many drivers do we currently employ", "lines that we still run"."""
    add = grammar.add
    add(
        "item",
        "count|counting ~ <bare_table> <told>*",
        lambda thing, told: (Want((Figure(count_of(thing)),)), *told),
        0.15,
    )
    do = "do|did|are|have|does"
    add(
        "item",
        f"how many ~ <bare_table> {do} we|they|you|there currently|now|still have|employ|own|run|operate|offer|sell?",
        _so_many_now,
        -0.1,
    )
    add(
        "item",
        f"how many ~ <bare_table> {do} currently|now|still we|they|there have|employ|own|run?",
        _so_many_now,
        -0.1,
    )
    now = "at_the_moment|currently|now|today|right_now|at_present|these_days"
    verbs = "employ|have|run|operate|sell|offer|use|stock|keep|own|rent|let|work_with|manage"
    add("told", f"that|which|who|whom? we {verbs} {now}", lambda: _state("on", "now"), 0.05)
    add("told", f"that|which|who|whom? we {_STILL} {verbs}", lambda: _state("on", "now"), 0.05)
    add(
        "told",
        f"{_LEAD} {_IS}? {_STILL} <gone_on>",
        lambda way: _state(way, "current" if way == "on" else "former"),
        0.02,
    )


def _lacking(grammar: Grammar) -> None:
    """ "With neither a phone nor an address", "without a recorded weight"."""
    add = grammar.add
    field = "a|an|any|the? <field>"
    for lead in ("with|have|has|having", "that|which|who have|has|had"):
        add("told", f"{lead} neither {field} nor {field}", _neither, 0.02)
    known = "recorded|known|on_file|on_record|given|entered|set|noted|stated|available|there"
    for lead in (
        "without|lacking|missing|with_no|no|has_no|have_no|that_have_no|which_have_no|and_no|but_no"
        "|and_without|but_without",
        "do|does|did not have",
    ):
        add(
            "told",
            f"{lead} a|an|any|known|recorded? ~ <field> {known}",
            lambda field: Condition("empty", field, values=("recorded",)),
            0.02,
        )
    add("told", "and|but no|without a|an|any|known|recorded? ~ <field>", lambda field: Condition("empty", field), 0.1)
    add(
        "told",
        "for|of|in which|whom no ~ <field> is|was|has_been known|recorded|given|entered|set|noted|stated",
        lambda field: Condition("empty", field, values=("recorded",)),
        0.02,
    )


def _going_on(grammar: Grammar) -> None:
    """ "Who are still with us", "no longer open", "who have left the company"."""
    add = grammar.add
    add(
        "item",
        "of|for|from? every|each ~ <value_like> <bare_table>",
        lambda one, thing: (replace(thing, which="all"), one),
        0.05,
    )
    add("value_like", "ex -", lambda: _state("off", "former"))
    for lead, cost in ((_LEAD, 0.0), ("and|but that|which|who?", 0.05)):
        add("told", f"{lead} {_IS}? <gone_on>", lambda way: _state(way, "current" if way == "on" else "former"), cost)
        add(
            "told",
            f"{lead} {_IS} not <gone_on> any_more|anymore|any_longer?",
            lambda way: _state(way, "current", negated=True),
            cost,
        )
        add("told", f"{lead} {_IS} {_STILL} <value_word>", _still, 0.1 + cost)
        add("told", f"{lead} {_STILL} {_IS} <value_word>", _still, 0.15 + cost)
        add("told", f"{lead} {_IS} no_longer <value_word>", lambda word: _still(word, negated=True), 0.1 + cost)
        add(
            "told",
            f"{lead} {_IS} not <value_word> any_more|anymore|any_longer",
            lambda word: _still(word, negated=True),
            0.1 + cost,
        )
        _working(grammar, lead, cost)


def _working(grammar: Grammar, lead: str, cost: float) -> None:
    """ "Who still work for us", "who have left us"."""
    add = grammar.add
    add(
        "told",
        f"{lead} {_STILL} work|works|serve|serves|operate|operates for_us|here|with_us?",
        lambda: _state("on", "working"),
        cost,
    )
    add("told", f"{lead} do|does no_longer|not work|works here|for_us|with_us? any_more|anymore|any_longer?",
        lambda: _state("off", "working"), cost)  # fmt: skip
    add(
        "told",
        f"{lead} no_longer work|works|serve|serves here|for_us|with_us?",
        lambda: _state("off", "working"),
        cost,
    )
    add(
        "told",
        f"{lead} has|have|had? already? left us|the_company|the_firm|the_business|the_team?",
        lambda: _state("off", "left"),
        0.05 + cost,
    )
    add("told", f"{lead} has|have not left us|the_company|the_firm|yet?", lambda: _state("on", "left"), 0.05 + cost)


def _done_things(grammar: Grammar) -> None:
    """ "Which clubs are closed": said of a thing, a participle with "are" is no column that is to be shown."""
    is_ = "is|are|was|were|has_been|have_been|had_been|got"
    for lead in ("which|what", "all|every|any?"):
        grammar.add("item", f"{lead} ~ <bare_table> that|which|who? {is_} already? <done_word>", _thing_done, -0.2)


def _asked_whether(grammar: Grammar) -> None:
    """ "Is there any order that …": the rows are wanted, none of which is named."""
    lead = "is|are|was|were there any|a|an|some|still"
    for before in ("", "whether|if ", "tell|say whether|if "):
        there = lead if not before else "there is|are|was|were any|a|an|some?"
        grammar.add("item", f"{before}{there} <bare_table>", lambda thing: replace(thing, which=""), -0.15)
        grammar.add(
            "item",
            f"{before}{there} <value_like> <bare_table>",
            lambda one, thing: (replace(thing, which=""), one),
            -0.15,
        )


def _thing_done(thing: Thing, word: str) -> Any:
    return replace(thing), Condition("done", values=(word,))


def _days(grammar: Grammar) -> None:
    """ "With the date they left", "and when it was closed"."""
    who = "they|it|he|she|each"
    for lead in ("~ date|day|time on|when|at|that? which?", "when"):
        grammar.add("wanted", f"{lead} {who} <aux>* <done_day>", lambda _, field: Figure(field), 0.05)
        grammar.add("wanted", f"{lead} ~ <:bare_table> <aux>* <done_day>", lambda _, field: Figure(field), 0.1)


def _state(way: str, word: str, *, negated: bool = False) -> Condition:
    return Condition("state", values=(way, word), negated=negated)


def _so_many_now(thing: Thing) -> Any:
    return Want((Figure(count_of(thing)),)), Condition("state", values=("on", "now"), table=thing.table)


def _neither(one: ColumnRef, other: ColumnRef) -> Condition:
    return Condition("all", where=(Condition("empty", one), Condition("empty", other)))


def _still(word: str, *, negated: bool = False) -> Condition | None:
    """ "Still open" and "no longer sold": a word for a state, or what nothing else may be."""
    way = state_of(word)
    if way is not None:
        return _state(way, word.lower(), negated=negated)
    if negated and word.lower() in (
        "sold",
        "offered",
        "produced",
        "made",
        "available",
        "stocked",
        "listed",
        "used",
        "needed",
    ):
        return _state("off", "discontinued")
    if word.lower() in ("sold", "offered", "produced", "available", "stocked"):
        return _state("on", "current")
    return None


def _flags(grammar: Grammar) -> None:
    add = grammar.add
    add("bare_table", "<flag_noun>", lambda thing: thing)
    add("value_like", "<flag_word>", _flag, 0.02)
    add("value_like", "non -? <flag_word>", lambda field: _flag(field, negated=True), 0.02)
    is_ = "is|are|was|were|be"
    for lead, cost in ((_LEAD, 0.0), ("and|but that|which|who?", 0.05)):
        add("told", f"{lead} {is_} a|an? <flag_word>", _flag, cost)
        add("told", f"{lead} {is_} not|no a|an? <flag_word>", lambda field: _flag(field, negated=True), cost)
        add("told", f"{lead} {is_} not|no <flag_noun>", lambda thing: _of_noun(thing, negated=True), cost)
        add("told", f"{lead} {is_} <flag_noun>", _of_noun, cost)
        add("told", f"{lead} has|have|had|with|having a|an|any? <flag_word>", _flag, cost)
        add("told", f"{lead} has|have|had|with|having no <flag_word>", lambda field: _flag(field, negated=True), cost)
        add(
            "told", f"{lead} do|does|did not have a|an|any? <flag_word>", lambda field: _flag(field, negated=True), cost
        )
    add("told", "without a|an|any? <flag_word>", lambda field: _flag(field, negated=True))


def _flag(field: ColumnRef, *, negated: bool = False) -> Condition:
    return Condition("flag", field, negated=negated)


def _of_noun(thing: Thing, *, negated: bool = False) -> Any:
    return replace(thing.where[0], negated=negated)
