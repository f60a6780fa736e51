"""`supervisor.builds`: agents built from what is asked for, put into service, and told of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
from pydantic import JsonValue

from common.context import Owner
from common.errors import BuildError, ConfigurationError, LimitExceeded, NotFound, Overloaded, SupervisorError
from common.settings import Settings
from common.telemetry import Telemetry
from common.tool import Tool
from common.updates import BuildProgress
from events.ownership import Ownership
from events.projection import Views
from events.state.build import BuildState, BuildStatus
from events.state.improvement import ApprovedImprovement
from events.store import EventStore
from events.views.builds import BuildView
from llm_provider.factory import LLMFactory
from roles.builder.conversation import Conversation
from roles.builder.parts import Deployed
from roles.builder.real_parts import real_parts
from roles.builder.service_builder import BuiltAgent, ServiceBuilder, improvement_build_id
from roles.builder.tools import builder_tools
from roles.engineering.specification import Specification
from roles.specialists.specialist import Applied, text_of
from supervisor.begun import StartSoon, begin
from supervisor.build_folders import BuildFolders
from supervisor.deployment import DeployedAgents

__all__ = ["INTERRUPTED", "Builds", "ImprovementBuilder", "told_status", "wire_building"]

INTERRUPTED = "interrupted"
"""The status of a build that runs by the log and that nobody works on: its process ended before it did."""
_LEAST_PREFIX = 4
_MANY = 1_000
_KEPT = 1_000
"""Steps of a build that may wait for whoever follows it."""
_END = 15.0
"""Seconds that whoever stops to follow a build waits for its end."""


def told_status(status: BuildStatus, *, under_way: bool) -> str:
    """The status of a build as people are told it: one that the log says runs may have been interrupted."""
    return INTERRUPTED if status is BuildStatus.RUNNING and not under_way else status.value


class PutIntoService:
    """Implements `roles.builder.parts.Deploying`."""

    def __init__(self, deployed: DeployedAgents) -> None:
        self._agents = deployed

    async def in_service(self, name: str) -> Deployed | None:
        """The version that serves; None where none does. Raises `BuildError` for the name of another role."""
        self._agents.check_free(name)
        found = await self._agents.in_service(name)
        if found is None:
            return None
        return Deployed(name, found.version, found.folder, found.specification_hash, found.build)

    async def next_version(self, name: str, wanted: str) -> str:
        """`wanted`, where nothing of the name was deployed; else its latest version with the middle number raised."""
        deployments = self._agents.deployments
        history = await deployments.history(name)
        taken = {one.version for one in history.deployments} | set(await deployments.versions(name))
        if not taken:
            return wanted
        major, minor, _ = max(tuple(map(int, version.split("."))) for version in taken)
        return f"{major}.{minor + 1}.0"

    async def deploy(
        self,
        folder: Path,
        specification: Specification,
        files: Mapping[str, str],
        figures: Mapping[str, JsonValue],
        *,
        build: str,
        by: str,
        improvement: str | None,
    ) -> Deployed:
        """Put it into service, and route to it."""
        placed = await self._agents.deploy(
            specification, files, figures=figures, build=build, by=by, improvement=improvement
        )
        return Deployed(placed.name, placed.version, placed.folder, placed.specification_hash, placed.build)

    async def verify_health(self, name: str) -> str:
        """Start it and have it answer. Raises `BuildError` where it is not well."""
        health = await self._agents.verify_health(name)
        if not health.ok:
            raise BuildError(health.told(), where=name)
        return health.told()

    async def withdraw(self, name: str, *, build: str, by: str, reason: str) -> None:
        """Take what a build deployed out of service."""
        await self._agents.withdraw(name, build=build, by=by, reason=reason)


class Builds:
    """Builds agents and tells of builds. `builder` is the `ServiceBuilder` below."""

    def __init__(self, builder: ServiceBuilder, views: Views, database_url: str | None) -> None:
        self.builder = builder
        self._views = views
        self._database_url = database_url
        self._start_soon: StartSoon | None = None
        self._begun = set[object]()

    def attach(self, start_soon: StartSoon) -> None:
        """Give builds that are streamed, or that nobody waits for, their parent."""
        self._start_soon = start_soon

    def tools(self, folder_of: Callable[[Owner], Path]) -> tuple[Tool, ...]:
        """The builder's tools, for drafts below the folders of their owners."""
        return builder_tools(self.builder.parts, folder_of, self._database_url)

    async def create_agent(self, requirements: str | Mapping[str, JsonValue], *, by: str, **options: Any) -> BuiltAgent:
        """Build an agent, and put it into service; see `ServiceBuilder.create_agent`."""
        return await self.builder.create_agent(requirements, by=by, **options)

    async def resume(
        self, build_id: str, *, by: str, emit: Callable[[BuildProgress], None] | None = None
    ) -> BuiltAgent:
        """Go on with a build, by its id or an unambiguous beginning of it; see `ServiceBuilder.resume`."""
        return await self.builder.resume(await self.find(build_id), by=by, emit=emit)

    async def begin(self, requirements: str | Mapping[str, JsonValue], *, by: str, **options: Any) -> str:
        """Begin a build, and return its id once it is in the log; it goes on by itself, and the log tells its end.

        Raises what `create_agent` raises before anything is begun, and `Overloaded` where `builder.concurrent` builds
        run that were begun so.
        """
        return await self._begin(lambda emit: self.create_agent(requirements, by=by, emit=emit, **options))

    async def begin_resume(self, build_id: str, *, by: str) -> str:
        """Begin to go on with a build, like `begin`; nothing where it is finished. Raises `NotFound`, and `BuildError`
        while somebody works on it.
        """
        whole = await self.find(build_id)
        if (await self.builder.state(whole)).status is BuildStatus.FINISHED:
            return whole
        return await self._begin(lambda emit: self.builder.resume(whole, by=by, emit=emit))

    async def _begin(self, build: Callable[[Callable[[BuildProgress], None]], Awaitable[BuiltAgent]]) -> str:
        most = self.builder.settings.concurrent
        if len(self._begun) >= most:
            raise Overloaded(f"{most} builds run already", where="builder.concurrent", todo="Try again when one ended.")

        place = object()
        self._begun.add(place)

        async def work(tell: Callable[[str], None]) -> None:
            try:
                await build(lambda step: tell(step.build_id))
            finally:
                self._begun.discard(place)

        try:
            return await begin(self._start_soon, work, "a build")
        except LimitExceeded:  # it may begin yet, and keeps its place till it ends
            raise
        except Exception:
            self._begun.discard(place)
            raise

    async def stream(
        self, requirements: str | Mapping[str, JsonValue], *, by: str, **options: Any
    ) -> AsyncGenerator[BuildProgress | BuiltAgent]:
        """Build an agent, and yield each step; the last is the `BuiltAgent`. Closing the iterator stops the build.

        What is stopped can be gone on with. Raises like `create_agent`. A slow reader loses steps beyond a bound.
        """
        start_soon = self._start_soon
        if start_soon is None:
            raise ConfigurationError("the supervisor is not running", where="Supervisor.builds")
        send, receive = anyio.create_memory_object_stream[BuildProgress](_KEPT)
        scope, ended = anyio.CancelScope(), anyio.Event()
        became: list[BuiltAgent | Exception] = []

        def emit(step: BuildProgress) -> None:
            try:
                send.send_nowait(step)
            except (anyio.WouldBlock, anyio.BrokenResourceError):
                return

        async def work() -> None:
            try:
                with scope:
                    became.append(await self.create_agent(requirements, by=by, emit=emit, **options))
            except Exception as error:  # raised to whoever reads
                became.append(error)
            finally:
                send.close()
                ended.set()

        start_soon(work)
        try:
            async with receive:
                async for step in receive:
                    yield step
            if not became:
                raise SupervisorError("the build was stopped", where="builds.stream", todo="Resume it.")
            if isinstance(became[0], Exception):
                raise became[0]
            yield became[0]
        finally:
            scope.cancel()
            with anyio.move_on_after(_END, shield=True):
                await ended.wait()

    async def conversation(self) -> Conversation:
        """A conversation in which an agent is talked over before it is built. Raises `BuildError` for the database."""
        understanding = self.builder.parts.understanding
        sources = await understanding.read_schema(self._database_url) if self._database_url else ()
        return Conversation(understanding, sources, can_write=self.builder.can_write())

    async def list(self, *, limit: int = 50, before: int | None = None) -> list[dict[str, Any]]:
        """The latest builds, newest first; of those that began before a position of the log, where one is given.

        One that runs by the log, and that nobody works on, has the status `INTERRUPTED`.
        """
        where = {} if before is None else {"position <": before}
        rows = await self._views.query(BuildView.name, where, order_by="-position", limit=limit)
        return [row | {"status": await self._status(row)} for row in rows]

    async def _status(self, row: Mapping[str, Any]) -> str:
        status = BuildStatus(row["status"])
        runs = status is BuildStatus.RUNNING
        return told_status(status, under_way=runs and await self.builder.is_at_work(str(row["id"]), str(row["owner"])))

    async def show(self, build_id: str) -> BuildState:
        """Where a build stands, stage by stage, with what was tried. Raises `NotFound`."""
        return await self.builder.state(await self.find(build_id))

    async def find(self, build_id: str) -> str:
        """The whole id for an unambiguous beginning of one. Raises `NotFound`."""
        rows = await self._views.query(BuildView.name, order_by="-position", limit=_MANY)
        found = [str(row["id"]) for row in rows if str(row["id"]).startswith(build_id)]
        if build_id in found:
            return build_id
        if len(found) != 1 or len(build_id) < _LEAST_PREFIX:
            what = "several builds begin" if len(found) > 1 else "no build begins"
            raise NotFound(f"{what} with {build_id[:60]!r}", where="builds", todo="List them with builds list.")
        return found[0]


