"""The smart home role: what people say, what becomes of the house, and what is not possible."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from common.context import TaskContext
from common.errors import ConfigurationError, IntentError
from common.intent_collector import IntentCollector
from common.intents import Effect, IntentExecution
from common.tool import ToolContext
from events.catalogue.smart_home import DeviceChanged
from roles.smart_home import build
from roles.smart_home.example_house import EXAMPLE_DEVICES, EXAMPLE_SCENES
from roles.smart_home.house import House
from roles.smart_home.intents import ActivateScene, SetDevice
from roles.smart_home.view import read_house
from tests.roles.asking import LOCAL, NOW, Asking, asking

HOUSE = House({d.name: d for d in EXAMPLE_DEVICES}, {s.name: s for s in EXAMPLE_SCENES})
LIGHTS = {device.name for device in EXAMPLE_DEVICES if device.kind == "light"}
CONTEXT = TaskContext(timezone="Europe/Zurich", current_time=NOW)
ON = {"power": "on"}
OFF = {"power": "off"}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncGenerator[Asking]:
    async with asking(build, tmp_path) as role:
        yield role


async def changed(home: Asking) -> dict[str, dict[str, Any]]:
    """What is not as it was at the beginning, by device."""
    now = await read_house(home.views, HOUSE, LOCAL)
    before = {name: HOUSE.initial(name) for name in now}
    return {
        name: {key: value for key, value in state.items() if before[name].get(key) != value}
        for name, state in now.items()
        if state != before[name]
    }


def test_the_example_house_is_a_house() -> None:
    assert len(EXAMPLE_DEVICES) >= 14
    assert len(HOUSE.rooms) >= 6
    assert len(EXAMPLE_SCENES) >= 4
    assert all(scene.aliases for scene in EXAMPLE_SCENES)
    kinds = {device.kind for device in EXAMPLE_DEVICES}
    assert kinds == {"light", "switch", "thermostat", "blind", "lock", "fan", "speaker", "sensor", "appliance"}


SETTINGS = [
    ("turn on the kitchen light", "kitchen light", ON),
    ("Switch the kitchen lamp on, please", "kitchen light", ON),
    ("could you put the light in the kitchen on", "kitchen light", ON),
    ("kitchen light on", "kitchen light", ON),
    ("dim the bedroom light to 20 percent", "bedroom light", {**ON, "brightness": 20}),
    ("set the floor lamp to 40%", "floor lamp", {**ON, "brightness": 40}),
    ("make the floor lamp blue", "floor lamp", {**ON, "colour": "blue"}),
    ("set the desk lamp to warm white at 30 percent", "desk lamp", {**ON, "brightness": 30, "colour": "warm white"}),
    ("close the bedroom blinds", "bedroom blinds", {"position": 0}),
    ("open the bedroom shutters halfway", "bedroom blinds", {"position": 50}),
    ("unlock the front door", "front door", {"lock": "unlocked"}),
    ("set the thermostat to 21.5 degrees", "thermostat", {"target": 21.5}),
    ("set the heating to 19 degrees please", "thermostat", {"target": 19}),
    ("turn the heating up by 2 degrees", "thermostat", {"target": 22}),
    ("make it warmer", "thermostat", {"target": 21.5}),
    ("make it a bit cooler", "thermostat", {"target": 19.5}),
    ("it's too cold in here", "thermostat", {"target": 21.5}),
    ("set the thermostat to 68 degrees fahrenheit", "thermostat", {}),
    ("start the coffee machine", "coffee machine", ON),
    ("turn on the sprinkler", "garden sprinkler", ON),
    ("switch on the fan", "bedroom fan", ON),
    ("fan speed 30 percent", "bedroom fan", {**ON, "speed": 30}),
    ("turn the music up", "speaker", {**ON, "volume": 50}),
    ("volume to 40", "speaker", {**ON, "volume": 40}),
]


@pytest.mark.parametrize(("text", "device", "expected"), SETTINGS)
async def test_setting_a_device_changes_that_one(
    home: Asking, text: str, device: str, expected: dict[str, Any]
) -> None:
    asked = await home.ask(text)
    assert asked.result.ok, asked.text
    assert len(asked.details) == 1
    assert await changed(home) == ({device: expected} if expected else {})


GROUPS = [
    ("turn on all the lights", LIGHTS),
    ("switch on the lights in the living room", {"living room light", "floor lamp"}),
    ("living room lights on", {"living room light", "floor lamp"}),
    ("turn on the kitchen light and the floor lamp", {"kitchen light", "floor lamp"}),
    ("turn on all the lights except the bedroom", LIGHTS - {"bedroom light", "bedside lamp"}),
    ("turn on every light but not the kitchen light", LIGHTS - {"kitchen light"}),
    ("light up the kitchen", {"kitchen light"}),
]


@pytest.mark.parametrize(("text", "devices"), GROUPS)
async def test_groups(home: Asking, text: str, devices: set[str]) -> None:
    asked = await home.ask(text)
    assert asked.result.ok, asked.text
    assert await changed(home) == dict.fromkeys(devices, ON)


ROOM_OFF = [
    ("everything off in the bedroom", {"bedroom light", "bedroom fan"}, {"kitchen light"}),
    ("turn off the lights in the bedroom", {"bedroom light"}, {"kitchen light", "bedroom fan"}),
    ("turn everything off", {"bedroom light", "bedroom fan", "kitchen light"}, set[str]()),
    ("lights out", {"bedroom light", "kitchen light"}, {"bedroom fan"}),
    ("turn off all the lights", {"bedroom light", "kitchen light"}, {"bedroom fan"}),
]


@pytest.mark.parametrize(("text", "off", "still_on"), ROOM_OFF)
async def test_turning_off_several(home: Asking, text: str, off: set[str], still_on: set[str]) -> None:
    for name in ("kitchen light", "bedroom light", "bedroom fan"):
        await home.ask(f"turn on the {name}")
    asked = await home.ask(text)
    assert asked.result.ok, asked.text
    now = await read_house(home.views, HOUSE, LOCAL)
    assert all(now[name]["power"] == "off" for name in off)
    assert all(now[name]["power"] == "on" for name in still_on)
    assert now["front door"] == {"lock": "locked"}


async def test_relative_wishes_become_absolute_states(home: Asking) -> None:
    await home.ask("set the bedroom light to 50 percent")
    for text, brightness in (
        ("dim the bedroom light", 30),
        ("a bit brighter in the bedroom", 40),
        ("make the bedroom light a lot brighter", 80),
        ("turn the bedroom light down by 5 percent", 75),
        ("toggle the bedroom light", 75),
    ):
        asked = await home.ask(text)
        (intent,) = asked.intents
        assert isinstance(intent, SetDevice)
        assert (await read_house(home.views, HOUSE, LOCAL))["bedroom light"]["brightness"] == brightness, text
    assert intent.states == {"bedroom light": OFF}


async def test_dimming_the_lights_dims_those_that_are_on(home: Asking) -> None:
    asked = await home.ask("dim the lights")
    assert "None of these lights is on" in asked.text
    await home.ask("turn on the kitchen light")
    await home.ask("dim the lights")
    assert await changed(home) == {"kitchen light": {**ON, "brightness": 80}}


async def test_the_light_is_the_only_one_that_is_on(home: Asking) -> None:
    asked = await home.ask("turn off the light")
    assert asked.text.startswith("Which one do you mean: the kitchen light")
    await home.ask("turn on the desk lamp")
    assert (await home.ask("turn off the light")).details == ["The desk lamp is off."]


async def test_a_state_that_is_so_already_makes_no_event(home: Asking) -> None:
    assert (await home.ask("turn on the kitchen light")).details == ["The kitchen light is on."]
    assert (await home.ask("turn on the kitchen light")).details == ["The kitchen light is already on."]
    recorded = await home.store.read_all(0, {DeviceChanged.TOPIC})
    assert [entry.event for entry in recorded] == [DeviceChanged(device="kitchen light", state=ON, by="local")]
    assert recorded[0].stream == "home/default"


SCENES = [
    ("movie night please", "movie night"),
    ("activate movie night", "movie night"),
    ("switch to cinema mode", "movie night"),
    ("start the movie night scene", "movie night"),
    ("good night", "good night"),
    ("set the scene to good night", "good night"),
    ("we are leaving home", "leaving home"),
    ("run the good morning scene", "good morning"),
    ("I'm home", "coming home"),
]


@pytest.mark.parametrize(("text", "name"), SCENES)
async def test_a_scene_sets_its_devices(home: Asking, text: str, name: str) -> None:
    asked = await home.ask(text)
    assert asked.result.ok, asked.text
    (intent,) = asked.intents
    assert isinstance(intent, ActivateScene)
    assert intent.states == HOUSE.scenes[name].states
    now = await read_house(home.views, HOUSE, LOCAL)
    for device, state in HOUSE.scenes[name].states.items():
        assert {key: now[device][key] for key in state} == state
    assert asked.details[0].startswith(f"The scene “{name}” is on: ")


QUESTIONS = [
    ("is the front door locked?", "The front door is locked."),
    ("what is the thermostat set to?", "set to 20 degrees"),
    ("is the kitchen light on?", "The kitchen light is off."),
    (
        "how warm is it in the living room?",
        "It is 20.5 degrees in the living room (the thermostat is set to 20 degrees).",
    ),
    ("how warm is it in the bedroom?", "It is 18.5 degrees in the bedroom."),
    ("how humid is it in the bathroom?", "The humidity in the bathroom is 58 %."),
    ("are the bedroom blinds open?", "The bedroom blinds are open."),
    ("did I leave the coffee machine on?", "The coffee machine is off."),
    ("which lights are on?", "None of these 9 is on."),
    ("is everything off?", "All of these are off: "),
    ("are all the doors locked?", "The front door is locked. The garage door is locked."),
    ("are the shutters in the bedroom down", "The bedroom blinds are open."),
    ("which devices do I have?", "Scenes: movie night"),
    ("list the devices in the kitchen", "Kitchen: kitchen light (off); coffee machine (off)"),
    ("which scenes are there?", "Scenes: movie night, good night, leaving home, coming home, good morning, dinner."),
    ("what is the temperature in the kitchen?", "Nothing measures that in the kitchen."),
]


@pytest.mark.parametrize(("text", "answer"), QUESTIONS)
async def test_questions_are_answered_and_change_nothing(home: Asking, text: str, answer: str) -> None:
    asked = await home.ask(text)
    assert answer in asked.text
    assert asked.intents == []


async def test_asking_what_is_on_after_something_was_turned_on(home: Asking) -> None:
    await home.ask("turn on the kitchen light")
    await home.ask("turn on the coffee machine")
    assert (await home.ask("which lights are on?")).text == "On: kitchen light."
    assert (await home.ask("is everything off?")).text == "Not off: kitchen light, coffee machine."


REFUSALS = [
    ("set the thermostat to 400 degrees", "takes a target of 5 to 30 °C, not 400"),
    ("set the kitchen light to 150 percent", "takes a brightness of 1 to 100 %, not 150"),
    ("dim the front door to 20 percent", "I can lock or unlock it"),
    ("open the front door", "I can lock or unlock it"),
    ("dim the coffee machine", "I can turn it on or off"),
    ("make the coffee machine blue", "I can turn it on or off"),
    ("turn on the bedroom sensor", "only measures"),
    ("turn on the light", "Which one do you mean"),
    ("turn on the garage light", "There are no lights in the garage."),
    ("turn on the attic light", "There is no attic in the house. Rooms: kitchen"),
    ("heat the bathroom to 23 degrees", "There is no thermostat in the bathroom; it is in the living room."),
    ("turn on the floor lamp in the kitchen", "There is no floor lamp in the kitchen; it is in the living room."),
    ("turn on the kitchen light in ten minutes", "only change devices at once, not “in ten minutes”"),
    ("turn off the lights at 10 pm", "only change devices at once"),
    ("switch the fan on for an hour", "only change devices at once, not “for an hour”"),
    ("don't turn on the kitchen light", "I leave it as it is."),
    ("turn on the sauna", "Which device do you mean"),
]


@pytest.mark.parametrize(("text", "why"), REFUSALS)
async def test_what_is_not_possible_is_said(home: Asking, text: str, why: str) -> None:
    asked = await home.ask(text)
    assert not asked.result.ok
    assert why in asked.text
    assert asked.intents == []
    assert await changed(home) == {}


async def call(home: Asking, name: str, collector: IntentCollector, **arguments: Any) -> Any:
    tool = next(tool for tool in home.role.tools if tool.name == name)
    return await tool.handler(tool.arguments.model_validate(arguments), ToolContext(CONTEXT, collector))


@pytest.mark.parametrize(
    ("arguments", "states"),
    [
        ({"device": "kitchen light", "action": "on"}, {"kitchen light": ON}),
        ({"device": "kitchen light", "level": 40}, {"kitchen light": {**ON, "brightness": 40}}),
        ({"device": "floor lamp", "colour": "warm white"}, {"floor lamp": {**ON, "colour": "warm white"}}),
        ({"device": "thermostat", "temperature": 21.5}, {"thermostat": {"target": 21.5}}),
        ({"device": "thermostat", "action": "warmer"}, {"thermostat": {"target": 21.5}}),
        ({"device": "bedroom blinds", "action": "close"}, {"bedroom blinds": {"position": 0}}),
        ({"device": "front door", "action": "unlock"}, {"front door": {"lock": "unlocked"}}),
        ({"device": "living room lights", "action": "on"}, {"living room light": ON, "floor lamp": ON}),
        ({"device": "bedroom fan", "said": "turn it on"}, {"bedroom fan": ON}),
        ({"device": "speaker", "said": "a bit louder"}, {"speaker": {**ON, "volume": 40}}),
        ({"said": "turn off the desk lamp", "device": "kitchen light"}, {"desk lamp": OFF}),
    ],
)
async def test_models_may_name_device_and_values_by_themselves(
    home: Asking, arguments: dict[str, Any], states: dict[str, Any]
) -> None:
    collector = IntentCollector()
    result = await call(home, "smart_home.set", collector, **arguments)
    assert result.ok, result.text
    (intent,) = collector.get_intents()
    assert isinstance(intent, SetDevice)
    assert intent.states == states


async def test_everything_a_tool_offers_as_a_choice_is_understood(home: Asking) -> None:
    tool = next(tool for tool in home.role.tools if tool.name == "smart_home.set")
    assert tool.choices is not None
    devices = tool.choices(CONTEXT)["device"]
    for name, aliases in devices.items():
        for said in (name, *aliases):
            result = await call(home, "smart_home.query", IntentCollector(), device=said)
            assert result.ok, said
    scenes = next(tool for tool in home.role.tools if tool.name == "smart_home.scene")
    assert scenes.choices is not None
    for name, aliases in scenes.choices(CONTEXT)["scene"].items():
        for said in (name, *aliases):
            collector = IntentCollector()
            assert (await call(home, "smart_home.scene", collector, scene=said)).ok, said
            (intent,) = collector.get_intents()
            assert isinstance(intent, ActivateScene)
            assert intent.scene == name, said


async def test_what_this_request_is_about_to_do_counts_and_is_not_told_as_done(home: Asking) -> None:
    collector = IntentCollector()
    await call(home, "smart_home.set", collector, said="set the bedroom light to 50 percent")
    await call(home, "smart_home.set", collector, said="make the bedroom light brighter")
    first, second = collector.get_intents()
    assert isinstance(first, SetDevice)
    assert isinstance(second, SetDevice)
    assert second.states == {"bedroom light": {**ON, "brightness": 70}}
    shown = await call(home, "smart_home.query", collector, said="is the bedroom light on?")
    assert shown.text == "The bedroom light is off. About to be changed: the bedroom light: on at 70 %."


async def test_intents_are_checked_again_when_they_are_carried_out(home: Asking) -> None:
    handlers = {handler.intent_type: handler for handler in home.role.intent_handlers}
    execution = IntentExecution("i", "k", 1, CONTEXT, NOW)
    for states, why in (
        ({"attic light": ON}, "no attic light"),
        ({"front door": {"brightness": 40}}, "no brightness to set"),
        ({"thermostat": {"target": 99}}, "5 to 30"),
        ({"kitchen light": {"power": "maybe"}}, "on or off"),
    ):
        for intent in (SetDevice(states=states), ActivateScene(scene="x", states=states)):
            assert handlers[type(intent)].effect is Effect.LOG
            with pytest.raises(IntentError, match=why):
                await handlers[type(intent)].carry_out(intent, execution)


def test_summaries_tell_a_person_what_will_be_done() -> None:
    intent = SetDevice(states={"kitchen light": {**ON, "brightness": 40}, "desk lamp": OFF, "floor lamp": OFF})
    assert intent.summary() == "set the kitchen light: on at 40 %; the desk lamp and the floor lamp: off"
    scene = ActivateScene(scene="calm", states={"bedroom blinds": {"position": 0}, "thermostat": {"target": 18}})
    assert scene.summary() == "activate the scene “calm”: the bedroom blinds: closed; the thermostat: set to 18 degrees"
    assert SetDevice.EXPIRES_AFTER is not None
    assert SetDevice.EXPIRES_AFTER.total_seconds() == 300


async def test_a_configured_house_replaces_the_example(tmp_path: Path) -> None:
    devices = [
        {"name": "desk lamp", "kind": "light", "room": "office", "state": {"power": True, "brightness": 40.0}},
        {"name": "heat pump", "kind": "thermostat", "aliases": ["pump"]},
    ]
    scenes = [{"name": "focus", "aliases": ["work mode"], "states": {"desk lamp": {"power": True, "brightness": 90}}}]
    async with asking(build, tmp_path, smart_home={"devices": devices, "scenes": scenes}) as role:
        assert (await role.ask("is the desk lamp on?")).text == "The desk lamp is on at 40 %."
        assert (await role.ask("turn off the desk lamp")).details == ["The desk lamp is off."]
        assert (await role.ask("set the pump to 22 degrees")).details == ["The heat pump is set to 22 degrees."]
        assert "coffee" not in (await role.ask("which devices do I have?")).text
        assert (await role.ask("activate work mode")).details == [
            "The scene “focus” is on: the desk lamp is on at 90 %."
        ]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"devices": [{"name": "lamp", "kind": "light"}] * 2}, "called 'lamp'"),
        (
            {"devices": [{"name": "lamp", "kind": "light"}], "scenes": [{"name": "s", "states": {"lump": ON}}]},
            "no lump",
        ),
        (
            {
                "devices": [{"name": "lamp", "kind": "light"}],
                "scenes": [{"name": "s", "states": {"lamp": {"power": 7}}}],
            },
            "on or off, not 7",
        ),
    ],
)
async def test_a_house_that_can_not_be_is_refused(tmp_path: Path, settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        async with asking(build, tmp_path, smart_home=settings):
            pass
