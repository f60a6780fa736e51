"""Rules for what a request assumes: "if prices rise by 3 % and costs by 5 %", "assuming rents go up by 50"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Changed, Expression

__all__ = ["add_change_rules"]

_UP = (
    "rise|rises|rose|go_up|goes_up|went_up|increase|increases|increased|climb|climbs|grow|grows|grew|are_raised"
    "|is_raised|were_raised|was_raised|are_increased|is_increased|were_increased|jump|jumps|are_up|is_up|were_up|up"
    "|gets_dearer|get_dearer|would_rise|should_rise|were_to_rise|are_to_rise|will_rise|would_go_up|go_higher|rising"
    "|going_up|increasing|rose_by|gain|gains|are_put_up|is_put_up|has_risen|have_risen|come_up"
)
_DOWN = (
    "fall|falls|fell|drop|drops|dropped|go_down|goes_down|went_down|decrease|decreases|decreased|sink|sinks|shrink"
    "|shrinks|are_cut|is_cut|were_cut|was_cut|are_lowered|is_lowered|are_reduced|is_reduced|were_reduced|are_down"
    "|is_down|down|decline|declines|would_fall|would_drop|were_to_fall|will_fall|would_go_down|falling|dropping"
    "|going_down|decreasing|come_down|comes_down|have_fallen|has_fallen|get_cheaper|gets_cheaper|is_lowered"
)
_RAISE = "raise|raised|increase|increased|put_up|raising|increasing|lift|lifted|putting_up"
_CUT = "cut|lower|lowered|reduce|reduced|cutting|lowering|reducing|drop|dropped|decrease|decreased"


def add_change_rules(grammar: Grammar) -> None:
    """Add the rules for what is assumed to ``item``."""
    add = grammar.add
    for words, sign in ((_UP, 1.0), (_DOWN, -1.0)):
        grammar.words("moves", dict.fromkeys([words], sign))
    grammar.words("moved_by_us", {_RAISE: 1.0, _CUT: -1.0})
    grammar.words("higher", {"higher|more|dearer|up|above_today": 1.0, "lower|less|cheaper|down|below_today": -1.0})
    grammar.words("money", {"euros|euro|eur|€|dollars|dollar|usd|pounds|gbp|points|cents|francs|chf|units|hours": True})
    add("by_so_much", "by? <plain_number> %|percent|per_cent", lambda number: ("multiply", number.value / 100))
    add("by_so_much", "by? €|$|£ <plain_number>", lambda number: ("add", number.value))
    add("by_so_much", "by? <plain_number> <:money>", lambda number: ("add", number.value))
    add("by_so_much", "by <plain_number>", lambda number: ("add", number.value), 0.05)
    add("changed_what", "~ all? ~ <field>", lambda one: one)
    add("changed_what", "~ all? ~ <defined>", lambda one: one)
    add("change", "<changed_what> <moves> <by_so_much>", _change)
    add(
        "change",
        "<changed_what> be|are|is|were|was? <by_so_much> <higher>",
        lambda of, much, sign: _change(of, sign, much),
    )
    add(
        "change",
        "we|they|you|i|one? <moved_by_us> <changed_what> <by_so_much>",
        lambda sign, of, much: _change(of, sign, much),
    )
    add("change", "<by_so_much> <higher> <changed_what>", lambda much, sign, of: _change(of, sign, much), 0.05)
    add("change", "a|an <plain_number> %|percent increase|rise|hike in|of ~ <changed_what>",
        lambda number, of: _change(of, 1.0, ("multiply", number.value / 100)))  # fmt: skip
    add("change", "a|an <plain_number> %|percent drop|cut|fall|decrease|reduction in|of ~ <changed_what>",
        lambda number, of: _change(of, -1.0, ("multiply", number.value / 100)))  # fmt: skip
    add("changes", "<change>", lambda one: (one,))
    add("changes", "<change> and|but|while|,|,_and|,_while <changes>", lambda one, rest: (one, *rest))
    add("changes", "<changed_what> <moves> <by_so_much> and|, <changed_what> <by_so_much>", _alike)
    add("changes", "<changed_what> and|& <changed_what> both|each? <moves> <by_so_much>", _both)
    lead = (
        "if|assuming|assume|suppose|supposing|what_if|when|should|imagine|say|provided|given|in_case|under_the_assumption"
        "|let's_say|,_if|,_assuming|,_when|,_should|,_supposing|had|what_would_happen_if|what_happens_if|with|,_with"
        "|after|,_after that? then?"
    )
    add("item", f"{lead} <changes> ,|:|then|?|. then?", lambda found: found, 0.05)
    add("item", f"{lead} <changes>", lambda found: found, 0.1)


def _change(of: Expression, sign: float, much: tuple[str, float]) -> Changed | None:
    operation, amount = much
    if operation == "multiply":
        return Changed(of, "multiply", round(1 + sign * amount, 12)) if amount < 10 else None
    return Changed(of, "add", sign * amount)


def _alike(
    of: Expression, sign: float, much: tuple[str, float], other: Expression, by: tuple[str, float]
) -> tuple[Changed, ...] | None:
    made = (_change(of, sign, much), _change(other, sign, by))
    return tuple(one for one in made if one is not None) if None not in made else None


def _both(of: Expression, other: Expression, sign: float, much: tuple[str, float]) -> tuple[Changed, ...] | None:
    return _alike(of, sign, much, other, much)
