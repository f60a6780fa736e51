"""Rules for orders by days: "which opened most recently", "longest serving first", "the oldest lease"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Named, Order, Thing

__all__ = ["add_time_order_rules"]


def add_time_order_rules(grammar: Grammar) -> None:
    """Add rules for ``item``."""
    _words(grammar)
    _one(grammar)
    _first(grammar)


def _words(grammar: Grammar) -> None:
    grammar.words("lately", {
        "most_recently|last|latest|most_lately|the_last|the_latest": "new",
        "first|earliest|longest_ago|the_first|the_earliest|the_longest_ago": "old",
    })  # fmt: skip
    grammar.words("time_way", {
        "newest|latest|most_recent|last": "new", "earliest|first": "old",
    })  # fmt: skip
    grammar.words("aged", {"youngest": "new", "oldest": "old"})
    grammar.words("serving", {
        "longest_serving|longest_-_serving|longest_employed|longest_-_employed|longest_standing"
            "|longest_-_standing|longest_with_us"
        "|longest_running|longest_-_running|longest_established|longest_here|most_senior|longest_tenured": "old",
        "shortest_serving|shortest_-_serving|most_junior|shortest_with_us|shortest_employed": "new",
    })  # fmt: skip


def _one(grammar: Grammar) -> None:
    """Which one it is, or how many: "which club opened last", "the latest title", "the longest serving nurse"."""
    add = grammar.add
    for thing in ("which|what <bare_table>", "~ <bare_table> that|which|who"):
        add("item", f"{thing} <aux>* <done_word> <lately>", lambda thing, _, word, way: _which(thing, word, way), 0.05)
        add("item", f"{thing} <aux>* <lately> <done_word>", lambda thing, _, way, word: _which(thing, word, way), 0.05)
    add("item", "~ <lately> <done_word> <bare_table>", lambda way, word, thing: _which(thing, word, way), 0.05)
    add(
        "item",
        "~ <plain_number> <lately> <done_word> <bare_table>",
        lambda many, way, word, thing: _some(thing, word, way, many),
        0.05,
    )
    add(
        "item",
        "~ <lately> <plain_number> <done_word> <bare_table>",
        lambda way, many, word, thing: _some(thing, word, way, many),
        0.05,
    )
    add("item", "~ <serving> <bare_table>", lambda way, thing: _which(thing, "begun", way), 0.05)
    add(
        "item",
        "~ <plain_number> <serving> <bare_table>",
        lambda many, way, thing: _some(thing, "begun", way, many),
        0.05,
    )
    add("item", "~ <aged> <bare_table>", lambda way, thing: None if thing.plural else _which(thing, "age", way), 0.1)
    add("item", "~ <plain_number> <aged> <bare_table>", lambda many, way, thing: _some(thing, "age", way, many), 0.05)
    add("item", "which|what <bare_table> is|was|are ~ <aged>", lambda thing, way: _which(thing, "age", way), 0.1)
    we = "that|which? we|they|you|i <aux>*"
    add(
        "item", f"~ <time_way> <bare_table> {we} <done_word>", lambda way, thing, _, word: _which(thing, word, way), 0.0
    )
    add("item", "~ <time_way> <bare_table>", lambda way, thing: None if thing.plural else _which(thing, "", way), 0.12)
    add("item", "which|what <bare_table> is|was|are ~ <time_way>", lambda thing, way: _which(thing, "", way), 0.1)
    add(
        "item",
        "which|what <bare_table> is|are|has_been|have_been ~ <serving>",
        lambda thing, way: _which(thing, "begun", way),
        0.1,
    )


def _first(grammar: Grammar) -> None:
    """The order only: "most recently opened first", "longest serving first"."""
    add = grammar.add
    first = "ones? first|at_the_top|on_top|at_top"
    add("item", f",? ~ <lately> <done_word> {first}", lambda way, word: _order(word, way), 0.02)
    add("item", f",? ~ <serving> {first}", lambda way: _order("begun", way), 0.02)
    add("item", f",? ~ <serving> <bare_table> {first}", lambda way, _: _order("begun", way), 0.02)
    add("item", f",? ~ <aged> {first}", lambda way: _order("age", way), 0.02)
    grammar.words("longest_way", {
        "longest_first|,_longest_first|from_longest_to_shortest|descending": "old",
        "shortest_first|,_shortest_first|from_shortest_to_longest|ascending": "new",
    })  # fmt: skip
    grammar.words("length_of_time", {
        "how_long_they_have_been_employed|how_long_they_have_been_with_us|length_of_service|time_with_us"
            "|seniority|tenure"
        "|how_long_they_have_been_here|how_long_they_have_been_open|how_long_they_have_worked_here"
            "|how_long_they_have_worked_for_us"
        "|years_of_service|how_long_they_have_served|how_long_they_have_been_members"
            "|how_long_they_have_been_running": True,
    })  # fmt: skip
    add(
        "item",
        ",? sorted|ordered|ranked|sort|order|rank them? by ~ <length_of_time> <longest_way>?",
        lambda _, way: _order("begun", way or "old"),
        0.02,
    )
    for words, way in (("chronologically|in_chronological_order|in_order_of_time|in_time_order|in_order_of_date"
        "|sorted_chronologically", "old"),
                       ("in_reverse_chronological_order|reverse_chronologically|newest_to_oldest"
                           "|latest_to_earliest", "new")):  # fmt: skip
        add("item", f",? {words}", lambda way=way: _order("", way), 0.05)


def _order(word: str, way: Any) -> Order:
    return Order(Named(word) if word else None, way, of="time")


def _which(thing: Thing, word: str, way: Any) -> Any:
    limit = None if thing.plural else 1
    order = _order(word, way)
    return Thing(thing.table, "", thing.plural, where=thing.where), Order(order.by, way, limit, "time")


def _some(thing: Thing, word: str, way: Any, many: Any) -> Any:
    order = _order(word, way)
    return Thing(thing.table, "", thing.plural, where=thing.where), Order(order.by, way, int(many.value), "time")
