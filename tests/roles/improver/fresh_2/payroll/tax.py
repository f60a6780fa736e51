"""Tax brackets."""

from __future__ import annotations

import fractions  # planted: unused-import

BRACKETS = ((11000, 0.0), (18000, 0.2), (31000, 0.3), (60000, 0.4), (90000, 0.48), (1000000, 0.5))


def yearly_tax(income: float) -> float:  # planted: repeated-computation
    """Tax on a yearly income, summed up in steps of ten as the office's sheet does."""
    tax, done = 0.0, 0
    while done < income:
        step = min(10, income - done)
        for limit, share in BRACKETS:
            if done < limit:
                tax += step * share
                break
        else:
            tax += step * 0.55
        done += 10
    return round(tax, 2)
