"""A house over a real broker: the contract of all houses, with a kept connection and without; and what only it does."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from roles.smart_home.adapters.mqtt.house import MqttHouse
from roles.smart_home.backend import HouseError, Unconfirmed
from tests.roles.smart_home.house_contract import MARIA, OFF, ON, RIVAL, HouseContract, Subject
from tests.roles.smart_home.mqtt_houses import apply, devices_at, house_at, kept, nothing_to_record
from tests.services.mqtt_broker import Broker, mqtt_broker  # noqa: F401
from tests.services.simulated_devices import SimulatedDevices


@pytest.fixture
def devices(mqtt_broker: Broker) -> Generator[SimulatedDevices]:  # noqa: F811
    with devices_at(mqtt_broker) as simulated:
        yield simulated.small_house()


class TestHouseThatAsksEachTime(HouseContract):
    @pytest.fixture
    async def subject(self, mqtt_broker: Broker, devices: SimulatedDevices) -> Subject:  # noqa: F811
        return Subject(house_at(mqtt_broker, devices), nothing_to_record)


class TestHouseWithAKeptConnection(HouseContract):
    @pytest.fixture
    async def subject(self, mqtt_broker: Broker, devices: SimulatedDevices) -> AsyncGenerator[Subject]:  # noqa: F811
        house = house_at(mqtt_broker, devices)
        async with kept(house, devices=6):
            yield Subject(house, nothing_to_record)


@pytest.fixture
async def house(mqtt_broker: Broker, devices: SimulatedDevices) -> AsyncGenerator[MqttHouse]:  # noqa: F811
    """The small house with a kept connection."""
    kept_house = house_at(mqtt_broker, devices)
    async with kept(kept_house, devices=6):
        yield kept_house


async def until(house: MqttHouse, device: str, state: dict[str, Any]) -> None:
    """Wait until a device's state is this one."""
    with anyio.fail_after(5):
        while (await house.states(MARIA)).get(device) != state:
            await anyio.sleep(0.02)


async def test_one_command_is_sent_and_none_for_what_is_so(house: MqttHouse, devices: SimulatedDevices) -> None:
    assert not (await apply(house, {"coffee machine": ON})).already
    assert (await apply(house, {"coffee machine": ON})).already == {"coffee machine"}
    assert devices["coffee machine"].commands == [("power", "ON")]


async def test_what_somebody_does_by_hand_is_seen(house: MqttHouse, devices: SimulatedDevices) -> None:
    devices.change("front door", state="UNLOCKED")
    await until(house, "front door", {"lock": "unlocked"})
    devices.change("bedroom sensor", state={"temperature": 21.26})
    await until(house, "bedroom sensor", {"measured": 21.3})
    assert (await apply(house, {"front door": {"lock": "unlocked"}})).already == {"front door"}
    assert devices.count("front door") == 0


@pytest.mark.parametrize(("position", "command"), [(0, ("move", "CLOSE")), (40, ("position", "40"))])
async def test_a_cover_counts_once_it_is_on_its_way(
    house: MqttHouse, devices: SimulatedDevices, position: int, command: tuple[str, str]
) -> None:
    applied = await apply(house, {"bedroom blinds": {"position": position}})
    assert applied.moving == {"bedroom blinds"}
    assert devices["bedroom blinds"].commands == [command]
    await until(house, "bedroom blinds", {"position": position})
    assert await house.applied(MARIA, {"bedroom blinds": {"position": position}}, key="k") is not None


async def test_a_device_that_is_gone_is_told_nothing(house: MqttHouse, devices: SimulatedDevices) -> None:
    devices.set_available("kitchen light", False)
    await until(house, "kitchen light", {"reachable": False})
    with pytest.raises(HouseError, match="the kitchen light is not reachable"):
        await apply(house, {"kitchen light": ON})
    applied = await apply(house, {"kitchen light": ON, "coffee machine": ON})
    assert applied.failed == {"kitchen light": "the kitchen light is not reachable"}
    assert (devices.count("kitchen light"), devices.count("coffee machine")) == (0, 1)
    with pytest.raises(Unconfirmed, match="not reachable"):
        await house.applied(MARIA, {"kitchen light": ON}, key="k")
    devices.set_available("kitchen light", True)
    await until(house, "kitchen light", {**OFF, "brightness": 100})
    assert not (await apply(house, {"kitchen light": ON})).failed


@pytest.mark.parametrize("keep", [True, False])
async def test_a_silent_device_is_never_reported_done_and_not_told_twice(
    mqtt_broker: Broker,  # noqa: F811
    devices: SimulatedDevices,
    keep: bool,
) -> None:
    house = house_at(mqtt_broker, devices)
    devices["kitchen light"].silent = True
    wanted = {"kitchen light": ON, "coffee machine": ON}
    async with kept(house, devices=6 if keep else 0):
        with pytest.raises(Unconfirmed, match=r"^the kitchen light has not confirmed it and still says: off"):
            await apply(house, wanted, key="k1")
        with pytest.raises(Unconfirmed, match=r"the kitchen light was told and has not followed.*coffee machine is on"):
            await house.applied(MARIA, wanted, key="k1")
    assert (devices.count("kitchen light"), devices.count("coffee machine")) == (1, 1)


async def test_a_slow_device_is_confirmed_when_it_follows(house: MqttHouse, devices: SimulatedDevices) -> None:
    devices["kitchen light"].delay = 0.8
    await apply(house, {"kitchen light": ON})
    devices["kitchen light"].delay = 2.2
    with pytest.raises(Unconfirmed):
        await apply(house, {"kitchen light": OFF}, key="k2")
    await until(house, "kitchen light", {**OFF, "brightness": 100})
    assert await house.applied(MARIA, {"kitchen light": OFF}, key="k2") is not None
    assert devices.count("kitchen light") == 2


