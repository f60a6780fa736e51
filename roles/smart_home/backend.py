"""What a house must offer; the embedded one and every adapter implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from common.context import Owner
from common.errors import SupervisorError
from common.intents import Effect, StreamAppend
from roles.smart_home.house import House, State

__all__ = ["HouseBackend", "HouseError", "States"]

States = Mapping[str, Mapping[str, JsonValue]]
"""Device -> the properties it is to have."""


class HouseError(SupervisorError):
    """Raised when the house can't be read, or definitely did not take a change."""

    code = "house"


class HouseBackend(Protocol):
    """The houses of all tenants; the people of a tenant share one, nobody else sees or changes it."""

    @property
    def house(self) -> House:
        """The devices and scenes there are."""
        ...

    @property
    def effect(self) -> Effect:
        """How a change may be tried again: LOG where it is an event, QUERYABLE where devices report their state."""
        ...

    async def states(self, owner: Owner) -> dict[str, State]:
        """The present state of every device. Raises `HouseError`."""
        ...

    async def apply(self, owner: Owner, states: States, *, key: str, not_after: datetime) -> Sequence[StreamAppend]:
        """Give devices these properties; the events that are the change, where it is one of the log.

        `key` is stable over attempts; nothing may reach a device after `not_after`. Raises `HouseError` for a
        definite failure.
        """
        ...

    async def applied(self, owner: Owner, states: States) -> bool:
        """QUERYABLE only: whether the devices have these properties now."""
        ...
