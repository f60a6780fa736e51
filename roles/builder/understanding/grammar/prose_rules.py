"""Rules for formulas in prose: "net of", "after deducting", "twice", "plus 19 % VAT", "rounded to whole days"."""

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
    Binary,
    ColumnRef,
    Expression,
    Figure,
    Group,
    Number,
    Rounded,
    Thing,
    Want,
    which_of,
)  # fmt: skip
from roles.builder.understanding.words import words_of_name

__all__ = ["add_prose_rules", "chained", "summed_chain"]


def chained(first: Expression, rest: tuple[tuple[str, Expression], ...]) -> Expression | None:
    """Products and quotients from left to right; a division in words is marked as such."""
    if not rest:
        return None
    made = first
    for operator, right in rest:
        made = Binary(operator[0], made, right, worded=operator.endswith("w"))  # pyright: ignore[reportArgumentType]
    return made


def summed_chain(first: Expression, rest: tuple[tuple[str, Expression], ...]) -> Expression | None:
    """Sums and differences from left to right.

    "Price minus cost over price" divides the difference: words have no brackets, and a figure is divided by a part of
    itself. Of "price minus cost over area" either may be meant, so it is no reading.
    """
    made = chained(first, rest)
    if made is None:
        return None
    *before, (operator, last) = rest
    in_words = any(one.endswith("w") for one, _ in rest)
    if not in_words or not isinstance(last, Binary) or last.operator != "/" or not last.worded:
        return made
    whole = chained(first, (*before, (operator, last.left)))
    if whole is None or isinstance(last.right, Number):
        return None
    parts = [first, *(one for _, one in before), last.left]
    return Binary("/", whole, last.right) if any(_same(one, last.right) for one in parts) else None


def _same(one: Expression, other: Expression) -> bool:
    if isinstance(one, ColumnRef) and isinstance(other, ColumnRef):
        return one.candidates[0][0] == other.candidates[0][0]
    return one == other


def add_prose_rules(grammar: Grammar) -> None:
    """Add the rules for arithmetic in prose, and for columns said with their verb."""
    _parts(grammar)
    _deducted(grammar)
    _taxed(grammar)
    _rounded(grammar)
    _with_verbs(grammar)


def _parts(grammar: Grammar) -> None:
    """ "Half of the price", "twice the fee", "a third of it", "5 % of the rent"."""
    add = grammar.add
    grammar.words("times_word", {
        "twice|double|two_times|2_times|2x": 2.0, "three_times|thrice|triple|3_times|3x": 3.0,
        "four_times|4_times|4x": 4.0, "five_times": 5.0, "ten_times": 10.0,
    })  # fmt: skip
    grammar.words("part_word", {
        "half|one_half|half_of|one_half_of|a_half_of": 1 / 2, "a_third_of|one_third_of": 1 / 3,
        "two_thirds_of": 2 / 3, "a_quarter_of|one_quarter_of|a_fourth_of": 1 / 4, "three_quarters_of": 3 / 4,
        "a_fifth_of|one_fifth_of": 1 / 5, "a_tenth_of|one_tenth_of": 1 / 10,
    })  # fmt: skip
    add("multiple", "<times_word> ~ <factor>", lambda times, of: _times(times, of), 0.05)
    add("multiple", "<part_word> ~ <factor>", lambda times, of: _times(times, of), 0.05)
    add("multiple", "<plain_number> %|percent|per_cent of ~ <factor>", _percent_of, 0.05)
    add("factor", "<multiple>", lambda one: one)


def _times(times: float, of: Expression) -> Expression | None:
    return None if isinstance(of, Number) else Binary("*", Number(times), of)


def _percent_of(number: Number, of: Expression) -> Expression | None:
    return _times(number.value / 100, of)


def _deducted(grammar: Grammar) -> None:
    """ "Amount net of cost", "what is left of the fee after deducting the rent"."""
    add = grammar.add
    grammar.words("plus", {
        "net_of|minus_the|reduced_by|after_deducting|after_subtracting|after_deduction_of|,_less|,_minus|less_the"
        "|,_net_of|,_after_deducting": "-w",
        "increased_by|added_to|,_plus|together_with": "+w",
    }, 0.02)  # fmt: skip
    grammar.words("take_away", {"deducting|subtracting|taking_away|taking_off|deduction_of|taking_out": True})
    add("arithmetic", "<sum> after <:take_away> <sum>", lambda whole, part: Binary("-", whole, part), 0.02)
    add("arithmetic", "<sum> ,? less|minus <field> and <field>", _both_less, 0.05)
    lead = "what is|are|remains left|over? of|for? <one> after <:take_away>"
    add("item", f"{lead} <sum> from <sum>", lambda thing, part, whole: (_left(whole, part), thing), 0.05)
    add("item", "what is|are|remains left|over? after <:take_away> <sum> from <sum>",
        lambda part, whole: _left(whole, part), 0.05)  # fmt: skip
    add("item", "what is|are|remains left|over? of|from ~ <sum> after <:take_away> <sum>",
        lambda whole, part: _left(whole, part), 0.05)  # fmt: skip
    add("arithmetic", "~ sum|total of <field> , <field> ,? and <field>",
        lambda a, b, c: Binary("+", Binary("+", a, b), c))  # fmt: skip
    for percent, words in ((True, "percentage|percent|%|per_cent"), (False, "share|fraction|proportion|part")):
        add("figure", f"~ <sum> , expressed|given|shown|told? as|in ~ a? {words} of ~ <sum>",
            lambda left, right, percent=percent: Figure(Binary("/", left, right), percent=percent), 0.02)  # fmt: skip


