"""Built agents that serve in this supervisor: roles, tools and router are kept in step with the log."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import anyio
from pydantic import JsonValue

from common.errors import AgentError, ConfigurationError, DeploymentError, SupervisorError
from common.health import Reached
from common.logs import get_logger
from common.sandbox import Sandbox, SandboxLimits
from common.settings import Settings
from common.tool import Served
from events.projection import Row, Views
from events.store import EventStore
from events.topic_news import TopicNews
from events.views.agent_registry import AgentRegistryView
from llm_provider.tool_registry import ToolRegistry
from roles.deployed.broker import DataBroker
from roles.deployed.deployments import DeployedAgent, Deployments, LoadedAgent, check_name
from roles.deployed.serving import KeptSides, Serving, Side
from roles.deployed.trials import AgentTrial
from roles.deployed.worker import AgentWorker, Rows, WorkerPackage
from roles.resources import RoleResources
from roles.role_registry import RoleRegistry
from roles.router import Router

if TYPE_CHECKING:
    from roles.deployed.role import BuiltRole
    from roles.engineering.specification import Specification

__all__ = ["LiveAgent", "LiveAgents", "LiveVersion", "address_of"]

_log = get_logger(__name__)
_MANY = 100_000
_AGAIN = 30.0
"""Seconds after which the files of an agent that could not be loaded are looked at again."""
_LINGERS = 600.0
"""Seconds for which a version that was replaced answers the requests that found it."""
_WORKER_PROCESSES = 8


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """A version that answers calls here: what the log says of it, its process, and who gives it its rows."""

    of: DeployedAgent | AgentTrial
    specification: Specification
    worker: AgentWorker
    broker: DataBroker


@dataclass(frozen=True, slots=True)
class LiveAgent:
    """An agent that serves here. `trial` is a version that has a share of its requests."""

    deployed: DeployedAgent
    specification: Specification
    role: BuiltRole
    worker: AgentWorker
    broker: DataBroker
    serving: Serving
    trial: LiveVersion | None = None


@dataclass(frozen=True, slots=True)
class _Faulty:
    """Why an agent that the log has in service can't serve here."""

    why: SupervisorError
    seen: float = field(default_factory=anyio.current_time)


