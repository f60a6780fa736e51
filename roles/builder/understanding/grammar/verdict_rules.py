"""Rules for verdicts: "passes when a person's wage is at least 13.5, otherwise fails", "critical under 1.1"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.figure_rules import owned
from roles.builder.understanding.grammar.forms import (
    Binary,
    ColumnRef,
    Figure,
    Named,
    Number,
    Rule,
    Thing,
    Want,
)  # fmt: skip

__all__ = ["add_verdict_rules"]

_OPPOSITE: dict[str, Any] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_BE = "is|are|was|were|be|stays|lies|comes_to|come_to|amounts_to|reaches|falls|drops|rises|goes|sinks|gets"
_WHEN = "if|when|once|where|whenever|as_long_as|provided|provided_that|only_if|unless|so_long_as|as_soon_as|in_case"
_IT = "it|this|that|the_result|the_figure|the_value|anything|everything"


def add_verdict_rules(grammar: Grammar) -> None:
    """Add rules for ``item`` about columns and figures that have to keep limits, and for verdicts by name."""
    _subjects(grammar)
    _of_columns(grammar)
    _by_name(grammar)
    _meant(grammar)


def _subjects(grammar: Grammar) -> None:
    """What is judged: a column or a figure, with the thing that it is of."""
    add = grammar.add
    for what in ("field", "defined", "arithmetic", "ratio"):
        cost = 0.05 if what == "arithmetic" else 0.0
        add("judged", f"~ <{what}>", lambda of: (of, None), cost)
        add("judged", f"~ <{what}> of|for|per|in|on|at <one>", lambda of, thing: (of, thing), cost)
        add("judged", f"~ <{what}> <behind_function>", lambda of, _: (of, None), cost + 0.1)
    add("judged", "<one> 's <column>", _own)
    add("judged", "~ <figure>", lambda figure: (figure, None), 0.1)
    add("judged", "~ <figure> of|for|per|in|on|at <one>", lambda figure, thing: (figure, thing), 0.1)
    grammar.words("lies", {f"{_BE}": True})
    grammar.words("says_pass", {
        "pass|passes|approve|approves|accept|accepts|ok|okay|fine|approved|accepted|green|allow|allows|valid": True,
        "fail|fails|reject|rejects|rejected|decline|declines|flag|flags|refuse|refuses|not_ok|red|alarm|warn|warns"
        "|block|blocks|flag_it|flag_them|raise_a_flag|alert|alerts|invalid": False,
    })  # fmt: skip


def _own(thing: Thing, column: ColumnRef) -> Any:
    mine = owned(column, thing)
    return None if mine is None else (mine, thing)


def _of_columns(grammar: Grammar) -> None:
    add = grammar.add
    add("kept", "<limit>", lambda limit: limit)
    add("kept", "not <limit>", _not)
    add("kept", "exceeds|exceed|exceeding <bound>", lambda bound: (">", bound, None))
    add("kept", "does|do|is|are not exceed <bound>", lambda bound: ("<=", bound, None))
    add("kept", "more_than|over|above|greater_than|higher_than|beyond <bound>", lambda bound: (">", bound, None), 0.02)
    add("kept", "less_than|under|below|lower_than|smaller_than <bound>", lambda bound: ("<", bound, None), 0.02)
    add(
        "kept",
        "at_least|no_less_than|not_below|not_under|not_less_than <bound>",
        lambda bound: (">=", bound, None),
        0.02,
    )
    add("kept", "at_most|no_more_than|not_above|not_over|not_more_than|up_to|within <bound>",
        lambda bound: ("<=", bound, None), 0.02)  # fmt: skip
    add("bound", "<number>", lambda number: number)
    add("bound", "~ <multiple>", lambda of: of)
    add("bound", "~ <field>", lambda of: of, 0.05)
    add("bound", "its <column>", lambda of: of)
    add("bound", "<plain_number> times|x|× ~ <factor>", lambda number, of: Binary("*", number, of))
    add(
        "bound",
        "<plain_number> %|percent|per_cent of ~ <sum>",
        lambda number, of: Binary("*", Number(number.value / 100), of),
    )
    add("bound", "<plain_number> per <field>", lambda number, of: Binary("*", number, of))
    add("bound", "€|$|£ <plain_number> per <field>", lambda number, of: Binary("*", number, of))
    lead = (
        "check|checks|verify|verifies|make_sure|makes_sure|ensure|ensures|test|tests|tell_me|tells"
        "|tells_me|say|says|see"
    )
    add("item", f"{lead} if|whether|that? <judged> <lies>? <kept>",
        lambda judged, _, kept: _verdict(True, judged, True, kept), 0.05)  # fmt: skip
    add("item", "<says_pass> <one> whose|with|where|that_has|that_have|which_has ~ <judged> <lies>? <kept>"
                " <otherwise>?",
        _verdict_before_thing, 0.05)  # fmt: skip
    add("item", "does|do|would|will <one> pass|qualify ?", lambda thing: (thing, Named("judged")), 0.05)
    add("kept", "exceed|above|over <plain_number> per <field>",
        lambda number, of: (">", Binary("*", number, of), None), 0.02)  # fmt: skip
    rest = f"<says_pass> {_WHEN} <judged> <lies>? <kept> <otherwise>?"
    add("item", f"<one> {rest}", _verdict_of_thing, 0.05)
    add("item", f"~ <bare_table> {rest}", _verdict_of_thing, 0.1)
    add("item", f"{_IT} {rest}", _verdict, 0.05)
    add("item", f"<says_pass> <one> {_WHEN} <judged> <lies>? <kept> <otherwise>?", _verdict_before_thing, 0.05)
    add("item", f"<says_pass> {_IT}|them? {_WHEN} <judged> <lies>? <kept> <otherwise>?", _verdict, 0.05)
    add(
        "item", "whether|if <judged> <lies>? <kept>", lambda judged, lies, kept: _verdict(True, judged, lies, kept), 0.1
    )
    must = "must|should|has_to|needs_to|have_to|need_to|ought_to|may|shall"
    add("item", f"<judged> {must} be|stay|remain|lie|come_to|reach|keep? <kept>",
        lambda judged, kept: _verdict(True, judged, True, kept), 0.1)  # fmt: skip
    add("item", f"<judged> {must}|can not be|exceed|go|rise|fall|drop|get? <kept>",
        lambda judged, kept: _verdict(True, judged, True, _not(kept)), 0.1)  # fmt: skip
    add("otherwise", ",|;|and|.? otherwise|else|if_not|or_else|anything_else|everything_else|all_else it|they"
                     "|this? <says_pass>",
        lambda passing: passing)  # fmt: skip
    add("otherwise", ",|;|and? <says_pass> otherwise|else|if_not", lambda passing: passing)


def _not(kept: Any) -> Any:
    sign, number, high = kept
    return None if high is not None else (_OPPOSITE[sign], number, None)


def _verdict_of_thing(thing: Any, *given: Any) -> Any:
    made = _verdict(*given)
    if made is None:
        return None
    return (*made, replace(thing, which="one"))


def _verdict_before_thing(passing: bool, thing: Thing, *given: Any) -> Any:
    return _verdict_of_thing(thing, passing, *given)


def _verdict(passing: bool, judged: Any, _: object, kept: Any, otherwise: bool | None = None) -> Any:
    """The pieces of a verdict: the figure, what it has to keep, and the thing that it is of."""
    if kept is None or otherwise == passing:
        return None
    of, thing = judged
    sign, bound, high = kept
    figure = of if isinstance(of, Figure) else Figure(of)
    if isinstance(bound, ColumnRef | Binary):
        # "at most 5 % of the price" is a share of the price
        figure, bound = _as_share(figure, bound)
    if not isinstance(bound, Number):
        return None
    if isinstance(figure.value, ColumnRef):
        figure = replace(figure, name=_checked_name(figure), judged=True)
    rules = _rules(sign, bound, high, passing)
    return None if rules is None else (Want((figure,)), *rules, *([thing] if thing is not None else []))


def _checked_name(figure: Figure) -> str:
    return figure.name or f"{getattr(figure.value, 'words', 'value')} checked"


def _as_share(figure: Figure, bound: ColumnRef | Binary) -> tuple[Figure, Number]:
    if isinstance(bound, Binary) and bound.operator == "*" and isinstance(bound.left, Number):
        return replace(figure, value=Binary("/", figure.value, bound.right)), bound.left
    return replace(figure, value=Binary("-", figure.value, bound)), Number(0.0)


def _rules(sign: Any, number: Number, high: Number | None, passing: bool, name: str = "") -> tuple[Rule, ...] | None:
    if high is not None:
        return (Rule(">=", number), Rule("<=", high)) if passing else None
    return (Rule(sign if passing else _OPPOSITE[sign], number, name=name),)


def _by_name(grammar: Grammar) -> None:
    """ "Flag as critical under 1.1, warning under 1.3": what fails by which name."""
    add = grammar.add
    grammar.words("bad_name", {
        one: one for one in ("critical", "warning", "alert", "red", "amber", "yellow", "orange", "danger", "bad",
            "poor",
                             "severe", "alarm", "risky", "weak", "urgent", "watch", "caution")
    })  # fmt: skip
    lead = "flag|mark|label|rate|call|report|show|grade it|this|that|them? as? a?"
    for before in (lead, f"{lead.split(' ')[0]}|it|this|which is? as? a?", "and|,|;|,_and|or? as? a?"):
        add("named_rule", f"{before} <bad_name> if|when|at|for|below? <judged_limit>", _named_rule)
    add("named_rule", "<bad_name> if|when|at|for|:|is|means|= <judged_limit>", _named_rule, 0.02)
    add("named_rule", "<bad_name> <judged_limit>", _named_rule, 0.02)
    add("named_rule", "<judged_limit> is|=|:|means|as|counts_as|-|gives|gets a|an? <bad_name>",
        lambda limit, name: _named_rule(name, limit), 0.05)  # fmt: skip
    add("judged_limit", "it|this|that|the_result? <lies>? <limit>", lambda _, limit: limit)
    add("named_rules", "<named_rule>", lambda one: (one,))
    add("named_rules", "<named_rule> ,|;|and|,_and|,_then? <named_rules>", lambda one, rest: (one, *rest))
    add("item", "<named_rules>", lambda found: found if len({one.name for one in found}) == len(found) else None, 0.05)
    add("item", ",|;|and? otherwise|else|anything_else|the_rest|everything_else is|as|:|=? green|ok|okay|fine"
                "|good|normal|pass"
        "|passes|healthy|safe|nothing", lambda: Named("latest"), 0.05)  # fmt: skip
    add("item", ",|;|and? green|ok|okay|fine|good|normal|healthy|safe otherwise|else", lambda: Named("latest"), 0.05)


def _named_rule(name: str, limit: Any) -> Rule | None:
    sign, number, high = limit
    if high is not None or not isinstance(number, Number):
        return None
    return Rule(_OPPOSITE[sign], number, name=name)


def _meant(grammar: Grammar) -> None:
    """ "Is the margin OK? OK means at least 55 %"."""
    add = grammar.add
    grammar.words("judgement", {
        "ok|okay|fine|good_enough|acceptable|healthy|all_right|alright|sound|in_order|good|high_enough|low_enough": True
    })  # fmt: skip
    add(
        "item",
        "<judgement> means|is|=|being|:|meaning <limit>",
        lambda _, limit: _rules(limit[0], limit[1], limit[2], True),
        0.05,
    )
    add(
        "item",
        "( <judgement> means|is|=|being|:|meaning <limit> )",
        lambda _, limit: _rules(limit[0], limit[1], limit[2], True),
        0.05,
    )
    add("item", "<judgement> ?", lambda _: Named("judged"), 0.1)
    for what in ("field", "bare_table", "defined"):
        add(
            "item",
            f"for|to|that|which? checking|check|checks|judging|monitoring ~ <:{what}> :|,",
            lambda: Named("judged"),
            0.1,
        )
    add("item", "whether|if it|this|that is <judgement>", lambda _: Named("judged"), 0.1)
