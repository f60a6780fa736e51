"""Rules for things by how a figure of them changed: "products whose revenue fell from 2024 to 2025"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import (
    Condition,
    Expression,
    Named,
    Number,
    Thing,
    Versus,
    Window,
    which_of,
)

__all__ = ["add_versus_conditions"]


def add_versus_conditions(grammar: Grammar) -> None:
    """Add the rules for ``item``: things of which a figure rose or fell, by so much, or was higher than before."""
    add = grammar.add
    grammar.words(
        "more_than_then", {"more|higher|larger|greater|bigger|better": False, "less|fewer|lower|smaller|worse": True}
    )
    lead = "which|what? all|of? ~ <bare_table>"
    whose = "whose|where|for_which|of_which|with_which|in_which|on_which|with"
    by = "by ~ <limit>"
    for head in (f"{lead} {whose} ~ <compared>", f"{lead} have|had|with a|an? <compared> that|which"):
        add("item", f"{head} has|have|had|did? <rose> ,? <against>", lambda *given: _changed(*given), 0.02)
        add("item", f"{head} has|have|had|did? <rose> {by} ,? <against>",
            lambda thing, of, fall, limit, against: _changed(thing, of, fall, against, limit), 0.02)  # fmt: skip
        add("item", f"{head} has|have|had|did? <rose> ,? <against> {by}", lambda *given: _changed(*given), 0.02)
    for verb in ("had|have|has|made|make|took|brought|brought_in|earned|generated|got|with|with_a|having|show|showed",):
        add(
            "item",
            f"{lead} that|which|who? {verb} <more_than_then> ~ <compared> <window> than <window>",
            lambda thing, fall, of, after, before: _changed(thing, of, fall, _between(after, before)),
            0.02,
        )
    add(
        "item",
        f"{lead} {whose} ~ <compared> <window> is|was|were|are <more_than_then> than <window>",
        lambda thing, of, after, fall, before: _changed(thing, of, fall, _between(after, before)),
        0.02,
    )
    add(
        "item",
        f"{lead} {whose} ~ <compared> is|was|were|are <more_than_then> <window> than <window>",
        lambda thing, of, fall, after, before: _changed(thing, of, fall, _between(after, before)),
        0.02,
    )
    grammar.words(
        "did_we", {"did_we|do_we|have_we|was_there|were_there|did_they|is_there|did_you|was|were|have|had_we": True}
    )
    for asked in ("by? how much|many", "how much|many"):
        add(
            "item",
            f"{asked} <more_than_then> ~ <compared> <:did_we>? <:doing>? <window> than <window>",
            lambda fall, of, after, before: _plain(of, fall, _between(after, before)),
            0.02,
        )
        add(
            "item",
            f"{asked} <more_than_then> was|were|is ~ <compared> <window> than <window>",
            lambda fall, of, after, before: _plain(of, fall, _between(after, before)),
            0.02,
        )


def _between(after: Window, before: Window) -> Versus | None:
    return Versus(after=after, before=before) if after != before and not (after.asked or before.asked) else None


def _plain(of: Expression, fall: bool, against: Versus | None) -> Versus | None:
    return replace(against, of=of, fall=fall) if against is not None else None


def _changed(thing: Thing, of: Expression, fall: bool, against: Any, limit: Any = None) -> Any:
    """The thing, what is compared, and that it rose, or by how much."""
    if against is None:
        return None
    one, *windows = against if isinstance(against, tuple) else (against,)
    sign, number, high = limit or (">", Number(0.0), None)
    if not isinstance(number, Number):
        return None
    told = "percent" if number.percent or one.told == "percent" else "difference"
    return (
        which_of(thing, ""),
        replace(one, of=of, fall=fall, told=told),
        *(Condition("window", window=window) for window in windows),
        Condition("compare", Named("figure"), sign, number, high=high),
    )
