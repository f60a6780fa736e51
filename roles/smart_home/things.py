"""Devices as things that a later request of the session may mean by “it”."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from common.tool import Fact
from roles.smart_home.house import House

__all__ = ["device_things", "devices_meant"]


def device_things(names: Iterable[str]) -> tuple[Fact, ...]:
    """The devices that were changed or asked about."""
    return tuple(
        Fact(kind="device", name=name, data={"id": name, "role": "smart_home", "words": f"the {name}"})
        for name in names
    )


def devices_meant(meant: Sequence[Fact], house: House) -> tuple[str, ...]:
    """Those of the house's devices that were spoken of before."""
    return tuple(fact.name for fact in meant if fact.kind == "device" and fact.name in house.devices)
