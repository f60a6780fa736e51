"""Which end of an order comes first where "best" or "worst" tells it: known for some figures, else asked."""

from __future__ import annotations

import re

from roles.builder.understanding.grammar.directions import higher_first
from roles.builder.understanding.grammar.forms import Figure, Number, Ratio
from roles.builder.understanding.grammar.resolving import Unclear
from roles.builder.understanding.requirements import Question, Requirements
from roles.builder.understanding.tables import Tables
from roles.engineering.formulas.ratios import RATIOS

__all__ = ["with_known_end"]

_JUDGED = re.compile(
    r"\bfrom (?:the )?(?P<from>worst|best) to\b|\b(?:\d+ )?(?P<end>worst|best)\b(?! (?:before|western|seller|practice))"
)
_SAID = re.compile(
    r"\b(?:highest|lowest|largest|smallest|most|least|ascending|descending|newest|oldest|longest|shortest|cheapest)\b"
)
_MUCH = re.compile(
    r"\b(?:more than|longer than|later than|higher than|above|over|less than|fewer than|lower than|shorter than|below"
    r"|under|at least|at most|late)\b"
)
"""A condition on how much there is tells which end is worst, and is read with the order."""


def with_known_end(made: Requirements, text: str, tables: Tables, only: str = "") -> Requirements:
    """The requirements with the end first that the request calls the best or the worst, or with a question which it is.

    `text` is the request; `only` is the one of the two words that is looked for, where it is given.
    """
    low = text.lower()
    judged = _JUDGED.search(low)
    by = made.order_by or (made.order.column if made.order is not None and made.show else "")
    if judged is None or not by or made.missing or made.uncovered or _SAID.search(low):
        return made
    if any({"best", "worst"} & set(words) for words in tables.names) or (made.order is not None and _MUCH.search(low)):
        return made
    if made.order is not None and not made.order_by and tables.column(made.order).type not in ("number", "integer"):
        return made
    way = judged["from"] or judged["end"]
    if only and way != only:
        return made
    # of hours per cost nothing is known: what is divided tells the good end
    about = by.split("_per_")[0]
    figure = Figure(Ratio(made.order_by)) if made.order_by in RATIOS else Figure(Number(0), about.replace("_", " "))
    try:
        down = higher_first(way, figure, about)
    except Unclear:
        name = by.replace("_", " ")
        asks = f"“{way.capitalize()}”: which end is bad, a high {name} or a low one?"
        question = Question(name="order", text=f"{asks} Say “highest first” or “lowest first”.")
        return made.model_copy(update={"missing": (question,)})
    return made.model_copy(update={"descending": down})