def _both_less(whole: Expression, one: ColumnRef, other: ColumnRef) -> Expression:
    return Binary("-", Binary("-", whole, one), other)


def _left(whole: Expression, part: Expression) -> Any:
    return Want((Figure(Binary("-", whole, part), "remainder"),))


def _taxed(grammar: Grammar) -> None:
    """ "Price plus 19 % VAT", "fee less 10 % commission": percent of what stands before."""
    add = grammar.add
    grammar.words("of_tax", {
        "vat|tax|sales_tax|value_added_tax|gst|mwst|surcharge|markup|commission|discount|rebate|tip|levy|duty|interest"
        "|handling|service_charge|fee|fees|on_top|off|tax_on_top|inflation|extra": True,
    })  # fmt: skip
    for words, sign in (("plus|+|with|incl|including|increased_by|raised_by|and|,_plus", 1.0),
                        ("less|minus|-|reduced_by|lowered_by|,_less|,_minus|after|without", -1.0)):  # fmt: skip
        add(
            "sum",
            f"<product> {words} ~ a|an? <plain_number> %|percent|per_cent <:of_tax>",
            lambda of, number, sign=sign: _times(1 + sign * number.value / 100, of),
            0.02,
        )
        if sign > 0:
            continue
        add("sum", "<product> after a|an? <plain_number> %|percent|per_cent discount|commission|rebate|deduction|cut",
            lambda of, number: _times(1 - number.value / 100, of), 0.02)  # fmt: skip
    for lead in ("take|taking|with", ""):
        add("arithmetic", f"{lead}? <plain_number> %|percent off ~ <sum>".removeprefix("? "),
            lambda number, of: _times(1 - number.value / 100, of), 0.02)  # fmt: skip
    for words, sign in (("plus|+|increased_by|raised_by", 1.0), ("less|minus|reduced_by|lowered_by", -1.0)):
        add(
            "sum",
            f"<product> {words} <plain_number> %|percent|per_cent",
            lambda of, number, sign=sign: _times(1 + sign * number.value / 100, of),
            0.08,
        )


def _rounded(grammar: Grammar) -> None:
    """ "Rounded up to whole days", "to two decimals"."""
    add = grammar.add
    grammar.words("decimals", {
        "decimal|decimals|decimal_places|decimal_place|digits|places|digits_after_the_point"
        "|places_after_the_point": True
    })  # fmt: skip
    whole = "to? the? nearest? next? whole|full|integer|integers|complete number|numbers?"
    for lead in (",? rounded", ",? and? round|rounding it|them|the_result|that?", ",? ( rounded"):
        add("rounding", f"{lead} up", lambda: Rounded("ceil"), 0.05)
        add("rounding", f"{lead} down", lambda: Rounded("floor"), 0.05)
        for way, function in (("up", "ceil"), ("down", "floor"), ("", "round")):
            word = f"{way} " if way else ""
            add("rounding", f"{lead} {word}{whole} <:unit_word>? )?", lambda function=function: Rounded(function))
        add("rounding", f"{lead} to ~ nearest? <plain_number> <:decimals> )?", _digits)
        add("rounding", f"{lead} to ~ nearest? cent|cents|penny )?", lambda: Rounded("round", 2))
    add("item", "<rounding>", lambda one: one, 0.05)


def _digits(number: Number) -> Rounded | None:
    return Rounded("round", int(number.value)) if number.value.is_integer() and 0 <= number.value <= 6 else None


def _with_verbs(grammar: Grammar) -> None:
    """ "Hours worked", "how many units did each shop sell"."""
    add = grammar.add
    add("field", "~ <column> <:idle_done>", lambda column: column, 0.03)
    add("field", "~ number|amount|quantity of <column> <:idle_done>", lambda column: column, 0.05)
    asks = "how many|how_much <counted_field>"
    add("counted_field", "<field>", _counted)
    add("item", "what|which was|were|would|will be? ~ <wanteds>", Want, 0.15)
    add("item", f"{asks} did|do|does|have|has|were|was|are|is|get|got we|you|they|i? <:doing>", _sum_of, 0.05)
    add("item", f"{asks} was|were|is|are each|every <bare_table> <:doing>",
        lambda field, thing: (*_wanted(field), Group((which_of(thing, "each"),))), 0.05)  # fmt: skip
    add(
        "item",
        f"{asks} did|do|does|have|has|had each|every <bare_table> <:doing>?",
        lambda field, thing: (*_wanted(field), Group((which_of(thing, "each"),))),
        0.05,
    )
    add(
        "item",
        f"{asks} did|do|does|have|has|had <one> <:doing>?",
        lambda field, thing: (*_wanted(field), thing),
        0.05,
    )
    add("item", "did|does|do|has|have|had each|every <bare_table> <:doing>", _each, 0.04)
    add("item", "did|does|do|has|have|had <one> <:doing>", lambda thing: thing, 0.04)


def _counted(field: ColumnRef) -> ColumnRef | None:
    """ "How many tickets" are counted: no price of a ticket is meant."""
    kept = tuple(one for one in field.candidates if not {*words_of_name(one[0].column)} & _NOT_COUNTED)
    if len(kept) == 1:
        kept = ((kept[0][0], max(kept[0][1], 0.75)),)
    return replace(field, candidates=kept) if kept else None


_NOT_COUNTED = word_set("price rate cost fee wage salary share percent percentage pct ratio average discount")


def _wanted(field: Expression) -> tuple[Want, ...]:
    return (Want((Figure(Aggregate("sum", field)),)),)


def _sum_of(field: Expression) -> Want:
    return _wanted(field)[0]


def _each(thing: Thing) -> Group:
    return Group((which_of(thing, "each"),))
