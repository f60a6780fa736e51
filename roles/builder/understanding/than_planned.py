"""Rows where something took more than was planned: "runs that took longer than scheduled"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.language.words import word_set
from roles.builder.understanding.requirements import Compared, Place
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["read_than_planned"]

_PLANS = word_set("scheduled planned budgeted budget expected agreed promised estimated forecast target allowed quoted")
_REAL = word_set("actual real taken used worked spent final effective")
_THAN = re.compile(
    r"\b(?:(?:take|took|taking|cost|costing|lasted|ran|were|was|are|is|finished|used|spent) )?"
    r"(?:(?P<more>longer|later|more|higher|slower|dearer|bigger|larger)|(?P<less>shorter|earlier|less|fewer"
    r"|lower|faster|cheaper|smaller)) than "
    r"(?:(?:it|they|was|were|had|been|is|are|the|we|originally) )*(?P<mark>C\d+)\b"
)


def read_than_planned(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """Compare a column of plans with the one of the same table that holds what came of it."""
    for match in _THAN.finditer(tagged.text):
        mark = match["mark"]
        if int(mark[1:]) in tagged.used:
            continue
        plan = tagged.column(mark, near)
        if plan is None or not _PLANS.intersection(tagged.said(mark).split()):
            continue
        rest = set(words_of_name(plan.column)) - _PLANS
        kind = tables.column(plan).type
        found = [
            Place(table=plan.table, column=one.name)
            for one in tables.tables[plan.table].columns
            if one.name != plan.column and one.type == kind and rest == set(words_of_name(one.name)) - _REAL - _PLANS
            and not _PLANS.intersection(words_of_name(one.name))
        ]  # fmt: skip
        if len(found) == 1 and kind in ("number", "integer", "date"):
            rows.compared.append(Compared(left=found[0], sign=">" if match["more"] else "<", right=plan))
            tagged.use(mark)
            rows.shown.append(mark)
            tagged.take(match)
