"""Rules for figures that a request defines elsewhere: "revenue by channel … Revenue is quantity times price."."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Condition,
    Definition,
    Expression,
    Figure,
    Group,
    Named,
    Number,
    Order,
    Thing,
    Want,
    is_computed,
    which_of,
)  # fmt: skip
from roles.builder.understanding.grammar.named_figures import THE_ONE

__all__ = ["add_defined_rules"]


def add_defined_rules(grammar: Grammar) -> None:
    """Add the rules for ``item`` that need the names of figures to be known."""
    _definitions(grammar)
    _of_things(grammar)
    _asked_by_verbs(grammar)
    _extremes(grammar)


def _definitions(grammar: Grammar) -> None:
    add = grammar.add
    grammar.words("defines", {
        "stands_for|counts_as|,_being|,_this_being|which_means|,_which_means|meaning|:_that_'s|that_'s"
        "|amounts_to|is_simply"
        "|is_just|is_equal_to|is_calculated_as|is_computed_as|calculated_as|computed_as|works_out_as|is_worked_out_as"
        "|comes_to|,_calculated_as|refers_to|is_meant_as|means_here|here_means|here_is|shall_be|should_be|is_given_by"
        "|are_calculated_as|are_computed_as|,_so|,_that_'s|-|–|(_=|(_i_._e_.|(_that_is|(_meaning|(_so|(_being"
        "|(_defined_as|(_calculated_as|(_computed_as": True,
    })  # fmt: skip
    lead = "where|with|whereby|and|by|,|; where|with|by|and? ~"
    for before, cost in (("~", 0.0), (lead, 0.02), ("for me ,? ~", 0.02), ("by ~", 0.02)):
        add("item", f"{before} <defined> <:defines> ~ <figure> )?", _defined, cost)
        add("item", f"{before} <defined> we|i mean|meant|understand ~ <figure>", _defined, cost)
        add("item", f"{before} <defined> <:percentage> <:defines> ~ <figure> )?", _in_percent, cost)
        add("item", f"{before} <defined> <:defines> ~ <rows_total>", _defined, cost)
    add("rows_total", "<arithmetic> , summed|added_up|in_total|totalled|all_summed|altogether", _totalled)
    add(
        "rows_total",
        "<arithmetic> ,? averaged|on_average over|across|for|of? all|every|its|their|the? <:rows_word>",
        _averaged,
    )
    add("rows_total", "<arithmetic> summed|added_up|totalled|altogether", _totalled, 0.02)
    add("rows_total", "<arithmetic> ,? summed|added_up|totalled|taken over|across|for|of all|every|its|their?"
                      " <:rows_word>",
        _totalled, 0.02)  # fmt: skip
    add("figure", "~ <rows_total>", lambda one: one, 0.05)
    add("factor", "~ <:defined> ( <rows_total> )", lambda figure: figure.value, 0.4)
    add("factor", "~ <:defined> ( <arithmetic> )", lambda inner: inner, 0.4)
    add("item", f"{lead} <defined> <:defines> ~ <arithmetic> for|of|over|per each|every <bare_table>", _each_row, 0.05)
    for before in ("what|which|how_much|how_high was|were|is|are ~", "what|how_much ~"):
        add("item", f"{before} <defined> <:defines> ~ <figure> )?", _defined, 0.0)
    add("item", "what|how_much|how_high was|were|is|are our|the_total|the_whole|the_overall <defined>", _overall, -0.1)
    for thing in ("field", "bare_table"):
        add("item", f"~ <{thing}> whose|with|where|having ~ <defined> ( <figure> ) is|are|was|were|of"
                    f"|comes_to? <limit>",
            _whose, 0.0)  # fmt: skip
    add("item", "each|every|a|one|any <bare_table> costs|earns|brings|brings_in|makes|pays|yields|is_worth|bills"
        "|is_billed_at|is_charged_at ~ <figure>", _worth, 0.05)  # fmt: skip


def _defined(named: Named, figure: Figure) -> Definition | None:
    return Definition(named.words, figure) if is_computed(figure) else None


def _in_percent(named: Named, figure: Figure) -> Definition | None:
    return _defined(named, Figure(figure.value, figure.name, percent=True))


def _totalled(of: Expression) -> Figure | None:
    return None if isinstance(of, Aggregate | Named) else Figure(Aggregate("sum", of))


def _averaged(of: Expression) -> Figure | None:
    return None if isinstance(of, Aggregate | Named) else Figure(Aggregate("mean", of))


def _each_row(named: Named, of: Expression, thing: Thing) -> Definition | None:
    """ "Pay is hours times wage of each shift" is of the rows; the table is only named once more."""
    return None if isinstance(of, Aggregate | Named) else _defined(named, Figure(of))


def _overall(named: Named) -> Any:
    return Want((Figure(named),)), Named("sum")


def _whose(thing: Any, named: Named, figure: Figure, limit: Any) -> Any:
    made = _defined(named, figure)
    group = Group((which_of(thing, "each") if isinstance(thing, Thing) else thing,))
    return None if made is None else (made, group, compared(named, limit))


def _worth(thing: Thing, figure: Figure) -> Definition | None:
    return Definition("amount", figure) if is_computed(figure) else None


def _of_things(grammar: Grammar) -> None:
    """ "Takings (quantity times price) of a shop in a month", "payroll for February: hours times wage"."""
    add = grammar.add
    add("item", "~ <defined> <told> <:defines> ~ <figure> )?", _told_defined, 0.05)
    add("item", "~ <defined> <told> <told> <:defines> ~ <figure> )?", _told_twice, 0.1)
    add("item", "~ <defined> of|for|per|by|from|at|in <one> <:defines> ~ <figure> )?", _of_one, 0.02)
    add("item", "~ <defined> of|for|per|by|from|at|in <one> <told> <:defines> ~ <figure> )?", _of_one_told, 0.05)
    add("item", "~ <defined> per|by|of_each|for_each|for_every|in_each|at_each|from_each <keys> <:defines> ~"
                " <figure> )?",
        lambda named, keys, figure: _with(Group(keys), named, figure), 0.02)  # fmt: skip
    for words, part in (("monthly", "month"), ("quarterly", "quarter"), ("yearly|annual", "year"), ("daily", "day")):
        add("item", f"{words} <defined>", lambda named, part=part: (Want((Figure(named),)), Group((part,))), 0.05)
        add("item", f"{words} <aggregate>", lambda of, part=part: (Want((Figure(of),)), Group((part,))), 0.05)


def _with(piece: Any, named: Named, figure: Figure, *more: Any) -> Any:
    made = _defined(named, figure)
    return None if made is None else (made, piece, *more)


def _told_defined(named: Named, told: Condition, figure: Figure) -> Any:
    return _with(told, named, figure)


def _told_twice(named: Named, told: Condition, other: Condition, figure: Figure) -> Any:
    return _with(told, named, figure, other)


def _of_one(named: Named, thing: Thing, figure: Figure) -> Any:
    return _with(thing, named, figure)


def _of_one_told(named: Named, thing: Thing, told: Condition, figure: Figure) -> Any:
    return _with(thing, named, figure, told)


def _extremes(grammar: Grammar) -> None:
    """ "Which product has the best margin?", "the 3 shops with the highest takings"."""
    ways: dict[str, Any] = {
        "best|strongest|healthiest": "best", "worst|weakest|poorest": "worst",
        "highest|biggest|largest|most|greatest": "down", "lowest|smallest|least|fewest": "up",
    }  # fmt: skip
    grammar.words("extreme", ways)
    has = "has|have|had|makes|make|made|with|earns|earned|brings|brought|gives|shows|at|on|of|gets|got"
    for what in ("defined", "ratio", "arithmetic"):
        for lead in ("which|what ~ <bare_table>", "~ <bare_table>"):
            cost = -0.1 if what == "defined" else 0.1
            one = _the_extreme if "which" in lead else _one_extreme
            grammar.add("item", f"{lead} {has} ~ <extreme> <{what}>", one, cost)
            if what == "defined":
                grammar.add("item", f"which|what ~ <field> {has} ~ <extreme> <{what}> on_average", _mean_extreme, cost)
                grammar.add(
                    "item", f"which|what ~ <field> {has} ~ <extreme> average|mean <{what}>", _mean_extreme, cost
                )
            grammar.add("item", f"{lead.replace('<bare', '<plain_number> <bare')} {has} ~ <extreme> <{what}>",
                        _few_extreme, cost)  # fmt: skip


def _the_extreme(thing: Thing, way: Any, by: Expression) -> Any:
    return which_of(thing, ""), Order(by, way, 1)


def _one_extreme(thing: Thing, way: Any, by: Expression) -> Any:
    return None if thing.plural else _the_extreme(thing, way, by)


def _few_extreme(number: Number, thing: Thing, way: Any, by: Expression) -> Any:
    return which_of(thing, ""), Order(by, way, int(number.value))


def _asked_by_verbs(grammar: Grammar) -> None:
    """ "What did each shop pay in wages (hours times wage)", "how much does a patient owe?", with a formula"
    " elsewhere."""
    add = grammar.add
    total = "in_total|altogether|overall|in_all|all_told|all_in_all?"
    asks = "how_much|how_much_money|what do|does|did|have|has|will"
    the_one = Figure(Named(THE_ONE))
    add("item", f"{asks} <one> <:doing> {total}", lambda thing: (Want((the_one,)), thing), 0.1)
    add("item", f"{asks} each|every <bare_table> <:doing> {total}",
        lambda thing: (Want((the_one,)), Group((which_of(thing, "each"),))), 0.1)  # fmt: skip
    add("item", f"{asks} we|they|you|i <:doing> {total}", lambda: (Want((the_one,)), Named("sum")), 0.1)
    add("item", f"{asks} each|every <field> been|be? <:doing> {total}",
        lambda field: (Want((the_one,)), Group((field,))), 0.1)  # fmt: skip
    add("item", f"{asks} each|every <bare_table> been|be <:doing> {total}",
        lambda thing: (Want((the_one,)), Group((which_of(thing, "each"),))), 0.1)  # fmt: skip
    behind = "in|as|for|on|from"
    for shape in ("<defined>", "<defined> <:defines> ~ <figure> )?"):
        add("item", f"{asks} <one> <:doing> {behind} ~ {shape}", _one_does, 0.05)
        add("item", f"{asks} each|every <bare_table> <:doing> {behind} ~ {shape}", _each_does, 0.05)
        add("item", f"{asks} we|they|you|i <:doing> {behind} ~ {shape}", _we_do, 0.05)


def _wanted(named: Named, rest: tuple[Any, ...]) -> Any:
    return _defined(named, rest[-1]) if rest else Want((Figure(named),))


def _mean_extreme(field: Any, way: Any, by: Expression) -> Any:
    return Group((field,)), Order(Aggregate("mean", by), way, 1)


def _one_does(thing: Thing, named: Named, *rest: Any) -> Any:
    made = _wanted(named, rest)
    return None if made is None else (made, thing)


def _each_does(thing: Thing, named: Named, *rest: Any) -> Any:
    made = _wanted(named, rest)
    return None if made is None else (made, Group((which_of(thing, "each"),)))


def _we_do(named: Named, *rest: Any) -> Any:
    return _wanted(named, rest)
