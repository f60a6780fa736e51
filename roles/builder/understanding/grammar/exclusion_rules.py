"""Rules for what is left out: "leave out anyone who has left", "no-shows excluded", "apart from cancelled ones"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Condition, Thing

__all__ = ["add_exclusion_rules"]

_WITHOUT = (
    "leaving_out|leave_out|leave_aside|leaving_aside|leaves_out|excluding|exclude|excludes|except"
    "|except_for|excepting|ignoring|ignore|ignores"
    "|omitting|omit|omits|not_counting|not_including|not_considering|do_not_count|do_not_include"
    "|should_not_include|must_not_include"
    "|without_counting|disregarding|disregard|other_than|apart_from|aside_from|but_not|but_without"
    "|skipping|skip|with_the_exception_of"
    "|all_but|not_to_count|it_should_not_include|does_not_include|do_not_list|do_not_show|i_do_not_want"
)
_OUT = (
    "excluded|left_out|left_aside|not_counted|not_included|ignored|omitted|disregarded|aside"
    "|do_not_count|don't_count|are_excluded|are_left_out"
    "|are_not_counted|are_ignored|should_be_left_out|should_be_excluded|should_be_ignored"
    "|should_not_count|are_not_included|not_counting"
)


def add_exclusion_rules(grammar: Grammar) -> None:
    """Add rules for what is left out to ``told``."""
    add = grammar.add
    whoever = "those|ones|the_ones|any|anything|everything|all|anyone|anybody|everyone|everybody|people|whoever"
    add("left_out", "~ <value_like> <bare_table>", lambda one, thing: _of(thing, one))
    add("left_out", "~ <value_like> ones|one|items|rows|records|entries", lambda one: (one,))
    add(
        "left_out",
        "~ <done_word> ones|items|rows|records|entries",
        lambda word: (Condition("done", values=(word,)),),
        0.1,
    )
    add("left_out", "any|all? ~ <bare_table> <told>", lambda thing, told: _of(thing, told), 0.02)
    add("left_out", f"{whoever} of_them? <told>", lambda told: (told,))
    add("left_out", "any|all? ~ <bare_table>", lambda thing: thing.where or None, 0.05)
    add("left_out", "<window>", lambda window: (Condition("window", window=window),), 0.05)
    add("left_outs", "<left_out>", lambda one: (one,))
    add("left_outs", "<left_out> and|or|,|,_and|,_or|as_well_as|& <left_outs>", lambda one, rest: (one, *rest), 0.02)
    add(
        "told",
        "<aux>* not <done_word> with|by|in|at|to|on|from|via ~ <known_value>",
        lambda _, word, one: Condition("not", where=(one,)),
        0.05,
    )
    add("told", "outside of? ~ <known_value>", lambda one: Condition("not", where=(one,)), 0.02)
    for lead in (",|- and|but|please?", "("):
        end = ")" if lead == "(" else ""
        add("told", f"{lead} {_WITHOUT} <left_outs> {end}".strip(), _denied, 0.02)
        add("told", f"{lead} leave|leaving|keep|keeping <left_outs> out|aside {end}".strip(), _denied, 0.02)
        add("told", f"{lead} with? <left_outs> {_OUT} {end}".strip(), _denied, 0.05)
    add("told", f"{_WITHOUT} <left_outs>", _denied, 0.02)
    add("told", "leave|leaving|keep|keeping <left_outs> out|aside", _denied, 0.02)
    add("told", f"with? <left_outs> {_OUT}", _denied, 0.1)
    add("told", "apart|aside from <left_outs>", _denied, 0.02)
    add("told", "without ~ <value_like> ones", lambda one: _denied((one,)), 0.1)


def _of(thing: Thing, told: Condition) -> tuple[Condition, ...]:
    """What is left out: a state is that of the things that are named, if no other table is."""
    told = replace(told, table=thing.table) if told.kind == "state" else told
    return (*thing.where, told)


def _denied(told: tuple[tuple[Condition, ...], ...]) -> Any:
    """None of several: each of them is left out."""
    made = tuple(Condition("not", where=one) for one in told if one and not (len(one) == 1 and one[0].kind == "not"))
    if len(made) != len(told):
        return None
    return made[0] if len(made) == 1 else Condition("all", where=made)
