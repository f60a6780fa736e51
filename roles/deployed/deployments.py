"""Which version of each built agent serves: folders on the disk, decisions in the log.

A version's folder is whole and on the disk before the log is told of it, in one append with everything that makes it
serve. So a crash between the two leaves a folder that nobody uses, and the next deployment of the same files takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio.to_thread
from pydantic import JsonValue, ValidationError

from common.clock import Clock
from common.errors import DeploymentError, NotFound, StreamConflict
from common.hints import AGENT_TYPES
from events.catalogue.agent import (
    AgentDeployed,
    AgentImproved,
    AgentRegistered,
    AgentRestored,
    AgentRetired,
    AgentTrialEnded,
)
from events.catalogue.base import Event
from events.projection import RecordedEvent
from events.recorded import refuse_unreadable
from events.store import EventStore, stream_name
from roles.deployed.manifest import Signer, manifest_of
from roles.deployed.trials import AgentTrial, fold_trials, overtaken, running
from roles.deployed.version_folder import Version, read_version, versions_in, write_version

if TYPE_CHECKING:
    from roles.engineering.specification import Specification

__all__ = ["FOLDER", "DeployedAgent", "Deployments", "LoadedAgent", "NewVersion", "Placed", "check_name"]

FOLDER = "agents"
"""The folder of all built agents, in the data folder."""
SPECIFICATION = "specification.json"
"""The file of every version that the supervisor reads the specification from; it writes it itself."""
_ATTEMPTS = 20
_MAX_NAME = 32


@dataclass(frozen=True, slots=True)
class DeployedAgent:
    """A version of an agent as it was put into service, at `at`; the rest as in `AgentDeployed`."""

    name: str
    version: str
    folder: str
    specification_hash: str
    manifest_hash: str
    signature: str
    build: str
    how: Literal["build", "rollback"]
    replaces: str | None
    reason: str
    by: str
    improvement: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """An agent's history: what was deployed, oldest first; the last one serves, unless it is `retired`.

    `trials` are the versions that had a share of the requests beside it, oldest first.
    """

    name: str
    deployments: Sequence[DeployedAgent] = ()
    retired: bool = False
    kind: str = ""
    last_version: int = 0
    """Of the stream."""
    trials: Sequence[AgentTrial] = ()

    @property
    def trial(self) -> AgentTrial | None:
        """The version that has a share of the requests now."""
        return running(self.trials)

    @property
    def current(self) -> DeployedAgent | None:
        """The version that serves; None where none does."""
        return None if self.retired or not self.deployments else self.deployments[-1]

    @property
    def before(self) -> str | None:
        """The version that a rollback goes back to: the one built before the last that serves."""
        order = list(dict.fromkeys(one.version for one in self.deployments if one.how == "build"))
        place = order.index(self.deployments[-1].version) if self.deployments else 0
        return order[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class LoadedAgent:
    """A version whose files were compared with what was signed."""

    specification: Specification
    version: Version


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What is to be deployed; see `Deployments.deploy`."""

    specification: Specification
    files: Mapping[str, bytes]
    figures: Mapping[str, JsonValue]
    build: str
    by: str
    improvement: str | None
    improved: Mapping[str, JsonValue] | None = field(default=None)


