"""agent/<name>: roles and agents that requests can be routed to."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from events.catalogue.base import Event

__all__ = [
    "AgentDeployed",
    "AgentDisabled",
    "AgentImproved",
    "AgentRegistered",
    "AgentRestored",
    "AgentRetired",
    "AgentTrialEnded",
    "AgentTrialStarted",
]


class AgentRegistered(Event):
    """A role or agent is there, with this definition (registered anew when its definition changes).

    `improvement` is the approved improvement that this carries out, if any.
    """

    TOPIC: ClassVar[str] = "agent.registered"
    PERSONAL: ClassVar[bool] = False
    name: str
    kind: str = "role"
    description: str
    tools: list[str] = Field(default_factory=list)
    examples: int = 0
    definition_hash: str = ""
    improvement: str | None = None


class AgentDisabled(Event):
    """Requests are no longer routed to it; `improvement` as in `AgentRegistered`."""

    TOPIC: ClassVar[str] = "agent.disabled"
    PERSONAL: ClassVar[bool] = False
    name: str
    reason: str = ""
    by: str = ""
    improvement: str | None = None


class AgentRestored(Event):
    """Requests are routed to it again; `improvement` as in `AgentRegistered`."""

    TOPIC: ClassVar[str] = "agent.restored"
    PERSONAL: ClassVar[bool] = False
    name: str
    by: str = ""
    improvement: str | None = None


class AgentDeployed(Event):
    """This version of a built agent serves from now on; appended once its folder is on the disk.

    `folder` is relative to the data folder, `manifest_hash` the SHA-256 of the manifest in it, and `signature` the
    manifest's (`roles.deployed.manifest`). `how` says whether it is new or an earlier version that was taken back to;
    `replaces` is the version that served before.
    """

    TOPIC: ClassVar[str] = "agent.deployed"
    PERSONAL: ClassVar[bool] = False
    name: str
    version: str
    folder: str
    specification_hash: str
    manifest_hash: str
    signature: str
    build: str = ""
    how: Literal["build", "rollback"] = "build"
    replaces: str | None = None
    reason: str = ""
    by: str = ""
    improvement: str | None = None


class AgentImproved(Event):
    """A version that was deployed does better than the one before; `figures` say in what."""

    TOPIC: ClassVar[str] = "agent.improved"
    PERSONAL: ClassVar[bool] = False
    name: str
    version: str
    from_version: str
    figures: dict[str, JsonValue] = Field(default_factory=dict)
    improvement: str | None = None


class AgentTrialStarted(Event):
    """A version of a built agent serves a share of the requests beside the version `beside`, which keeps the rest.

    `percent` of the requests are meant for it (1 to 100; the flag `agent-version` may say otherwise for some).
    `figures` are those by which it was found better. Folder, hashes, signature and build are as in AgentDeployed.
    """

    TOPIC: ClassVar[str] = "agent.trial_started"
    PERSONAL: ClassVar[bool] = False
    name: str
    version: str
    beside: str
    percent: float
    folder: str
    specification_hash: str
    manifest_hash: str
    signature: str
    build: str = ""
    by: str = ""
    improvement: str | None = None
    figures: dict[str, JsonValue] = Field(default_factory=dict)


class AgentTrialEnded(Event):
    """The version has no share any more. `promoted`: it serves all requests, AgentDeployed stands beside this.

    `rolled_back`: it serves none; `overtaken`: another version was deployed, or the agent retired, meanwhile. `figures`
    are what was known of both versions then.
    """

    TOPIC: ClassVar[str] = "agent.trial_ended"
    PERSONAL: ClassVar[bool] = False
    name: str
    version: str
    result: Literal["promoted", "rolled_back", "overtaken"]
    reason: str = ""
    by: str = ""
    figures: dict[str, JsonValue] = Field(default_factory=dict)
    improvement: str | None = None


class AgentRetired(Event):
    """A built agent was removed; its files stay, and AgentRestored brings it back. `improvement` as in others."""

    TOPIC: ClassVar[str] = "agent.retired"
    PERSONAL: ClassVar[bool] = False
    name: str
    reason: str = ""
    by: str = ""
    improvement: str | None = None
