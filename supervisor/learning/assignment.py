"""Which version of each guideline a request goes by: the one in service, or by lot one that is on trial."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from common.hints import PlanningHints
from events.state.guideline import ACTIVE, NONE

__all__ = ["CANDIDATE", "TRIAL", "Assignment", "OnTrial", "ServedGuidelines", "assign", "is_drawn"]

TRIAL = "trial"
"""The value of the flag `guideline-version` that leaves it to trials; every other one decides for the request."""
CANDIDATE = "candidate"
"""The value that gives a request every version on trial."""

_BUCKETS = 2**64
_NOTHING: Mapping[str, PlanningHints] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A version on trial: its number and its share of the requests."""

    version: str
    share: float


@dataclass(frozen=True, slots=True)
class ServedGuidelines:
    """What requests can be given: what is in service and on trial by agent type, and every version's rules."""

    active: Mapping[str, PlanningHints] = field(default_factory=dict[str, PlanningHints])
    trials: Mapping[str, OnTrial] = field(default_factory=dict[str, OnTrial])
    versions: Mapping[tuple[str, str], PlanningHints] = field(default_factory=dict[tuple[str, str], PlanningHints])


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one request goes by. `candidates` and `served` are those of `GuidelinesDrawn`: empty without a lot."""

    guidelines: Mapping[str, PlanningHints]
    candidates: Mapping[str, str] = field(default_factory=dict[str, str])
    served: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


def is_drawn(agent_type: str, trial: OnTrial, key: str) -> bool:
    """Whether the lot gives the candidate to requests of this targeting key.

    The same key gives the same answer everywhere; the lots of different agent types and versions know nothing of each
    other. Who is drawn at a share is drawn at every larger one.
    """
    drawn = hashlib.blake2b(f"{agent_type}\0{trial.version}\0{key}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(drawn) < trial.share * _BUCKETS


def assign(served: ServedGuidelines, value: str, key: str) -> Assignment:
    """What a request goes by, for which the flag has this value.

    ``trial``: by lot where a version is on trial; ``active``: what is in service; ``candidate``: what is on trial;
    ``none``: no guideline; a version: that one, where the agent type has it. Else what is in service.
    """
    if value == TRIAL:
        return _by_lot(served, key)
    if value == NONE:
        return Assignment(_NOTHING)
    if value == ACTIVE:
        return Assignment(served.active)
    if value == CANDIDATE:
        chosen = {name: served.versions[name, trial.version] for name, trial in served.trials.items()}
    else:
        chosen = {name: hints for (name, version), hints in served.versions.items() if version == value}
    return Assignment({**served.active, **chosen})


def _by_lot(served: ServedGuidelines, key: str) -> Assignment:
    if not served.trials:
        return Assignment(served.active)
    guidelines = dict(served.active)
    versions: dict[str, str | None] = {}
    for agent_type, trial in served.trials.items():
        if is_drawn(agent_type, trial, key):
            guidelines[agent_type] = served.versions[agent_type, trial.version]
        hints = guidelines.get(agent_type)
        versions[agent_type] = None if hints is None else hints.guideline_version
    return Assignment(guidelines, {name: trial.version for name, trial in served.trials.items()}, versions)
