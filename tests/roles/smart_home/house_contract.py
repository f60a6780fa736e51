"""What every house backend must do, whichever it is: inherited by the tests of each one."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.context import Owner
from roles.smart_home.backend import Applied, HouseBackend, HouseError, States
from roles.smart_home.house import State

MARIA, TOM, RIVAL = Owner("acme", "maria"), Owner("acme", "tom"), Owner("rival", "maria")
ON: dict[str, Any] = {"power": "on"}
OFF: dict[str, Any] = {"power": "off"}


@dataclass
class Subject:
    """A backend over the house of `acme`, and what makes the events of a change part of the log."""

    backend: HouseBackend
    record: Callable[[Applied, Owner], Awaitable[None]]

    async def apply(self, states: States, owner: Owner = MARIA, key: str = "k") -> Applied:
        not_after = datetime.now(UTC) + timedelta(seconds=self.backend.lasts or 30)
        applied = await self.backend.apply(owner, states, key=key, not_after=not_after)
        await self.record(applied, owner)
        return applied

    async def state(self, name: str, owner: Owner = MARIA) -> State:
        return (await self.backend.states(owner))[name]

    async def seen(self, owner: Owner) -> dict[str, State]:
        """What an owner sees; nothing where no house is theirs."""
        try:
            return await self.backend.states(owner)
        except HouseError:
            return {}


class HouseContract:
    """The subject's house has the devices of `tests.services.simulated_devices.SimulatedDevices.small_house`."""

    async def test_every_device_has_a_state(self, subject: Subject) -> None:
        states = await subject.backend.states(MARIA)
        assert states == {
            "kitchen light": {**OFF, "brightness": 100},
            "coffee machine": OFF,
            "bedroom blinds": {"position": 100},
            "thermostat": {"target": 20, "measured": 20.5},
            "front door": {"lock": "locked"},
            "bedroom sensor": {"measured": 18.5},
        }
        house = subject.backend.house_of(MARIA)
        assert set(house.devices) == set(states)
        assert {device.room for device in house.devices.values()} == {"kitchen", "bedroom", "living room", "hallway"}
        assert house.devices["bedroom sensor"].kind == "sensor"

    @pytest.mark.parametrize(
        ("device", "state"),
        [
            ("kitchen light", ON),
            ("kitchen light", {**ON, "brightness": 40, "colour": "blue"}),
            ("coffee machine", ON),
            ("thermostat", {"target": 21.5}),
            ("front door", {"lock": "unlocked"}),
        ],
    )
    async def test_a_change_is_the_state_afterwards(self, subject: Subject, device: str, state: dict[str, Any]) -> None:
        applied = await subject.apply({device: state})
        assert applied == Applied(applied.appends)
        after = await subject.state(device)
        assert {name: after[name] for name in state} == state
        assert await subject.backend.applied(MARIA, {device: state}, key="k") is not None

    async def test_what_is_not_so_is_not_said_to_have_happened(self, subject: Subject) -> None:
        assert await subject.backend.applied(MARIA, {"kitchen light": ON}, key="k") is None
        await subject.apply({"kitchen light": {**ON, "brightness": 40}})
        assert await subject.backend.applied(MARIA, {"kitchen light": {**ON, "brightness": 70}}, key="k") is None
        both: States = {"kitchen light": ON, "coffee machine": ON}
        assert await subject.backend.applied(MARIA, both, key="k") is None

    async def test_what_is_so_already_is_told(self, subject: Subject) -> None:
        await subject.apply({"kitchen light": ON})
        applied = await subject.apply({"kitchen light": ON, "coffee machine": ON}, key="k2")
        assert applied.already == {"kitchen light"}
        assert await subject.state("coffee machine") == ON

    async def test_several_devices_at_once(self, subject: Subject) -> None:
        await subject.apply({"kitchen light": ON, "coffee machine": ON, "front door": {"lock": "unlocked"}})
        states = await subject.backend.states(MARIA)
        assert (states["kitchen light"]["power"], states["coffee machine"]["power"]) == ("on", "on")
        assert states["front door"] == {"lock": "unlocked"}
        assert states["thermostat"]["target"] == 20

    @pytest.mark.parametrize(
        ("states", "why"),
        [
            ({"attic light": ON}, "no attic light"),
            ({"front door": {"brightness": 40}}, "no brightness to set"),
            ({"thermostat": {"target": 99}}, "5 to 30"),
            ({"kitchen light": {"power": "maybe"}}, "on or off"),
            ({"bedroom sensor": ON}, "no power to set"),
        ],
    )
    async def test_what_can_not_be_is_refused_for_certain(self, subject: Subject, states: States, why: str) -> None:
        before = await subject.backend.states(MARIA)
        with pytest.raises(HouseError, match=why):
            await subject.apply(states)
        assert await subject.backend.states(MARIA) == before

    async def test_the_people_of_a_tenant_share_a_house_that_nobody_else_sees(self, subject: Subject) -> None:
        before = await subject.seen(RIVAL)
        await subject.apply({"kitchen light": ON}, MARIA)
        assert (await subject.state("kitchen light", TOM))["power"] == "on"
        assert await subject.seen(RIVAL) == before
        with contextlib.suppress(HouseError):
            await subject.apply({"kitchen light": OFF}, RIVAL)
        assert (await subject.state("kitchen light", MARIA))["power"] == "on"