class ImprovementBuilder:
    """Implements `roles.specialists.specialist.AgentBuilder`: one build for an improvement, however often asked."""

    def __init__(self, builder: ServiceBuilder) -> None:
        self._builder = builder

    async def build(self, leave: ApprovedImprovement) -> Applied:
        """Build what the plan asks for in `request` (or `requirements`, `description`), or in `specification`."""
        build_id, arguments = improvement_build_id(leave.improvement_id), leave.plan.arguments
        try:
            await self._builder.state(build_id)
        except NotFound:
            asked = arguments.get("requirements") or arguments.get("request") or text_of(arguments, "description")
            given = text_of(arguments, "specification")
            if not given and not (isinstance(asked, str | dict) and asked):
                raise BuildError(
                    "the plan does not say what the agent is to do", where=leave.improvement_id,
                    todo="Name it in the plan's argument request.",
                ) from None  # fmt: skip
            built = await self._builder.create_agent(
                asked if isinstance(asked, str | dict) else "", by=f"improvement, approved by {leave.approved_by}",
                specification=given, improvement=leave.improvement_id, build_id=build_id,
            )  # fmt: skip
        else:
            built = await self._builder.resume(build_id, by=f"improvement, approved by {leave.approved_by}")
        return Applied(f"{built.name} {built.version} was built", {"build": build_id, "built": built.name})

    async def built(self, improvement_id: str) -> Applied | None:
        """What was built for an improvement, if anything."""
        build_id = improvement_build_id(improvement_id)
        try:
            state = await self._builder.state(build_id)
        except NotFound:
            return None
        if state.status is not BuildStatus.FINISHED or state.finished is None:
            return None
        ended = state.finished
        return Applied(f"{ended.name} {ended.version} was built", {"build": build_id, "built": ended.name})

    async def take_back(self, improvement_id: str, undo: JsonValue) -> None:
        """Take what was built out of service. Raises `BuildError`."""
        name = undo.get("built") if isinstance(undo, dict) else None
        deploying = self._builder.parts.deploying
        if not isinstance(name, str) or deploying is None:
            raise BuildError("nothing can take that back", where=improvement_id)
        await deploying.withdraw(
            name, build=improvement_build_id(improvement_id), by="system_architect",
            reason=f"improvement {improvement_id} was undone",
        )  # fmt: skip


def wire_building(
    settings: Settings,
    store: EventStore,
    views: Views,
    ownership: Ownership,
    models: LLMFactory,
    telemetry: Telemetry,
    deployed: DeployedAgents,
) -> Builds:
    """The builder of one supervisor, with its parts."""
    parts = real_parts(settings.sandbox, PutIntoService(deployed), read_values=settings.builder.read_values)
    cache = settings.data_dir / "cache" / "builds"
    folders = BuildFolders(settings.builder, settings.builds_folder, store, views, ownership, deployed.clock)
    builder = ServiceBuilder(
        settings.builder, settings.builds_folder, cache, store, ownership, models, parts, telemetry=telemetry,
        tidy=folders.prune,
    )  # fmt: skip
    return Builds(builder, views, settings.builder.database_url)
