"""Rules for the first rows of each kind: "the latest inspection of every machine"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Aggregate, Condition, Count, Expression, Thing, Top, count_of

__all__ = ["add_leading_rules", "without_conditions"]

_PLAIN: dict[str, str] = {
    "latest|newest|most_recent|last|freshest": "latest",
    "earliest|first|very_first": "earliest",
    "highest|largest|greatest|max|maximum|top|leading|biggest": "highest",
    "lowest|min|minimum|smallest": "lowest",
    "best": "best",
    "worst": "worst",
    "most_expensive|dearest|priciest|costliest|highest_priced|highest_-_priced": "dearest",
    "cheapest|least_expensive|lowest_priced|lowest_-_priced": "cheapest",
    "highest_-_paid|best_-_paid|highest_paid|best_paid|top_-_paid|top_-_earning|highest_-_earning|highest_earning"
    "|top_earning|most_highly_paid|best_-_earning|best_earning|top_paid": "best paid",
    "lowest_-_paid|lowest_paid|worst_-_paid|worst_paid|least_paid|lowest_-_earning|lowest_earning": "worst paid",
    "best_-_selling|top_-_selling|best_selling|top_selling|most_sold|most_-_sold": "best selling",
    "worst_-_selling|worst_selling|least_sold|slowest_selling|slowest_-_selling": "worst selling",
}
_BY = "by|in_terms_of|according_to|measured_by|ranked_by|based_on|judged_by|going_by|when_it_comes_to"


def _tops(grammar: Grammar) -> None:
    """The first rows by a word ("latest"), by a figure ("top 3 by price"), by what they have ("with the most")."""
    add = grammar.add
    grammar.words("top_word", _PLAIN)
    add("top_word", "<identifier>", lambda word: word if word.endswith("est") and len(word) > 4 else None, 0.05)
    add("top_thing", "<bare_table>", lambda thing: thing)
    add("top_thing", "<valued> <bare_table>", _that_is, 0.05)
    add("top_thing", "<value_like> <bare_table>", _that_is, 0.3)
    add("top", "~ <top_word> <top_thing>", lambda word, thing: _top(thing, word, None))
    add("top", "~ <top_word> <plain_number> <top_thing>", lambda word, number, thing: _top(thing, word, number))
    add("top", "~ <plain_number> <top_word> <top_thing>", lambda number, word, thing: _top(thing, word, number))
    for words, kind in (
        ("best_seller|best_-_seller|top_seller|bestseller|best_sellers|best_-_sellers|top_sellers|bestsellers"
         "|top_-_seller|top_-_sellers", "best selling"),
        ("top_earner|top_earners|best_earner|best_earners|highest_earner|highest_earners", "best paid"),
        ("worst_seller|worst_sellers|slowest_seller|slowest_sellers", "worst selling"),
    ):  # fmt: skip
        add("top", f"~ <plain_number> {words}", lambda number, kind=kind: _top(Thing(""), kind, number))
        add("top", f"~ {words}", lambda kind=kind: _top(Thing(""), kind, None), 0.02)
    add("top_by", "<top>", lambda top: top)
    add("top_by", f"<top> ,? {_BY} ~ <sum>", lambda top, by: replace(top, by=by), -0.02)
    add("top_by", f"<top> ,? {_BY} ~ number|count of ~ <bare_table>", lambda top, of: replace(top, by=count_of(of)))
    for of in ("<sum_of>", "<aggregate>", "<bare_table>"):
        add(
            "top_by",
            f"~ <bare_table> with ~ <superlative> {of}",
            lambda thing, way, of: _with_most(thing, None, way, of),
        )
        add(
            "top_by",
            f"~ <plain_number> <bare_table> with ~ <superlative> {of}",
            lambda number, thing, way, of: _with_most(thing, number, way, of),
        )
        add(
            "top_by",
            f"which|what <bare_table> <:verb> ~ <superlative> {of}",
            lambda thing, way, of: _with_most(thing, None, way, of),
        )
    add("top", "~ most <done_word> <top_thing>", lambda word, thing: _top(thing, f"most {word}", None))
    add(
        "top",
        "~ <plain_number> most <done_word> <top_thing>",
        lambda number, word, thing: _top(thing, f"most {word}", number),
    )
    add("top", "~ least <done_word> <top_thing>", lambda word, thing: _top(thing, f"least {word}", None))
    spend = "spent|spends|spend|brought_in|brings_in|paid|pays|bought|buys|ordered|orders"
    add("top_by", f"which <bare_table> {spend} ~ <superlative>", lambda thing, way: _spending(thing, way))
    add("top_by", f"~ <bare_table> who|that {spend} ~ <superlative>", lambda thing, way: _spending(thing, way))
    earn = "earn|earns|is_paid|are_paid|makes|gets_paid"
    add("top_by", f"which <bare_table> {earn} ~ <superlative>", lambda thing, way: _earning(thing, way))
    add("top_by", f"~ <bare_table> who|that {earn} ~ <superlative>", lambda thing, way: _earning(thing, way))
    add("top_by", f"who {earn} ~ <superlative>", lambda way: _earning(Thing(""), way))


def _kinds(grammar: Grammar) -> None:
    """Of what there are several of which the first rows are wanted."""
    add = grammar.add
    lead = "of|for|in|per|at|from|on|within|by|to|under|with|across|into|inside|among"
    add("kinds", f"{lead} each|every|each_of_the|every_single|each_single ~ <keys>", lambda keys: keys)
    add("kinds", "per <keys>", lambda keys: keys)
    add("kinds", "of|for|in|across|from|at all|all_of_the? ~ <bare_table>", _of_all, 0.05)
    add("kinds", "by <keys>", lambda keys: keys, 0.2)
    add("each_kind", "for|in|of|at|per|from|within|on each|every|each_of_the|every_single ~ <keys>", lambda keys: keys)
    add("each_kind", "per <keys>", lambda keys: keys)
    add("each_kind", "for all|all_of_the ~ <bare_table>", _of_all, 0.05)


def _pieces(grammar: Grammar) -> None:
    add = grammar.add
    # a piece by itself costs more than one of the usual orders, so that these are read where they may be meant
    add("item", "only|just? <top_by> ,? <kinds>", _of_kinds, -0.3)
    add(
        "item",
        f"only|just? <top> ,? <kinds> ,? {_BY} ~ <sum>",
        lambda top, keys, by: _of_kinds(replace(top, by=by), keys),
        -0.3,
    )
    add("item", "<each_kind> ,|:|-? only|just? <top_by>", lambda keys, top: _of_kinds(top, keys), -0.3)
    add(
        "item",
        "<each_kind> ,|:|-? who|what|which is|are|was|were <top_by>",
        lambda keys, top: _of_kinds(top, keys),
        -0.3,
    )
    for owner in ("each|every|per ~ <bare_table> 's", "each|every ~ <bare_table> with its|their",
                  "each|every ~ <bare_table> and|together_with|along_with its|their",
                  "~ <bare_table> with|and|together_with|along_with their"):  # fmt: skip
        add("item", f"{owner} <top_by>", lambda thing, top: _of_kinds(top, (thing,)), -0.3)


def _that_is(told: Condition, thing: Thing) -> Thing:
    return replace(thing, where=(*thing.where, told))


def _top(thing: Thing, word: str, number: Any) -> Top | None:
    if number is None and thing.plural:
        return None
    many = int(number.value) if number is not None else 1
    return Top(thing, word, many) if many >= 1 else None


def _with_most(thing: Thing, number: Any, way: Any, of: Any) -> Top | None:
    if number is None and thing.plural:
        return None
    by: Expression = count_of(of) if isinstance(of, Thing) else of
    return Top(thing, "highest" if way == "down" else "lowest", int(number.value) if number is not None else 1, by)


def _spending(thing: Thing, way: Any) -> Top | None:
    return None if thing.plural else Top(thing, "most spent" if way == "down" else "least spent", 1)


def _earning(thing: Thing, way: Any) -> Top:
    return Top(replace(thing, plural=False), "best paid" if way == "down" else "worst paid", 1)


def _of_all(thing: Thing) -> tuple[Thing, ...] | None:
    return (thing,) if thing.plural else None


def _of_kinds(top: Top, keys: tuple[Any, ...]) -> Top | None:
    if any(isinstance(one, Thing) and one.table == top.thing.table for one in keys):
        return None
    if isinstance(top.by, Aggregate | Count) and top.word in ("best selling", "worst selling"):
        return None
    return replace(top, keys=keys)


def without_conditions(top: Top) -> tuple[Top, tuple[Condition, ...]]:
    """What is wanted without the conditions in its words, and these."""
    told = (*top.thing.where, *(each for one in top.keys if isinstance(one, Thing) for each in one.where))
    keys = tuple(replace(one, where=()) if isinstance(one, Thing) else one for one in top.keys)
    return replace(top, thing=replace(top.thing, where=()), keys=keys), told


def add_leading_rules(grammar: Grammar) -> None:
    """Add the rules for the first rows of each kind to ``item``."""
    _tops(grammar)
    _kinds(grammar)
    _pieces(grammar)
