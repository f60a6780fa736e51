"""What kind of agent ran, and on what problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

__all__ = ["AgentType", "ProblemContext"]


class AgentType(str):
    """The name of a kind of agent: one of those here, or any other, such as ``AgentType("triage")``."""

    __slots__ = ()

    DIAGNOSIS: ClassVar[AgentType]
    LOCALIZATION: ClassVar[AgentType]
    MITIGATION: ClassVar[AgentType]

    @property
    def value(self) -> str:
        """The name."""
        return str(self)


AgentType.DIAGNOSIS = AgentType("diagnosis")
AgentType.LOCALIZATION = AgentType("localization")
AgentType.MITIGATION = AgentType("mitigation")


@dataclass(frozen=True, slots=True)
class ProblemContext:
    """The problem that an agent works on; runs on the same `problem_id` are compared with each other.

    `details` is whatever else is known of it, as JSON values.
    """

    problem_id: str
    app_name: str = ""
    app_namespace: str = ""
    app_description: str = ""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def told(self) -> dict[str, Any]:
        """All of it that says something, by name."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}
