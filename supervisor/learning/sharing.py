"""Patterns of one agent type in the traces of another: taken over where the evidence holds in both.

What was found in one type is only asked about in the other, so there are few candidates, and none was chosen by the
other's outcomes. It is taken over where it has the same sign there, within strata and without, at a false discovery
rate of the settings over all that was asked, and with the confidence that a pattern of its own must have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from supervisor.learning.candidates import Key
from supervisor.learning.patterns import Analysis, AnalysisSettings, HeldOut, Pattern, Weight
from supervisor.learning.wording import recommend

__all__ = ["Shared", "share"]

Weigh = Callable[[str, Sequence[Key]], Mapping[Key, Weight]]
"""`PatternAnalyzer.weigh`."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A pattern with the figures of the agent type that took it over, and the type that it was found in."""

    pattern: Pattern
    origin: str


def share(analyses: Mapping[str, Analysis], weigh: Weigh, settings: AnalysisSettings) -> dict[str, list[Shared]]:
    """By agent type what it takes over from others; what it has found itself is not among it."""
    found: dict[str, list[Shared]] = {}
    for agent_type, analysis in analyses.items():
        own = {pattern.key for pattern in analysis.patterns}
        said = {text for pattern in analysis.patterns for text in pattern.merged}
        offered: dict[Key, Pattern] = {}
        for origin in sorted(analyses):
            if origin != agent_type:
                for pattern in analyses[origin].patterns:
                    if pattern.key not in own and pattern.description not in said:
                        offered.setdefault(pattern.key, pattern)
        taken = _taken(agent_type, analysis, offered, weigh, settings) if offered else []
        if taken:
            found[agent_type] = taken
    return found


def _taken(
    agent_type: str, analysis: Analysis, offered: Mapping[Key, Pattern], weigh: Weigh, settings: AnalysisSettings
) -> list[Shared]:
    import numpy as np

    from supervisor.learning import error_control

    weights = weigh(agent_type, list(offered))
    keys = [key for key in offered if key in weights and _is_enough(weights[key], analysis, settings)]
    if not keys:
        return []
    z = np.array([weights[key].z for key in keys])
    errors = np.array([abs(weights[key].effect / weights[key].z) if weights[key].z else np.inf for key in keys])
    part = error_control.shrinkage(errors)
    sure, again = error_control.confidence(z, part), error_control.replication(z, part)
    q = error_control.adjusted(np.array([weights[key].p for key in keys]))
    shared: list[Shared] = []
    for place, key in enumerate(keys):
        origin, weight = offered[key], weights[key]
        holds = weight.bears_out(origin.effect) and weight.crude * origin.effect > 0
        if holds and q[place] <= settings.rate and sure[place] >= settings.confidence:
            pattern = _as_own(agent_type, analysis, origin, weight, float(errors[place]))
            figures = (float(q[place]), float(sure[place]), float(again[place]))
            shared.append(Shared(_with(pattern, *figures), origin.agent_type))
    return shared


def _is_enough(weight: Weight, analysis: Analysis, settings: AnalysisSettings) -> bool:
    return settings.least <= weight.support <= analysis.counts.traces - settings.least


def _as_own(agent_type: str, analysis: Analysis, origin: Pattern, weight: Weight, error: float) -> Pattern:
    return replace(
        origin,
        id=hashlib.blake2b(repr((agent_type, origin.key)).encode("utf-8", "replace"), digest_size=8).hexdigest(),
        agent_type=agent_type,
        support=weight.support,
        traces=analysis.counts.traces,
        compared=weight.support,
        effect=max(-1.0, min(1.0, weight.effect)),
        low=max(-1.0, weight.effect - 1.96 * error),
        high=min(1.0, weight.effect + 1.96 * error),
        crude=weight.crude,
        p=weight.p,
        held_out=HeldOut(1, 1, 1.0, 1.0),  # all of these traces were held out from its discovery
        trace_ids=(),
        merged=(),
        recommendations=recommend(origin.key, weight.effect, caution=origin.caution),
    )


def _with(pattern: Pattern, q: float, sure: float, again: float) -> Pattern:
    return replace(pattern, q=q, confidence=sure, replication=again)
