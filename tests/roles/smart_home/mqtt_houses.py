"""Houses over a broker, for tests: each with a discovery prefix and simulated devices of its own."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio

from common.clock import SystemClock
from common.context import Owner
from common.settings import SmartHomeSettings
from roles.smart_home.adapters.mqtt.house import MqttHouse
from roles.smart_home.backend import Applied, States
from tests.roles.smart_home.house_contract import MARIA
from tests.services.mqtt_broker import Broker
from tests.services.simulated_devices import SimulatedDevices

__all__ = ["apply", "devices_at", "house_at", "kept", "mqtt_settings", "nothing_to_record"]

_prefixes = itertools.count(1)


def mqtt_settings(broker: Broker, devices: SimulatedDevices | None = None, **more: Any) -> dict[str, Any]:
    """The section smart_home for these devices; `more` are keys of smart_home.mqtt."""
    prefix = devices.prefix if devices is not None else "homeassistant"
    mqtt = {"host": broker.host, "port": broker.port, "tenant": "acme", "discovery_prefix": prefix, "timeout": 1.0}
    return {"backend": "mqtt", "mqtt": {**mqtt, **more}}


@contextmanager
def devices_at(broker: Broker, **options: Any) -> Generator[SimulatedDevices]:
    """Devices below a prefix that no other test uses."""
    with SimulatedDevices(broker.port, f"test{next(_prefixes)}", **options) as devices:
        yield devices


def house_at(broker: Broker, devices: SimulatedDevices | None = None, **more: Any) -> MqttHouse:
    """The house of these devices."""
    return MqttHouse(SmartHomeSettings.model_validate(mqtt_settings(broker, devices, **more)), SystemClock())


@asynccontextmanager
async def kept(house: MqttHouse, *, devices: int | None = None) -> AsyncGenerator[None]:
    """A house whose connection is kept, as it is where the supervisor's loops run; from when it knows its devices."""
    async with anyio.create_task_group() as group:
        group.start_soon(house.serve)
        with anyio.fail_after(10):
            while devices is not None and len(house.house_of(MARIA).devices) < devices:
                await anyio.sleep(0.01)
        yield
        group.cancel_scope.cancel()


async def apply(house: MqttHouse, states: States, *, key: str = "k", owner: Owner = MARIA) -> Applied:
    """A change, with the time that the house is given for it."""
    return await house.apply(owner, states, key=key, not_after=datetime.now(UTC) + timedelta(seconds=house.lasts))


async def nothing_to_record(applied: Applied, owner: Owner) -> None:
    """A broker's house is no part of the log."""
    assert not applied.appends, owner
