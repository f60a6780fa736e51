"""Rules for times that whoever asks gives: "in a given month", "on day Y", "for a year I name", "given a month"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Condition, Thing, Window, which_of

__all__ = ["PERIODS", "add_period_rules"]

PERIODS = ("year", "quarter", "month", "day")
"""Parts of dates that callers may name."""


def add_period_rules(grammar: Grammar) -> None:
    """Add rules for ``window`` and ``item``."""
    add = grammar.add
    grammar.words("period", {
        "month|calendar_month": "month", "year|calendar_year|fiscal_year": "year",
        "quarter": "quarter", "day|date": "day",
    })  # fmt: skip
    given = "given|certain|chosen|specific|particular|selected|named|single|requested|specified|stated"
    in_ = "in|on|during|for|of|within|at"
    for lead in (f"a|an|any|one|some|the {given}", given):
        add("window", f"{in_} {lead} <period>", _window)
    for letter in ("x|y|z|n|m|d|q", "x|y|z|n|m|d|q given"):
        add("window", f"{in_} ~ <period> {letter}", _window, 0.02)
    for which in ("that|which i|you|we|they|one|somebody name|give|choose|pick|enter|state|specify|ask_for|say",
                  "i|you|we|they name|give|choose|pick|enter|state|specify|ask_for|say",
                  "of my|your|our choice|choosing",
                  "asked_for|in_question|as_input|as_an_input"):  # fmt: skip
        add("window", f"{in_} a|the|any|one <period> {which}", _window, 0.02)
    add("window", f"{in_} any|whichever|whatever one? <period>", _window, 0.1)
    add("item", "given a|an|the? <period> ,|:?", _condition, 0.05)
    add("item", "of|for|in|at|by|from|with|to? ~ <bare_table> x|y|z", _one, 0.05)
    add("item", "did|does|do|has|have|had|was|were ~ <bare_table> x|y|z <:doing>?", _one, 0.05)
    add("item", f"did|does|do|has|have|had|was|were a|an|one|any|the? {given} <bare_table> <:doing>?", _one, 0.1)
    one_of = "a|an|one|any|the? given|certain|chosen|specific|particular|single?"
    for lead in (
        "for|of|in|at|by|given",
        "when_given|taking|i_give|i_enter|i_name|input_is|inputs_are|inputs|inputs_:|for_one|,_given|:_given",
    ):
        add(
            "item",
            f"{lead} {one_of} <bare_table> and|, a|an|one|any|the? given|certain|chosen|specific|particular? <period>",
            _thing_and_time,
            0.02,
        )
        add(
            "item",
            f"{lead} {one_of} <key_of> and|, a|an|one|any|the? given|certain|chosen|specific|particular? <period>",
            _thing_and_time,
            0.02,
        )
        add("item", f"{lead} {one_of} <period> and|, a|an|one|any|the? given|certain|chosen|specific|particular? "
            f"<bare_table>",
            lambda part, thing: _thing_and_time(thing, part), 0.02)  # fmt: skip


def _window(part: str) -> Window:
    return Window(asked=(part,))


def _condition(part: str) -> Condition:
    return Condition("window", window=Window(asked=(part,)))


def _one(thing: Thing) -> Thing | None:
    """ "Branch X" is one that whoever asks names."""
    return None if thing.plural or thing.where else which_of(thing, "one")


def _thing_and_time(thing: Thing, part: str) -> object:
    if thing.plural:
        return None
    return which_of(thing, "one"), _condition(part)