class LiveAgents:
    """Loads what the log has in service, and lets go what it has not; `probe` is asked for the health of one.

    A request that was routed to an agent goes on with the version that it found.
    """

    def __init__(
        self,
        settings: Settings,
        store: EventStore,
        views: Views,
        deployments: Deployments,
        roles: RoleRegistry,
        tools: ToolRegistry,
        resources: RoleResources,
        probe: Callable[[str], Awaitable[Reached]],
    ) -> None:
        self._settings = settings
        self._views = views
        self._deployments = deployments
        self._roles = roles
        self._tools = tools
        self._resources = resources
        self._probe = probe
        self._news = TopicNews(store, AgentRegistryView.topics)
        self._lock = anyio.Lock()
        self._live: dict[str, LiveAgent] = {}
        self._faulty: dict[str, _Faulty] = {}
        self._leaving: list[tuple[float, LiveAgent | LiveVersion]] = []
        self._kept: dict[str, KeptSides] = {}
        self._router: Router | None = None
        self._start_soon: Callable[..., None] | None = None
        self._sandbox: Sandbox | None = None
        self._finding = anyio.Lock()

    def attach(self, start_soon: Callable[..., None]) -> None:
        """Give the processes of agents their parent; without one, calls fail."""
        self._start_soon = start_soon

    def use(self, router: Router) -> None:
        """The router that learns every change from now on."""
        self._router = router

    @property
    def names(self) -> Sequence[str]:
        """The agents that serve here."""
        return tuple(self._live)

    @property
    def faulty(self) -> Sequence[str]:
        """The agents that the log has in service and that can't serve here."""
        return tuple(self._faulty)

    def find(self, name: str) -> LiveAgent | None:
        """An agent that serves here."""
        return self._live.get(name)

    def why_not(self, name: str) -> str:
        """Why an agent does not serve here."""
        return str(self._faulty[name].why) if name in self._faulty else "it is not loaded yet"

    def check(self, specification: Specification) -> None:
        """Raise `DeploymentError` where no role could be made of it here."""
        from roles.deployed.role import BuiltRole

        check_name(specification.name)
        try:
            self.check_free(specification.name)
            nobody = Serving(specification.name, Side(specification.version, _NOBODY))
            role = BuiltRole(self._resources, specification, nobody, _unasked)
            RoleRegistry().add(role)
            ToolRegistry(role.tools)
        except SupervisorError as error:
            raise DeploymentError(error.what, where=error.where, todo=error.todo) from None

    def check_free(self, name: str) -> None:
        """Raise `ConfigurationError` where roles or tools that are not built have the name."""
        if name not in self._live and (name in self._roles.names or name in self._tools.categories):
            raise ConfigurationError(
                f"{name!r} is the name of another role or of other tools",
                where=f"agent {name}",
                todo="Give the agent another name.",
            )

    async def refresh(self) -> None:
        """Take in what was deployed, rolled back or removed, here or in another process. Raises `StoreError`."""
        async with self._lock:
            await self._let_replaced_go()
            position = await self._news.look()
            again = any(anyio.current_time() - one.seen > _AGAIN for one in self._faulty.values())
            if position is not None or again:
                await self._take_in()
            if self._router is not None and not self._router.is_current:
                await self._router.learn()
            if position is not None:
                self._news.taken(position)

    async def close(self) -> None:
        """End all processes and let the databases go."""
        trials = [one.trial for one in self._live.values() if one.trial is not None]
        live = [*self._live.values(), *trials, *(one for _, one in self._leaving)]
        self._live, self._leaving = {}, []
        for one in live:
            one.worker.close("the supervisor is being closed")
            await one.broker.close()

    async def _take_in(self) -> None:
        rows = await self._views.query(AgentRegistryView.name, {"state": "deployed"}, limit=_MANY)
        wanted = {str(row["name"]): row for row in rows}
        for name in [name for name in self._live if name not in wanted]:
            await self._let_go(name)
        self._faulty = {name: one for name, one in self._faulty.items() if name in wanted}
        for name, row in wanted.items():
            deployed = _from_row(row)
            live = self._live.get(name)
            if live is None or live.deployed.manifest_hash != deployed.manifest_hash:
                try:
                    await self._take(deployed, enabled=bool(row["enabled"]))
                except SupervisorError as error:
                    if name not in self._faulty:
                        _log.error("the agent %s can't serve here: %s", name, error)
                    self._faulty[name] = _Faulty(error)
                    await self._let_go(name)
                    continue
                self._faulty.pop(name, None)
            await self._share(name, row["trial"])

    async def _share(self, name: str, row: dict[str, Any] | None) -> None:
        """Have the version on trial serve its share, or none: where it can't be loaded here, the other one serves."""
        live = self._live[name]
        trial = None if row is None else _trial_of(name, row)
        known = live.trial.of if live.trial is not None else None
        if known == trial:
            return
        version: LiveVersion | None = None
        if trial is not None:
            try:
                version = self._version_of(trial, await self._deployments.load(trial))
            except SupervisorError as error:
                _log.error("%s %s, which is on trial, can't serve here: %s", name, trial.version, error)
        if live.trial is not None:
            self._leaving.append((anyio.current_time() + _LINGERS, live.trial))
        live.serving.trial = (
            None if version is None or trial is None else Side(trial.version, version.worker, trial.percent)
        )
        self._live[name] = replace(live, trial=version)

    async def _take(self, deployed: DeployedAgent, *, enabled: bool) -> None:
        """Load a version and route to it. Raises `DeploymentError`, `ConfigurationError`, and changes nothing then."""
        self.check_free(deployed.name)
        before = self._live.get(deployed.name)
        promoted = None if before is None else before.trial
        if promoted is not None and promoted.of.manifest_hash == deployed.manifest_hash:
            live = self._agent_of(deployed, promoted)  # its process goes on, and so do its requests
        else:
            live = self._agent_of(deployed, self._version_of(deployed, await self._deployments.load(deployed)))
        self._tools.replace(deployed.name, live.role.tools)
        try:
            self._roles.replace(live.role)
        except ConfigurationError:
            self._tools.replace(deployed.name, () if before is None else before.role.tools)
            raise
        if not enabled:
            self._roles.disable(deployed.name)
        self._live[deployed.name] = live
        if before is not None:
            until = anyio.current_time() + _LINGERS
            self._leaving.append((until, before))
            if before.trial is not None and before.trial.worker is not live.worker:
                self._leaving.append((until, before.trial))

    async def _let_go(self, name: str) -> None:
        live = self._live.pop(name, None)
        if live is None:
            return
        self._roles.remove(name)
        self._tools.replace(name, ())
        self._kept.pop(name, None)
        for one in (live, live.trial):
            if one is not None:
                one.worker.close()
                await one.broker.close()

    async def _let_replaced_go(self) -> None:
        now = anyio.current_time()
        gone = [one for until, one in self._leaving if until < now]
        self._leaving = [(until, one) for until, one in self._leaving if until >= now]
        for one in gone:
            one.worker.close("another version of the agent serves now")
            await one.broker.close()

    def _agent_of(self, deployed: DeployedAgent, version: LiveVersion) -> LiveAgent:
        from roles.deployed.role import BuiltRole

        kept = self._kept.setdefault(deployed.name, KeptSides())
        serving = Serving(deployed.name, Side(deployed.version, version.worker), kept)
        probe = partial(self._probe, deployed.name)
        role = BuiltRole(self._resources, version.specification, serving, probe, self._serving_roles)
        return LiveAgent(deployed, version.specification, role, version.worker, version.broker, serving)

    def _today(self) -> date:
        return self._resources.clock.now().astimezone(ZoneInfo(self._settings.timezone)).date()

    def _serving_roles(self) -> Sequence[BuiltRole]:
        """The roles of agents that requests go to."""
        return [one.role for name, one in self._live.items() if self._roles.is_enabled(name)]

    def _version_of(self, deployed: DeployedAgent | AgentTrial, loaded: LoadedAgent) -> LiveVersion:
        specification = loaded.specification
        seconds = specification.constraints.call_seconds
        broker = DataBroker(
            specification, partial(address_of, self._settings, os.environ), seconds=seconds, today=self._today
        )
        worker = self.worker_of(loaded, f"{deployed.name} {deployed.version}", broker)
        return LiveVersion(deployed, specification, worker, broker)

    def worker_of(self, loaded: LoadedAgent, label: str, rows: Rows) -> AgentWorker:
        """A process for a version's files, whose queries `rows` answers; it is started by the first call."""
        settings, specification = self._settings, loaded.specification
        seconds = specification.constraints.call_seconds
        limits = SandboxLimits(
            memory=settings.sandbox.memory, cpus=settings.sandbox.cpus, seconds=seconds,
            output=settings.sandbox.output, processes=_WORKER_PROCESSES, disk=settings.sandbox.disk,
            files=settings.sandbox.files,
        )  # fmt: skip
        package = WorkerPackage(specification.name, label, loaded.version.files)
        return AgentWorker(package, rows, self._find_sandbox, self._start, limits=limits, call_seconds=seconds)

    def _start(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        if self._start_soon is None:
            raise ConfigurationError("the supervisor is not running, so no agent can", where="Supervisor")
        self._start_soon(work)

    async def _find_sandbox(self) -> Sandbox:
        from roles.sandbox.find import find_sandbox

        async with self._finding:
            if self._sandbox is None:
                self._sandbox = await find_sandbox(self._settings.sandbox)
            return self._sandbox


class _Nobody:
    """Stands for the process of an agent that is only looked at."""

    is_closed = False

    async def call(
        self, operation: str, arguments: Mapping[str, JsonValue], served: Served | None = None
    ) -> dict[str, JsonValue]:
        """Refuses."""
        raise AgentError("worker", f"{operation} of this agent can't be called")


_NOBODY = _Nobody()


async def _unasked() -> Reached:
    return Reached()


def address_of(settings: Settings, environment: Mapping[str, str], variable: str) -> str | None:
    """The address of the database that a specification names by a variable: the settings' own, or the environment's."""
    if variable == "DATABASE_URL" and settings.builder.database_url:
        return settings.builder.database_url
    return environment.get(variable) or None


def _from_row(row: Row) -> DeployedAgent:
    about: dict[str, Any] = dict(row["deployment"])
    at = datetime.fromisoformat(about.pop("deployed_at"))
    return DeployedAgent(name=str(row["name"]), version=str(row["version"]), at=at, **about)


def _trial_of(name: str, row: dict[str, Any]) -> AgentTrial:
    values: dict[str, Any] = {**row, "name": name, "at": datetime.fromisoformat(row["at"])}
    return AgentTrial(**values)
