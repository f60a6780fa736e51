"""Lets modes that speak of interest rates change debt service, where a table holds it as a fixed figure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.binding import bind_quantity
from roles.builder.understanding.modes import SaidMode
from roles.builder.understanding.requirements import Binding, Figure, Requirements
from roles.builder.understanding.tables import Tables
from roles.engineering.formulas.quantities import QUANTITIES
from roles.engineering.specification import Input

__all__ = ["with_added_rate"]

_RATES = re.compile(r"\b(?:interest\s+)?rates?\b", re.IGNORECASE)
_ADDED, _FIXED, _BURDEN = "added_rate", "stated_debt_service", "debt_service"


def with_added_rate(made: Requirements, said: Sequence[SaidMode], tables: Tables) -> Requirements:
    """Where a mode changes rates and debt service is a column, its rate is an input: what is added costs interest.

    The debt service becomes the stated one plus the loan times the added rate, 0 where none is told.
    """
    spoken = any(_RATES.search(text) for one in said for text in one.about)
    fixed = next((one for one in made.bindings if one.name == _BURDEN and one.place is not None), None)
    if not spoken or fixed is None or any("rate" in one.name for one in made.bindings):
        return made
    loan = bind_quantity(QUANTITIES["loan_amount"], tables, [made.table])
    if loan is None or loan.place is None or tables.base([made.table, loan.place.table]) is None:
        return made
    phrases = QUANTITIES["loan_amount"].phrases
    bindings = [one for one in made.bindings if one.name not in (_BURDEN, "loan_amount")]
    bindings += [
        fixed.model_copy(update={"name": _FIXED}),
        Binding(name="loan_amount", place=loan.place, phrases=phrases),
        Binding(
            name=_ADDED,
            phrases=("interest rate", "rate", "rates"),
            input=Input(
                name=_ADDED, type="number", description="Interest rate", unit="fraction", required=False, default=0.0
            ),
        ),
    ]
    figure = Figure(
        name=_BURDEN, expression=f"{_FIXED} + loan_amount * {_ADDED}", title="Debt service",
        source="The stated debt service, and interest at the added rate on the loan", asked=False,
    )  # fmt: skip
    assumption = "a change of rates adds that rate on the whole loan to the stated debt service"
    return made.model_copy(
        update={
            "bindings": tuple(bindings),
            "figures": (figure, *made.figures),
            "assumptions": (*made.assumptions, assumption),
        }
    )
