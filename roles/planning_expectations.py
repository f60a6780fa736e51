"""How expected success is used in a plan: as a hint among roles or tools that fit equally well, and not beyond that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["CLEARLY", "EQUALLY", "expectation_text", "preferring"]

EQUALLY = 0.9
"""The share of the best likelihood that a role or tool has which fits as well as the best."""
CLEARLY = 0.2
"""The difference of expected success from which on one is clearly higher."""

_HEADING = (
    "Expected success, learned from earlier runs. It is a hint for where several fit equally well; what clearly fits "
    "is chosen all the same:"
)


def preferring(
    priors: Mapping[str, Mapping[str, float]], parts: Sequence[str], expected: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """Name -> part -> likelihood, with an equal of the best put first where it does clearly better.

    `expected` is by role; a tool has that of its category. Where nothing is known of one of them, nothing changes.
    """
    found = {name: dict(prior) for name, prior in priors.items()}
    if not expected:
        return found
    for part in dict.fromkeys(parts):
        scores = {name: prior[part] for name, prior in priors.items() if prior.get(part, 0.0) > 0.0}
        best = max(scores, key=lambda name: scores[name], default="")
        told = _expected(best, expected)
        if told is None:
            continue
        known = {name: _expected(name, expected) for name in scores if scores[name] >= EQUALLY * scores[best]}
        better = {name: value for name, value in known.items() if value is not None and value - told >= CLEARLY}
        if better:
            chosen = max(better, key=lambda name: (better[name], scores[name]))
            for name, score in scores.items():
                found[name][part] = scores[best] if name == chosen else min(score, EQUALLY * scores[best])
    return found


def expectation_text(expected: Mapping[str, float]) -> str:
    """What a model is told at the end of its prompt; empty where nothing is known."""
    if not expected:
        return ""
    lines = [f"- {name}: {share:.0%}" for name, share in expected.items()]
    return "\n".join(["", "", _HEADING, *lines])


def _expected(name: str, expected: Mapping[str, float]) -> float | None:
    found = expected.get(name)
    return expected.get(name.partition(".")[0]) if found is None else found
