"""Rules for rows that are there elsewhere: "customers who have an open invoice", "who bought X but not Y"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Condition, Named, Number, Thing, Window

__all__ = ["add_presence_rules"]

_WHO = "who|that|which|whom? have|has|had|having|did|do|does?"
_ANY = "a|an|any|some|at_least_one|at_least_a|at_least_1|one_or_more|a_single|more_than_zero"
_MADE = (
    "have|has|had|having|got|get|gets|made|make|makes|placed|place|places|took|take|takes|taken|received|receive|receives"
    "|booked|book|books|bought|buy|buys|purchased|purchase|ordered|order|orders|attended|attend|attends|attending|visited"
    "|submitted|filed|requested|registered|registered_for|signed_up_for|enrolled_in|enrolled_on|enrolled_for|joined"
    "|did|do|does|given|gave|owns|own|owned|hold|holds|held|run|runs|ran|hosted|hosts|carried_out|used|use|uses"
    "|borrowed|borrow|rented|rent|rents|hired|suffered|needed|needs|saw|experienced|undergone|underwent|carry|carried"
    "|worked_on|work_on|works_on|sold|sell|sells|taught|teach|teaches|play|plays|played"
)
"""Verbs that say no more than that there is something."""


def _owners(grammar: Grammar) -> None:
    """ "With an open invoice", "who have unpaid orders", "that made a payment in 2025"."""
    add = grammar.add
    grammar.words("made", {_MADE: True})
    add("own_told", "<:own> <told>", lambda told: told)
    add("further", "a|an|any ~ <related>", _there_is, 0.15)
    add("further", "no <related>", _there_is_none, 0.15)
    add("item", "<who_table> <told>", lambda thing, told: (thing, told), 0.1)
    add("related", "<bare_table> of? <bare_limit>", lambda thing, told: (thing, (told,)), 0.1)
    add("related", "<bare_table> <own_told>*", lambda thing, told: (thing, tuple(told)))
    add("related", "<bare_table> <:own> <said_any>", lambda thing, told: (thing, (told,)), 0.02)
    add("related", "<valued> <bare_table> <own_told>*", lambda value, thing, told: (thing, (value, *told)), 0.02)
    add("related", "<value_like> <bare_table> <own_told>*", lambda value, thing, told: (thing, (value, *told)), 0.2)
    add("related", "<done_word> <bare_table> <own_told>*", _of_done, 0.15)
    for lead in ("with|having", "who|that|which? <:made>", "who|that|which have|has|had|did <:made>"):
        add("told", f"{lead} {_ANY} ~ <related>", _there_is, 0.02)
        add("told", f"{lead} <related>", _there_are, 0.1)
        for none in ("no", "not_a_single", "zero", "none_of_the", "not_any"):
            add("told", f"{lead} {none} <related>", _there_is_none, 0.05)
    for lead in ("and|but with|having?", "and|but who|that|which? <:made>"):
        add("told", f"{lead} {_ANY} ~ <related>", _there_is, 0.1)
        add("told", f"{lead} no|not_any|not_a <related>", _there_is_none, 0.1)
    add("told", "and|but|and_also? without any|a|an? <related>", _there_is_none, 0.1)
    add("told", "and|but no|not_any|not_a <related>", _there_is_none, 0.1)
    add("told", f"{_WHO} <done_word> {_ANY} ~ <related>", _there_is_done, 0.1)
    for nobody in ("nobody|no_one|none", "that nobody|no_one"):
        add(
            "told",
            f"{nobody} has|have|had|ever? <done_word>",
            lambda word: Condition("done", values=(word,), negated=True),
        )
        add("told", f"{nobody} has|have|had|ever? <done_word> <window>", _not_then)
    never = "never|not_ever|not|never_ever|not_yet|not_once"
    has = "has|have|had|did|do|does"
    for lead in ("who|that|which?", "and|but who|that|which?"):
        add("told", f"{lead} {has}? {never} <:made> {_ANY} ~ <related> yet|so_far?", _there_is_none, 0.05)
        add("told", f"{lead} {has}? {never} <:made> <related> yet|so_far?", _there_is_none_of, 0.1)
        add("told", f"{lead} {has} never {_ANY} ~ <related>", _there_is_none, 0.05)


def _deeds(grammar: Grammar) -> None:
    """ "Who ordered in 2024 but not in 2025", "never inspected since March"."""
    add = grammar.add
    add(
        "told",
        "<aux>* not|never <aux>* <did_word> <window>",
        lambda _, __, word, window: _not_then(word, window),
        -0.2,
    )
    add("told", "that|which|who <aux>* not|never <aux>* <did_word> <window>",
        lambda _, __, word, window: _not_then(word, window), -0.25)  # fmt: skip
    add("did_word", "<done_word>", lambda word: word)
    grammar.words("did_word", {"ordered": "ordered", "sold": "sold", "bought": "bought", "rented": "rented"}, 0.05)
    for lead in ("who|that|which? <aux>*", ""):
        values = (lambda _, word, window, __, other: _then_not(word, window, other)) if lead else (
            lambda word, window, _, other: _then_not(word, window, other)
        )  # fmt: skip
        add("told", f"{lead} <did_word> <window> <but_not> <window>", values)
    grammar.words("but_not", {"but_not|and_not|but_no_longer|but_never|yet_not|but_did_not|and_did_not": True})


def _bought(grammar: Grammar) -> None:
    """ "Who bought bread but not milk": what things are called that rows lead to."""
    add = grammar.add
    bought = (
        "bought|buy|buys|purchased|ordered|order|took|take|takes|attended|attend|visited|rented|borrowed|read|watched|have"
        "|has|had|booked|tried|own|owns|got|sell|sells|sold|teach|teaches|taught|play|plays|use|uses|used|received"
        "|saw|see|sees|met|consulted|drove|drives|driven|flew|hired|ate|wrote|worked_on|works_on|work_on|passed_through"
        "|know|knows|speak|speaks|hold|holds|stock|stocks|carry|carries|serve|serves|enrolled_in|joined|completed"
    )
    grammar.words("bought", {bought: True})
    add("what", "<valued>", lambda one: one if not one.negated else None)
    add("whats", "<what>", lambda one: _linked(one))
    add("whats", "both <what> and <what>", lambda one, other: _both(_linked(one), _linked(other)))
    add("whats", "<what> and|and_also|as_well_as <what>", lambda one, other: _both(_linked(one), _linked(other)), 0.05)
    add("whats", "either <what> or <what>", lambda one, other: _one_of(_linked(one), _linked(other)))
    without = "but_not|and_not|but_never|but_no|and_no|not|without|but_have_not_bought|but_did_not_buy|but_never_bought"
    add(
        "whats",
        f"<what> ,? {without}|and_never|yet_not ~ <what>",
        lambda one, other: _both(_linked(one), _linked(other, 0)),
    )
    add("told", "who|that|which <:bought> ~ <whats>", lambda one: one, 0.02)
    add("told", "<:bought> ~ <whats>", lambda one: one, 0.15)
    add("told", "who|that|which have|has|had? never|not <:bought> ~ <what>", lambda one: _linked(one, 0), 0.02)
    add(
        "told",
        "and|but who|that|which? have|has|had|did? never|not <:bought> ~ <what>",
        lambda one: _linked(one, 0),
        0.1,
    )
    add("told", "who|that|which did|do|does not <:bought> ~ <what>", lambda one: _linked(one, 0), 0.02)


def _there_is(given: Any) -> Condition:
    thing, told = given
    return Condition("has", sign=">=", right=Number(1.0), table=thing.table, where=(*thing.where, *told))


def _there_is_done(word: str, given: Any) -> Condition:
    """ "Who failed an inspection": one that was failed."""
    thing, told = given
    return _there_is((thing, (Condition("done", values=(word,)), *told)))


def _there_are(given: Any) -> Condition | None:
    """Things in plural without an article: "who have orders"."""
    return _there_is(given) if given[0].plural else None


def _there_is_none(given: Any) -> Condition:
    thing, told = given
    return Condition("has", sign="=", right=Number(0.0), table=thing.table, where=(*thing.where, *told))


def _there_is_none_of(given: Any) -> Condition | None:
    return _there_is_none(given) if given[0].plural else None


def _of_done(word: str, thing: Thing, told: tuple[Condition, ...]) -> Any:
    return thing, (Condition("done", values=(word,)), *told)


def _not_then(word: str, window: Window) -> Condition:
    return Condition("not", where=(Condition("window", Named(word), window=window),))


def _then_not(word: str, window: Window, other: Window) -> Condition:
    return Condition("all", where=(Condition("window", Named(word), window=window), _not_then(word, other)))


def _linked(told: Condition, number: int = 1) -> Condition:
    """That there are rows which lead to what has a value; `number` 0: that there are none."""
    return Condition("has", sign=">=" if number else "=", right=Number(float(number)), where=(told,))


def _both(one: Condition, other: Condition) -> Condition:
    return Condition("all", where=(one, other))


def _one_of(one: Condition, other: Condition) -> Condition:
    return Condition("any", where=(one, other))


def add_presence_rules(grammar: Grammar) -> None:
    """Add the rules for ``told`` about rows elsewhere that lead to a thing."""
    _owners(grammar)
    _deeds(grammar)
    _bought(grammar)
