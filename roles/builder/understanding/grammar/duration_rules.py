"""Rules for how long things took, last or are late: "days from order to delivery", "how long have they been here"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.figure_rules import owned
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    ColumnRef,
    Expression,
    Figure,
    Moment,
    Number,
    Thing,
    Want,
)  # fmt: skip
from roles.builder.understanding.grammar.longest_rules import add_longest_rules, span_of

__all__ = ["add_duration_rules"]

_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_IT = "it|they|this|that|he|she|one|each|we"
_TOOK = (
    "took|takes|take|needed|needs|lasted|lasts|passed|passes|pass|elapsed|went_by|lie|lies|is|are|was|were"
    "|there_are|there_were|there_is"
)


def add_duration_rules(grammar: Grammar) -> None:
    """Add rules for ``duration`` to ``arithmetic`` and ``item``."""
    _words(grammar)
    _spans(grammar)
    _durations(grammar)
    _durations_of_things(grammar)
    _durations_to_deeds(grammar)
    _since(grammar)
    _late(grammar)
    _figures(grammar)
    add_longest_rules(grammar)


def _words(grammar: Grammar) -> None:
    grammar.words("time_unit", {"days|day": "day", "weeks": "week", "months": "month", "years": "year"})
    grammar.words("in_unit", {
        "in_days|(_days_)|(_in_days_)|,_in_days": "day", "in_weeks|(_weeks_)|(_in_weeks_)|,_in_weeks": "week",
        "in_months|(_months_)|(_in_months_)|,_in_months": "month", "in_years|(_years_)|(_in_years_)|,_in_years": "year",
        "?_(_days_)|?_in_days": "day", "?_(_years_)|?_in_years": "year", "?_(_months_)|?_in_months": "month",
    })  # fmt: skip
    grammar.words("averaged", {"on_average|,_on_average,|,_on_average|typically|on_the_average|usually": True})
    add = grammar.add
    for lead in ("how many", "~ number of", "~"):
        add("how_long", f"{lead} <time_unit>", lambda unit: unit)
    add("how_long", "how_long|how_much_time", lambda: "day", 0.02)
    add("how_long", "~ time|duration|delay|gap|interval|length_of_time|time_span|lead_time", lambda: "day", 0.05)


def _spans(grammar: Grammar) -> None:
    add = grammar.add
    add("day_ref", "~ <date_field>", lambda field: field)
    add("day_ref", "~ date|day|time|moment of|on? <date_field>", lambda field: field, 0.05)
    add("day_ref", "being <date_field>", lambda field: field)
    add("day_ref", f"~ date|day? when|that|on_which? {_IT} <aux>* <date_field>", lambda _, field: field, 0.05)
    add("day_ref", "~ date|day? when|that|on_which? ~ <:bare_table> <aux>* <date_field>", lambda _, field: field, 0.05)
    add("span", "from|between ~ <:bare_table>? <day_ref> to|and|until|till|up_to <day_ref>", span_of, 0.0)
    add("span", "<day_ref> to|until|till <day_ref>", span_of, 0.2)


def _durations(grammar: Grammar) -> None:
    """ "Days between ordering and delivery", "how long it took to fix a repair"."""
    add = grammar.add
    add("duration", "<how_long> <span>", _in, 0.05)
    add("duration", f"<how_long> ,? <averaged>? {_TOOK} <averaged>? <span>", _averaged_in, 0.05)
    add(
        "duration",
        f"<how_long> did|does|do|have|has|had {_IT} take|took|last|need|taken|lasted|needed? <averaged>? <span>",
        _averaged_in,
        0.05,
    )
    add(
        "duration",
        "<how_long> <averaged>? did|does|do|have|has|had ~ <:bare_table> take|took|last|need|taken|needed? "
        "<averaged>? <span>",
        _twice,
        0.05,
    )
    add("duration", f"<how_long> that? {_IT} {_TOOK} <averaged>? <span>", _averaged_in, 0.05)


def _durations_of_things(grammar: Grammar) -> None:
    """ "How long does a repair take from the beginning to the end": both days are those of the thing."""
    add = grammar.add
    thing = "a|an|the|one|each|every|our? ~ <bare_table>"
    add(
        "duration",
        f"how_long|how_much_time does|do|did {thing} take|last|need|run <averaged>? <the_end_day> <the_beginning>",
        lambda thing, one, end, start: _of_thing("day", thing, one, end, start),
        0.1,
    )
    add(
        "duration",
        f"<how_long> that? {thing} took|takes|lasted|lasts|needed|needs|has_taken <the_end_day> <the_beginning>",
        _whole,
        0.1,
    )
    add("how_long", "~ <:identifier> time|duration|lag in_days?", lambda: "day", 0.4)
    add("how_long", "~ time|duration in_days", lambda: "day", 0.02)


def _durations_to_deeds(grammar: Grammar) -> None:
    """ "How long it took to fix a repair": from the beginning to what was done."""
    add = grammar.add
    deed = "to get|have|be? <date_field> <:deed_object>?"
    add("deed_object", "a|an|the|our|each|every|one? <bare_table>", lambda thing: thing)
    add("duration", f"<how_long> {deed} <the_beginning>", _to_deed, 0.1)
    add(
        "duration",
        f"<how_long> until|till {_IT} <aux>* <date_field> <the_beginning>",
        lambda unit, _, end, start: _to_deed(unit, end, start),
        0.1,
    )
    add(
        "duration",
        f"<how_long> <averaged>? did|does|do|has|have {_IT} take|took|taken|need <averaged>? {deed} "
        f"<averaged>? <the_beginning>",
        _to_deed_averaged,
        0.05,
    )
    add(
        "duration",
        f"<how_long> that? {_IT} {_TOOK} <averaged>? {deed} <averaged>? <the_beginning>",
        lambda unit, one, end, two, start: _to_deed_averaged(unit, None, one, end, two, start),
        0.05,
    )
    add(
        "duration",
        f"<how_long> {_TOOK} <averaged>? {deed} <averaged>? <the_beginning>",
        lambda unit, one, end, two, start: _to_deed_averaged(unit, None, one, end, two, start),
        0.1,
    )


def _in(unit: str, days: Expression) -> Expression:
    return days if unit == "day" else Binary("/", days, Number(_DAYS[unit]))


def _averaged_in(unit: str, *given: Any) -> Expression:
    *averaged, days = given
    return _mean(_in(unit, days)) if any(averaged) else _in(unit, days)


def _twice(unit: str, one: Any, *rest: Any) -> Expression:
    return _averaged_in(unit, one, *rest)


def _mean(one: Expression) -> Expression:
    return Aggregate("mean", one)


def _to_deed(unit: str, end: ColumnRef, start: ColumnRef) -> Expression | None:
    days = span_of(start, end)
    return None if days is None else _in(unit, days)


def _whole(unit: str, thing: Thing, end: ColumnRef, start: ColumnRef) -> Expression | None:
    return _of_thing(unit, thing, None, end, start)


def _of_thing(unit: str, thing: Thing, averaged: Any, end: ColumnRef, start: ColumnRef) -> Expression | None:
    """How long rows of a table take: both days are theirs."""
    last, first = owned(end, thing), owned(start, thing)
    return None if last is None or first is None else _to_deed_averaged(unit, averaged, None, last, None, first)


def _to_deed_averaged(unit: str, one: Any, two: Any, end: ColumnRef, three: Any, start: ColumnRef) -> Expression | None:
    days = _to_deed(unit, end, start)
    return _mean(days) if days is not None and (one or two or three) else days


def _since(grammar: Grammar) -> None:
    """ "How long have the bakers been with us", "years of service"."""
    add = grammar.add
    here = (
        "with_us|here|employed|working_here|working_for_us|in_service|in_use|open|in_business|on_the_market"
        "|on_sale|running|around|members"
        "|customers|clients|a_member|a_customer|a_client|active|on_our_books|in_the_company|with_the_company"
        "|with_the_firm|in_office"
    )
    add("been", f"been {here}", lambda: True)
    add("been", "worked|working here|for_us|with_us", lambda: True)
    have = "have|has"
    add(
        "duration",
        f"how_long|for_how_long <averaged>? {have} {_IT} <averaged>? <:been> <averaged>? <the_beginning>",
        _been,
        0.02,
    )
    add("duration", f"how_long|for_how_long {_IT} {have} <averaged>? <:been> <averaged>? <the_beginning>", _been, 0.02)
    add(
        "duration", f"how many <time_unit> {have} {_IT} <averaged>? <:been> <averaged>? <the_beginning>", _been_in, 0.02
    )
    add(
        "duration", f"how many <time_unit> {_IT} {have} <averaged>? <:been> <averaged>? <the_beginning>", _been_in, 0.02
    )
    for lead, act in (("how_long|for_how_long", _been_thing), ("how many <time_unit>", _been_thing_in)):
        for thing in ("~ <bare_table>", "~ <value_like> <bare_table>"):
            add(
                "item",
                f"{lead} <averaged>? {have} {thing} <averaged>? <:been> <averaged>? <in_unit>? <the_beginning>",
                act,
                0.02,
            )
    add("duration", "~ length_of_service|tenure|time_with_us|seniority|years_of_service|years_with_us"
        "|service_years|years_employed <the_beginning>",
        lambda start: Binary("/", Binary("-", Moment("today"), start), Number(_DAYS["year"])), 0.05)  # fmt: skip
    add("duration", "<how_long> with_us|of_service|in_service|of_employment|of_membership|since_joining"
        "|since_they_joined|since_opening <the_beginning>",
        lambda unit, start: _in(unit, Binary("-", Moment("today"), start)), 0.05)  # fmt: skip
    add(
        "duration",
        "<how_long> since ~ <:bare_table>? <day_ref>",
        lambda unit, start: _in(unit, Binary("-", Moment("today"), start)),
        0.1,
    )


def _been(*given: Any) -> Expression:
    *averaged, start = given
    days = Binary("-", Moment("today"), start)
    return _mean(days) if any(averaged) else days


def _been_in(unit: str, *given: Any) -> Expression:
    return _in(unit, _been(*given))


def _been_thing(*given: Any) -> Any:
    return _been_thing_in("day", *given)


def _been_thing_in(unit: str, *given: Any) -> Any:
    """The things of which it is said, and how long it is; on average where that is said."""
    *middle, said_unit, start = given
    things = [one for one in middle if isinstance(one, Thing)]
    told = [one for one in middle if one is not True and one is not None and not isinstance(one, Thing)]
    days = _in(said_unit or unit, Binary("-", Moment("today"), start))
    averaged = any(one is True for one in middle)
    if not averaged and not things[0].plural:
        return None
    figure = Figure(_mean(days) if averaged else days, _named(said_unit or unit, averaged=averaged))
    return (things[0], *told, Want((figure,)))


def _named(unit: str, *, averaged: bool) -> str:
    return f"{'average ' if averaged else ''}{unit}s"


def _late(grammar: Grammar) -> None:
    """ "By how many days they are overdue", "days late"."""
    add = grammar.add
    is_ = "is|are|was|were|has_been|have_been"
    today, late = (
        lambda unit, due: _in(unit, Binary("-", Moment("today"), due)),
        lambda unit, end, due: _in(unit, Binary("-", end, due)),
    )
    many = "by? how many <time_unit>"
    for who in (_IT, "~ <:bare_table>"):
        add(
            "duration",
            f"{many} {who} {is_} overdue|past_due|behind <the_due_day>",
            lambda unit, *rest: today(unit, rest[-1]),
            0.02,
        )
        add(
            "duration",
            f"{many} {who} {is_} late|too_late|delayed <the_end_day> <the_due_day>",
            lambda unit, *rest: late(unit, *rest[-2:]),
            0.02,
        )
        add("duration", f"{many} overdue {who} {is_} <the_due_day>", lambda unit, *rest: today(unit, rest[-1]), 0.02)
        add(
            "duration",
            f"{many} late {who} {is_} <the_end_day> <the_due_day>",
            lambda unit, *rest: late(unit, *rest[-2:]),
            0.02,
        )
        add("duration", f"how_long {who} {is_} overdue <the_due_day>", lambda *rest: today("day", rest[-1]), 0.02)
    add("duration", "~ number of? <time_unit> overdue|past_due <the_due_day>", today, 0.02)
    add("duration", "~ <time_unit> overdue|past_due <the_due_day>", today, 0.02)
    add("duration", f"{many} overdue|past_due <the_due_day>", today, 0.1)
    add("duration", "~ number of? <time_unit> late <the_end_day> <the_due_day>", late, 0.05)
    add("duration", "~ <time_unit> late <the_end_day> <the_due_day>", late, 0.05)


def _figures(grammar: Grammar) -> None:
    add = grammar.add
    add("sum_of", "<duration>", lambda one: one if not isinstance(one, Aggregate) else None, 0.02)
    add("duration_figure", "<duration>", lambda one: (one, ""))
    add("duration_figure", "<duration> ,? <in_unit>", _with_unit)
    add("duration_figure", "~ <function> of? ~ <duration>", lambda function, one: _function(function, one, ""))
    add("duration_figure", "~ <function> of? ~ <duration> ,? <in_unit>", _function)
    add("duration_figure", "<duration> ,? <:averaged>", lambda one: _function("mean", one, ""), 0.02)
    add(
        "duration_figure",
        "<duration> ,? <:averaged> ,? <in_unit>",
        lambda one, unit: _function("mean", one, unit),
        0.02,
    )
    add(
        "duration_figure",
        "<duration> ,? <in_unit> ,? <:averaged>",
        lambda one, unit: _function("mean", one, unit),
        0.02,
    )
    add("wanted", "<duration_figure>", _figure, -0.1)
    add("duration_wanted", "<duration_figure>", _figure)
    add("item", ",? and|with|plus|also <duration_wanted>", lambda figure: Want((figure,)), 0.05)


def _with_unit(one: Expression, unit: str) -> Any:
    return _counted_in(one, unit), unit


def _function(function: str, one: Expression, unit: str) -> Any:
    if isinstance(one, Aggregate) or function == "count":
        return None
    inner = _counted_in(one, unit) if unit else one
    return (None if inner is None else Aggregate(function, inner)), unit


def _counted_in(one: Expression, unit: str) -> Expression | None:
    """In another unit than days, where none was said before."""
    if isinstance(one, Aggregate):
        inner = _counted_in(one.of, unit)
        return None if inner is None else Aggregate(one.function, inner)
    if isinstance(one, Binary) and one.operator == "/":
        return one if one.right == Number(_DAYS[unit]) else None
    return _in(unit, one)


def _figure(given: Any) -> Figure | None:
    value, _ = given
    if value is None:
        return None
    inner = value.of if isinstance(value, Aggregate) else value
    units = {number: unit for unit, number in _DAYS.items()}
    unit = units[inner.right.value] if isinstance(inner, Binary) and isinstance(inner.right, Number) else "day"
    head = {"mean": "average ", "sum": "total ", "minimum": "minimum ", "maximum": "maximum ", "median": "median "}
    return Figure(value, f"{head.get(value.function, '') if isinstance(value, Aggregate) else ''}{unit}s")
