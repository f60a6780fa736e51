"""Rules for what is computed: columns, figures of the library, sums and shares, and arithmetic in words and signs."""

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
    Count,
    Expression,
    Figure,
    Named,
    Number,
    Thing,
    count_of,
)  # fmt: skip
from roles.builder.understanding.grammar.prose_rules import chained, summed_chain

__all__ = ["add_figure_rules", "owned"]


def owned(column: ColumnRef, thing: Thing) -> ColumnRef | None:
    """A column of a thing; None where that has no such column."""
    own = tuple(one for one in column.candidates if one[0].table == thing.table)
    return ColumnRef(column.words, own, thing.table) if own and not thing.where else None


def _functions(grammar: Grammar) -> None:
    grammar.words("function", {
        "total|sum|overall|combined|sum_of|total_of|all_the": "sum",
        "average|mean|avg|average_of|mean_of|typical": "mean", "median|median_of": "median",
        "minimum|min|smallest|lowest|minimum_of|lowest_value_of": "minimum",
        "maximum|max|highest|largest|biggest|maximum_of|highest_value_of": "maximum",
        "standard_deviation|standard_deviation_of|stdev": "stdev", "variance|variance_of": "variance",
        "90th_percentile|90th_percentile_of": "percentile 90", "95th_percentile|95th_percentile_of": "percentile 95",
    })  # fmt: skip
    grammar.words("verb_function", {
        "add_up|adds_up|sum_up|sums_up|sums|sum|totals|add|adds|adding_up|summing_up|adds_together": "sum",
        "averages|average": "mean",
    })  # fmt: skip
    grammar.words("behind_function", {
        "summed|in_total|in_all|altogether|summed_up|added_up|added_together|combined|all_together": "sum",
        "on_average": "mean", "each_on_average": "mean",
    })  # fmt: skip


def _columns(grammar: Grammar) -> None:
    add = grammar.add
    add("field", "~ <column>", lambda column: column)
    add("field", "~ <bare_table> 's <column>", lambda thing, column: owned(column, thing))
    add("field", "~ <column> of|from|on ~ <bare_table>", owned)
    add("field", "~ <bare_table> <column>", lambda thing, column: owned(column, thing), 0.05)


def _operand(grammar: Grammar) -> None:
    add = grammar.add
    add("number", "<plain_number>", lambda number: number)
    add("number", "<plain_number> %|percent|per_cent", lambda number: Number(number.value, percent=True))
    add("number", "- <plain_number>", lambda number: Number(-number.value))
    add("number", "€|$|£ <plain_number>", lambda number: number)
    add("number", "<plain_number> eur|euro|euros|dollars|dollar|usd|gbp|pounds", lambda number: number, 0.05)
    add("factor", "<plain_number>", lambda number: number)
    add("factor", "<plain_number> %", lambda number: Number(number.value / 100), 0.1)
    add("factor", "<field>", lambda column: column)
    add("factor", "~ <defined>", lambda named: named)
    add("factor", "~ <amount_of>", lambda column: column, 0.4)
    add("factor", "( <arithmetic> )", lambda inner: inner)
    add("factor", "~ <ratio>", lambda ratio: ratio)
    add("factor", "<aggregate>", lambda inner: inner)
    add("power", "<factor>", lambda inner: inner)
    add("power", "<factor> ^|** <factor>", lambda left, right: Binary("**", left, right))
    add("power", "<factor> squared", lambda left: Binary("**", left, Number(2.0)))


def _aggregates(grammar: Grammar) -> None:
    add = grammar.add
    add("rows", "~ <bare_table>", lambda thing: thing)
    add("rows", "~ <bare_table> 's <bare_table>", lambda _, thing: thing)
    for lead in ("~ <function> of? ~ <sum_of>", "~ <function> of? all|each|every ~ <sum_of>"):
        add("aggregate", lead, _aggregate, 0.2)
    add("aggregate", "~ <function> ~ <amount_of>", _aggregate, 0.3)
    add(
        "aggregate",
        "~ number|count|numbers of ~ <identifier> <bare_table> ( <told> )",
        lambda _, thing, told: count_of(thing, told),
        0.3,
    )
    add("aggregate", "~ <function> <value_like> <field>", _valued_aggregate, 0.5)
    add("aggregate", "<field> of? all? of? <rows>? <behind_function>", _behind, 0.2)
    add("aggregate", "<field> <behind_function>", lambda column, function: Aggregate(function, column), 0.2)
    add(
        "aggregate",
        "~ <field> of|across|over all ~ <bare_table> <behind_function>",
        lambda column, thing, function: Aggregate(function, column, _through(thing)),
        0.1,
    )
    add(
        "aggregate",
        "~ number|count|numbers of all? ~ <bare_table> <told>*",
        lambda thing, told: count_of(thing, *told),
        0.2,
    )
    add("aggregate", "~ total number|count of ~ <bare_table> <told>*", lambda thing, told: count_of(thing, *told), 0.1)
    add(
        "aggregate",
        "~ number|count of all? ~ <value_like> <bare_table> <told>*",
        lambda value, thing, told: count_of(thing, value, *told),
        0.3,
    )
    add("aggregate", "~ <bare_table> count", lambda thing: count_of(thing), 0.2)
    add("aggregate", "( ~ number|count of ~ <bare_table> )", lambda thing: count_of(thing), 0.1)
    add("sum_of", "<field>", lambda column: column)
    add("sum_of", "~ <defined>", lambda named: named)
    add("sum_of", "<field> times|*|× <field>", lambda left, right: Binary("*", left, right), 0.05)
    add("sum_of", "( <arithmetic> )", lambda inner: inner)


