"""Improved versions of built agents that serve a share of the requests: begun, promoted, taken back, told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue

from common.errors import NotFound, SupervisorError
from common.evolution_settings import EvolutionSettings
from events.projection import Views
from roles.deployed.deployments import DeployedAgent, Deployments
from roles.deployed.health import AgentHealth, examine_agent, unloadable
from roles.deployed.trials import AgentTrial, Lifted
from roles.deployed.trying import AgentTrials
from supervisor.evolution.trial_judgement import Standing, is_watched, read_standings
from supervisor.live_agents import LiveAgents

if TYPE_CHECKING:
    from roles.engineering.specification import Specification

__all__ = ["AgentTrialCommands"]


class AgentTrialCommands:
    """Commands over trials; each returns when it holds in this supervisor, too."""

    def __init__(
        self,
        trials: AgentTrials,
        deployments: Deployments,
        agents: LiveAgents,
        views: Views,
        settings: EvolutionSettings,
    ) -> None:
        self._trials = trials
        self._deployments = deployments
        self._agents = agents
        self._views = views
        self._settings = settings

    async def start(
        self,
        specification: Specification,
        files: Mapping[str, str | bytes],
        *,
        percent: float | None = None,
        figures: Mapping[str, JsonValue] | None = None,
        build: str = "",
        by: str,
        improved: Mapping[str, JsonValue] | None = None,
    ) -> AgentTrial:
        """Have a version serve a share of the requests (None: the settings'). See `AgentTrials.start`."""
        share = self._settings.share if percent is None else percent
        trial = await self._trials.start(
            specification, files, percent=share, figures=figures, build=build, by=by, improved=improved
        )
        await self._agents.refresh()
        return trial

    async def promote(self, name: str, *, by: str, reason: str = "", version: str | None = None) -> DeployedAgent:
        """Have the version on trial (`version`, where given) serve all requests.

        Raises `NotFound` where none is on trial, `DeploymentError` where its files can't be used, and `StoreError`.
        """
        deployed = await self._trials.promote(name, await self._lifted(name, by, reason), version)
        await self._agents.refresh()
        return deployed

    async def end(self, name: str, *, by: str, reason: str = "", version: str | None = None) -> DeployedAgent:
        """Take its share from the version on trial; what serves all requests again. Raises `NotFound`, `StoreError`."""
        deployed = await self._trials.end(name, await self._lifted(name, by, reason), version)
        await self._agents.refresh()
        return deployed

    async def running(self, name: str) -> AgentTrial | None:
        """The version of an agent that has a share of its requests. Raises `StoreError`."""
        return (await self._deployments.history(name)).trial

    async def standings(self) -> Sequence[Standing]:
        """All improved versions that serve a share or are watched, with the figures of both. Raises `StoreError`."""
        return await read_standings(self._views, self._settings)

    async def share(self, name: str, now: datetime) -> Standing | None:
        """The improved version of an agent that serves a share, or is watched after that. Raises `StoreError`."""
        found = (one for one in await self.standings() if one.agent == name)
        return next((one for one in found if is_watched(one, self._settings, now)), None)

    async def verify_health(self, name: str) -> AgentHealth:
        """Examine the version on trial, as the one in service is. Raises `NotFound`, and `StoreError`."""
        await self._agents.refresh()
        trial = await self.running(name)
        if trial is None:
            raise NotFound(f"no version of {name} is on trial", where=name, todo="agents show tells what serves.")
        try:
            await self._deployments.load(trial)
        except SupervisorError as error:
            return unloadable(name, trial.version, str(error))
        live = self._agents.find(name)
        if live is None or live.trial is None or live.trial.of.manifest_hash != trial.manifest_hash:
            return unloadable(name, trial.version, self._agents.why_not(name))
        return await examine_agent(live.trial.specification, trial.version, live.trial.worker, live.trial.broker)

    async def _lifted(self, name: str, by: str, reason: str) -> Lifted:
        standing = next((one for one in await self.standings() if one.agent == name), None)
        return Lifted(by, reason, {} if standing is None else standing.figures())
