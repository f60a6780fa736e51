"""Builds agents from what is asked for: the public side of the builder."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from pydantic import JsonValue

from common.builder_settings import BuilderSettings
from common.errors import BuildError, StreamConflict
from common.limits import Budget, Limits, Usage
from common.telemetry import Telemetry
from common.updates import BuildProgress
from events.catalogue.build import BuildStarted
from events.ownership import Ownership
from events.state.build import BuildState, BuildStatus, resume
from events.store import EventStore
from llm_provider.factory import LLMFactory
from roles.builder.beginning import check_beginning, is_worth_resuming
from roles.builder.cache import BuildCache
from roles.builder.free_memory import free_memory
from roles.builder.model_writing import ModelWriter
from roles.builder.parts import BuildParts
from roles.builder.pipeline import build_stream, read_build, run_stages
from roles.builder.stage_context import PROJECT, Building
from roles.builder.workspace import Workspace

__all__ = ["BuiltAgent", "ServiceBuilder", "improvement_build_id"]


@dataclass(frozen=True, slots=True)
class BuiltAgent:
    """What was built. `folder` holds the package, its tests, documents and specification.

    `seconds` is the sum of the stages, `reused` how many of them earlier builds had done. `figures` were measured in
    the sandbox.
    """

    name: str
    version: str
    build_id: str
    folder: Path
    deployed: bool
    specification_hash: str
    seconds: float
    model_calls: int
    tokens: int
    repairs: int
    reused: int
    figures: Mapping[str, JsonValue]


def improvement_build_id(improvement_id: str) -> str:
    """The one build that carries out an improvement."""
    return hashlib.sha256(f"improvement {improvement_id}".encode()).hexdigest()[:32]


class ServiceBuilder:
    """Builds agents; every stage is an event, so what is interrupted can be gone on with by `resume`.

    `folder` holds a folder for each build, `cache` results that later builds use again. `ownership` tells whether a
    process that began a build still works on it. `tidy` is called whenever a build has ended well.
    """

    def __init__(
        self,
        settings: BuilderSettings,
        folder: Path,
        cache: Path,
        store: EventStore,
        ownership: Ownership,
        models: LLMFactory,
        parts: BuildParts,
        *,
        telemetry: Telemetry | None = None,
        memory: Callable[[], int] = free_memory,
        tidy: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.settings = settings
        self.parts = parts
        self._folder = folder
        self._store = store
        self._ownership = ownership
        self._models = models
        self._telemetry = telemetry
        self._memory = memory
        self._tidy = tidy
        self._cache = BuildCache(cache, settings.cache_entries)
        self._running: set[str] = set()

    async def create_agent(
        self,
        requirements: str | Mapping[str, JsonValue],
        *,
        by: str,
        answers: Mapping[str, JsonValue] | None = None,
        specification: str = "",
        deploy: bool = True,
        improvement: str | None = None,
        build_id: str | None = None,
        emit: Callable[[BuildProgress], None] | None = None,
    ) -> BuiltAgent:
        """Build an agent from a text or a mapping, or from a specification in YAML, and put it into service.

        `answers` are to what would be asked for, by name. `emit` hears of every stage. A given specification that can't
        be used, and a name that the agent can't have, are refused before anything is begun. Raises `BuildError`
        (`ConstraintViolation` where it costs too much), `SandboxError` where no sandbox can be had, `ModelError`,
        `LimitExceeded`, `ValidationFailed` and `StoreError`; the build's folder stays for a look.
        """
        name = build_id or uuid.uuid4().hex
        asked: JsonValue = requirements if isinstance(requirements, str) else dict(requirements)
        if answers:
            told = {"text": asked} if isinstance(asked, str) else asked
            asked = {**told, "answers": dict(answers)}
        await check_beginning(self.parts, asked, specification, deploy=deploy)
        started = BuildStarted(
            build_id=name, requirements=asked, specification=specification, folder=name,
            owner=await anyio.to_thread.run_sync(lambda: self._ownership.owner_id), by=by, deploy=deploy,
            improvement=improvement,
        )  # fmt: skip
        await self._store.append(build_stream(name), [started], 0, correlation=name)
        return await self._work(name, emit)

    async def resume(
        self, build_id: str, *, by: str, emit: Callable[[BuildProgress], None] | None = None
    ) -> BuiltAgent:
        """Go on with a build from its last finished stage; one that is finished is told again.

        Raises `NotFound`, `BuildError` while another process works on it, and what `create_agent` raises.
        """
        state = await read_build(self._store, build_id)
        if state.status is BuildStatus.FINISHED:
            return self._built(state)
        own = await anyio.to_thread.run_sync(lambda: self._ownership.owner_id)
        if await self.is_worked_on(state):
            raise BuildError("somebody works on this build right now", where=build_id, todo="Wait for its end.")
        event = resume(state, owner=own, by=by)
        try:
            await self._store.append(build_stream(build_id), [event], state.version, correlation=build_id)
        except StreamConflict:
            raise BuildError("somebody works on this build right now", where=build_id) from None
        return await self._work(build_id, emit)

    async def state(self, build_id: str) -> BuildState:
        """Where a build stands. Raises `NotFound`."""
        return await read_build(self._store, build_id)

    def workspace(self, build_id: str) -> Workspace:
        """The folder of a build. Raises `BuildError` for what is no id."""
        if not (len(build_id) == 32 and all(letter in "0123456789abcdef" for letter in build_id)):
            raise BuildError(f"{build_id[:60]!r} is no id of a build", where="build", todo="See builds list.")
        return Workspace(self._folder / build_id)

    async def is_worked_on(self, state: BuildState) -> bool:
        """Whether this process or another one works on a build; one that runs by the log may have been interrupted."""
        if state.status is not BuildStatus.RUNNING:
            return state.build_id in self._running
        return await self.is_at_work(state.build_id, state.owner)

    async def is_at_work(self, build_id: str, owner: str) -> bool:
        """Whether this process, or another one that is the owner, works on a build that runs by the log."""
        if build_id in self._running:
            return True
        own = await anyio.to_thread.run_sync(lambda: self._ownership.owner_id)
        return owner != own and await anyio.to_thread.run_sync(self._ownership.is_alive, owner)

    def may_come_further(self, state: BuildState) -> bool:
        """Whether going on with a build can be of use: not where it is finished, or what was asked for can't be."""
        failed = state.failed
        if failed is None:
            return state.status is BuildStatus.RUNNING
        return is_worth_resuming(failed.stage, failed.code, model=self.can_write())

    def can_write(self) -> bool:
        """Whether a model is configured that can write what no template covers."""
        return not self._models.is_offline(self.settings.tier)

    async def _work(self, build_id: str, emit: Callable[[BuildProgress], None] | None) -> BuiltAgent:
        self._running.add(build_id)
        try:
            building = await self._building(build_id, emit or _ignore)
            built = self._built(await run_stages(self._store, building, retries=self.settings.max_retries))
        finally:
            self._running.discard(build_id)
        if self._tidy is not None:
            await self._tidy()
        return built

    async def _building(self, build_id: str, emit: Callable[[BuildProgress], None]) -> Building:
        settings = self.settings
        free = await anyio.to_thread.run_sync(self._memory)
        if free < settings.min_memory:
            raise BuildError(
                f"only {free / 2**20:.0f} MiB of memory are free, and {settings.min_memory / 2**20:.0f} are needed",
                where="builder.min_memory",
                todo=f"End other programs, then: agent-supervisor build --resume {build_id}",
            )
        state = await read_build(self._store, build_id)
        limits = Limits(wall_clock=settings.timeout, turns=min(200, settings.model_calls), tokens=settings.tokens)
        budget = Budget(limits, usage=Usage(input_tokens=state.tokens, model_calls=state.model_calls))
        model = ModelWriter(
            self._models, settings.tier, budget=budget, whole_tokens=settings.whole_tokens, telemetry=self._telemetry
        )
        return Building(
            state=state, workspace=self.workspace(build_id), parts=self.parts, cache=self._cache, model=model,
            budget=budget, database_url=settings.database_url, emit=emit,
        )  # fmt: skip

    def _built(self, state: BuildState) -> BuiltAgent:
        ended = state.finished
        if ended is None:
            raise BuildError("the build did not end", where=state.build_id)
        return BuiltAgent(
            name=ended.name,
            version=ended.version,
            build_id=state.build_id,
            folder=self._folder / state.started.folder / PROJECT,
            deployed=ended.deployed,
            specification_hash=ended.specification_hash,
            seconds=round(state.seconds, 3),
            model_calls=state.model_calls,
            tokens=state.tokens,
            repairs=len(state.tried),
            reused=sum(done.reused for done in state.done.values()),
            figures=ended.figures,
        )


def _ignore(_: BuildProgress) -> None:
    return None
