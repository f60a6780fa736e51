"""What checks found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

__all__ = ["CheckReport", "Failure"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not pass.

    `component` is the one to blame (``frame``: none of the specification's; ``tests``: a generated test); `constraint`
    tells that the code works and costs more than it may.
    """

    stage: str
    component: str
    error: str
    constraint: bool = False


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The failures of a check, and its figures; `missing` names the tools that were not there to check with."""

    failures: tuple[Failure, ...] = ()
    figures: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    missing: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @staticmethod
    def joined(reports: Iterable[CheckReport]) -> CheckReport:
        """Several reports as one."""
        found = tuple(reports)
        figures = {name: value for one in found for name, value in one.figures.items()}
        return CheckReport(
            tuple(failure for one in found for failure in one.failures),
            figures,
            tuple(name for one in found for name in one.missing),
        )
