"""The words that choose among things by their figures, judge them, and put them into an order."""

from __future__ import annotations

import re
from collections.abc import Callable

from roles.builder.understanding.figures import Figures
from roles.builder.understanding.grouping import (
    FigureOrder,
    Kept,
    read_figure_order,
)
from roles.builder.understanding.rows import singular_said
from roles.builder.understanding.tagged import DETERMINER, Tagged
from roles.builder.understanding.thresholds import find_thresholds
from roles.engineering.formulas import parse
from roles.engineering.formulas.ratios import RATIOS

__all__ = ["by_verdict", "functions_of", "is_filter", "order_of", "worse_than"]

_CONDENSED = re.compile(rf"\b(?P<function>F\d+)\s+(?:of\s+)?{DETERMINER}*(?P<mark>[RD]\d+)\b")


_JUDGED = re.compile(
    r"\b(?:pass(?:es|ed)?|fails?|failed|must|should|flag(?:s|ged)?|warn(?:s|ing)?|approved?|reject(?:s|ed)?|decline[sd]?|accept(?:s|ed|able)?"
    r"|ok|okay|required?|needs? to|alert|otherwise|minimum|maximum)\b"
)


_VERDICT = re.compile(
    r"\b(?P<mark>T\d+)\s+(?:that\s+|which\s+|who\s+|would\s+|currently\s+|not\s+)*(?P<way>(?:fail|miss|breach|violate|pass|meet|satisfy|fulfil|fulfill"
    r"|clear|keep)(?:s|es|ing|ed)?|(?:do|does|don't|doesn't|did)\s*(?:not)?\s*(?:pass|meet|satisfy|reach|keep|clear))\b"
)


def functions_of(tagged: Tagged, name_of: Callable[[str], str], figures: Figures) -> dict[str, str]:
    """The functions over rows that stand before figures, by the figures' names: "the average DSCR"."""
    expressions = {one.name: one.expression for one in figures.figures.values()}
    found: dict[str, str] = {}
    for match in _CONDENSED.finditer(tagged.text):
        function = tagged.span(match["function"]).best.name
        name = name_of(match["mark"])
        if function != "count" and name and not parse(expressions[name], scalars=list(expressions)).series_names:
            found[name] = function
            tagged.use(match["function"])
            tagged.take(match)
    return found


def order_of(tagged: Tagged, name_of: Callable[[str], str], default: str) -> FigureOrder | None:
    """An order by a figure: only where a word of order stands with the figure, or with nothing else."""
    with_figure = re.search(
        r"\b(?:by|top|best|worst|highest|lowest|largest|smallest|most|least|bottom|biggest|rank\w*|sort\w*|order\w*)\b[^.;?]*?\b[RD]\d+"
        r"|\b[RD]\d+\b[^.;?]*?\b(?:highest|lowest|largest|smallest|best|worst|biggest|descending|ascending"
        r"|ranked|sorted|top|bottom)\b", tagged.text
    )  # fmt: skip
    if with_figure is None:
        return None
    found = read_figure_order(tagged, name_of, default)
    if found is not None and re.search(r"\b(?:best|worst)\b", tagged.text) and _lower_is_better(found.figure):
        return FigureOrder(found.figure, not found.descending, found.limit)
    return found


def is_filter(tagged: Tagged, match: re.Match[str]) -> bool:
    """Whether a condition chooses among things, and does not judge one: a plural stands before it, no verdict."""
    start = max(tagged.text.rfind(sign, 0, match.start()) for sign in (" . ", " ; ", " ? ")) + 1
    ends = [at for sign in (" .", " ;", " ?") if (at := tagged.text.find(sign, match.end())) >= 0]
    before = tagged.text[start : match.start()]
    plural = any(not singular_said(tagged, mark) for mark in re.findall(r"\bT\d+\b", before))
    sentence = f"{before} {tagged.text[match.end() : min(ends, default=len(tagged.text))]}"
    return plural and _JUDGED.search(sentence) is None


def _lower_is_better(name: str) -> bool | None:
    """Whether less is better, as far as what is usually asked of a figure tells."""
    usual = RATIOS[name].usual if name in RATIOS else ""
    return None if not usual else "<" in usual


def worse_than(tagged: Tagged, name_of: Callable[[str], str]) -> list[Kept]:
    """ "A DTI worse than 40 %": above or below, whichever it is for that figure."""
    found: list[Kept] = []
    for match in re.finditer(
        r"\b(?P<mark>[RD]\d+) (?:(?:is|that|are) )*(?P<way>worse|better) than (?P<number>\d+(?:\.\d+)?) "
        r"?(?P<percent>%)?",
        tagged.text,
    ):
        name = name_of(match["mark"])
        lower = _lower_is_better(name) if name else None
        if lower is not None and is_filter(tagged, match):
            above = lower if match["way"] == "worse" else not lower
            found.append(Kept(name, ">" if above else "<", float(match["number"]), bool(match["percent"])))
            tagged.take(match)
    return found


def by_verdict(tagged: Tagged, figures: Figures, name_of: Callable[[str], str]) -> list[Kept]:
    """ "Which properties fail a DSCR of 1.25": those that do not keep the rule, said or usual."""
    match = _VERDICT.search(tagged.text)
    if match is None or singular_said(tagged, match["mark"]):
        return []
    fails = (
        bool(re.match(r"fail|miss|breach|violat", match["way"]))
        or "n't" in match["way"]
        or "not" in match["way"]
        or "not " in match[0]
    )
    asked = [one.name for one in figures.figures.values() if one.asked]
    opposite = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
    found: list[Kept] = []
    for one in find_thresholds(
        tagged.text[: match.start()]
        + tagged.text[match.start() : match.end()].replace("fail", "have")
        + tagged.text[match.end() :]
    ):
        name = (name_of(one.mark) if one.mark else "") or asked[-1]
        found.append(Kept(name, opposite[one.comparison] if fails else one.comparison, one.number, one.percent))
        tagged.taken.append((one.start, one.end))
    for said in re.finditer(
        r"\b(?P<mark>[RD]\d+) (?:of|at|=|:) (?P<number>\d+(?:\.\d+)?) ?(?P<percent>%)?", tagged.text
    ):
        name = name_of(said["mark"])
        if name and not found and not tagged.is_taken(said.start("number")):
            usual = RATIOS[name].usual.split()[1:2] if name in RATIOS and RATIOS[name].usual else [">="]
            found.append(
                Kept(name, opposite[usual[0]] if fails else usual[0], float(said["number"]), bool(said["percent"]))
            )
            tagged.take(said)
    if not found:
        for name in asked:
            usual = re.fullmatch(r"\w+ (>=|<=|>|<) ([\d.]+)", RATIOS[name].usual) if name in RATIOS else None
            if usual is not None:
                found.append(Kept(name, opposite[usual[1]] if fails else usual[1], float(usual[2])))
                figures.assumptions.append(f"what passes is told by {RATIOS[name].usual}, which is usual")
    tagged.take(match)
    return found