def _aggregate(function: str, of: Any) -> Expression | None:
    if isinstance(of, Aggregate | Count | Number):
        return None
    return Aggregate(function, of)


def _valued_aggregate(function: str, value: Condition, column: ColumnRef) -> Expression:
    return Aggregate(function, column, (value,))


def _behind(column: ColumnRef, thing: Thing | None, function: str) -> Expression | None:
    return None if thing is None else Aggregate(function, column)


def _through(thing: Thing) -> tuple[Condition, ...]:
    return ()


def _arithmetic(grammar: Grammar) -> None:
    add = grammar.add
    grammar.words("times", {"*|×|times|multiplied_by": "*"})
    grammar.words("over", {"/|÷": "/", "divided_by|divided_through": "/w"})
    grammar.words("plus", {"+": "+", "-|–": "-", "plus": "+w", "minus|less": "-w"})
    add("product", "<power>", lambda inner: inner)
    add("product", "<power> <product_rest>*", chained)
    add("product_rest", "<times> ~ <power>", lambda operator, right: (operator, right))
    add("product_rest", "<over> ~ <power>", lambda operator, right: (operator, right))
    add("product_rest", "over ~ <power>", _over)
    add("sum", "<product>", lambda inner: inner)
    add("sum", "<product> <sum_rest>*", summed_chain)
    add("sum_rest", "<plus> ~ <product>", lambda operator, right: (operator, right))
    add("arithmetic", "<sum>", lambda inner: inner)
    add("arithmetic", "<sum> <whole_rest>*", chained)
    for lead in (
        ", and? then?",
        ", all|it_all|the_whole|the_result|everything",
        ", and? that|this|the_sum|the_difference",
        "and then|all",
        ", then? the? result?",
    ):
        add("whole_rest", f"{lead} <over> ~ <product>", lambda operator, right: (operator, right), 0.05)
        add("whole_rest", f"{lead} over ~ <product>", _over, 0.05)
        add("whole_rest", f"{lead} <times> ~ <product>", lambda operator, right: (operator, right), 0.05)
        add("whole_rest", f"{lead} <plus> ~ <product>", lambda operator, right: (operator, right), 0.05)
        add(
            "whole_rest",
            f"{lead} divide|divides|divided that|this|it|the_sum|the_result|all? by ~ <product>",
            lambda right: ("/w", right),
            0.05,
        )
        add(
            "whole_rest",
            f"{lead} multiply|multiplies|multiplied that|this|it|the_sum|the_result|all? by ~ <product>",
            lambda right: ("*", right),
            0.05,
        )
    add(
        "whole_rest",
        "and divide|divides|divided that|this|it|the_sum|the_result by ~ <product>",
        lambda right: ("/w", right),
        0.05,
    )
    _means_of_columns(grammar)
    _days_between(grammar)
    add("arithmetic", "~ ratio of <sum> to <sum>", lambda left, right: Binary("/", left, right))
    add("arithmetic", "~ ratio of <sum> and|over <sum>", lambda left, right: Binary("/", left, right), 0.1)
    add("arithmetic", "take ~ <arithmetic>", lambda inner: inner)
    add("arithmetic", "~ difference between|of <sum> and <sum>", lambda left, right: Binary("-", left, right))
    add("arithmetic", "~ product of <sum> and <sum>", lambda left, right: Binary("*", left, right))
    add("arithmetic", "~ sum of <field> and <field>", lambda left, right: Binary("+", left, right), 0.1)
    add("arithmetic", "divide <sum> by <sum>", lambda left, right: Binary("/", left, right))
    add("arithmetic", "dividing <sum> by <sum>", lambda left, right: Binary("/", left, right))
    add("arithmetic", "multiply|multiplying <sum> by|with <sum>", lambda left, right: Binary("*", left, right))
    add("arithmetic", "subtract|subtracting <sum> from <sum>", lambda left, right: Binary("-", right, left))
    add("arithmetic", "~ average|mean <field> per ~ <number_field>", lambda left, right: Binary("/", left, right), 0.1)
    add("arithmetic", "<field> per <unit>", lambda left, right: Binary("/", left, right), 0.3)
    add("arithmetic", "<field> per ~ <number_field>", lambda left, right: Binary("/", left, right), 0.2)


