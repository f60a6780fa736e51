"""Rules for conditions: comparisons, values, what is missing, what happened when, how many there are."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from functools import partial
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    ColumnRef,
    Condition,
    Expression,
    Given,
    Named,
    Number,
    Thing,
    Window,
)  # fmt: skip

__all__ = ["add_condition_rules", "compared"]

_SIGNS: dict[str, Any] = {
    "above|over|more_than|greater_than|higher_than|exceeding|exceeds|exceed|larger_than|longer_than|bigger_than"
    "|heavier_than|>|in_excess_of|beyond|upwards_of|older_than|above_the|goes_over|goes_above"
    "|costs_more_than|costing_more_than": ">",
    "below|under|less_than|fewer_than|lower_than|smaller_than|shorter_than|cheaper_than|lighter_than|<|beneath"
    "|costing_less_than": "<",
    "at_least|>=|≥|no_less_than|not_less_than|not_below|not_under|a_minimum_of|minimum|min|not_lower_than"
    "|no_fewer_than|not_fewer_than|a_minimum|minimum_of": ">=",
    "at_most|<=|≤|no_more_than|not_more_than|up_to|not_above|not_over|not_exceeding|a_maximum_of|maximum|max"
    "|not_higher_than|maximum_of|not_greater_than|does_not_exceed|do_not_exceed": "<=",
    "equal_to|equals|exactly|=|equal": "=",
    "!=|not_equal_to|other_than": "!=",
}
_BEHIND: dict[str, Any] = {
    "or_more|or_above|or_higher|and_above|and_more|upwards|and_over|or_better|or_over|or_greater|or_up|and_up"
    "|or_longer|onwards|or_later|plus": ">=",
    "or_less|or_below|or_lower|or_fewer|and_below|or_under|and_under|or_shorter|and_less|or_cheaper": "<=",
}


def _comparisons(grammar: Grammar) -> None:
    add = grammar.add
    grammar.words("sign", _SIGNS)
    grammar.words("behind_sign", _BEHIND)
    grammar.words("be", {"is|are|was|were|be|has|have|had|of|:|being|stays|lies|been": True})
    add("limit", "<sign> ~ <number>", lambda sign, number: (sign, number, None))
    grammar.words(
        "unit_word",
        {
            "minutes|minute|hours|hour|days|day|km|kg|euros|euro|eur|litres|metres|points|"
            "degrees|tonnes|kilos|kilometres|weeks|months|years|grams|kwh|pieces|units|dollars|"
            "pounds": True
        },
    )
    add("limit", "<sign> ~ <number> <:unit_word>", lambda sign, number: (sign, number, None), 0.1)
    add("limit", "<number> <:unit_word> <behind_sign>", lambda number, sign: (sign, number, None), 0.05)
    add("limit", "<number> <behind_sign>", lambda number, sign: (sign, number, None), -0.05)
    add("limit", "between <number> and|to <number>", lambda low, high: (">=", low, high))
    add("limit", "<sign> <number> and|but <sign> <number>", _range)
    add(
        "limit",
        "<sign> a|some|the? given|certain|chosen|specific <identifier>?",
        lambda sign, word: (sign, Given(word or ""), None),
    )
    add(
        "limit",
        "<sign> a|the|some limit|threshold|value|amount|number|minimum|maximum",
        lambda sign: (sign, Given(), None),
        0.2,
    )


def _range(sign: Any, low: Number, other: Any, high: Number) -> Any:
    return (">=", low, high) if (sign, other) == (">=", "<=") else None


def _fields(grammar: Grammar) -> None:
    """ "Price above 100", "end after start"."""
    add = grammar.add
    add("told_of_column", "<field> <be>? <limit>", lambda field, _, limit: compared(field, limit))
    add("told_of_column", "<field> <be>? by <limit>", lambda field, _, limit: compared(field, limit), 0.1)
    add("told_valued", "<field> <value_word>", lambda field, value: Condition("value", field, values=(value,)), 0.5)
    add(
        "told_valued",
        "<field> <value_word> or <value_word>",
        lambda field, one, two: Condition("value", field, values=(one, two)),
        0.5,
    )
    add("told_of_column", "<field> <be>? not <limit>", lambda field, _, limit: None)
    add("told_of_column", "<field> <be>? <sign> ~ <field>", _columns_compared, 0.1)
    add(
        "told_of_column",
        "<field> <be>? later|after|behind than? ~ <field>",
        lambda left, _, right: _columns_compared(left, None, ">", right),
        0.1,
    )
    add(
        "told_of_column",
        "<field> <be>? on_or_before|by|no_later_than|not_after|not_later_than|before_or_on ~ <field>",
        lambda left, _, right: _columns_compared(left, None, "<=", right),
        0.1,
    )
    add(
        "told_of_column",
        "<field> <be>? before|earlier than? ~ <field>",
        lambda left, _, right: _columns_compared(left, None, "<", right),
        0.1,
    )


def _field_values(grammar: Grammar) -> None:
    """ "Status is paid", "leave date is missing", "due date has passed"."""
    add = grammar.add
    add(
        "told_of_column",
        "<field> is|are|was|were|: <some_value>",
        lambda field, values: Condition("value", field, values=values),
        0.1,
    )
    add(
        "told_of_column",
        "<field> is|are|was|were not <some_value>",
        lambda field, values: Condition("value", field, values=values, negated=True),
        0.1,
    )
    add("told_of_column", "<field> <values>", lambda field, values: Condition("value", field, values=values), 0.25)
    add(
        "told_of_column",
        "<field> <be>? not? known|recorded|set|given|available|entered|filled_in|filled|there",
        lambda *_: None,
    )
    for words, negated in (
        ("missing|empty|unknown|not_known|not_recorded|not_set|blank|null|not_given|not_available|not_there", False),
        ("not_missing|not_empty|known|recorded|available|not_null|set|filled_in|given", True),
    ):
        add(
            "told_of_column",
            f"<field> is|are|was|were {words}",
            lambda field, _=None, negated=negated: Condition("empty", field, negated=negated),
        )
    add(
        "told_of_column",
        "<field> has|have|is|are passed|expired|in_the_past|past|over",
        lambda field: Condition("past", field),
    )
    add("told_of_column", "<field> <be>? <window>", _in_window)


def compared(field: Expression, limit: Any) -> Condition:
    """The condition that an expression keeps a limit: a sign, a number, and the highest number or None."""
    sign, right, high = limit
    return Condition("compare", field, sign, right, high=high)


def _columns_compared(left: ColumnRef, _: object, sign: Any, right: ColumnRef) -> Condition | None:
    return None if left == right else Condition("compare", left, sign, right)


def _in_window(field: ColumnRef, _: object, window: Window) -> Condition:
    return Condition("window", field, window=window)


def _values(grammar: Grammar) -> None:
    add = grammar.add
    add("values", "<value>", lambda value: (value,))
    add("values", "<value> or|, <values>", lambda value, rest: (value, *rest), 0.02)
    add("values", "<value> and|, and <values>", lambda value, rest: (value, *rest), 0.05)
    add("some_value", "either? <values>", lambda values: values)
    add("some_value", "either? <value_word>", lambda value: (value,), 0.1)
    add("some_value", "either? <value_word> or <value_word>", lambda value, other: (value, other), 0.1)
    add("some_value", "<value_word> , <value_word> or <value_word>", lambda *values: values, 0.1)
    add("value_like", "<value>", lambda value: Condition("value", values=(value,)), 0.1)
    add("value_like", "<value_word>", lambda value: Condition("value", values=(value,)), 0.1)
    add(
        "value_like",
        "<value_word> and|or <value_word>",
        lambda one, other: Condition("value", values=(one, other)),
        0.3,
    )


def _windows(grammar: Grammar) -> None:
    add = grammar.add
    add("window", "in|during|for|within|over|from|of|at? span <date> <date>", lambda a, b: Window(a, b))
    add("window", "since|from <date>", Window)
    add("window", "on_or_after <date>", Window)
    add("window", "after <date>", lambda day: Window(start=day, outside=True))
    add("window", "before|prior_to|earlier_than <date>", lambda day: Window(end=day, outside=True))
    add("window", "until|till|by|on_or_before|up_to <date>", lambda day: Window(end=day))
    add("window", "on <date>", lambda day: Window(day, day))
    add("window", "between <date> and <date>", Window)
    add("window", "from <date> to|until|till <date>", Window)
    add("window", "in|during|within|over|for|between? two dates", lambda: Window(asked=("from", "to")))
    add("window", "between a start|from date and an end|to date", lambda: Window(asked=("from", "to")))
    add(
        "window",
        "in|during|within|over|for a|the given|certain|chosen? period|date_range|time_range",
        lambda: Window(asked=("from", "to")),
    )
    for word, side in (
        ("after|later_than", "after"),
        ("since|from|on_or_after", "from"),
        ("before|earlier_than", "before"),
        ("until|up_to|by", "to"),
    ):
        add("window", f"{word} a|the given|certain|chosen? date|day", lambda side=side: Window(asked=(side,)))
        add("window", f"{word} given|certain|chosen date|day", lambda side=side: Window(asked=(side,)))


def _happened(grammar: Grammar) -> None:
    """ "Paid", "not yet returned", "arrived after their eta", "booked in 2025"."""
    add = grammar.add
    add("aux", "is|are|was|were|has|have|had|been|got|get|be|already|ever|still|all|actually|did", lambda: True)
    add("happened", "<aux>* <done_word> yet|already|so_far|before?", lambda _, word: _done(word))
    add("happened", "<aux>* not|never <aux>* <done_word> yet|already|so_far|so|at_all?", _not_done)
    add("happened", "<aux>* yet to be <done_word>", lambda _, word: _done(word, negated=True))
    add(
        "happened",
        "<aux>* <done_word> <window>",
        lambda _, word, window: Condition("window", Named(word), window=window),
        0.05,
    )
    signs: tuple[tuple[str, Any], ...] = (
        ("after|later_than", ">"), ("before|earlier_than|ahead_of", "<"), ("on_or_after", ">="),
        ("on_or_before|no_later_than|by|before_or_on", "<="),
    )  # fmt: skip
    for words, sign in signs:
        add(
            "happened",
            f"<aux>* <done_word> {words} ~ <field>",
            partial(_done_before, sign),
            0.05,
        )
    add("happened", "<aux>* <done_word> late", lambda _, word: Condition("late", Named(word)), 0.1)
    add("happened", "<aux>* <done_word> on|in time", lambda _, word: Condition("late", Named(word), negated=True), 0.1)
    add(
        "happened",
        "<aux>* <done_word> as ~ a|an? <some_value>",
        lambda _, __, values: Condition("value", values=values),
        0.3,
    )
    add("happened", "is|are|was|were <some_value>", lambda values: Condition("value", values=values), 0.4)
    add(
        "happened",
        "is|are|was|were not <some_value>",
        lambda values: Condition("value", values=values, negated=True),
        0.4,
    )
    add("happened", "is|are|was|were a|an? <value_word>", lambda value: Condition("value", values=(value,)), 0.4)


def _done_before(sign: Any, _: object, word: str, field: ColumnRef) -> Condition:
    return Condition("compare", Named(word), sign, field)


def _done(word: str, *, negated: bool = False) -> Condition:
    return Condition("done", values=(word,), negated=negated)


def _not_done(_: object, __: object, word: str) -> Condition:
    return _done(word, negated=True)


def _told(grammar: Grammar) -> None:
    """Conditions behind a thing: "whose …", "without a …", "named …"."""
    add = grammar.add
    add("told", "that|which|who <happened>", lambda one: one)
    add("told", "and|but that|which|who? <happened>", lambda one: one, 0.1)
    add("told", "<happened>", lambda one: one, 0.1)
    add(
        "told",
        "whose|where|with|having|when|for_which|in_which|of_which|,_with|,_where|,_whose ~ <told_of_column>",
        lambda one: one,
    )
    add("told", "and|but|, whose|where|with? ~ <told_of_column>", lambda one: one, 0.15)
    add("told", "that|which|who have|has|had a|an? <told_of_column>", lambda one: one)
    add("told", "with|having a|an <told_of_column>", lambda one: one)
    add("told", "in|on|of|from|at|for|to|with ~ <told_of_column>", _valued_only, 0.1)
    add("told", "in|on|of|from|at|for|to|with|whose|where ~ <told_valued>", _valued_only, 0.1)
    add(
        "told",
        "without|with_no|lacking|missing|no|that_lack any|a|an|known|recorded? ~ <field> yet|"
        "so_far|recorded|known|at_all|on_file?",
        lambda field: Condition("empty", field),
        0.1,
    )
    add("told", "with a|an known|recorded? <field>", lambda field: Condition("empty", field, negated=True), 0.3)
    add("told", "in|on|of|from|at|for|to|by|with ~ <bare_table> named|called? <values>", _named)
    add("told", "named|called <values>", lambda values: Condition("value", Named(""), values=values))
    add(
        "told",
        "in|from|at|based_in|living_in|located_in|of|for <values>",
        lambda values: Condition("value", Named("place"), values=values),
        0.2,
    )


def _told_apart(grammar: Grammar) -> None:
    """What the caller names, windows of time, brackets, sums with a limit, and what is left out."""
    add = grammar.add
    for given in (
        "a|an|any|one given|certain|chosen|specific|particular|single?",
        "given|certain|chosen|specific",
        "the given|chosen",
    ):
        add(
            "told",
            f"in|of|for|from|with|by|at|on|under|given|, given? {given} <field>",
            lambda field: Condition("asked", field),
            0.05,
        )
    add("told", "<window>", lambda window: Condition("window", window=window), 0.05)
    add("told", "that|who|which? still? <unknown>* ( <told> )", lambda _, one: one, 0.2)
    add("told", "( only? <told> )", lambda one: one)
    add("told", "( <told_of_column> )", lambda one: one)
    add("told", "and <told>", lambda one: one, 0.1)
    add("told", "whose ~ <value_like> <field> <counted> to <limit>", _summed)
    add(
        "told",
        "whose ~ <field> <counted> to <limit>",
        lambda field, _, limit: compared(Aggregate("sum", field), limit),
    )
    grammar.words("counted", {"add_up|adds_up|sum_up|sum|come|amount|sums_up|total|totals|sums": True})
    add(
        "told",
        "leaving_out|excluding|except|ignoring|omitting|not_counting|other_than|disregarding ~ <bare_table>? <told>",
        lambda thing, one: _negated(one),
    )
    add(
        "told",
        "leaving_out|excluding|except|ignoring|omitting|not_counting ~ <value_like> <bare_table>",
        lambda one, thing: _negated(one),
        0.2,
    )
    add("told", "counting|considering|using|including|taking only ~ <value_like> <bare_table>", lambda one, _: one, 0.1)
    add("told", ",? only ~ <field> <told>", lambda _, one: one if one.kind == "has" else None, 0.1)
    add("told", "only ~ <value_like> <bare_table>", lambda one, _: one, 0.3)
    add("told", "counting|considering|including|taking? only ~ <bare_table> <told>", lambda _, one: one, 0.1)


def _valued_only(one: Condition) -> Condition | None:
    return one if one.kind == "value" and isinstance(one.left, ColumnRef) else None


def _named(thing: Thing, values: tuple[str, ...]) -> Condition:
    return Condition("value", Named(""), values=values, table=thing.table)


def _summed(value: Condition, field: ColumnRef, _: object, limit: Any) -> Condition:
    return compared(Aggregate("sum", field, (value,)), limit)


def _negated(one: Condition) -> Condition | None:
    if one.kind in ("done", "value", "empty", "late"):
        return Condition(one.kind, one.left, one.sign, one.right, one.values, one.table, one.window, not one.negated)
    return None


def _counts(grammar: Grammar) -> None:
    """Conditions on figures."""
    add = grammar.add
    add("figure_told", "<arithmetic> <be>? <limit>", lambda value, _, limit: _figure_compared(value, limit), 0.05)
    add("figure_told", "<limit> <arithmetic>", lambda limit, value: _figure_compared(value, limit), 0.4)
    add("told", "whose|where|with|having|had|have|has ~ a|an? <figure_told>", lambda one: one, 0.05)


def _figure_compared(value: Expression, limit: Any) -> Condition | None:
    return None if isinstance(value, ColumnRef | Number) else compared(value, limit)


def add_condition_rules(grammar: Grammar) -> None:
    """Add the rules for ``told``: what is said of rows behind their name, and ``value_like`` before it."""
    _comparisons(grammar)
    _fields(grammar)
    _field_values(grammar)
    _values(grammar)
    _windows(grammar)
    _happened(grammar)
    _told(grammar)
    _told_apart(grammar)
    _counts(grammar)
