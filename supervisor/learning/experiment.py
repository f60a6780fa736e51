"""Trials of guidelines and what becomes of a version in service, as one name to import from.

`Trials` serves a candidate to a share of the requests and decides on outcomes, by the anytime-valid `SequentialTest`;
`ServiceWatch` rolls a version back that succeeds less than before; `TrialReport` and `ServiceRecord` tell of them.
docs/learning.md explains the method. A running supervisor has them as ``supervisor.learning.trials`` and its `watch`.
"""

from __future__ import annotations

from events.catalogue.guideline import TrialTerms
from supervisor.learning.sequential_test import Arm, Decision, Estimate, SequentialTest
from supervisor.learning.service_counts import ServiceRecord
from supervisor.learning.service_watch import RolledBack, ServiceWatch
from supervisor.learning.trial_reports import ArmReport, TrialDecision, TrialReport, TrialState
from supervisor.learning.trials import Trials

__all__ = [
    "Arm",
    "ArmReport",
    "Decision",
    "Estimate",
    "RolledBack",
    "SequentialTest",
    "ServiceRecord",
    "ServiceWatch",
    "TrialDecision",
    "TrialReport",
    "TrialState",
    "TrialTerms",
    "Trials",
]
