"""Gives a version of a built agent a share of the requests, and then all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio.to_thread
from pydantic import JsonValue

from common.errors import DeploymentError, NotFound, StreamConflict
from events.catalogue.agent import AgentTrialStarted
from events.store import EventStore, stream_name
from roles.deployed.deployments import (
    FOLDER,
    SPECIFICATION,
    DeployedAgent,
    Deployments,
    NewVersion,
    Placed,
    check_name,
)
from roles.deployed.trials import AgentTrial, Lifted

if TYPE_CHECKING:
    from roles.engineering.specification import Specification

__all__ = ["AgentTrials"]

_ATTEMPTS = 20


class AgentTrials:
    """Begins and ends trials, one at a time for each agent. Each step is one append on top of what it was decided by:
    of two processes that decide alike only one writes it, and a crash leaves it done or not begun.
    """

    def __init__(self, store: EventStore, deployments: Deployments) -> None:
        self._store = store
        self._deployments = deployments

    async def start(
        self,
        specification: Specification,
        files: Mapping[str, str | bytes],
        *,
        percent: float,
        figures: Mapping[str, JsonValue] | None = None,
        build: str = "",
        by: str,
        improvement: str | None = None,
        improved: Mapping[str, JsonValue] | None = None,
    ) -> AgentTrial:
        """Give a version a share of the requests; on return that is durable. See `Deployments.deploy`.

        The same `build` again changes nothing while its trial runs. Raises `DeploymentError` where nothing serves that
        it could stand beside, where it is the same as that, or where another version is on trial; and `StoreError`.
        """
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        contents[SPECIFICATION] = (specification.model_dump_json(indent=2) + "\n").encode()
        name = specification.name
        check_name(name)
        new = NewVersion(specification, contents, figures or {}, build, by, improvement)
        for _ in range(_ATTEMPTS):
            placed = await self._deployments.history(name)
            serving, trial = placed.current, placed.trial
            if serving is None:
                raise DeploymentError(f"no version of {name} serves", where=name, todo="Deploy it.")
            if trial is not None:
                if build and trial.build == build:
                    return trial
                raise DeploymentError(
                    f"{name} {trial.version} is on trial already", where=name,
                    todo="Promote it, or roll it back, before the next one.",
                )  # fmt: skip
            version = await anyio.to_thread.run_sync(self._deployments.place, new)
            if version.manifest_hash == serving.manifest_hash:
                raise DeploymentError(f"this is the version of {name} that serves", where=name)
            started = AgentTrialStarted(
                name=name,
                version=version.manifest.version,
                beside=serving.version,
                percent=percent,
                folder=f"{FOLDER}/{name}/{version.manifest.version}",
                specification_hash=specification.fingerprint(),
                manifest_hash=version.manifest_hash,
                signature=version.signature,
                build=build,
                by=by,
                improvement=improvement,
                figures=dict(improved or {}),
            )
            try:
                await self._store.append(stream_name("agent", name), [started], placed.last_version)
            except StreamConflict:
                continue
            begun = (await self._deployments.history(name)).trial
            if begun is not None:
                return begun
        raise DeploymentError("others change this agent all the time", where=name, todo="Try again.")

    async def promote(self, name: str, lifted: Lifted, version: str | None = None) -> DeployedAgent:
        """Have the version on trial serve all requests. Raises `NotFound` where none is, or another than `version`."""
        for _ in range(_ATTEMPTS):
            placed, trial = await self._on_trial(name, version)
            loaded = await self._deployments.load(trial)
            new = NewVersion(
                loaded.specification, {}, {}, trial.build, lifted.by, trial.improvement,
                improved=trial.figures or None,
            )  # fmt: skip
            try:
                return await self._deployments.put_into_service(
                    placed, loaded.specification, loaded.version, new, ended=lifted.event(trial, "promoted")
                )
            except StreamConflict:
                continue
        raise DeploymentError("others change this agent all the time", where=name, todo="Try again.")

    async def end(self, name: str, lifted: Lifted, version: str | None = None) -> DeployedAgent:
        """Take its share from the version on trial; returns what serves all requests again. Raises `NotFound`."""
        for _ in range(_ATTEMPTS):
            placed, trial = await self._on_trial(name, version)
            event = lifted.event(trial, "rolled_back")
            try:
                await self._store.append(stream_name("agent", name), [event], placed.last_version)
            except StreamConflict:
                continue
            return placed.deployments[-1]
        raise DeploymentError("others change this agent all the time", where=name, todo="Try again.")

    async def _on_trial(self, name: str, version: str | None) -> tuple[Placed, AgentTrial]:
        placed = await self._deployments.history(name)
        trial = placed.trial
        if trial is None or version not in (None, trial.version):
            raise NotFound(
                f"no version of {name} is on trial" if trial is None else f"{name} {version} is not on trial",
                where=name, todo="agents show tells what serves.",
            )  # fmt: skip
        return placed, trial
