"""What a series of kills did to what was promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Result"]


@dataclass(slots=True)
class Result:
    """Kills, and what was found afterwards; ids are those of events, requests or effects."""

    kills: int = 0
    acknowledged: set[str] = field(default_factory=set[str])
    """What a process was told is kept, before it was killed."""
    lost: set[str] = field(default_factory=set[str])
    """Acknowledged, and not there."""
    doubled: set[str] = field(default_factory=set[str])
    """There twice, or done twice in the world outside."""
    problems: list[str] = field(default_factory=list[str])
    """What verification found, views that differ from their rebuild, and processes that failed by themselves."""
    falsely_done: set[str] = field(default_factory=set[str])
    """Reported as done, and not seen by the world outside."""

    def add(self, other: Result) -> None:
        """Take in what another series did."""
        self.kills += other.kills
        self.acknowledged |= other.acknowledged
        self.lost |= other.lost
        self.doubled |= other.doubled
        self.problems += other.problems
        self.falsely_done |= other.falsely_done

    def as_json(self) -> dict[str, Any]:
        """For the way from another process."""
        sets = (self.acknowledged, self.lost, self.doubled, self.falsely_done)
        acknowledged, lost, doubled, falsely_done = (sorted(each) for each in sets)
        return {
            "kills": self.kills,
            "acknowledged": acknowledged,
            "lost": lost,
            "doubled": doubled,
            "falsely_done": falsely_done,
            "problems": self.problems,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """What `as_json` gave."""
        sets = {name: set(value) for name, value in data.items() if name not in ("kills", "problems")}
        return cls(kills=data["kills"], problems=data["problems"], **sets)

    @property
    def line(self) -> str:
        """The result on one line."""
        problems = f" problems {len(self.problems)}" if self.problems else ""
        return (
            f"kills {self.kills} acknowledged {len(self.acknowledged)} lost {len(self.lost)} "
            f"doubled {len(self.doubled)} falsely done {len(self.falsely_done)}{problems}"
        )

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled or self.falsely_done or self.problems)
