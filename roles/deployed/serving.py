"""Which version of a built agent serves a call: the one in service, or, for a share of the requests, one on trial."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from common.flags import AGENT_VERSION, CURRENT, IMPROVED
from common.tool import Served, ToolContext

__all__ = ["Caller", "KeptSides", "Serving", "Side", "lot"]

_KEPT = 4_096
"""Requests whose version is remembered; more are hardly under way at a time."""


class Caller(Protocol):
    """Who answers the calls of one version: `roles.deployed.worker.AgentWorker`."""

    @property
    def is_closed(self) -> bool:
        """Whether it answers no calls any more."""
        ...

    async def call(
        self, operation: str, arguments: Mapping[str, JsonValue], served: Served | None = None
    ) -> dict[str, JsonValue]:
        """The outputs of an operation. Raises `AgentError`; `served` is told what the call took."""
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """One version, and who answers its calls. `percent` of the requests are meant for it while it is on trial."""

    version: str
    caller: Caller
    percent: float = 0.0


class KeptSides:
    """The version that each request under way was served by, so that it keeps it whatever is decided meanwhile."""

    def __init__(self) -> None:
        self._sides: OrderedDict[str, Side] = OrderedDict()

    def find(self, trace_id: str) -> Side | None:
        """The version that a request has; None where it has none that still answers."""
        side = self._sides.get(trace_id)
        return None if side is None or side.caller.is_closed else side

    def keep(self, trace_id: str, side: Side) -> Side:
        """Have a request keep a version; the one that it has where another call of it was faster."""
        found = self.find(trace_id)
        if found is not None:
            return found
        self._sides[trace_id] = side
        while len(self._sides) > _KEPT:
            self._sides.popitem(last=False)
        return side


class Serving:
    """Chooses between the versions of one agent. `trial` may be set and taken away at any time."""

    def __init__(self, name: str, current: Side, kept: KeptSides | None = None) -> None:
        self.name = name
        self.current = current
        self.trial: Side | None = None
        self._kept = kept or KeptSides()

    async def choose(self, context: ToolContext) -> Side:
        """The version for a call: that of the request's earlier calls; else what the flag `agent-version` says."""
        run = context.run
        if run is None:
            return self.current
        trace_id = run.trace.trace_id
        side = self._kept.find(trace_id)
        if side is None:
            side = self._kept.keep(trace_id, await self._drawn(context))
        return side

    async def _drawn(self, context: ToolContext) -> Side:
        trial, run = self.trial, context.run
        if trial is None or run is None or run.flags is None:
            return self.current
        value = (await run.flags.read(AGENT_VERSION)).value
        if value == CURRENT:
            return self.current
        drawn = lot(self.name, trial.version, context.context.request_id or run.trace.trace_id)
        return trial if value == IMPROVED or drawn < trial.percent else self.current


def lot(name: str, version: str, key: str) -> float:
    """Where a request stands among all, from 0 to 100: the same each time, and another for each trial.

    Who is in at 10 percent stays in at 25.
    """
    digest = hashlib.sha256(f"{name} {version} {key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 * 100