async def test_nothing_is_sent_once_the_time_is_over(house: MqttHouse, devices: SimulatedDevices) -> None:
    with pytest.raises(HouseError, match="over before anything was sent"):
        await house.apply(MARIA, {"kitchen light": ON}, key="k", not_after=datetime.now(UTC) - timedelta(seconds=1))
    assert devices.count("kitchen light") == 0


async def test_a_change_in_another_process_is_not_done_again(mqtt_broker: Broker, devices: SimulatedDevices) -> None:  # noqa: F811
    """As after a crash: a process that knows nothing of the attempt asks the devices."""
    await apply(house_at(mqtt_broker, devices), {"kitchen light": ON})
    other = house_at(mqtt_broker, devices)
    assert await other.applied(MARIA, {"kitchen light": ON}, key="k") is not None
    assert await other.applied(MARIA, {"kitchen light": OFF}, key="k") is None
    assert devices.count("kitchen light") == 1


async def test_a_device_that_reports_nothing_is_told_once_and_not_called_done(
    mqtt_broker: Broker,  # noqa: F811
    devices: SimulatedDevices,
) -> None:
    devices.switch("garden pump", state_topic=None, value_template=None)
    devices.flush()
    house = house_at(mqtt_broker, devices)
    assert (await house.states(MARIA))["garden pump"] == {}
    assert (await apply(house, {"garden pump": ON})).told == {"garden pump"}
    devices.wait_for_command("garden pump")
    assert devices["garden pump"].commands == [("power", "ON")]
    with pytest.raises(Unconfirmed, match="the garden pump does not report it"):
        await house.applied(MARIA, {"garden pump": ON}, key="k")


async def test_a_state_that_the_broker_does_not_keep_counts_as_long_as_it_was_heard(
    mqtt_broker: Broker,  # noqa: F811
) -> None:
    with devices_at(mqtt_broker, retain=False) as devices:
        devices.light("kitchen light", room="kitchen")
        devices.flush()
        house = house_at(mqtt_broker, devices)
        async with kept(house, devices=1):
            assert await house.states(MARIA) == {"kitchen light": {}}
            assert not (await apply(house, {"kitchen light": ON})).already
            assert await house.applied(MARIA, {"kitchen light": ON}, key="k") is not None
        with pytest.raises(Unconfirmed, match="the kitchen light has not told its state"):
            await house.applied(MARIA, {"kitchen light": ON}, key="k")


async def test_a_lock_that_jams_is_not_locked(house: MqttHouse, devices: SimulatedDevices) -> None:
    devices["front door"].answer = lambda device, _, __: devices.report(device, "state", "JAMMED")
    with pytest.raises(HouseError, match="the front door is jammed"):
        await apply(house, {"front door": {"lock": "unlocked"}})
    assert (await house.states(MARIA))["front door"] == {"lock": "jammed"}


async def test_an_old_state_that_is_retained_confirms_nothing(house: MqttHouse, devices: SimulatedDevices) -> None:
    """A device that is announced again has its retained state sent again; that is no answer to a command."""
    light = devices["kitchen light"]
    light.silent = True
    async with anyio.create_task_group() as group:

        async def ask() -> None:
            with pytest.raises(Unconfirmed):
                await apply(house, {"kitchen light": ON})

        group.start_soon(ask)
        await anyio.to_thread.run_sync(devices.wait_for_command, "kitchen light")
        devices.publish(f"{devices.base}/{light.identity}/state", json.dumps({"state": "OFF"}))


async def test_devices_come_and_go(house: MqttHouse, devices: SimulatedDevices) -> None:
    before = house.house_of(MARIA)
    devices.light("attic light", room="attic")
    await until(house, "attic light", {**OFF, "brightness": 100})
    assert house.house_of(MARIA) is not before
    assert not (await apply(house, {"attic light": ON})).failed
    devices.remove("attic light")
    with anyio.fail_after(5):
        while "attic light" in house.house_of(MARIA).devices:
            await anyio.sleep(0.02)
    with pytest.raises(HouseError, match="the house has no attic light"):
        await apply(house, {"attic light": OFF})


async def test_another_tenant_has_no_house(house: MqttHouse, devices: SimulatedDevices) -> None:
    assert not house.house_of(RIVAL).devices
    assert house.house_of(RIVAL).device_choices() == {}
    for asked in (house.states(RIVAL), apply(house, {"kitchen light": ON}, owner=RIVAL)):
        with pytest.raises(HouseError, match="no house is configured for you"):
            await asked
    with pytest.raises(HouseError, match="no house is configured for you"):
        await house.applied(RIVAL, {"kitchen light": OFF}, key="k")
    assert devices.count("kitchen light") == 0


async def test_two_processes_at_once_do_not_drive_each_other_out(
    house: MqttHouse,
    mqtt_broker: Broker,  # noqa: F811
    devices: SimulatedDevices,
) -> None:
    other = house_at(mqtt_broker, devices)
    async with kept(other, devices=6):
        for number in range(4):
            wanted = {"coffee machine": (ON, OFF)[number % 2]}
            assert not (await apply((house, other)[number % 2], wanted)).already
            assert await house.states(MARIA) == await other.states(MARIA)


async def test_probe_tells_version_and_devices(mqtt_broker: Broker, devices: SimulatedDevices) -> None:  # noqa: F811
    devices.flush()
    reached = await house_at(mqtt_broker, devices).probe()
    assert reached.detail == "6 devices"
    assert any(character.isdigit() for character in reached.version)
