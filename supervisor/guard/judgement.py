"""Whether what is known of a flag is enough to turn a variant off."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import cast

from pydantic import JsonValue

from common.rollout_settings import GuardSettings
from supervisor.guard.evidence import Reference, Suspicion, log_evidence
from supervisor.guard.record import FlagRecord
from supervisor.guard.two_rates import at_least, fisher

__all__ = ["Finding", "findings", "judge"]

_FOR_FAILURES = 0.9
"""The part of alpha that is spent on failures; the rest is for slowness."""
_FOR_FIRST = 0.95
"""The part of that for the first count; the rest is for whatever is counted anew."""
_LATELY = 40
_COMPARABLE = 10
_CLEAR = 0.1
_CLEAR_IN_TROUBLE = 0.0005
_TROUBLE = 0.01


@dataclass(frozen=True, slots=True)
class Finding:
    """What speaks against a variant.

    `about` is ``errors`` or ``latency``; `failed` counts errors or slow requests. `evidence` is the e-value: the chance
    that an equal variant ever comes to it is at most 1 / `evidence`; `needed` is that which counts as bad. `limit` is,
    for latency, the seconds from which on a request is slow. `is_bad`: it is to be turned off.
    """

    variant: str
    about: str
    requests: int
    failed: int
    reference_requests: int
    reference_failed: int
    evidence: float
    needed: float
    limit: float | None
    is_bad: bool

    def as_json(self) -> dict[str, JsonValue]:
        """The figures, for events and programs."""
        return cast("dict[str, JsonValue]", asdict(self))

    def __str__(self) -> str:
        what = "failed" if self.limit is None else f"took longer than {self.limit:.2g} s"
        return (
            f"{self.failed} of {self.requests} requests {what}, against {self.reference_failed} of "
            f"{self.reference_requests} of the reference (evidence {self.evidence:.3g}, {self.needed:.3g} is enough)"
        )


def judge(record: FlagRecord, settings: GuardSettings) -> Finding | None:
    """What a variant is to be turned off for; None where nothing is bad, or a person was told of it already."""
    if record.is_told:
        return None
    return next((finding for finding in findings(record, settings) if finding.is_bad), None)


def findings(record: FlagRecord, settings: GuardSettings) -> list[Finding]:
    """What is known of every variant, errors and latency."""
    found: list[Finding] = []
    for variant, arm in record.arms.items():
        needed = 1 / (settings.alpha * _FOR_FAILURES * _part(record.regimes))
        found.append(_finding(record, variant, arm.failures, record.reference, needed, settings, slow=False))
        if record.limit is not None:
            needed = 1 / (settings.alpha * (1 - _FOR_FAILURES) * _part(record.epochs))
            found.append(_finding(record, variant, arm.slowness, record.slow_reference, needed, settings, slow=True))
    return found


def _part(count: int) -> float:
    """What of alpha is for the n-th count (from 1); the parts of all add up to 1."""
    return _FOR_FIRST if count == 1 else (1 - _FOR_FIRST) / (count * (count - 1))


def _finding(
    record: FlagRecord,
    variant: str,
    counted: Suspicion,
    reference: Reference,
    needed: float,
    settings: GuardSettings,
    *,
    slow: bool,
) -> Finding:
    evidence = log_evidence(counted, reference)
    enough = evidence >= math.log(needed) and _holds_now(record, variant, reference, settings, slow=slow)
    return Finding(
        variant=variant,
        about="latency" if slow else "errors",
        requests=counted.requests,
        failed=counted.failed,
        reference_requests=reference.requests,
        reference_failed=reference.failed,
        evidence=math.exp(min(evidence, 700.0)),
        needed=needed,
        limit=record.limit if slow else None,
        is_bad=enough,
    )


def _holds_now(record: FlagRecord, variant: str, reference: Reference, settings: GuardSettings, *, slow: bool) -> bool:
    """Whether the variant did worse lately than the reference did meanwhile: what strikes both is no variant's fault.

    Where the reference had hardly any requests meanwhile, all of them count. Where it does worse than it used to as
    well, something strikes both, and the variant has to be far worse still.
    """
    requests, failed, others, others_failed = record.lately(variant, slow=slow, requests=_LATELY)
    if not requests:
        return False
    if others < _COMPARABLE:
        return failed / requests - reference.failed / reference.requests >= settings.minimal_effect
    if failed / requests - others_failed / others < settings.minimal_effect:
        return False
    in_trouble = at_least(others_failed, others, reference.expected) < _TROUBLE
    return fisher(failed, requests, others_failed, others) <= (_CLEAR_IN_TROUBLE if in_trouble else _CLEAR)
