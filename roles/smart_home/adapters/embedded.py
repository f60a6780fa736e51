"""The embedded house: devices of the settings, whose state is a view of the log."""

from __future__ import annotations

from datetime import datetime

from common.context import Owner
from common.intents import Effect, StreamAppend
from events.catalogue.smart_home import DeviceChanged
from events.projection import Views
from roles.smart_home.backend import Applied, HouseError, States
from roles.smart_home.house import House, State
from roles.smart_home.view import read_house, stream_of

__all__ = ["EmbeddedHouse"]


class EmbeddedHouse:
    """Implements `HouseBackend`: a change is DeviceChanged on the tenant's stream. Every tenant has such a house."""

    effect = Effect.LOG
    lasts = None

    def __init__(self, house: House, views: Views) -> None:
        self._house = house
        self._views = views

    def house_of(self, owner: Owner) -> House:
        """See `HouseBackend`."""
        return self._house

    async def prepare(self, owner: Owner) -> None:
        """See `HouseBackend`: the settings hold all there is."""

    async def states(self, owner: Owner) -> dict[str, State]:
        """See `HouseBackend`."""
        return await read_house(self._views, self._house, owner)

    async def apply(self, owner: Owner, states: States, *, key: str, not_after: datetime) -> Applied:
        """See `HouseBackend`. What is so already makes no event."""
        for name, state in states.items():
            if problem := self._house.problem(name, state):
                raise HouseError(problem, where="smart_home", todo="Look at smart_home.devices.")
        current = await self.states(owner)
        changed = {name: state for name, state in states.items() if {**current[name], **state} != current[name]}
        events = [DeviceChanged(device=name, state=dict(state), by=owner.user) for name, state in changed.items()]
        appends = [StreamAppend(stream_of(owner), events)] if events else []
        return Applied(appends, already=frozenset(states) - frozenset(changed))

    async def applied(self, owner: Owner, states: States, *, key: str) -> Applied | None:
        """See `HouseBackend`."""
        current = await self.states(owner)
        same = all(name in current and {**current[name], **state} == current[name] for name, state in states.items())
        return Applied(already=frozenset(states)) if same else None