def _means_of_columns(grammar: Grammar) -> None:
    """ "20% of the average of the lowest and the highest pay": of two columns of one row."""
    add = grammar.add
    for words in ("average|mean", "average|mean value"):
        add("row_mean", f"~ {words} of|between <field> and <field>", lambda *fields: _row_mean(fields))
        add("row_mean", f"~ {words} of <field> , <field> ,? and <field>", lambda *fields: _row_mean(fields))
    add("product_rest", "<times> <row_mean>", lambda operator, right: (operator, right))
    add("product_rest", "<over> <row_mean>", lambda operator, right: (operator, right))
    add("part_of", "<plain_number> %|percent|per_cent of", lambda number: Number(number.value / 100))
    add("part_of", "half of?", lambda: Number(0.5))
    add("arithmetic", "<part_of> <row_mean>", lambda part, of: Binary("*", part, of))
    add("arithmetic", "<part_of> ~ <sum>", lambda part, of: Binary("*", part, of), 0.05)


def _row_mean(fields: tuple[ColumnRef, ...]) -> Expression | None:
    total: Expression = fields[0]
    for one in fields[1:]:
        total = Binary("+", total, one)
    return Binary("/", total, Number(float(len(fields)))) if len(set(fields)) == len(fields) else None


def _each_summed(grammar: Grammar) -> None:
    """ "…, each summed over all days of the show": said of every column of the formula before."""
    grammar.words("rows_word", {"days|months|rows|periods|years|weeks|quarters|records|entries|dates": True})
    grammar.add("rows_word", "<bare_table>", lambda _: True)
    for over in (
        "",
        "over|across|for all|every? ~ <:rows_word>",
        "over|across|for all? ~ <:rows_word> of ~ <:bare_table>",
    ):
        lead = ", each|both|all|all_of_them summed|added_up|totalled|summed_up"
        grammar.add("item", f"{lead} {over}", lambda: Named("each sum"), 0.05)


def _days_between(grammar: Grammar) -> None:
    """ "From the posting date to the day it was filled"."""
    add = grammar.add
    add("day_of", "~ <field>", lambda field: field if {"date", "day"} & {*field.words.split()} else None)
    for who in ("it|he|she|they", "~ <:bare_table>"):
        add("day_of", f"~ date|day on|when? {who} was|were|is|got|has_been? <column>", lambda field: field, 0.1)
    add("arithmetic", "from <day_of> to|until|till <day_of>", lambda start, end: Binary("-", end, start))
    add("arithmetic", "~ days|time from|between <day_of> to|until|till|and <day_of>", _days)


def _days(start: ColumnRef, end: ColumnRef) -> Expression:
    return Binary("-", end, start)


def _over(right: Expression) -> Any:
    return None if isinstance(right, Number) else ("/w", right)


def _shares(grammar: Grammar) -> None:
    add = grammar.add
    add("figure", "~ <arithmetic>", lambda value: Figure(value))
    grammar.words("percentage", {
        "as_a_percentage|as_percentage|in_percent|as_percent|as_a_percent|in_%|as_percentages|in_per_cent|,_in_percent"
        "|,_as_a_percentage|as_a_%|,_in_%|expressed_as_a_percentage|,_expressed_as_a_percentage|"
        "(_in_percent_)|(_%_)": True,
    })  # fmt: skip
    add("figure", "~ <arithmetic> <percentage>", lambda value, _: Figure(value, percent=True))
    add(
        "figure",
        "~ <sum> as ~ a? percentage|percent|% of ~ <sum>",
        lambda left, right: Figure(Binary("/", left, right), percent=True),
    )
    add(
        "figure",
        "~ <sum> as ~ a? share|fraction|proportion|part of ~ <sum>",
        lambda left, right: Figure(Binary("/", left, right)),
    )
    add(
        "figure",
        "~ percentage|percent|% of <sum> in|to <sum>",
        lambda left, right: Figure(Binary("/", left, right), percent=True),
        0.2,
    )


def add_figure_rules(grammar: Grammar) -> None:
    """Add the rules for ``figure`` and what it is made of."""
    _functions(grammar)
    _columns(grammar)
    _operand(grammar)
    _aggregates(grammar)
    _arithmetic(grammar)
    _shares(grammar)
    _each_summed(grammar)
    grammar.add("named", "~ <name>", Named)
