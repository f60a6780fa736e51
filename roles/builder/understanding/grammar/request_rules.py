"""Rules for the pieces of a request: what is wanted, of what, by what, in which order, and what passes.

The symbol ``item`` is a piece; its value is one piece of the logical form, or several.
"""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.definition_rules import add_definition_rules
from roles.builder.understanding.grammar.forms import (  # fmt: skip
    Aggregate,
    Binary,
    ColumnRef,
    Condition,
    Count,
    Expression,
    Figure,
    Group,
    Named,
    Number,
    Thing,
    Want,
    Window,
    count_of,
    is_computed,
    which_of,
)
from roles.builder.understanding.grammar.share_rules import add_share_rules

__all__ = ["add_request_rules"]

_ONE = (
    "a|an|one|any|some|certain|given|a_given|a_certain|a_specific|a_particular|a_single|"
    "any_given|the_given|a_chosen|one_given|the_chosen|an_individual"
)


def _one_thing(grammar: Grammar) -> None:
    """ "Of a given order", "by order id", "the late orders, those that …"."""
    add = grammar.add
    add("one", f"{_ONE} <bare_table>", lambda thing: which_of(thing, "one"))
    add("one", f"{_ONE} <bare_table> record|row|entry", lambda thing: which_of(thing, "one"))
    add("one", f"{_ONE}|the <key_of>", lambda thing: thing)
    add(
        "item",
        "of|for|by|with|given|per|when_given|,_given|:_given|from|using|by_its|input_is|input_:|taking <key_of>",
        lambda thing: thing,
        0.02,
    )
    add("one", f"{_ONE} <bare_table> by|with|given ~ its? id|number|key", lambda thing: which_of(thing, "one"))
    add("one", f"{_ONE} <bare_table> by|given ~ <field>", _by_label)
    add(
        "item", "of|for|from|in|on|at|with|to|given|by|per|when_given|,_given|:_given? <one>", lambda thing: thing, 0.02
    )
    add(
        "item",
        "<year> <bare_table>",
        lambda year, thing: (
            Condition("window", window=Window(f"{year}-01-01", f"{year}-12-31")),
            which_of(thing, "of"),
        ),
        0.1,
    )
    for before in ("late|overdue|delayed|early|open|active|current|punctual|idle", "<:identifier>"):
        add(
            "item",
            f"~ {before} <bare_table> :|,|- those|the_ones|ones|that_is|meaning|i.e.|namely <told>",
            lambda thing, told: (thing, told),
            0.2,
        )
    add("item", "<identifier> <bare_table> ( only? <told> )", lambda _, thing, told: (thing, told), 0.3)
    add("item", "( by|using|its|identified_by|given_by ~ <field> )", lambda field: Group((field,)), 0.05)
    add("item", "<one> 's", lambda thing: thing, 0.02)


def _many_things(grammar: Grammar) -> None:
    """ "Every order", "of all late orders", "the latest accounts"."""
    add = grammar.add
    add(
        "item",
        "for|of? each|every|all_the|all|any|our ~ <bare_table> 's",
        lambda thing: Group((which_of(thing, "each"),)),
        0.1,
    )
    add("item", "all|all_of|every|each ~ <bare_table>", lambda thing: which_of(thing, "all"), 0.15)
    add("item", "any? ~ <bare_table>", lambda thing: thing, 0.15)
    add(
        "item",
        "of|for|across|over|from|among ~ <bare_table>",
        lambda thing: which_of(thing, "of") if thing.plural else None,
        0.3,
    )
    add(
        "item",
        "of|for|across|over|from|among all|all_of|every|each our? ~ <bare_table>",
        lambda thing: which_of(thing, "all"),
        0.2,
    )
    add("item", "all? ~ <value_like> <bare_table>", lambda value, thing: (thing, value), 0.3)
    add(
        "item",
        "of|for|across|over|from|among all? ~ <value_like> <bare_table>",
        lambda value, thing: (which_of(thing, "of"), value),
        0.3,
    )
    add(
        "item",
        "of|for|from|on|using|in ~ latest|most_recent|last|newest <bare_table>",
        lambda thing: Named("latest"),
        0.1,
    )
    add(
        "item",
        "of|for|from|on|using|in ~ latest|most_recent|last|newest fiscal|financial? year|accounts|figures|period",
        lambda: Named("latest"),
        0.1,
    )


def _by_label(thing: Thing, column: ColumnRef) -> Thing | None:
    own = tuple(one for one in column.candidates if one[0].table == thing.table)
    return Thing(thing.table, "one", label=ColumnRef(column.words, own), where=thing.where) if own else None


def _wants(grammar: Grammar) -> None:
    add = grammar.add
    add("wanted", "<figure>", lambda figure: figure)
    add(
        "wanted",
        "<name> ( <figure> )",
        lambda name, figure: _titled(name, figure) if is_computed(figure) else None,
        0.1,
    )
    add("wanted", "~ <function> ~ <name> ( <arithmetic> )", _averaged, 0.1)
    add("wanted", "~ <ratio> ( <figure> )", lambda ratio, figure: Figure(figure.value, ratio.name, figure.percent), 0.1)
    add("wanted", "<name> , <figure>", lambda name, figure: _titled(name, figure) if is_computed(figure) else None, 0.5)
    add("wanted", "<name> , <:is_that> <figure>", _titled, 0.1)
    add("wanted", "<name> <:is_that> <figure>", _titled, 0.15)
    add("wanted", "( a|b|c|d|i|ii|iii ) <wanted>", lambda one: one)
    grammar.words(
        "is_that",
        {
            "i_._e_.|ie|i_._e_._,|that_is|namely|meaning|defined_as|which_is|=|calculated_as|"
            "computed_as|that_is_,|in_other_words": True
        },
    )
    add("wanteds", "<wanted>", lambda one: (one,))
    add(
        "wanteds",
        "<wanted> ,|and|&|,_and|as_well_as|plus|;|together_with|along_with also? <wanteds>",
        lambda one, rest: (one, *rest),
        0.01,
    )
    add("item", "<wanteds>", Want)
    add("item", "both|all|each|everything of_them? <percentage>", lambda _: Named("percent"))
    add("item", "<wanteds> , both|all|each? <percentage>", lambda wanted, _: Want(_in_percent(wanted)), 0.01)
    add("item", "<percentage> please?", lambda _: Named("percent"), 0.1)
    add("item", "in percent please?", lambda: Named("percent"), 0.1)
    add("item", "<behind_function>", lambda function: Named(function), 0.1)
    add("item", "<verb_function> up? ~ <sum_of>", _wanted_sum, 0.05)


