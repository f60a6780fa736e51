"""A broker that is not there, hangs, dies and comes back: every fault ends in time, and nothing is done twice."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Generator
from pathlib import Path

import anyio
import pytest

from roles.smart_home.adapters.mqtt.house import MqttHouse
from roles.smart_home.backend import HouseError, Unconfirmed
from tests.roles.smart_home.house_contract import MARIA, ON
from tests.roles.smart_home.mqtt_houses import apply, devices_at, house_at, kept
from tests.services.mqtt_broker import Broker
from tests.services.process import free_port
from tests.services.simulated_devices import SimulatedDevices


@pytest.fixture
def broker(tmp_path: Path) -> Generator[Broker]:
    """A broker that a test may kill."""
    with Broker(tmp_path) as own:
        yield own


@pytest.fixture
def devices(broker: Broker) -> Generator[SimulatedDevices]:
    with devices_at(broker) as simulated:
        yield simulated.small_house()


async def has_devices(house: MqttHouse, count: int) -> None:
    with anyio.fail_after(15):
        while len(house.house_of(MARIA).devices) != count or house._live is None:  # pyright: ignore[reportPrivateUsage]
            await anyio.sleep(0.02)


async def test_a_broker_that_is_absent_is_a_clear_error(tmp_path: Path) -> None:
    house = house_at(Broker(tmp_path, free_port()), password="the-secret", username="me")
    async with kept(house):
        for asked in (house.states(MARIA), house.prepare(MARIA), apply(house, {"kitchen light": ON}), house.probe()):
            with pytest.raises(HouseError, match="can't be reached") as caught:
                await asked
            assert "the-secret" not in "".join(traceback.format_exception(caught.value))
            assert "smart_home.mqtt 127.0.0.1" in caught.value.where
            assert caught.value.todo
    assert "the-secret" not in repr(house.__dict__)


async def test_a_broker_that_comes_later_is_found(tmp_path: Path) -> None:
    broker = Broker(tmp_path, free_port())
    house = house_at(broker)
    async with kept(house):
        with pytest.raises(HouseError):
            await house.states(MARIA)
        with broker, SimulatedDevices(broker.port, "homeassistant") as devices:
            devices.small_house()
            await has_devices(house, 6)
            await apply(house, {"kitchen light": ON})


async def test_a_broker_that_hangs_is_told_in_time_and_gets_no_command(
    broker: Broker, devices: SimulatedDevices
) -> None:
    devices.flush()
    house = house_at(broker, devices, timeout=0.5)
    async with kept(house, devices=6):
        broker.pause()
        try:
            for asked in (house.states(MARIA), apply(house, {"kitchen light": ON}), house.probe()):
                with anyio.fail_after(5), pytest.raises(HouseError, match="does not answer"):
                    await asked
        finally:
            broker.resume()
        await has_devices(house, 6)
        assert (await house.states(MARIA))["kitchen light"]["power"] == "off"
    devices.flush()
    assert devices.count("kitchen light") == 0


async def test_a_broker_that_is_killed_and_started_again_is_found_again(
    broker: Broker, devices: SimulatedDevices
) -> None:
    devices.flush()
    house = house_at(broker, devices)
    async with kept(house, devices=6):
        broker.kill()
        with pytest.raises(HouseError):
            await house.states(MARIA)
        broker.start()
        await anyio.to_thread.run_sync(devices.wait_connected)
        await has_devices(house, 6)
        assert not (await apply(house, {"kitchen light": ON})).failed
        assert (await house.states(MARIA))["kitchen light"]["power"] == "on"
    assert devices.count("kitchen light") == 1


@pytest.mark.parametrize("follows", [True, False])
async def test_a_broker_that_is_killed_between_command_and_state(
    broker: Broker, devices: SimulatedDevices, follows: bool
) -> None:
    """The device is asked once it is back: done where it did it, and else allowed to be tried again."""
    devices.flush()
    light = devices["kitchen light"]
    light.delay, light.silent = 30.0, not follows
    house = house_at(broker, devices, timeout=4.0)
    async with kept(house, devices=6):
        async with anyio.create_task_group() as group:

            async def ask() -> None:
                with pytest.raises(Unconfirmed, match="the kitchen light has not confirmed it"):
                    await apply(house, {"kitchen light": ON})

            group.start_soon(ask)
            await anyio.to_thread.run_sync(devices.wait_for_command, "kitchen light")
            broker.kill()
        if follows:
            light.states["state"] = '{"state": "ON", "brightness": 254}'
        broker.start()
        await anyio.to_thread.run_sync(devices.wait_connected)
        happened = await house.applied(MARIA, {"kitchen light": ON}, key="k")
        assert (happened is not None) is follows
    assert devices.count("kitchen light") == 1


async def test_devices_that_lose_their_connection_are_not_reachable(broker: Broker) -> None:
    with devices_at(broker) as devices:
        devices.small_house().flush()
        house = house_at(broker, devices)
        async with kept(house, devices=6):
            devices.drop()
            with anyio.fail_after(5):
                while any(state != {"reachable": False} for state in (await house.states(MARIA)).values()):
                    await anyio.sleep(0.02)
            with pytest.raises(HouseError, match="not reachable"):
                await apply(house, {"kitchen light": ON})


async def test_no_devices_is_said(broker: Broker) -> None:
    with pytest.raises(HouseError, match="no device has announced itself"):
        await house_at(broker).states(MARIA)


async def test_a_wrong_password_is_said_and_the_right_one_works(tmp_path: Path) -> None:
    with Broker(tmp_path, users={"supervisor": "the-secret"}) as broker:
        wrong = house_at(broker, username="supervisor", password="another-secret")
        with pytest.raises(HouseError, match=r"can't be reached: .*[Aa]uthori") as caught:
            await wrong.probe()
        assert "another-secret" not in str(caught.value)
        right = house_at(broker, username="supervisor", password="the-secret")
        assert (await right.probe()).detail == "0 devices"


# The client library leaves the socket of a refused certificate to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_tls_checks_the_certificate(tmp_path: Path) -> None:
    with Broker(tmp_path, tls=True) as broker:
        assert (await house_at(broker, tls=True, ca_file=broker.certificate).probe()).detail == "0 devices"
        with pytest.raises(HouseError, match="certificate"):
            await house_at(broker, tls=True).probe()
        with pytest.raises(HouseError, match="can't be read"):
            await house_at(broker, tls=True, ca_file=tmp_path / "none.pem").probe()
        gc.collect()
