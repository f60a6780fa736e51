"""Looks at what improved versions do live: promotes those that do well, and takes back those that do worse.

What it goes by is a view over the log, and each step is one append on top of what it was decided by. So it may be
looked at by any number of processes and after any crash: nothing is done twice, and nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.clock import Clock
from common.errors import NotFound, SupervisorError
from common.evolution_settings import EvolutionSettings
from common.logs import get_logger
from supervisor.evolution.acting import BY
from supervisor.evolution.trial_judgement import Standing, TrialStep, decide, is_watched

if TYPE_CHECKING:
    from supervisor.deployment import DeployedAgents

__all__ = ["LiveWatch"]

_log = get_logger(__name__)


class LiveWatch:
    """The improved versions that serve a share of the requests, or all of them since less than the window."""

    def __init__(self, deployed: DeployedAgents, clock: Clock, settings: EvolutionSettings) -> None:
        self._deployed = deployed
        self._clock = clock
        self._settings = settings

    async def step(self) -> Sequence[str]:
        """Look at all of them; the names of those that were rolled back. Raises `StoreError`."""
        rolled: list[str] = []
        now = self._clock.now()
        for one in await self._deployed.trials.standings():
            if not is_watched(one, self._settings, now):
                continue
            step = decide(one, self._settings, now)
            if step is None:
                continue
            try:
                if await self._carry_out(one, step):
                    rolled.append(one.agent)
            except NotFound:  # another process was faster
                continue
            except SupervisorError as error:
                _log.error("%s %s: %s was due (%s), and failed: %s", one.agent, one.version, step.what, step.why, error)
        return rolled

    async def _carry_out(self, one: Standing, step: TrialStep) -> bool:
        """Whether it was rolled back. Raises `NotFound` where that was done already."""
        trials = self._deployed.trials
        if step.what == "promote":
            await trials.promote(one.agent, by=BY, reason=step.why, version=one.version)
            _log.info("%s %s serves all requests now: %s", one.agent, one.version, step.why)
            return False
        if one.state == "trial":
            await trials.end(one.agent, by=BY, reason=step.why, version=one.version)
        else:
            current = await self._deployed.in_service(one.agent)
            if current is None or current.version != one.version:
                return False
            await self._deployed.rollback(one.agent, one.beside, by=BY, reason=step.why)
        _log.warning("%s %s was rolled back: %s", one.agent, one.version, step.why)
        return True
