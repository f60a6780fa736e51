"""Rules for comparisons over time, running totals and parts of the whole: "revenue in 2025 against 2024"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    ColumnRef,
    Condition,
    Count,
    Expression,
    Figure,
    Group,
    Named,
    Number,
    Order,
    Thing,
    Versus,
    Want,
    Window,
    count_of,
    which_of,
)  # fmt: skip
from roles.builder.understanding.grammar.times_compared import AGAINST
from roles.builder.understanding.words import words_of_name

__all__ = ["add_versus_rules"]


def add_versus_rules(grammar: Grammar) -> None:
    """Add the rules for ``item``."""
    _times(grammar)
    _changes(grammar)
    _changes_by_period(grammar)
    _changes_alone(grammar)
    _verbs(grammar)
    _windowed(grammar)
    _running(grammar)
    _parts_of_all(grammar)


def _times(grammar: Grammar) -> None:
    """``against`` is what is compared with, as a `Versus` without figures."""
    add = grammar.add
    grammar.words("versus", {AGAINST: True})
    grammar.words("prior", {
        "priorday": "day", "priormonth": "month", "priorquarter": "quarter", "prioryear": "year",
        "sameperiod": "same",
    })  # fmt: skip
    grammar.words("onother", {"yearonyear": "year", "monthonmonth": "month", "quarteronquarter": "quarter"})
    add("against", ",? <versus> ~ <prior>", lambda _, unit: Versus(unit=unit))
    add("against", ",? on|from|since|to ~ <prior>", lambda unit: Versus(unit=unit), 0.1)
    add("against", ",? <versus> ~ <prior> <percentage>", lambda _, unit, __: Versus(unit=unit, told="percent"))
    add("against", "<onother>", lambda unit: Versus(unit=unit))
    add("against", "<window> <versus> <window>", lambda after, _, before: _between(after, before))
    add("against", ",? <versus> <window>", lambda _, before: None if before.asked else Versus(before=before), 0.1)
    add("against", "<window> ,? <versus> ~ <prior>", lambda after, _, unit: (Versus(unit=unit), after), 0.05)


def _between(after: Window, before: Window) -> Versus | None:
    return Versus(after=after, before=before) if after != before and not (after.asked or before.asked) else None


def _changes(grammar: Grammar) -> None:
    """ "Growth of revenue year over year", "revenue per month with the change against the month before"."""
    add = grammar.add
    grammar.words("grown", {
        "growth|growth_rate|rate_of_growth|percentage_change|percent_change|%_change|change_in_percent|relative_change"
        "|percentage_growth|percentage_increase|percent_increase|growth_in_percent|change_in_%|%_growth"
        "|change_as_a_percentage|increase_in_percent|rate_of_change": ("percent", False),
        "change|difference|increase|rise|delta|gain|absolute_change|changes": ("difference", False),
        "decrease|decline|drop|fall|reduction": ("difference", True),
        "percentage_decrease|percentage_decline|percentage_drop|percent_decrease|percent_drop": ("percent", True),
    })  # fmt: skip
    for behind in ("<against>", "<against> <percentage>"):
        percent = "percentage" in behind
        add("item", f",? {behind}", lambda against, *_, percent=percent: _alone(against, percent), 0.1)
        add(
            "item",
            f",? with|and|plus|showing|including|incl|also|as_well_as? ~ <grown> ,? {behind}",
            lambda grown, against, *_, percent=percent: _alone(_grown(against, grown), percent),
            0.02,
        )
        add(
            "item",
            f"~ <grown> in|of|for ~ <compared> ,? {behind}",
            lambda grown, of, against, *_, percent=percent: _of(of, _grown(against, grown), percent),
            0.02,
        )
        add(
            "item",
            f"~ <compared> <grown> ,? {behind}",
            lambda of, grown, against, *_, percent=percent: _of(of, _grown(against, grown), percent),
            0.05,
        )
        add(
            "item",
            f"~ <compared> ,? {behind}",
            lambda of, against, *_, percent=percent: _of(of, against, percent),
            0.02,
        )


def _changes_by_period(grammar: Grammar) -> None:
    """ "Year-on-year growth of revenue", "monthly revenue change"."""
    add = grammar.add
    add(
        "item",
        "~ <onother> ~ <grown> in|of|for ~ <compared>",
        lambda unit, grown, of: _of(of, _grown(Versus(unit=unit), grown)),
        0.02,
    )
    add(
        "item",
        "~ <onother> ~ <compared> <grown>",
        lambda unit, of, grown: _of(of, _grown(Versus(unit=unit), grown)),
        0.02,
    )
    add("item", "~ <onother> ~ <grown>", lambda unit, grown: _alone(_grown(Versus(unit=unit), grown)), 0.05)
    add(
        "item",
        "~ <compared> ~ <onother> <grown>",
        lambda of, unit, grown: _of(of, _grown(Versus(unit=unit), grown)),
        0.02,
    )
    grammar.words("annually", {"annual": "year"})
    grammar.words("everyperiod", {"yearly": "year", "monthly": "month", "quarterly": "quarter"})
    for period in ("annually", "everyperiod"):
        add(
            "item",
            f"~ <{period}> <grown> in|of|for ~ <compared>",
            lambda unit, grown, of: _of(of, _grown(Versus(unit=unit), grown)),
            0.05,
        )
        add(
            "item",
            f"~ <{period}> <compared> <grown>",
            lambda unit, of, grown: _of(of, _grown(Versus(unit=unit), grown)),
            0.05,
        )


def _changes_alone(grammar: Grammar) -> None:
    """ "Growth of revenue", "by growth", "with the change", where no period is said; and what can be compared."""
    add = grammar.add
    add(
        "item",
        "~ <grown> in|of|for ~ <compared>",
        lambda grown, of: _of(of, _grown(Versus(), grown)),
        0.1,
    )
    add("item", "~ <compared> <grown>", lambda of, grown: _of(of, _grown(Versus(), grown)), 0.15)
    add("item", ",? with|and|plus|showing|including ~ <grown>", lambda grown: _alone(_grown(Versus(), grown)), 0.3)
    add("item", ",? ~ <way> <grown> first|on_top", lambda way, _: Order(Named("growth"), way[0]), 0.02)
    add("item", ",? by|sorted_by|ordered_by|ranked_by|order_by|sort_by ~ <grown> <direction>?",
        lambda _, way: Order(Named("growth"), way or "down"), 0.1)  # fmt: skip
    add("item", "~ <everyperiod> ~ <compared>", lambda unit, of: (Want((Figure(of),)), Group((unit,))), 0.3)
    add("compared", "<sum_of>", lambda of: of)
    add("compared", "~ <amount_of>", lambda of: of if _is_money(of) else None)
    add("compared", "~ <ratio>", lambda of: of, 0.02)
    add("compared", "<aggregate>", lambda of: of, 0.02)
    add(
        "compared",
        "~ <bare_table>",
        lambda thing: count_of(thing) if thing.plural and not _MONEY & {*words_of_name(thing.table)} else None,
        0.3,
    )


def _verbs(grammar: Grammar) -> None:
    """ "How much did revenue rise from 2024 to 2025"."""
    add = grammar.add
    grammar.words("rose", {
        "rise|rises|rose|risen|grow|grows|grew|grown|increase|increases|increased|change|changes|changed|go_up|goes_up|went_up"
        "|gone_up|develop|develops|developed|move|moved|improve|improved|differ|climb|climbed|evolve|evolved": False,
        "fall|falls|fell|fallen|drop|drops|dropped|decrease|decreases|decreased|decline|declines|declined|go_down|goes_down"
        "|went_down|gone_down|shrink|shrank|shrunk": True,
    })  # fmt: skip
    for lead, percent in (("by? how|what much|many?", False), ("by? what percentage|percent", True), ("how", False),
                          ("by? how|what many percent|percentage|%", True)):  # fmt: skip
        for does in ("did|does|has|have|do", "~"):
            for behind in ("<against>", "<against> <percentage>"):
                said = percent or "percentage" in behind
                add(
                    "item",
                    f"{lead} {does} ~ <compared> <rose> ,? {behind}",
                    lambda of, fall, against, *_, said=said: _of(of, _fallen(against, fall), said),
                    0.02,
                )
        add("item", f"{lead} did|does|has|have|do ~ <compared> of|for|at|by <one> <rose> ,? <against>",
            lambda of, thing, fall, against, said=percent: _of_one(thing, of, _fallen(against, fall), said),
            0.02)  # fmt: skip
        add("item", f"{lead} did|does|has|have|do <one> 's <compared> <rose> ,? <against>",
            lambda thing, of, fall, against, said=percent: _of_one(thing, of, _fallen(against, fall), said),
            0.02)  # fmt: skip
        add("item", f"{lead} did|does|has|have|do ~ <compared> <rose>",
            lambda of, fall, said=percent: _of(of, Versus(fall=fall), said), 0.1)  # fmt: skip
        add("item", f",? and? {lead} it|that|they|this did|has|have? <rose> ,? <against>",
            lambda fall, against, said=percent: _alone(_fallen(against, fall), said), 0.05)  # fmt: skip
        for who in ("each|every ~ <bare_table>", "~ <bare_table>"):
            add(
                "item",
                f"{lead} did|does|has|have|do {who} 's <compared> <rose> ,? <against>",
                lambda thing, of, fall, against, said=percent: _of_each(thing, of, _fallen(against, fall), said),
                0.02,
            )


def _windowed(grammar: Grammar) -> None:
    """ "Sales in 2025 against sales in 2024", "2025 sales minus 2024 sales"."""
    add = grammar.add
    add("windowed", "~ <compared> <window>", lambda of, window: (of, window))
    add("windowed", "<window> ~ <compared>", lambda window, of: (of, window), 0.1)
    add("item", "<windowed> ,? <versus> <windowed>", lambda left, _, right: _same(left, right), 0.0)
    add("item", "compare|comparing? <windowed> with|to|and <windowed>", lambda left, right: _same(left, right), 0.02)
    add("item", "<window> ,? <versus> ~ <compared> <window>",
        lambda after, _, of, before: _of(of, _between(after, before)), 0.1)  # fmt: skip
    add("item", "<window> ,? <versus> <window> ~ <compared>",
        lambda after, _, before, of: _of(of, _between(after, before)), 0.05)  # fmt: skip
    add("item", "compare|comparing? ~ <compared> <window> with|to|and <window>",
        lambda of, after, before: _of(of, _between(after, before)), 0.02)  # fmt: skip
    for words, operator in (
        ("-|–|minus|less", "-"),
        ("/|÷|divided_by|over|relative_to|as_a_ratio_of|in_relation_to", "/"),
    ):
        add(
            "item",
            f"<windowed> {words} <windowed>",
            lambda left, right, operator=operator: _computed(left, operator, right, percent=False),
            0.02,
        )
    add("item", "<windowed> as ~ a? percentage|percent|% of ~ <windowed>",
        lambda left, right: _computed(left, "/", right, percent=True), 0.02)  # fmt: skip
    add("item", "<windowed> as ~ a? share|fraction|proportion|part of ~ <windowed>",
        lambda left, right: _computed(left, "/", right, percent=False), 0.02)  # fmt: skip
    add("item", "~ difference between ~ <windowed> and <windowed>", lambda left, right: _same(right, left), 0.02)


def _running(grammar: Grammar) -> None:
    """ "Running total of sales by month"."""
    add = grammar.add
    for lead in ("~ running|cumulative|cumulated|accumulated|rolling total|sum|amount of|for ~ <compared>",
                 "~ cumulative|cumulated|accumulated|running ~ <compared>", "~ <compared> so far"):  # fmt: skip
        add("item", lead, lambda of: Want(_so_far(of)), 0.02)
    add(
        "item", "~ <compared> , cumulative|cumulated|accumulated|added_up_over_time", lambda of: Want(_so_far(of)), 0.05
    )
    add("item", "~ <compared> with|and|plus a|the? running|cumulative total|sum", lambda of: Want(_so_far(of)), 0.02)
    add("item", "~ <compared> as a? running|cumulative total|sum", lambda of: Want(_so_far(of)), 0.02)


def _so_far(of: Expression) -> tuple[Figure, ...]:
    one = _amount(of)
    return (Figure(Around("so_far", one), "running total"), Figure(one))


def _parts_of_all(grammar: Grammar) -> None:
    """ "Each region's share of all revenue", "the percentage of total sales by product"."""
    add = grammar.add
    add("all_of", "~ all|total|overall|whole|entire|complete ~ <compared>", lambda of: of)
    add("all_of", "~ total|sum of all? ~ <compared>", lambda of: of)
    add("all_of", "~ <compared> total|overall|in_total", lambda of: of, 0.05)
    add("all_of", "~ <aggregate>", lambda of: of if isinstance(of, Aggregate | Count) else None, 0.05)
    for thing, action in (
        ("each|every <bare_table> 's", lambda thing, percent, of: _part_of_each(thing, of, percent)),
        ("each|every <field> 's", lambda field, percent, of: (_part(of, percent), Group((field,)))),
        ("of each|every <bare_table> ,?", lambda thing, percent, of: _part_of_each(thing, of, percent)),
    ):  # fmt: skip
        add("item", f"{thing} <share> of|in <all_of>", action, 0.02)
    add("item", "~ <share> of|in <all_of> by|per|for_each|of_each|for_every|by_each|from_each|that_each <keys>",
        lambda percent, of, keys: (_part(of, percent), Group(keys)), 0.02)  # fmt: skip
    add("item", "~ <share> of|in <all_of> <percentage> by|per|for_each|of_each|for_every|by_each|from_each <keys>",
        lambda _, of, __, keys: (_part(of, True), Group(keys)), 0.02)  # fmt: skip
    add("item", "~ <share> of|in <all_of> that|which? each|every <bare_table> has|have|had|makes|made|brings_in"
        "|brought_in"
        "|accounts_for|contributes|contributed|generated|generates|takes|takes_up|holds",
        lambda percent, of, thing: (_part(of, percent), Group((which_of(thing, "each"),))), 0.02)  # fmt: skip
    add("item", "what|which|how|the? <share> of|in <all_of> does|do|did|is|comes_from|came_from|goes_to|go_to|went_to"
        "|falls_on|is_from|belongs_to|is_made_by|come_from each|every <bare_table>"
        " has|have|make|bring_in|account_for|contribute|generate|take|hold?",
        lambda percent, of, thing: (_part(of, percent), Group((which_of(thing, "each"),))), 0.02)  # fmt: skip
    add("item", "what|which|how|the? <share> of|in <all_of> does|do|did|is|comes_from|came_from|goes_to|go_to|went_to"
        "|falls_on|is_from|belongs_to|is_made_by|come_from each|every <field>"
        " has|have|make|bring_in|account_for|contribute|generate|take|hold?",
        lambda percent, of, field: (_part(of, percent), Group((field,))), 0.02)  # fmt: skip
    add("item", "<keys_of_all> and|,|with their|its|the? <share> of|in ~ total|whole|overall_total|grand_total",
        lambda wanted, percent: (_part(wanted, percent)), 0.05)  # fmt: skip
    add("item", "~ <share> of|in ~ <compared> by|per|for_each|of_each|for_every|by_each <keys>",
        lambda percent, of, keys: (_part(of, percent), Group(keys)), 0.15)  # fmt: skip
    add("item", "~ <end> <plain_number> <bare_table> by ~ <share> of|in <all_of>",
        lambda end, number, thing, percent, of: (
            thing, _part(of, percent), Order(Named("share of the total"), end, int(number.value))), 0.02)  # fmt: skip
    add("keys_of_all", "~ <compared>", lambda of: of)
    for lead in (",? and|with|plus|showing|including? also? ~ <share> of|in ~ total|whole|overall_total|grand_total"
                 "|all",
                 ",? as ~ a? <share> of|in ~ total|whole|overall_total|grand_total|all"):  # fmt: skip
        add("item", lead, lambda percent: Named("part of all percent" if percent else "part of all"), 0.05)
    add("item", "~ <compared> as ~ a? <share> of|in ~ total|whole|overall_total|grand_total|all",
        lambda of, percent: _part(of, percent), 0.02)  # fmt: skip


def _part_of_each(thing: Thing, of: Expression, percent: bool) -> Any:
    return _part(of, percent), Group((which_of(thing, "each"),))


_MONEY = word_set(
    """expense sale payment donation refund cost fee deposit contribution purchase gift grant charge earning sales
    expenses takings wage"""
)
"""Things that are amounts: "expenses in 2025 against 2024" are what they come to, and not how many there are."""


def _is_money(of: ColumnRef) -> bool:
    return bool(_MONEY & {*words_of_name(of.candidates[0][0].table)})


def _part(of: Expression, percent: bool) -> Want | None:
    one = _amount(of)
    share = Figure(Binary("/", one, Around("all", one)), "share of the total", percent)
    return Want((share, Figure(one)))


def _amount(of: Expression) -> Aggregate | Count:
    return of if isinstance(of, Aggregate | Count) else Aggregate("sum", of)


def _grown(against: Any, grown: Any) -> Any:
    told, fall = grown
    if isinstance(against, tuple):
        return (_grown(against[0], grown), *against[1:])
    return replace(against, told=against.told or told, fall=fall) if against is not None else None


def _fallen(against: Any, fall: bool) -> Any:
    if isinstance(against, tuple):
        return (_fallen(against[0], fall), *against[1:])
    return replace(against, fall=fall) if against is not None else None


def _of(of: Expression, against: Any, percent: bool = False) -> Any:
    """What is compared, at which times; a window beside is one of the request."""
    if against is None or isinstance(of, Number | Named):
        return None
    one, *windows = against if isinstance(against, tuple) else (against,)
    made = replace(one, of=of, told="percent" if percent else one.told)
    return (made, *(Condition("window", window=window) for window in windows))


def _alone(against: Any, percent: bool = False) -> Any:
    if against is None:
        return None
    one, *windows = against if isinstance(against, tuple) else (against,)
    made = replace(one, told="percent" if percent else one.told)
    return (made, *(Condition("window", window=window) for window in windows))


def _of_one(thing: Thing, of: Expression, against: Any, percent: bool) -> Any:
    found = _of(of, against, percent)
    return (*found, thing) if found is not None else None


def _of_each(thing: Thing, of: Expression, against: Any, percent: bool) -> Any:
    found = _of(of, against, percent)
    return (*found, Group((which_of(thing, "each"),))) if found is not None else None


def _same(left: Any, right: Any) -> Any:
    (of, after), (other, before) = left, right
    return _of(of, _between(after, before)) if _alike(of, other) else None


def _alike(one: Expression, other: Expression) -> bool:
    if isinstance(one, ColumnRef) and isinstance(other, ColumnRef):
        return one.words == other.words
    return one == other


def _computed(left: Any, operator: Any, right: Any, *, percent: bool) -> Want | None:
    (of, after), (other, before) = left, right
    if after.asked or before.asked or after == before:
        return None
    made = [
        replace(side, where=(*side.where, Condition("window", window=window)))
        for side, window in ((_amount(of), after), (_amount(other), before))
    ]
    return Want((Figure(Binary(operator, made[0], made[1]), percent=percent),))
