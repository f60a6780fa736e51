"""The smart home role: what people say, what becomes of the house, and whose house it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.context import Owner
from common.errors import IntentError
from common.settings import DeviceSettings
from roles.smart_home import build
from roles.smart_home.changes import Wish, next_state
from roles.smart_home.example_house import EXAMPLE_DEVICES, EXAMPLE_SCENES
from roles.smart_home.house import CAPABILITIES, House
from roles.smart_home.view import read_house
from tests.roles.asking import LOCAL, Asking, asking

HOUSE = House({d.name: d for d in EXAMPLE_DEVICES}, {s.name: s for s in EXAMPLE_SCENES})


@pytest.fixture
async def home(tmp_path: Path) -> AsyncGenerator[Asking]:
    async with asking(build, tmp_path) as role:
        yield role


async def state(home: Asking, device: str, owner: Owner = LOCAL) -> dict[str, Any]:
    return (await read_house(home.views, HOUSE, owner))[device]


SETTINGS = [
    ("turn on the kitchen light", "kitchen light", {"power": "on"}),
    ("Switch the kitchen lamp on, please", "kitchen light", {"power": "on"}),
    ("could you put the light in the kitchen on", "kitchen light", {"power": "on"}),
    ("kitchen light on", "kitchen light", {"power": "on"}),
    ("dim the bedroom light to 20 percent", "bedroom light", {"power": "on", "brightness": 20}),
    ("set the floor lamp to 40%", "floor lamp", {"power": "on", "brightness": 40}),
    ("make the floor lamp blue", "floor lamp", {"power": "on", "colour": "blue"}),
    ("close the bedroom blinds", "bedroom blinds", {"position": 0}),
    ("open the shutters halfway to 50 percent", "living room blinds", {"position": 50}),
    ("unlock the front door", "front door", {"lock": "unlocked"}),
    ("set the thermostat to 21.5 degrees", "thermostat", {"target": 21.5}),
    ("set the heating to 19 degrees please", "thermostat", {"target": 19}),
    ("make it warmer", "thermostat", {"target": 21.5}),
    ("it's too warm, make it cooler", "thermostat", {"target": 18.5}),
    ("start the coffee machine", "coffee machine", {"power": "on"}),
    ("turn on the sprinkler", "garden sprinkler", {"power": "on"}),
    ("switch on the fan", "bedroom fan", {"power": "on"}),
]


@pytest.mark.parametrize(("text", "device", "expected"), SETTINGS)
async def test_setting_a_device(home: Asking, text: str, device: str, expected: dict[str, Any]) -> None:
    asked = await home.ask(text)
    assert asked.result.ok, asked.text
    after = await state(home, device)
    assert {name: after[name] for name in expected} == expected
    others = {name: now for name, now in (await read_house(home.views, HOUSE, LOCAL)).items() if name != device}
    assert all(now == HOUSE.initial(name) for name, now in others.items()), "nothing else changed"


GROUPS = [
    ("turn on all the lights", {d.name for d in EXAMPLE_DEVICES if d.kind == "light"}),
    ("switch on the lights in the living room", {"living room light", "floor lamp"}),
    ("turn on the kitchen light and the floor lamp", {"kitchen light", "floor lamp"}),
]


@pytest.mark.parametrize(("text", "devices"), GROUPS)
async def test_groups(home: Asking, text: str, devices: set[str]) -> None:
    asked = await home.ask(text)
    assert asked.result.ok, asked.text
    lit = {name for name, now in (await read_house(home.views, HOUSE, LOCAL)).items() if now.get("power") == "on"}
    assert lit == devices


async def test_everything_in_a_room_is_that_room_alone(home: Asking) -> None:
    await home.ask("turn on the kitchen light")
    await home.ask("turn on the bedroom light")
    await home.ask("everything off in the bedroom")
    assert (await state(home, "bedroom light"))["power"] == "off"
    assert (await state(home, "kitchen light"))["power"] == "on"


SCENES = [
    "movie night please",
    "activate movie night",
    "switch to cinema mode",
    "start the movie night scene",
]


@pytest.mark.parametrize("text", SCENES)
async def test_a_scene(home: Asking, text: str) -> None:
    asked = await home.ask(text)
    assert asked.result.ok, asked.text
    assert (await state(home, "floor lamp"))["brightness"] == 20
    assert (await state(home, "living room blinds"))["position"] == 0


QUESTIONS = [
    ("is the front door locked?", "The front door is locked."),
    ("what is the thermostat set to?", "set to 20 degrees"),
    ("is the kitchen light on?", "The kitchen light is off."),
    ("how warm is it in the bedroom?", "measuring 18.5 degrees"),
    ("are the bedroom blinds open?", "The bedroom blinds are open."),
    ("did I leave the coffee machine on?", "The coffee machine is off."),
    ("which devices do I have?", "Scenes: movie night"),
    ("list the devices in the kitchen", "Kitchen: kitchen light (off); coffee machine (off)"),
]


@pytest.mark.parametrize(("text", "answer"), QUESTIONS)
async def test_questions_are_answered_and_change_nothing(home: Asking, text: str, answer: str) -> None:
    asked = await home.ask(text)
    assert answer in asked.text
    assert asked.intents == []


REFUSALS = [
    ("set the thermostat to 400 degrees", "5 to 30"),
    ("dim the front door to 20 percent", "can't do that"),
    ("turn on the bedroom sensor", "only measures"),
    ("make it brighter", "Which device"),
]


@pytest.mark.parametrize(("text", "why"), REFUSALS)
async def test_what_is_not_possible_is_said(home: Asking, text: str, why: str) -> None:
    asked = await home.ask(text)
    assert not asked.result.ok
    assert why in asked.text
    assert asked.intents == []


async def test_a_device_that_is_gone_fails_the_intent(home: Asking) -> None:
    from roles.smart_home.intents import SetDevice

    handler = next(h for h in home.role.intent_handlers if h.intent_type is SetDevice)
    asked = await home.ask("turn on the kitchen light")
    gone = SetDevice(name="attic light", states={"attic light": {"power": "on"}}, words="on")
    assert asked.intents
    with pytest.raises(IntentError, match="attic light"):
        await handler.carry_out(gone, None)  # type: ignore[arg-type]


async def test_a_house_belongs_to_its_tenant(home: Asking) -> None:
    acme, rival = Owner("acme", "maria"), Owner("rival", "maria")
    await home.ask("turn on the kitchen light", owner=acme)
    assert (await state(home, "kitchen light", acme))["power"] == "on"
    assert (await state(home, "kitchen light", rival))["power"] == "off"
    assert "is on" in (await home.ask("is the kitchen light on?", owner=Owner("acme", "tom"))).text
    assert "is off" in (await home.ask("is the kitchen light on?", owner=rival)).text


async def test_a_configured_house_replaces_the_example(tmp_path: Path) -> None:
    devices = [{"name": "desk lamp", "kind": "light", "room": "office"}]
    async with asking(build, tmp_path, smart_home={"devices": devices}) as role:
        assert (await role.ask("turn on the desk lamp")).result.ok
        assert "desk lamp" in (await role.ask("which devices do I have?")).text
        assert "coffee" not in (await role.ask("which devices do I have?")).text


numbers = st.none() | st.floats(-500, 500)
wishes = st.builds(
    Wish,
    action=st.sampled_from(
        [None, "on", "off", "toggle", "open", "close", "lock", "unlock", "dim", "brighten", "warmer"]
    ),
    level=numbers,
    temperature=numbers,
    colour=st.sampled_from([None, "blue", "plaid"]),
)


@given(st.sampled_from(sorted(CAPABILITIES)), wishes)
def test_a_next_state_is_always_within_what_the_device_can(kind: Any, wish: Wish) -> None:
    device = DeviceSettings(name="thing", kind=kind)
    house = House({"thing": device}, {})
    change = next_state(device, house.initial("thing"), wish)
    if isinstance(change, str):
        assert "thing" in change
        return
    limits = {capability.name: capability for capability in CAPABILITIES[kind]}
    assert change
    for name, value in change.items():
        if limits[name].values:
            assert value in limits[name].values
        else:
            assert isinstance(value, int | float)
            assert limits[name].low <= value <= limits[name].high  # type: ignore[operator]
