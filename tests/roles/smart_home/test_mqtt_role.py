"""Requests to a supervisor whose house is at a broker: what is asked for ends in the devices; no answer is untrue."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.results import Response
from common.settings import SmartHomeSettings
from supervisor.facade import Supervisor
from supervisor.testing import offline_settings
from tests.roles.smart_home.mqtt_houses import devices_at, mqtt_settings
from tests.services.mqtt_broker import Broker, mqtt_broker  # noqa: F401
from tests.services.simulated_devices import SimulatedDevices

MARIA = {"tenant": "acme", "user": "maria"}
RIVAL = {"tenant": "rival", "user": "maria"}
MOVIE = {"name": "movie night", "states": {"kitchen light": {"power": True}, "bedroom blinds": {"position": 0}}}


@pytest.fixture
def devices(mqtt_broker: Broker) -> Generator[SimulatedDevices]:  # noqa: F811
    with devices_at(mqtt_broker) as simulated:
        yield simulated.small_house()


@asynccontextmanager
async def running(folder: Path, section: dict[str, Any], *, background: bool = False) -> AsyncGenerator[Supervisor]:
    settings = offline_settings(folder).model_copy(update={"smart_home": SmartHomeSettings.model_validate(section)})
    async with Supervisor(settings, background=background) as supervisor:
        yield supervisor


@pytest.fixture(params=[False, True], ids=["without loops", "with loops"])
async def home(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    mqtt_broker: Broker,  # noqa: F811
    devices: SimulatedDevices,
) -> AsyncGenerator[Supervisor]:
    section = {**mqtt_settings(mqtt_broker, devices), "scenes": [MOVIE]}
    async with running(tmp_path, section, background=request.param) as supervisor:
        yield supervisor


async def say(home: Supervisor, text: str, **context: Any) -> Response:
    return await home.process_request(text, {**MARIA, **context})


async def test_what_is_asked_for_ends_in_the_devices(home: Supervisor, devices: SimulatedDevices) -> None:
    done = await say(home, "Turn on the kitchen light")
    assert (done.outcome, done.text) == ("success", "The kitchen light is on.")
    assert devices["kitchen light"].json("state")["state"] == "ON"
    assert (await say(home, "Is the kitchen light on?")).text == "The kitchen light is on."
    assert (await say(home, "turn on the kitchen light")).text == "The kitchen light is already on."
    assert devices.count("kitchen light") == 1
    assert (await say(home, "set the thermostat to 22 degrees")).text == "The thermostat is set to 22 degrees."
    assert devices["thermostat"].json("climate")["setpoint"] == 22
    warm = await say(home, "how warm is it in the bedroom?")
    assert warm.text == "It is 18.5 degrees in the bedroom."


async def test_a_relative_wish_counts_from_what_the_device_tells(home: Supervisor, devices: SimulatedDevices) -> None:
    devices.change("kitchen light", state={"state": "ON", "brightness": 127})
    if home._with_loops:  # pyright: ignore[reportPrivateUsage]
        await anyio.sleep(0.3)
    done = await say(home, "make the kitchen light brighter")
    assert done.text == "The kitchen light is on at 70 %."
    assert devices["kitchen light"].json("state")["brightness"] == 178


async def test_a_scene_of_the_settings_sets_the_devices(home: Supervisor, devices: SimulatedDevices) -> None:
    done = await say(home, "start the movie night scene")
    assert done.outcome == "success"
    assert done.text == "The scene “movie night” is on: the kitchen light is on; the bedroom blinds are closing."
    devices.remove("bedroom blinds")
    if home._with_loops:  # pyright: ignore[reportPrivateUsage]
        await anyio.sleep(0.3)
    refused = await say(home, "start the movie night scene")
    assert refused.text == "The scene “movie night” can't be activated: the house has no bedroom blinds."


async def test_part_of_it_is_told_as_part_of_it(home: Supervisor, devices: SimulatedDevices) -> None:
    devices.light("floor lamp", room="living room")
    devices.set_available("floor lamp", False)
    if home._with_loops:  # pyright: ignore[reportPrivateUsage]
        await anyio.sleep(0.3)
    devices.set_available("bedroom sensor", False)
    devices.set_available("thermostat", False)
    if home._with_loops:  # pyright: ignore[reportPrivateUsage]
        await anyio.sleep(0.3)
    assert (await say(home, "how warm is it in the bedroom?")).text == "The bedroom sensor is not reachable."
    assert "The floor lamp is not reachable." in (await say(home, "is the floor lamp on?")).text
    done = await say(home, "turn on all the lights")
    assert done.outcome == "partial"
    assert "only in part: the kitchen light is on; the floor lamp is not reachable" in done.text
    assert (devices.count("kitchen light"), devices.count("floor lamp")) == (1, 0)


async def test_a_silent_device_leaves_it_open(home: Supervisor, devices: SimulatedDevices) -> None:
    devices["kitchen light"].silent = True
    done = await say(home, "turn on the kitchen light")
    assert done.outcome == "partial"
    assert done.intents[0].status == "uncertain"
    assert "It can't be told whether this took effect" in done.text
    assert devices.count("kitchen light") == 1


async def test_another_tenant_sees_nothing_of_the_house(home: Supervisor, devices: SimulatedDevices) -> None:
    for text in ("turn on the kitchen light", "is the kitchen light on?", "close the blinds"):
        answer = await say(home, text, **RIVAL)
        assert answer.outcome != "success"
        assert "no house is configured for you" in answer.text
    assert devices.count("kitchen light") == 0


@pytest.mark.parametrize("background", [False, True])
async def test_without_a_broker_everything_starts_and_says_so(tmp_path: Path, background: bool) -> None:
    section = mqtt_settings(Broker(tmp_path))
    async with running(tmp_path, section, background=background) as home:
        answer = await say(home, "turn on the kitchen light")
        assert answer.outcome == "failure"
        assert "the smart home's broker can't be reached" in answer.text
        assert (await say(home, "what is 2 plus 2?")).trace_id


async def test_without_the_package_nothing_is_done_and_its_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiomqtt", None)
    async with running(tmp_path, mqtt_settings(Broker(tmp_path))) as home:
        answer = await say(home, "turn on the kitchen light")
        assert answer.outcome == "failure"
        assert "agent-supervisor[mqtt]" in answer.text


async def test_a_broker_killed_in_the_middle_of_a_request(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder) as broker, devices_at(broker) as devices:
        devices.small_house()
        devices["kitchen light"].delay = 0.3
        section = mqtt_settings(broker, devices, timeout=2.0)
        async with running(tmp_path, section) as home:
            answers: list[Response] = []

            async def ask() -> None:
                answers.append(await say(home, "turn on the kitchen light"))

            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                await anyio.to_thread.run_sync(devices.wait_for_command, "kitchen light")
                broker.kill()
                await anyio.sleep(0.5)
                broker.start()
        assert (answers[0].outcome, answers[0].text) == ("success", "The kitchen light is on.")
        assert devices.count("kitchen light") == 1
