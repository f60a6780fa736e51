"""How many false patterns are let through, and how sure the sign of each is.

Benjamini–Yekutieli (Annals of Statistics 29, 2001) is taken because candidates nest and overlap in every way ("calls
search", "begins with search", "search, then finish"), so that nothing is known of their dependence, and because it
needs no random draws: the same traces give the same answer in any order. With no effect at all it lets anything
through in less than one analysis of twenty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["TYPICAL", "adjusted", "confidence", "replication", "shrinkage"]

TYPICAL = 0.08
"""How far behaviours move success, typically: eight points; three times as much is rare."""
_LOW = 1.645
_REPLICATED = 1.645


def shrinkage(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each candidate the share of its observed effect that is not luck, on average over true effects.

    True effects are taken as normal around 0 with a deviation of `TYPICAL`, the same for all. The prior is on the
    difference in success rate, not on z: a rare behaviour has no larger effects than a common one, so its striking z
    owes more to luck. It is not learned from the traces at hand: their candidates overlap so much that one lucky
    sample would vouch for all of them at once.
    """
    return TYPICAL**2 / (TYPICAL**2 + error**2)


def adjusted(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Benjamini–Yekutieli's adjusted p-values (q)."""
    count = len(p)
    if not count:
        return np.zeros(0)
    order = np.argsort(p, kind="stable")
    ranks = np.arange(1, count + 1)
    raw = p[order] * count * float((1 / ranks).sum()) / ranks
    found = np.empty(count)
    found[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return found


def confidence(z: NDArray[np.float64], share: NDArray[np.float64]) -> Any:
    """Lower bound of the probability that the sign holds on as many unseen tasks.

    The effect behind z is shrunk to its share; its 95 % lower bound is then what as many new tasks are to show.
    """
    return special.ndtr(share * np.abs(z) - _LOW * np.sqrt(share))


def replication(z: NDArray[np.float64], share: NDArray[np.float64]) -> Any:
    """Expected probability that as many unseen tasks show the sign again with one-sided p < .05."""
    return special.ndtr((share * np.abs(z) - _REPLICATED) / np.sqrt(1 + share))
