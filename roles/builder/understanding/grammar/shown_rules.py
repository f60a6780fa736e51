"""Rules for what is shown beside rows: "with the person's name and branch", "the branch they worked at"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import ColumnRef, Figure, Order, Want

__all__ = ["add_shown_rules"]


def add_shown_rules(grammar: Grammar) -> None:
    """Add the rules for columns shown, with those of other things by the things' words, to ``item``."""
    add = grammar.add
    grammar.words("name_word", {"name|names|full_name|title": True})
    add("shown", "~ <thing_label>", lambda one: one, 0.05)
    add("shown", "~ <thing_label> 's? <:name_word>", lambda one: one, 0.0)
    add("shown", "~ <:name_word> of ~ <thing_label>", lambda one: one, 0.0)
    add("shown", "~ <field>", lambda one: one, 0.0)
    add("shown", "~ <thing_label> that|where|who? they|he|she|it|the_person <:verb_at> at|in|for|with|on|to|from?",
        lambda one: one, 0.0)  # fmt: skip
    add("shown", "~ <thing_label> that|which|it|they? <:deed>", lambda one: one, 0.05)
    grammar.words("verb_at", {
        "work|worked|works|hang|hangs|hung|belong|belongs|belonged|live|lives|lived|are|is|was|were|stand|stands|stood|"
        "come|comes|came|sit|sits|stay|stays|stayed|go|goes|went|lie|lies|kept|is_kept|are_kept|hang_in": True,
    })  # fmt: skip
    add("shown", "~ date|day when|on_which|that? they|he|she|it|we <day_column>", lambda one: one, 0.0)
    add("shown", "when they|he|she|it|we were|was? <day_column>", lambda one: one, 0.0)
    add("shown", "which|what <thing_label>", lambda one: one, 0.0)
    add("shown", "how_many <quantity_column>", lambda one: one, 0.0)
    add("shown", "how_many|how_much <amount_column>", lambda one: one, 0.0)
    add("shown", "~ number|amount|quantity of <amount_column>", lambda one: one, 0.0)
    add("showns", "<shown>", lambda one: (one,))
    add("showns", "<shown> and|,|,_and|& <showns>", lambda one, rest: (one, *rest), 0.02)
    too = "too|as_well|also|please|each|next_to_it|beside_it"
    for lead in (
        "with|showing|including|plus|,_with|,_showing|together_with|along_with|alongside|and_with",
        "show|give|list|tell|,_show|,_give|,_list|and_show|and_give|and_tell|;_show me|us? also?",
        "i want|need also? to_see?",
        ":",
    ):
        add("item", f"{lead} ~ <showns> {too}?", _shown, 0.05)
    add("item", "also_show|also_give|also ~ <showns>", _shown, 0.1)
    for at in ("at|on|in|from|for|by|with|of", ""):
        add(
            "item",
            f"and|,|,_and? {at} which|what <thing_label> was_it|is_it|it_was|they_work|was_that|is_that?",
            _one_shown,
            0.2,
        )
        most = (
            "<superlative> <amount_column> we|they? ever? gave|have|had|made|got|paid|recorded|recorded? ever? ,? and?"
        )
        add("item", f"~ {most} {at} which|what <thing_label>", _extreme_with, 0.0)
    add("item", "and|,|,_and where|in_which <thing_label>", _one_shown, 0.2)


def _shown(columns: tuple[ColumnRef, ...]) -> Want:
    return Want(tuple(Figure(one) for one in columns))


def _extreme_with(way: Any, column: ColumnRef, label: ColumnRef) -> Any:
    """ "The highest discount we gave, and on which product" is said by the row of it."""
    return Want((Figure(column), Figure(label))), Order(column, way, 1)


def _one_shown(column: ColumnRef) -> Want:
    return Want((Figure(column),))
