"""Versions of guidelines that are proposed for an improvement: by a cycle of learning, never around it."""

from __future__ import annotations

from common.errors import ImprovementError
from events.state.guideline import GuidelineStatus
from supervisor.guidelines import Guidelines
from supervisor.learning.integration import Learning

__all__ = ["LearnedProposals"]

_WAITING = (GuidelineStatus.PROPOSED, GuidelineStatus.TRIAL)


class LearnedProposals:
    """Implements `roles.specialists.specialist.Proposals`."""

    def __init__(self, learning: Learning, guidelines: Guidelines) -> None:
        self._learning = learning
        self._guidelines = guidelines

    async def propose(self, agent_type: str, *, by: str) -> tuple[str, str]:
        """Run a cycle, and tell what it proposes for the agent type.

        A cycle that is run again names what was proposed before. Raises `ImprovementError` where nothing is, and
        `LearningError` while another one runs.
        """
        report = await self._learning.cycle(by=by, fresh=True)
        if report.refused:
            raise ImprovementError(f"learning did nothing: {report.refused}", where=f"agent type {agent_type}")
        for each in report.proposed:
            if each.agent_type == agent_type:
                return each.version, each.state
        raise ImprovementError(
            f"no pattern in the traces of {agent_type} says what its guideline should be",
            where=f"agent type {agent_type}",
            todo="Wait for more traces, or write the rules by hand: guidelines propose.",
        )

    async def withdraw(self, agent_type: str, version: str, *, by: str, reason: str) -> None:
        """Reject the version, or roll back to what was in service before it; nothing where that was done."""
        record = await self._guidelines.get(agent_type, version)
        if record.status in _WAITING:
            await self._guidelines.reject(agent_type, version, by=by, reason=reason)
        elif record.status is GuidelineStatus.ACTIVE:
            await self._guidelines.roll_back(agent_type, by=by, reason=reason)