class Deployments:
    """Deploys, rolls back, removes and loads versions. `sign` gives the signer, and may block."""

    def __init__(self, store: EventStore, data_dir: Path, sign: Callable[[], Signer], clock: Clock) -> None:
        self._store = store
        self._data_dir = data_dir
        self._sign = sign
        self._clock = clock

    async def history(self, name: str) -> Placed:
        """What the log says of an agent; empty for one that it does not know. Raises `StoreError`."""
        recorded = await self._store.read(stream_name("agent", name))
        refuse_unreadable(recorded, "this agent is not changed")
        return _fold(name, recorded)

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
        """Put an agent into service; on return that is durable.

        The version is the specification's; where that one was deployed with other files, the next free one. The same
        files again, or the same `build`, change nothing where they serve already. `improved` are the figures of an
        improvement on the version before, told by AgentImproved. Raises `DeploymentError`, and `StoreError`.
        """
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        contents[SPECIFICATION] = (specification.model_dump_json(indent=2) + "\n").encode()
        check_name(specification.name)
        new = NewVersion(specification, contents, figures or {}, build, by, improvement, improved)
        for _ in range(_ATTEMPTS):
            placed = await self.history(specification.name)
            if placed.kind not in ("", "agent"):
                raise DeploymentError(
                    f"{specification.name!r} is the name of a {placed.kind} already", where=specification.name,
                    todo="Give the agent another name.",
                )  # fmt: skip
            serving = placed.current
            if serving is not None and build and serving.build == build:
                return serving
            version = await anyio.to_thread.run_sync(self.place, new)
            if serving is not None and serving.manifest_hash == version.manifest_hash:
                return serving
            try:
                return await self.put_into_service(placed, new.specification, version, new)
            except StreamConflict:  # somebody changed the agent meanwhile: look again
                continue
        raise DeploymentError("others deploy this agent all the time", where=specification.name, todo="Try again.")

    async def rollback(self, name: str, to: str | None = None, *, by: str, reason: str = "") -> DeployedAgent:
        """Have an earlier version serve; None: the one built before. Raises `NotFound`, `DeploymentError`."""
        for _ in range(_ATTEMPTS):
            placed = await self._known(name)
            wanted = placed.before if to is None else to
            earlier = next((one for one in reversed(placed.deployments) if one.version == wanted), None)
            if earlier is None:
                known = ", ".join(dict.fromkeys(one.version for one in placed.deployments))
                what = "no version before the one that serves" if to is None else f"no version {to}"
                raise NotFound(f"{name} has {what}", where=name, todo=f"Deployed were: {known}.")
            if placed.current is not None and placed.current.version == wanted:
                return placed.current
            loaded = await self.load(earlier)
            new = NewVersion(loaded.specification, {}, {}, earlier.build, by, None)
            try:
                return await self.put_into_service(placed, loaded.specification, loaded.version, new, reason)
            except StreamConflict:
                continue
        raise DeploymentError("others change this agent all the time", where=name, todo="Try again.")

    async def retire(self, name: str, *, by: str, reason: str = "", improvement: str | None = None) -> None:
        """Take an agent out of service; its files stay. Nothing happens where it is so. Raises `NotFound`."""
        retired = AgentRetired(name=name, reason=reason, by=by, improvement=improvement)
        await self._append(name, lambda placed: () if placed.retired else (*overtaken(placed.trial, by), retired))

    async def restore(self, name: str, *, by: str) -> DeployedAgent:
        """Bring a retired agent back, as it was. Raises `NotFound`, and `DeploymentError` where its files can't be."""
        placed = await self._known(name)
        await self.load(placed.deployments[-1])
        await self._append(name, lambda placed: (AgentRestored(name=name, by=by),) if placed.retired else ())
        return placed.deployments[-1]

    async def load(self, deployed: DeployedAgent | AgentTrial) -> LoadedAgent:
        """A version, every file compared with what was signed and told to the log. Raises `DeploymentError`."""
        return await anyio.to_thread.run_sync(self._load, deployed)

    async def versions(self, name: str) -> list[str]:
        """The versions of an agent that have a folder here."""
        return await anyio.to_thread.run_sync(versions_in, self._root, name)

    @property
    def _root(self) -> Path:
        return self._data_dir / FOLDER

    def _load(self, deployed: DeployedAgent | AgentTrial) -> LoadedAgent:
        from roles.engineering.specification import Specification

        folder = self._data_dir / FOLDER / deployed.name / deployed.version
        version = read_version(folder, self._sign(), manifest_hash=deployed.manifest_hash, signature=deployed.signature)
        try:
            specification = Specification.model_validate_json(version.files[SPECIFICATION])
        except (KeyError, ValidationError):
            raise DeploymentError(
                "the specification of this agent can't be read by this version of the package",
                where=str(folder),
                todo="Build and deploy the agent again.",
            ) from None
        return LoadedAgent(specification, version)

    def place(self, new: NewVersion) -> Version:
        """The folder for new files: one that holds them already, or the next free version. Blocks."""
        signer = self._sign()
        name, wanted = new.specification.name, new.specification.version
        for _ in range(10_000):
            manifest = manifest_of(
                name, wanted, new.files, created=self._clock.now(), build=new.build, figures=new.figures,
                specification_hash=new.specification.fingerprint(),
            )  # fmt: skip
            written = write_version(self._root, manifest, new.files, signer)
            if written is not None:
                return written
            try:
                there = read_version(self._root / name / wanted, signer)
            except DeploymentError:  # not ours, or changed: it stays for a person to look at
                there = None
            if there is not None and there.manifest.is_same_content(manifest):
                return there
            wanted = _next(wanted)
        raise DeploymentError("there is no free version any more", where=name)

    async def put_into_service(
        self,
        placed: Placed,
        specification: Specification,
        version: Version,
        new: NewVersion,
        reason: str | None = None,
        *,
        ended: AgentTrialEnded | None = None,
    ) -> DeployedAgent:
        """Append all that makes a version serve, with the end of a trial (`ended`: how) where one runs.

        Raises `StreamConflict` where the agent was changed meanwhile.
        """
        name = specification.name
        before = placed.current
        registered = AgentRegistered(
            name=name,
            kind="agent",
            description=" ".join(specification.purpose.split()),
            tools=[f"{name}.{operation.name}" for operation in specification.operations],
            examples=len(specification.examples),
            definition_hash=specification.fingerprint(),
            improvement=new.improvement,
        )
        deployed = AgentDeployed(
            name=name,
            version=version.manifest.version,
            folder=f"{FOLDER}/{name}/{version.manifest.version}",
            specification_hash=specification.fingerprint(),
            manifest_hash=version.manifest_hash,
            signature=version.signature,
            build=new.build,
            how="build" if reason is None else "rollback",
            replaces=None if before is None else before.version,
            reason=reason or "",
            by=new.by,
            improvement=new.improvement,
        )
        events: list[Event] = [*([ended] if ended else overtaken(placed.trial, new.by)), registered, deployed]
        if new.improved is not None and before is not None:
            events.append(
                AgentImproved(
                    name=name, version=deployed.version, from_version=before.version, figures=dict(new.improved),
                    improvement=new.improvement,
                )
            )  # fmt: skip
        await self._store.append(stream_name("agent", name), events, placed.last_version)
        return _deployed(deployed, self._clock.now())

    async def _known(self, name: str) -> Placed:
        placed = await self.history(name)
        if not placed.deployments:
            raise NotFound(f"no built agent is called {name!r}", where="agents", todo="List them with agents list.")
        return placed

    async def _append(self, name: str, decide: Callable[[Placed], Sequence[Event]]) -> None:
        for _ in range(_ATTEMPTS):
            placed = await self._known(name)
            events = decide(placed)
            if not events:
                return
            try:
                await self._store.append(stream_name("agent", name), list(events), placed.last_version)
            except StreamConflict:
                continue
            return
        raise DeploymentError("others change this agent all the time", where=name, todo="Try again.")


