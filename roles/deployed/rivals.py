"""Which of several built agents that calculate the same figure a request is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roles.deployed.other_figure import plain_words, said_figures

if TYPE_CHECKING:
    from common.language.calls import CallPlan
    from roles.engineering.specification import Specification

__all__ = ["OTHER_WAY", "Fit", "figures_asked", "first_of", "fit_of"]

OTHER_WAY = re.compile(r"\b(?:[a-z]+ (?:mode|case|scenario)|stress(?: test|ed)?|haircut|basis points)\b", re.IGNORECASE)
"""Words that ask for another way of calculating than the plain one."""


@dataclass(frozen=True, slots=True, order=True)
class Fit:
    """How well an agent fits a request; what stands first decides.

    `calculates` the figure that is asked for; it is `named` in the request; `complete`: nothing that it needs is
    missing; `mode`: it knows the way of calculating that is asked for; `inputs`: -1 where it reads elsewhere what the
    request gives, 1 where it takes that; `about`: it is of the thing that the request names.
    """

    calculates: bool
    named: bool
    complete: bool
    mode: int
    inputs: int
    about: int


def figures_asked(said: str, specifications: Iterable[Specification]) -> frozenset[str]:
    """The names of the figures that a request names: of the library, and of the agents' own."""
    return said_figures(said, {name for one in specifications for name in _figures(one)})


def fit_of(
    said: str, specification: Specification, asked: frozenset[str], plan: CallPlan, *, given: bool, beside: bool
) -> Fit:
    """How well an agent fits a request for figures; `plan` is how it reads it, `given` and `beside` whether it takes
    values that the request gives, and reads such elsewhere."""
    text = plain_words(said)
    complete = bool(plan.calls) and not plan.unmatched and not any(call.missing for call in plan.calls)
    things = {
        one.name.removesuffix("_id").replace("_", " ")
        for operation in specification.operations for one in operation.inputs if one.name.endswith("_id")
    }  # fmt: skip
    return Fit(
        calculates=not asked.isdisjoint(_figures(specification)),
        named=plain_words(specification.name) in text,
        complete=complete,
        mode=_mode(said, specification),
        inputs=-1 if beside else int(given),
        about=int(any(f" {thing}" in text for thing in things)),
    )


def first_of(fits: Sequence[Fit]) -> list[int]:
    """The places of the best fits; the first among equals stays the first."""
    best = max(fits)
    return [at for at, one in enumerate(fits) if one == best]


def _mode(said: str, specification: Specification) -> int:
    """2 for a mode that the request names, 1 for one that may read its words, -1 where it has none for them."""
    way = OTHER_WAY.search(said)
    text = plain_words(said)
    for mode in specification.modes:
        words = (mode.name, *mode.phrases)
        if not mode.custom and any(plain_words(one) in text for one in words):
            return 2
    if way is None:
        return 0
    return 1 if any(mode.custom for mode in specification.modes) else -1


def _figures(specification: Specification) -> set[str]:
    return {name for operation in specification.operations for name in operation.formulas}
