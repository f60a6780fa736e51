"""Figures of a benchmark: told one by one, each beside its goal, and kept for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Figure", "Figures"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured ratio. `reached` is None where there is no goal."""

    name: str
    place: str
    ratio: float | None
    goal: float | None
    reached: bool | None
    values: dict[str, float]


@dataclass(slots=True)
class Figures:
    """What was measured so far; `place` is the database that the next figures are of."""

    disk: str
    place: str = ""
    told: list[Figure] = field(default_factory=list[Figure])

    def add(
        self,
        name: str,
        text: str,
        *,
        ratio: float | None = None,
        goal: float | None = None,
        at_most: bool = False,
        **values: float,
    ) -> None:
        """Tell a figure. The goal is the least that the ratio should be, or, with `at_most`, the most."""
        reached = None
        line = f"  {name}: {text}"
        if ratio is not None:
            line += f", ratio {ratio:.2f}"
        if ratio is not None and goal is not None:
            reached = ratio <= goal if at_most else ratio >= goal
            line += f" (goal {goal:.2f}{' at most' if at_most else ''}{'' if reached else ': missed'})"
        print(line, flush=True)
        self.told.append(Figure(name, self.place, ratio, goal, reached, values))

    @property
    def missed(self) -> int:
        """How many goals were not reached."""
        return sum(figure.reached is False for figure in self.told)

    def keep(self, path: Path) -> None:
        """Add everything to a file as one JSON line a run."""
        with path.open("a") as file:
            json.dump({"disk": self.disk, "figures": [asdict(figure) for figure in self.told]}, file)
            file.write("\n")