def check_name(name: str) -> None:
    """Raise `DeploymentError` for a name that no role can have."""
    if len(name) > _MAX_NAME or name in AGENT_TYPES or name == "none":
        raise DeploymentError(
            f"an agent can't be called {name!r}", where=name,
            todo=f"Choose a name of at most {_MAX_NAME} letters that the supervisor does not use itself.",
        )  # fmt: skip


def _fold(name: str, recorded: Sequence[RecordedEvent]) -> Placed:
    deployments: list[DeployedAgent] = []
    retired, kind = False, ""
    trials: list[AgentTrial] = []
    for entry in recorded:
        fold_trials(trials, entry)
        match entry.event:
            case AgentRegistered() as registered:
                kind = registered.kind
            case AgentDeployed() as deployed:
                retired = False
                deployments.append(_deployed(deployed, entry.recorded_at))
            case AgentRetired():
                retired = True
            case AgentRestored():
                retired = False
            case _:
                pass
    return Placed(name, tuple(deployments), retired, kind, recorded[-1].version if recorded else 0, tuple(trials))


def _deployed(event: AgentDeployed, at: datetime) -> DeployedAgent:
    return DeployedAgent(**event.model_dump(), at=at)


def _next(version: str) -> str:
    """The version after one: its last number raised by one."""
    head, _, patch = version.rpartition(".")
    return f"{head}.{int(patch) + 1}"
