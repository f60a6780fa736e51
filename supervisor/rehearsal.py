"""Asks for the rows that calls of a built agent take, so that they can be replayed where there is no database.

Nothing of what the database holds is kept in the log for that: the rows are fetched when they are needed, by the
agent's own code in its sandbox, through the broker that only reads, and are gone after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from pydantic import JsonValue
from pydantic_core import to_json

from common.errors import AgentError
from roles.deployed.broker import DataBroker
from roles.improver.agent import RecordedRows
from supervisor.live_agents import LiveAgents

if TYPE_CHECKING:
    from roles.deployed.deployments import LoadedAgent

__all__ = ["Rehearsals"]

_SECONDS = 60.0
_MAX_BYTES = 2 * 2**20
"""Of the rows of all calls together, as JSON; those of calls beyond are left out."""
_NO_ROWS = frozenset({"source_unavailable", "worker"})

Call = tuple[str, Mapping[str, JsonValue]]
"""An operation and its arguments."""


@dataclass(slots=True)
class _Noting:
    """Gives rows as the broker does, and notes them."""

    broker: DataBroker
    noted: list[RecordedRows] = field(default_factory=list[RecordedRows])
    missed: bool = False

    async def fetch(self, query: str, parameters: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
        """The rows of a query. Raises `AgentError`."""
        try:
            rows = await self.broker.fetch(query, parameters)
        except AgentError:
            self.missed = True
            raise
        self.noted.append(RecordedRows(query, dict(parameters), rows))
        return rows


class Rehearsals:
    """Has calls answered once more, by the version in service, in a process of their own."""

    def __init__(self, agents: LiveAgents) -> None:
        self._agents = agents

    async def rows_of(
        self, name: str, loaded: LoadedAgent, calls: Sequence[Call]
    ) -> list[tuple[RecordedRows, ...] | None]:
        """The rows that each call took, in their order.

        None for a call whose rows can't be had: the database is out of reach, the agent does not serve here, or the
        rows are too many (2 MiB together), or take too long (a minute together).
        """
        found: list[tuple[RecordedRows, ...] | None] = [None] * len(calls)
        live = self._agents.find(name)
        if live is None or not calls:
            return found
        rows = _Noting(live.broker)
        worker = self._agents.worker_of(loaded, f"{name} (for replay)", rows)
        room = _MAX_BYTES
        try:
            with anyio.move_on_after(_SECONDS):
                for place, (operation, arguments) in enumerate(calls):
                    rows.noted, rows.missed = [], False
                    try:
                        await worker.call(operation, arguments)
                    except AgentError as error:
                        if error.case in _NO_ROWS:
                            continue
                    taken = tuple(rows.noted)
                    size = sum(len(to_json(one.rows)) for one in taken)
                    if not rows.missed and size <= room:
                        found[place] = taken
                        room -= size
        finally:
            worker.close("the calls were rehearsed")
        return found
