"""The house as the log knows it: one row for each device that was ever changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.context import Owner
from events.catalogue.smart_home import DeviceChanged
from events.projection import Column, RecordedEvent, Row, Views
from events.store import stream_name
from roles.smart_home.house import House, State

__all__ = ["HomeView", "read_house", "stream_of"]

_MANY = 10_000


def stream_of(owner: Owner) -> str:
    """The stream of a tenant's house; its people share it."""
    return stream_name("home", owner.tenant)


class HomeView:
    """View `home`: the changes of each device added up."""

    name = "home"
    version = 1
    key = (Column("tenant", "text"), Column("device", "text"))
    columns = (Column("state", "json"), Column("changed_at", "time"), Column("changed_by", "text"))
    indexes = ()
    topics = frozenset({DeviceChanged.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The device that changed."""
        return ((event.tenant, event.event.device),) if isinstance(event.event, DeviceChanged) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """Its properties after the change."""
        if not isinstance(event.event, DeviceChanged):
            return row
        before: State = dict(row["state"]) if row is not None else {}
        return {
            "state": {**before, **event.event.state},
            "changed_at": event.recorded_at,
            "changed_by": event.event.by,
        }


async def read_house(views: Views, house: House, owner: Owner) -> dict[str, State]:
    """The present state of every device of a tenant's house."""
    rows = await views.query(HomeView.name, {"tenant": owner.tenant}, limit=_MANY)
    states = {name: house.initial(name) for name in house.devices}
    for row in rows:
        if (state := states.get(str(row["device"]))) is not None:
            state.update(row["state"])
    return states
