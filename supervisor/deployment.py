"""Built agents of a running supervisor: deployed, rolled back, removed, examined, shown, exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from pydantic import JsonValue

from common.clock import Clock
from common.errors import ConfigurationError, NotFound, SupervisorError
from common.health import Reached
from common.logs import get_logger
from common.settings import Settings
from events.projection import Views
from events.store import EventStore
from llm_provider.tool_registry import ToolRegistry
from roles.deployed.deployments import DeployedAgent, Deployments, check_name
from roles.deployed.health import AgentHealth, examine_agent, unloadable
from roles.deployed.manifest import Signer
from roles.deployed.trying import AgentTrials
from roles.deployed.worker import AgentWorker, WorkerState
from roles.resources import RoleResources
from roles.role_registry import RoleRegistry
from roles.router import Router
from supervisor.agent_trials import AgentTrialCommands
from supervisor.live_agents import LiveAgents
from supervisor.monitoring.custom import CustomMetrics
from supervisor.rehearsal import Rehearsals

if TYPE_CHECKING:
    from roles.engineering.specification import Specification

__all__ = ["DeployedAgents"]

_log = get_logger(__name__)
_UNWELL = "built_agents_unwell"


class DeployedAgents:
    """Commands over built agents, and what is known of them. Each returns when it holds in this supervisor, too.

    Nothing of an agent's code runs in this process: its role calls a worker in a sandbox.
    """

    def __init__(
        self,
        settings: Settings,
        store: EventStore,
        views: Views,
        clock: Clock,
        roles: RoleRegistry,
        tools: ToolRegistry,
        resources: RoleResources,
        metrics: CustomMetrics,
    ) -> None:
        self.clock = clock
        self.deployments = Deployments(store, settings.data_dir, partial(_signer, store), clock)
        self._agents = LiveAgents(settings, store, views, self.deployments, roles, tools, resources, self._probe)
        self.trials = AgentTrialCommands(
            AgentTrials(store, self.deployments), self.deployments, self._agents, views, settings.evolution
        )
        self.rehearsals = Rehearsals(self._agents)
        self._metrics = metrics
        self._health: dict[str, AgentHealth] = {}

    def attach(self, start_soon: Callable[..., None]) -> None:
        """Give the processes of agents their parent; without one, calls fail."""
        self._agents.attach(start_soon)

    def use(self, router: Router) -> None:
        """The router that learns every change from now on."""
        self._agents.use(router)

    async def refresh(self) -> None:
        """Take in what was deployed, rolled back or removed, here or in another process. Raises `StoreError`."""
        await self._agents.refresh()

    async def close(self) -> None:
        """End all processes and let the databases go."""
        await self._agents.close()

    @property
    def names(self) -> Sequence[str]:
        """The built agents that serve here."""
        return self._agents.names

    @property
    def known(self) -> Sequence[str]:
        """The built agents that the log has in service, whether or not they can serve here."""
        return (*self._agents.names, *self._agents.faulty)

    def worker(self, name: str) -> AgentWorker:
        """The process of an agent that serves here. Raises `NotFound`."""
        live = self._agents.find(name)
        if live is None:
            raise NotFound(f"no built agent called {name!r} serves here", where="agents")
        return live.worker

    def workers(self) -> Mapping[str, WorkerState]:
        """How the process of each agent does."""
        return {name: self.worker(name).state for name in self.names}

    async def deploy(
        self,
        specification: Specification,
        files: Mapping[str, str | bytes],
        *,
        figures: Mapping[str, JsonValue] | None = None,
        build: str = "",
        by: str,
        improvement: str | None = None,
        improved: Mapping[str, JsonValue] | None = None,
    ) -> DeployedAgent:
        """Put an agent into service; on return it is durable, and requests are routed to it.

        See `Deployments.deploy`. Raises `DeploymentError` and `StoreError`.
        """
        self._agents.check(specification)
        deployed = await self.deployments.deploy(
            specification, files, figures=figures, build=build, by=by, improvement=improvement, improved=improved
        )
        await self.refresh()
        return deployed

    async def rollback(self, name: str, to: str | None = None, *, by: str, reason: str = "") -> DeployedAgent:
        """Have an earlier version serve again; None: the one built before. Raises `NotFound`, `DeploymentError`.

        While a version is on trial, None takes its share from it: the other one serves all requests again.
        """
        if to is None and await self.trials.running(name) is not None:
            return await self.trials.end(name, by=by, reason=reason)
        deployed = await self.deployments.rollback(name, to, by=by, reason=reason)
        await self.refresh()
        return deployed

    async def remove(self, name: str, *, by: str, reason: str = "", improvement: str | None = None) -> None:
        """Take an agent out of service; its files stay, and `restore` brings it back. Raises `NotFound`."""
        await self.deployments.retire(name, by=by, reason=reason, improvement=improvement)
        await self.refresh()

    async def restore(self, name: str, *, by: str) -> DeployedAgent:
        """Bring a removed agent back. Raises `NotFound`, and `DeploymentError` where its files can't be used."""
        deployed = await self.deployments.restore(name, by=by)
        await self.refresh()
        return deployed

    async def withdraw(self, name: str, *, build: str, by: str, reason: str) -> None:
        """Take what a build deployed out of service: the version before it serves again, where there was one."""
        placed = await self.deployments.history(name)
        if placed.current is None or placed.current.build != build:
            return
        if placed.before is None:
            await self.remove(name, by=by, reason=reason)
        else:
            await self.rollback(name, by=by, reason=reason)

    def check_free(self, name: str) -> None:
        """Raise `DeploymentError` or `ConfigurationError` for a name that no built agent can have here."""
        check_name(name)
        self._agents.check_free(name)

    async def in_service(self, name: str) -> DeployedAgent | None:
        """The version of a built agent that serves; None where none does. Raises `StoreError`."""
        return (await self.deployments.history(name)).current

    async def verify_health(self, name: str) -> AgentHealth:
        """Start the agent where it does not run, have it answer, and try its known answers and databases.

        Its files are compared with what was signed. Raises `NotFound`, and `StoreError`.
        """
        await self.refresh()
        placed = await self.deployments.history(name)
        current = placed.current
        if current is None:
            what = f"{name} was removed" if placed.retired else f"no built agent is called {name!r}"
            raise NotFound(what, where="agents", todo="List them with agents list.")
        try:
            await self.deployments.load(current)
        except SupervisorError as error:
            return unloadable(name, current.version, str(error))
        live = self._agents.find(name)
        if live is None or live.deployed.manifest_hash != current.manifest_hash:
            return unloadable(name, current.version, self._agents.why_not(name))
        return await examine_agent(live.specification, current.version, live.worker, live.broker)

    @property
    def health(self) -> Mapping[str, AgentHealth]:
        """What the last regular examination found, by agent."""
        return self._health

    async def examine(self) -> None:
        """Examine every agent; what is not well is logged once, and counted by the metric `built_agents_unwell`."""
        found: dict[str, AgentHealth] = {}
        for name in self.known:
            live = self._agents.find(name)
            ran = live is not None and live.worker.state.running
            try:
                found[name] = await self.verify_health(name)
            except NotFound:  # removed meanwhile
                continue
            if live is not None and not ran:
                live.worker.rest()
            before = self._health.get(name)
            if not found[name].ok and (before is None or before.ok):
                _log.error("the agent %s is not well: %s", name, found[name].told())
        self._health = found
        if found:
            self._metrics.add(_UNWELL, lambda: sum(not one.ok for one in self._health.values()), limit=0.5)
        else:
            self._metrics.remove(_UNWELL)

    async def show(self, name: str) -> dict[str, Any]:
        """An agent with its specification, the figures of its checks, its versions and its process.

        Raises `NotFound`, and `DeploymentError` where its files can't be used.
        """
        placed = await self.deployments.history(name)
        if not placed.deployments:
            raise NotFound(f"no built agent is called {name!r}", where="agents", todo="List them with agents list.")
        latest = placed.deployments[-1]
        loaded = await self.deployments.load(latest)
        manifest = loaded.version.manifest
        live = self._agents.find(name)
        return {
            "deployed": latest,
            "retired": placed.retired,
            "specification": loaded.specification.model_dump(mode="json"),
            "figures": manifest.figures,
            "files": sorted(manifest.files),
            "history": list(placed.deployments),
            "trials": list(placed.trials),
            "standing": await self.trials.share(name, self.clock.now()),
            "worker": None if live is None else live.worker.state,
        }

    async def export(
        self, name: str, folder: Path, *, version: str | None = None, agentcore: bool = False
    ) -> DeployedAgent:
        """Write a version (None: the one that serves, or served last) into a new folder, as a project of its own.

        With `agentcore` it has an entry point for AWS Bedrock AgentCore. Raises `NotFound` and `DeploymentError`.
        """
        from roles.deployed.export import agentcore_files, export_files, write_export

        placed = await self.deployments.history(name)
        wanted = [one for one in placed.deployments if version in (None, one.version)]
        if not wanted:
            what = f"no built agent is called {name!r}" if version is None else f"{name} has no version {version}"
            raise NotFound(what, where="agents", todo="List them with agents list.")
        loaded = await self.deployments.load(wanted[-1])
        files = (agentcore_files if agentcore else export_files)(loaded.specification, loaded.version)
        await anyio.to_thread.run_sync(write_export, folder, files)
        return wanted[-1]

    async def _probe(self, name: str) -> Reached:
        health = await self.verify_health(name)
        if not health.ok:
            raise ConfigurationError(health.told(), where=f"agent {name}", todo="See agents health; agents rollback.")
        return Reached(version=health.version, detail=health.told())


def _signer(store: EventStore) -> Signer:
    keyring = store.keyring
    if keyring is None or keyring.service is None:
        raise ConfigurationError(
            "agents are signed, and this log was opened without keys", where="store.keys",
            todo="Give it a folder of keys.",
        )  # fmt: skip
    return Signer(keyring.service)
