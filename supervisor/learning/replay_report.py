"""What counterfactual replay found: the requests that a draft would change, and what gets worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

__all__ = ["ReplayReport", "Replayed", "rank_of"]

_MOST_TOLD = 20
_GOOD = 2
_RANKS: Mapping[str, int] = {"success": _GOOD, "awaiting_approval": _GOOD, "partial": 1}


def rank_of(outcome: str) -> int:
    """How good a request's outcome is: 2 where all was done or waits for a yes, 1 for a part, 0 for the others."""
    return _RANKS.get(outcome, 0)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A request whose handling the rules change.

    changed: what differs, of "outcome", "tools", "intents" and "answer". worse: what is worse than it was under the
    rules in service. recorded: the outcome in the log; before, after: those of the two runs.
    """

    trace_id: str
    recorded: str
    before: str
    after: str
    changed: tuple[str, ...]
    worse: tuple[str, ...] = ()

    @property
    def breaks_success(self) -> bool:
        """Whether what succeeded, then and now, would no longer."""
        return bool(self.worse) and rank_of(self.recorded) == rank_of(self.before) == _GOOD


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a draft would have changed.

    done: requests that were done again. changed: those of them that the rules change. moved: those whose outcome is
    another by now under the rules in service, too. unstable: those that two runs under the same rules differ in; they
    tell nothing. skipped: why others were not done again, with their number. note: why nothing was done, or not all.
    """

    agent_type: str
    done: int = 0
    changed: tuple[Replayed, ...] = ()
    moved: int = 0
    unstable: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])
    note: str = ""

    @property
    def worse(self) -> tuple[Replayed, ...]:
        """The requests of which something gets worse."""
        return tuple(request for request in self.changed if request.worse)

    @property
    def may_be_tried(self) -> bool:
        """Whether no recorded success would be broken; also where nothing could be done again."""
        return not any(request.breaks_success for request in self.changed)

    def as_json(self) -> dict[str, JsonValue]:
        """The report as evidence: figures, and the traces concerned, without what anybody said."""
        told = sorted(self.changed, key=lambda request: (not request.breaks_success, not request.worse))
        return {
            "requests": self.done,
            "changed": len(self.changed),
            "worse": len(self.worse),
            "moved": self.moved,
            "unstable": self.unstable,
            "skipped": dict(self.skipped),
            "may_be_tried": self.may_be_tried,
            "note": self.note,
            "examples": [
                {
                    "trace_id": request.trace_id,
                    "recorded": request.recorded,
                    "before": request.before,
                    "after": request.after,
                    "changed": list(request.changed),
                    "worse": list(request.worse),
                }
                for request in told[:_MOST_TOLD]
            ],
        }