def _how_many(grammar: Grammar) -> None:
    """ "How many orders did each customer place"."""
    add = grammar.add
    add(
        "item",
        "how many|what_number_of|which_number_of ~ <bare_table> <told>* do|does|did|have|has|are|"
        "is|were|was? we|you|there|they? own|have|had|there?",
        lambda thing, told: (Want((Figure(count_of(thing)),)), *told),
        0.1,
    )
    add(
        "item",
        "how many ~ <value_like> <bare_table>",
        lambda value, thing: (Want((Figure(count_of(thing)),)), value),
        0.4,
    )
    add(
        "item",
        "how many <noun_value> did|does|do|has|have|had each|every <bare_table> have|had|make|get|got?",
        lambda value, thing: (Want((Figure(Count("", (value,))),)), Group((which_of(thing, "each"),))),
        0.3,
    )
    add("item", "how many|how_much <field>", lambda field: Want((Figure(_sum(field)),)), 0.2)
    add("item", "and? how many|how_much <field> <behind_this>", lambda *_: Want(()), 0.1)
    add(
        "item",
        "how many|how_much <bare_table> did|does|do|has|have|had each|every <bare_table> have|"
        "had|make|get|got|receive|place?",
        lambda counted, thing: (Want((Figure(count_of(counted)),)), Group((which_of(thing, "each"),))),
        0.1,
    )
    grammar.words("behind_this", {"that_is_for_each|this_is_for_each|each_had|that_is|this_is|it_is": True})
    add("noun_value", "<value_word>", lambda value: Condition("value", values=(value,)))


def _sum(field: Expression) -> Expression:
    return Aggregate("sum", field)


def _wanted_sum(function: str, of: Expression) -> Any:
    return None if isinstance(of, Aggregate | Count | Number) else Want((Figure(Aggregate(function, of)),))


def _averaged(function: str, name: str, of: Expression) -> Figure | None:
    if not isinstance(of, Binary):
        return None
    head = {"mean": "average", "sum": "total"}.get(function, function)
    return Figure(Aggregate(function, of), f"{head} {name}")


def _titled(name: str, figure: Figure) -> Figure | None:
    return Figure(figure.value, name, figure.percent) if not isinstance(figure.value, Named | Number) else None


def _in_percent(wanted: tuple[Figure, ...]) -> tuple[Figure, ...]:
    return tuple(Figure(one.value, one.name, percent=True) for one in wanted)


def _groups(grammar: Grammar) -> None:
    add = grammar.add
    grammar.words("part", {"month": "month", "quarter": "quarter", "year|calendar_year": "year", "day": "day"})
    add("key", "~ <part>", lambda part: part)
    add("key", "calendar? <part>", lambda part: part)
    add("key", "~ <bare_table>", lambda thing: thing, 0.02)
    add("key", "~ <field>", lambda column: column)
    add("key", "each|every <bare_table>", lambda thing: thing, 0.02)
    add("key", "each|every ~ <field>", lambda column: column)
    add("key", "each|every <part>", lambda part: part)
    add("keys", "<key>", lambda key: (key,))
    add("keys", "<key> and|,|per|by|,_and|& by|per? <keys>", lambda key, rest: (key, *rest), 0.02)
    add("item", "by <keys>", lambda keys: Group(keys, by=True), 0.03)
    add(
        "item",
        "for_each|for_every|in_each|in_every|of_each|of_every|each|every|per_each|from_each|"
        "at_each|on_each|with_each|to_each|,_for_each|,_for_every|across_each <keys>",
        _each_of,
        0.02,
    )
    add(
        "item",
        "per|grouped_by|broken_down_by|split_by|split_up_by|,_by|,_per|aggregated_by|organised_by|divided_up_by <keys>",
        Group,
        0.03,
    )
    add(
        "item",
        "did|does|do|has|have|had each|every <bare_table> have|had|make|get|place|receive|got|take?",
        lambda thing: Group((which_of(thing, "each"),)),
        0.05,
    )
    add("item", "<part> by <part>", lambda part, _: Group((part,)), 0.1)


def _each_of(keys: tuple[Any, ...]) -> Group:
    return Group(tuple(which_of(one, "each") if isinstance(one, Thing) else one for one in keys))


def add_request_rules(grammar: Grammar) -> None:
    """Add the rules for ``item``."""
    _one_thing(grammar)
    _many_things(grammar)
    _wants(grammar)
    _how_many(grammar)
    add_share_rules(grammar)
    add_definition_rules(grammar)
    _groups(grammar)
    grammar.add("item", "<told>", lambda told: told, 0.02)
    grammar.add("item", "<told_of_column>", lambda told: told, 0.15)
    grammar.add("item", "<figure_told>", lambda told: told, 0.05)
