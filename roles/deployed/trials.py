"""Versions of built agents that serve a share of the requests beside the one in service: begun, promoted, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from events.catalogue.agent import AgentTrialEnded, AgentTrialStarted
from events.projection import RecordedEvent

__all__ = ["OVERTAKEN", "AgentTrial", "Lifted", "TrialResult", "fold_trials", "overtaken", "running"]

TrialResult = Literal["promoted", "rolled_back", "overtaken"]
OVERTAKEN = "another version was deployed, or the agent retired, meanwhile"


@dataclass(frozen=True, slots=True)
class AgentTrial:
    """A version that has or had a share of the requests from `at` on; the rest as in `AgentTrialStarted`.

    `result` is empty while it has; `reason`, `ended_by` and `ended_at` tell of its end.
    """

    name: str
    version: str
    beside: str
    percent: float
    folder: str
    specification_hash: str
    manifest_hash: str
    signature: str
    build: str
    by: str
    improvement: str | None
    at: datetime
    figures: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    result: TrialResult | Literal[""] = ""
    reason: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lifted:
    """What is to be said of the end of a trial: by whom, why, and by which figures of both versions."""

    by: str
    reason: str
    figures: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    def event(self, trial: AgentTrial, result: TrialResult) -> AgentTrialEnded:
        """The event that ends a trial."""
        return AgentTrialEnded(
            name=trial.name, version=trial.version, result=result, reason=self.reason, by=self.by,
            figures=dict(self.figures), improvement=trial.improvement,
        )  # fmt: skip


def running(trials: Sequence[AgentTrial]) -> AgentTrial | None:
    """The one that has a share now."""
    return trials[-1] if trials and not trials[-1].result else None


def overtaken(trial: AgentTrial | None, by: str) -> list[AgentTrialEnded]:
    """The end of a trial that something else puts an end to; nothing where there is none."""
    return [] if trial is None else [Lifted(by, OVERTAKEN).event(trial, "overtaken")]


def fold_trials(trials: list[AgentTrial], entry: RecordedEvent) -> None:
    """Take one event of an agent's stream into the list of its trials."""
    match entry.event:
        case AgentTrialStarted() as started:
            values: dict[str, Any] = started.model_dump()
            trials.append(AgentTrial(**values, at=entry.recorded_at))
        case AgentTrialEnded() as ended if running(trials) is not None:
            trials[-1] = replace(
                trials[-1], result=ended.result, reason=ended.reason, ended_by=ended.by, ended_at=entry.recorded_at
            )
        case _:
            pass
