"""The embedded house: devices of the settings, whose state is a view of the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from common.context import Owner
from common.intents import Effect, StreamAppend
from events.catalogue.smart_home import DeviceChanged
from events.projection import Views
from roles.smart_home.backend import States
from roles.smart_home.house import House, State
from roles.smart_home.view import read_house, stream_of

__all__ = ["EmbeddedHouse"]


class EmbeddedHouse:
    """Implements `HouseBackend`: a change is DeviceChanged on the tenant's stream."""

    effect = Effect.LOG

    def __init__(self, house: House, views: Views) -> None:
        self.house = house
        self._views = views

    async def states(self, owner: Owner) -> dict[str, State]:
        """See `HouseBackend`."""
        return await read_house(self._views, self.house, owner)

    async def apply(self, owner: Owner, states: States, *, key: str, not_after: datetime) -> Sequence[StreamAppend]:
        """See `HouseBackend`. What is so already makes no event."""
        current = await self.states(owner)
        events = [
            DeviceChanged(device=name, state=dict(state), by=owner.user)
            for name, state in states.items()
            if {**current[name], **state} != current[name]
        ]
        return [StreamAppend(stream_of(owner), events)] if events else []

    async def applied(self, owner: Owner, states: States) -> bool:
        """See `HouseBackend`."""
        current = await self.states(owner)
        return all({**current[name], **state} == current[name] for name, state in states.items())
