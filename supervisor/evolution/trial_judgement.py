"""What is known of improved versions that serve a share of the requests, and what is to become of them.

Worse is told by the guard's evidence (`supervisor.guard.evidence`): an e-process, with a few looks of Boschloo's exact
test, over all calls of both versions in the order in which they ended. It may be looked at at any time, and as often
as one likes: the chance that a version which is no worse is ever rolled back, over its trial and the time it is
watched after that, failures and slowness together, is at most `watch_alpha`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from common.evolution_settings import EvolutionSettings
from common.rollout_settings import GuardSettings
from events.projection import Row, Views
from supervisor.evolution.trial_view import IMPROVED, SLOW_SECONDS, AgentTrialsView
from supervisor.guard.judgement import Finding, findings
from supervisor.guard.record import FlagRecord

__all__ = ["Standing", "TrialStep", "decide", "is_watched", "read_standings", "standing_of"]

_EFFECT = 0.05
"""By how much the share of calls that fail (or are slow) must be higher to count as worse."""
_MANY = 100_000


@dataclass(frozen=True, slots=True)
class Standing:
    """An improved version beside the one that it is to replace. `state` is ``trial`` or ``watched``.

    Each version's calls since the trial began, failures among them, and mean seconds (None: not known). `against` is
    what speaks against it, if anything does: see `Finding`.
    """

    agent: str
    version: str
    beside: str
    state: str
    percent: float
    started_at: datetime
    promoted_at: datetime | None
    calls: int
    failed: int
    mean: float | None
    beside_calls: int
    beside_failed: int
    beside_mean: float | None
    against: tuple[Finding, ...]

    def figures(self) -> dict[str, JsonValue]:
        """For events and programs."""
        return {
            "calls": self.calls, "failed": self.failed, "mean_seconds": _rounded(self.mean),
            "beside_calls": self.beside_calls, "beside_failed": self.beside_failed,
            "beside_mean_seconds": _rounded(self.beside_mean),
            "evidence": {one.about: round(one.evidence, 4) for one in self.against},
        }  # fmt: skip

    def told(self) -> str:
        """Both versions in words."""
        return (
            f"{self.failed} of {self.calls} calls of {self.version} failed{_in(self.mean)}, "
            f"{self.beside_failed} of {self.beside_calls} of {self.beside}{_in(self.beside_mean)}"
        )


@dataclass(frozen=True, slots=True)
class TrialStep:
    """What is to be done with an improved version, and why."""

    what: Literal["promote", "roll back"]
    why: str


def standing_of(row: Row, settings: EvolutionSettings) -> Standing | None:
    """What a row of the view `agent_trials` says; None where no improved version serves."""
    if row["state"] == "none":
        return None
    own, beside = (row["figures"].get(row[name], {}) for name in ("version", "beside"))
    guard = GuardSettings(
        alpha=settings.watch_alpha, minimal_effect=_EFFECT, slow_factor=settings.watch_slower, slow_seconds=SLOW_SECONDS
    )
    found = [one for one in findings(FlagRecord.load(row["record"]), guard) if one.variant == IMPROVED]
    return Standing(
        agent=str(row["agent"]),
        version=str(row["version"]),
        beside=str(row["beside"]),
        state=str(row["state"]),
        percent=float(row["percent"]),
        started_at=row["started_at"],
        promoted_at=row["promoted_at"],
        calls=int(own.get("calls", 0)),
        failed=int(own.get("failed", 0)),
        mean=_mean(own),
        beside_calls=int(beside.get("calls", 0)),
        beside_failed=int(beside.get("failed", 0)),
        beside_mean=_mean(beside),
        against=tuple(found),
    )


async def read_standings(views: Views, settings: EvolutionSettings) -> list[Standing]:
    """All improved versions that serve a share, or are watched after it. Raises `StoreError`."""
    rows = await views.query(AgentTrialsView.name, order_by="agent", limit=_MANY)
    found = (standing_of(row, settings) for row in rows if row["state"] != "none")
    return [one for one in found if one is not None]


def decide(one: Standing, settings: EvolutionSettings, now: datetime) -> TrialStep | None:
    """What is to become of it now; None: it goes on as it is.

    Rolled back where the evidence says that it does worse, or where its share came to too few calls for too long.
    Promoted after enough calls, where neither its failures nor its slow calls are visibly more frequent than the other
    version's: what looks worse by chance waits for more calls.
    """
    bad = next((finding for finding in one.against if finding.is_bad), None)
    if bad is not None:
        return TrialStep("roll back", f"{bad}; {one.told()}")
    if one.state != "trial":
        return None
    if one.calls >= settings.share_calls and not any(_looks_worse(finding) for finding in one.against):
        return TrialStep("promote", one.told())
    if now - one.started_at < timedelta(days=settings.share_days):
        return None
    return TrialStep("roll back", f"not certain to be as good after {settings.share_days:g} days: {one.told()}")


def is_watched(one: Standing, settings: EvolutionSettings, now: datetime) -> bool:
    """Whether it is still looked at: always on trial, and for the window of the settings after that."""
    return one.promoted_at is None or now - one.promoted_at < timedelta(days=settings.window)


def _looks_worse(finding: Finding) -> bool:
    own = finding.failed / max(finding.requests, 1)
    return own > finding.reference_failed / max(finding.reference_requests, 1) + _EFFECT


def _mean(figures: dict[str, float]) -> float | None:
    return figures["seconds"] / figures["timed"] if figures.get("timed") else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _in(mean: float | None) -> str:
    return "" if mean is None else f" (a call takes {mean:.3g} s)"
