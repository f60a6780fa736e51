"""Rules for lists and what they are compared with: "all titles", "above the average price", averages with weights."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    ColumnRef,
    Condition,
    Definition,
    Expression,
    Figure,
    Named,
    Number,
    Order,
    Thing,
    Want,
    count_of,
    is_computed,
    which_of,
)  # fmt: skip
from roles.builder.understanding.grammar.tokens import stem
from roles.builder.understanding.words import words_of_name

__all__ = ["add_list_rules"]


def add_list_rules(grammar: Grammar) -> None:
    """Add rules for columns of all rows, limits that are averages, and averages with weights."""
    add = grammar.add
    add("item", "all|every|each ~ <field>", lambda field: Want((Figure(field),)), 0.3)
    add("told", "have|has|had a|an? <told_of_column>", lambda one: one, 0.1)
    add("told", "that|which|who|whom? we|they|you still make|sell|offer|produce|"
                "have|stock|run|use|carry|serve|own|employ|operate|brew|keep|supply",
        lambda: Condition("state", values=("on", "current")), 0.05)  # fmt: skip
    add("told", "only those|the_ones|ones|rows|records|entries|items <told>", lambda one: one, 0.05)
    add("item", "and|,|,_and|with how many|how_much <split_amount>", lambda field: Want((Figure(field),)), -0.1)
    add("item", "how many|how_much <split_amount>", lambda field: Want((Figure(Aggregate("sum", field)),)), 0.1)
    _over_rows(grammar)
    _tops(grammar)
    _named(grammar)
    _in_full(grammar)
    _averages(grammar)
    _more_than_columns(grammar)
    _weighted(grammar)
    for done in ("in_total|altogether|in_all|overall|so_far|all_together?",):
        add(
            "item",
            f"how much|many did|has|have|does|do|had <one> <:spent> on|for|in|of? ~ <field> {done}",
            lambda one, field: (Want((Figure(Aggregate("sum", field)),)), one),
            0.1,
        )
    grammar.words(
        "spent",
        {"spend|spent|pay|paid|earn|earned|use|used|make|made|take|taken|get|got|bring_in|collect|collected": True},
    )


def _over_rows(grammar: Grammar) -> None:
    """ "The total of hours * rate across all the client's entries", "the number of the customer's orders"."""
    add = grammar.add
    for rows in ("<bare_table> 's <bare_table>", "<bare_table> 's own? <bare_table>"):
        add("owned_rows", f"~ {rows}", lambda _, thing: thing)
    for lead in ("~ <function> of? ~ <sum_of>", "~ <function> of? ~ <sum_of> ,?"):
        add(
            "aggregate",
            f"{lead} over|across|for|of|on|in|from all? ~ <owned_rows>",
            lambda function, of, _: _total(function, of),
            0.15,
        )
    for rows in ("all? ~ <value_like> <bare_table>", "<bare_table> 's <value_like> <bare_table>"):
        add("few_rows", f"~ {rows}", lambda *said: next(one for one in said if isinstance(one, Condition)))
    add("aggregate", "~ <function> of? ~ <sum_of> over|across|for|of|on|in|from <few_rows>",
        lambda function, of, told: Aggregate(function, of, (told,))
        if function == "sum" and not isinstance(of, Aggregate | Number) else None, 0.2)  # fmt: skip
    grammar.words("out_of", {"/|÷|divided_by|over|out_of|as_a_share_of|as_a_fraction_of|against": True})
    recorded = "recorded|logged|worked|entered|booked|registered|reported|we_have|there_are|in_total"
    for all_ in ("all", "the? total", "all_of? the"):
        add("arithmetic", f"~ <value_like> <field> <:out_of> {all_} ~ <field> {recorded}?", _part_of_all, 0.02)
    add("shown", "~ <defined>", lambda one: one, 0.05)
    add("aggregate", "~ number|count of all? ~ <owned_rows> <told>*", lambda thing, told: count_of(thing, *told), 0.1)
    add("aggregate", "how many ~ <owned_rows> <told>*", lambda thing, told: count_of(thing, *told), 0.3)


def _part_of_all(told: Condition, part: ColumnRef, whole: ColumnRef) -> Expression | None:
    """ "Billable hours over all hours": of the same column, once of a few rows, once of all."""
    if part.candidates[0][0] != whole.candidates[0][0]:
        return None
    return Binary("/", Aggregate("sum", part, (told,)), Aggregate("sum", whole))


def _total(function: str, of: Any) -> Expression | None:
    return None if isinstance(of, Aggregate | Number) else Aggregate(function, of)


def _tops(grammar: Grammar) -> None:
    """ "The three biggest customers by sales value (litres * price)", "the worst projects by yield, which is …"."""
    add = grammar.add
    grammar.words(
        "means",
        {
            "(|,?_which_is|,_which_is|which_is|,_i_._e_.|,_i_._e_._,|,"
            "_that_is|,_that_is_,|,_meaning|,_namely|:|=|,_being|,_defined_as": True
        },
    )
    by = "by|in_terms_of|according_to|based_on|ranked_by|measured_by|judged_by ~ <name> <:means> <figure> )?"
    add("item", f"~ <plain_number> <way> <bare_table> <told>* {by}", _top_by, 0.02)
    add(
        "item",
        f"~ <way> <plain_number> <bare_table> <told>* {by}",
        lambda way, number, *rest: _top_by(number, way, *rest),
        0.02,
    )
    add("item", f"~ top|bottom|best|worst <plain_number> <bare_table> <told>* {by}", lambda *_: None)
    add("item", f"~ <end> <plain_number> <bare_table> <told>* {by}",
        lambda end, number, *rest: _top_by(number, (end, ""), *rest), 0.02)  # fmt: skip


def _top_by(number: Number, way: Any, thing: Thing, told: tuple[Condition, ...], name: str, figure: Figure) -> Any:
    if isinstance(figure.value, Named | Number | ColumnRef):
        return None
    order = Order(Named(name), way[0], int(number.value))
    return (Thing(thing.table, "", thing.plural, where=thing.where), Definition(name, figure), order, *told)


def _named(grammar: Grammar) -> None:
    """ "The loss rate of its batches: …", "yield of a project in a given year: …", "amount per kW of capacity"."""
    add = grammar.add
    add("item", "<name> of|for|over|across all? its|their|the ~ <bare_table> <defines> <figure> )?", _of_rows, 0.02)
    add("item", "<name> of|for|per <one> <window> <defines> <figure> )?",
        lambda name, one, window, _, figure: (*_of_rows(name, one, None, figure), Condition("window", window=window))
        if is_computed(figure) else None, 0.04)  # fmt: skip
    add("arithmetic", "<field> per <unit> of ~ <field>", _per_of, 0.1)
    for spot in ("factor", "sum_of"):
        add(spot, "<field> in <identifier>", _in_unit, 0.1)
    grammar.words("sent", {"sent|bought|placed|gave|ordered|booked|brought|wrote|"
                           "submitted|filed|attended|taught|held|ran|rented|hired|borrowed|"
                           "visited|signed|treated|handled|made|took|had|sold|received|used|paid|own|owns|"
                               "have|has|made_us|drove|flew|played": True})  # fmt: skip
    add(
        "told",
        "that|which|who? have|has|had? <:sent> us|me|to_us|for_us? <limit> <bare_table> <told>*",
        _had_so_many,
        0.1,
    )


def _of_rows(name: str, thing: Thing, _: object, figure: Figure) -> Any:
    if not is_computed(figure):
        return None
    return Definition(name, figure), thing if thing.which == "one" else which_of(thing, "of")


def _per_of(left: ColumnRef, unit: ColumnRef, right: ColumnRef) -> Expression | None:
    """ "Per kW of capacity": the unit is that of the column behind it."""
    own = tuple(one for one in right.candidates if one[0] in [place for place, _ in unit.candidates])
    return Binary("/", left, ColumnRef(right.words, own, right.owner)) if own else None


def _in_unit(field: ColumnRef, unit: str) -> ColumnRef | None:
    """ "Length in minutes": the column that is counted in these."""
    own = tuple(one for one in field.candidates if stem(unit) in {stem(word) for word in words_of_name(one[0].column)})
    return ColumnRef(field.words, own, field.owner) if own else None


def _had_so_many(limit: Any, thing: Thing, told: tuple[Condition, ...]) -> Condition | None:
    sign, number, high = limit
    if not isinstance(number, Number) or (not thing.plural and number.value != 1):
        return None
    return Condition("has", sign=sign, right=number, high=high, table=thing.table, where=(*thing.where, *told))


def _in_full(grammar: Grammar) -> None:
    """ "Not paid in full": the amount paid is less than the amount."""
    be = "is|are|was|were|has|have|had|been|yet|already|only"
    grammar.words("be_word", {be: True})
    full = "in_full|fully|completely|entirely|to_the_full"
    for lead in ("that|which|who?",):
        add = grammar.add
        add(
            "told",
            f"{lead} <be_word>* not <be_word>* <done_amount> {full}",
            lambda _, __, field: _full(field, "<"),
            0.0,
        )
        add(
            "told",
            f"{lead} <be_word>* not <be_word>* {full} <done_amount>",
            lambda _, __, field: _full(field, "<"),
            0.0,
        )
        add("told", f"{lead} <be_word>* <done_amount> {full}", lambda _, field: _full(field, ">="), 0.0)
        add("told", f"{lead} <be_word>* {full} <done_amount>", lambda _, field: _full(field, ">="), 0.0)


def _full(field: ColumnRef, sign: Any) -> Condition:
    return Condition("compare", field, sign, Named("in full"))


def _averages(grammar: Grammar) -> None:
    """ "Above the average price of all shows", "less than the average device", "above average"."""
    add = grammar.add
    grammar.words("mean_word", {"average|mean": "mean"})
    of = "of|over|across|for|among all|every|each|our|the? ~ <bare_table>"
    add("the_average", "~ <mean_word>", lambda _: (None, None), 0.1)
    add("the_average", f"~ <mean_word> {of}", lambda _, thing: (None, thing), 0.05)
    add("the_average", "~ <mean_word> one|row|value", lambda _: (None, None), 0.05)
    add("the_average", "~ <mean_word> <bare_table>", lambda _, thing: (None, thing), 0.05)
    add("the_average", "~ <mean_word> ~ <field>", lambda _, field: (field, None), 0.05)
    add("the_average", f"~ <mean_word> ~ <field> {of}", lambda _, field, thing: (field, thing), 0.0)
    add("the_average", "~ overall|general <mean_word>", lambda _: (None, None), 0.05)
    add("told_of_column", "<field> <be>? <sign> <the_average>", lambda field, _, sign, mean: _above(field, sign, mean))
    add("told_of_column", "above|below - <mean_word> <field>", lambda _, field: None)
    for words, sign in (("above|over", ">"), ("below|under", "<")):
        for dash in ("", "-"):
            add("told", f"with|having|of a|an? {words} {dash} average ~ <field>",
                lambda field, sign=sign: _above(field, sign, (None, None)), 0.05)  # fmt: skip
    for verb, what in (
        ("cost|costs|costing|costed|priced", "its price"),
        ("earn|earns|earning|make|makes|paid|are_paid|is_paid", "its pay"),
    ):
        add("told", f"that|which|who? {verb} <sign> <the_average>",
            lambda sign, mean, what=what: _above(Named(what), sign, mean), 0.1)  # fmt: skip


def _above(field: Any, sign: Any, mean: tuple[ColumnRef | None, Thing | None]) -> Condition | None:
    if sign not in ("<", "<=", ">", ">="):
        return None
    of, thing = mean
    return Condition("compare", field, sign, Aggregate("mean", of or field), table=thing.table if thing else "")


def _more_than_columns(grammar: Grammar) -> None:
    """ "That used more kwh than budgeted", "with more seats than tickets sold"."""
    add = grammar.add
    grammar.words("more_word", {"more|higher|larger|bigger|greater": ">", "less|fewer|lower|smaller": "<"})
    for lead in ("that|which|who? <:did>", "that|which|who have|has|had", "with|having a|an?"):
        add("told", f"{lead} <more_word> <field> than <field>", _columns, 0.05)
        add("told", f"{lead} <more_word> <field> than <done_amount>", _columns, 0.1)
    grammar.words("did", {"used|sold|produced|made|had|spent|consumed|took|"
                          "delivered|earned|received|ordered|got|have|has|"
                          "generated|brought|paid|billed|charged|invoiced|use|sell|produce|make|spend|consume|"
                              "take": True})  # fmt: skip


def _columns(sign: Any, left: ColumnRef, right: ColumnRef) -> Condition | None:
    """Two columns compared; a participle means that of its amounts which is of the same thing: budgeted kwh."""
    if left == right:
        return None
    words = set(left.words.split())
    alike = tuple(
        one for one in right.candidates if words & {*one[0].column.lower().split("_")} or len(right.candidates) == 1
    )
    return Condition("compare", left, sign, ColumnRef(right.words, alike)) if alike else None


def _weighted(grammar: Grammar) -> None:
    """ "Average price weighted by quantity": the sum of the products over the sum of the weights."""
    add = grammar.add
    for lead in ("~ weighted? average|mean of? ~ <field>", "~ <field> average|mean"):
        add("arithmetic", f"{lead} ,? weighted by|with ~ <field>", _with_weights, 0.02)
        add(
            "weighted_one",
            f"{lead} of|for <one> ,? weighted by|with ~ <field>",
            lambda field, one, by: (field, one, by),
        )
        add(
            "weighted_one",
            f"{lead} per|by|of_each|for_each <bare_table> ,? weighted by|with ~ <field>",
            lambda *_: None,
        )
    add(
        "item",
        "<weighted_one>",
        lambda said: (Want((Figure(_with_weights(said[0], said[2]), "weighted average"),)), said[1]),
        0.02,
    )
    add("arithmetic", "~ <field> - weighted average|mean ~ <field>", lambda by, of: _with_weights(of, by), 0.05)


def _with_weights(of: Expression, by: Expression) -> Expression:
    return Binary("/", Aggregate("sum", Binary("*", of, by)), Aggregate("sum", by))
