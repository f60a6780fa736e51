"""What a house must offer; the embedded one and every adapter implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from pydantic import JsonValue

from common.context import Owner
from common.errors import SupervisorError
from common.intents import Effect, StreamAppend
from roles.smart_home.house import House, State

__all__ = ["Applied", "HouseBackend", "HouseError", "States", "Unconfirmed"]

States = Mapping[str, Mapping[str, JsonValue]]
"""Device -> the properties it is to have."""


class HouseError(SupervisorError):
    """Raised when the house can't be read, or definitely did not take a change."""

    code = "house"


class Unconfirmed(SupervisorError):
    """Raised when a change was sent and its outcome is open: it may have happened, or not."""

    code: ClassVar[str] = "house_unconfirmed"


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a change that has a clear outcome; devices in none of the sets have what they were to have.

    `appends` are the events that are the change, where it is one of the log. `already`: were so before. `moving`: are
    on their way. `told`: were told, and report nothing that would show it. `failed`: did not take it -> why, as a
    clause.
    """

    appends: Sequence[StreamAppend] = ()
    already: frozenset[str] = frozenset()
    moving: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict[str, str])


class HouseBackend(Protocol):
    """The houses of all tenants; the people of a tenant share one, nobody else sees or changes it."""

    @property
    def effect(self) -> Effect:
        """How a change may be tried again: LOG where it is an event, QUERYABLE where devices report their state."""
        ...

    @property
    def lasts(self) -> float | None:
        """Seconds after which a change can no longer reach a device; None: as long as intents are given."""
        ...

    def house_of(self, owner: Owner) -> House:
        """The devices and scenes there are, as far as is known; an empty house for those who have none."""
        ...

    async def prepare(self, owner: Owner) -> None:
        """Bring what is known of the house up to date, within bounds. Raises `HouseError`."""
        ...

    async def states(self, owner: Owner) -> dict[str, State]:
        """The present state of every device; `house_of` holds the same ones afterwards. Raises `HouseError`.

        A device that can't be reached has the one property ``reachable``, which is False.
        """
        ...

    async def apply(self, owner: Owner, states: States, *, key: str, not_after: datetime) -> Applied:
        """Give devices these properties.

        `key` is stable over attempts; nothing may reach a device after `not_after`. Raises `HouseError` for a
        definite failure of all of them, `Unconfirmed` where the outcome is open.
        """
        ...

    async def applied(self, owner: Owner, states: States, *, key: str) -> Applied | None:
        """QUERYABLE only: what became of it if the devices have these properties now, None if they do not.

        Raises where that can't be told, `Unconfirmed` or `HouseError`.
        """
        ...
