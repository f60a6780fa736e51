"""Wishes in words, and the rule that whatever is wished, a device is only given what it can have."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.settings import DeviceSettings
from roles.smart_home.changes import next_state
from roles.smart_home.example_house import EXAMPLE_DEVICES, EXAMPLE_SCENES
from roles.smart_home.house import CAPABILITIES, House
from roles.smart_home.targets import find_targets
from roles.smart_home.timing import later_words
from roles.smart_home.wishes import COLOURS, Wish, read_wish

HOUSE = House({d.name: d for d in EXAMPLE_DEVICES}, {s.name: s for s in EXAMPLE_SCENES})

READ: list[tuple[str, dict[str, Any]]] = [
    ("turn it on", {"power": "on"}),
    ("switch the thing off please", {"power": "off"}),
    ("lights on in the kitchen", {"power": "on", "aspect": "light"}),
    ("shut down the tv", {"power": "off"}),
    ("start the dishwasher", {"power": "on"}),
    ("stop the music", {"power": "off", "aspect": "sound"}),
    ("toggle the lamp", {"power": "toggle", "aspect": "light"}),
    ("to 40 percent", {"level": 40.0}),
    ("set it to forty percent", {"level": 40.0}),
    ("to 40", {"number": 40.0}),
    ("half", {"level": 50.0}),
    ("three quarters", {"level": 75.0}),
    ("to the maximum", {"level": 100.0}),
    ("21.5 degrees", {"degrees": 21.5, "aspect": "heat"}),
    ("to 70 degrees fahrenheit", {"degrees": 21.0, "aspect": "heat"}),
    ("up by 2 degrees", {"degrees": 2.0, "relative": True, "direction": 1, "aspect": "heat"}),
    ("down 9 degrees fahrenheit", {"degrees": 5.0, "relative": True, "direction": -1, "aspect": "heat"}),
    ("10 percent brighter", {"level": 10.0, "relative": True, "direction": 1, "aspect": "light"}),
    ("a bit louder", {"direction": 1, "amount": 0.5, "aspect": "sound"}),
    ("much warmer", {"direction": 1, "amount": 2.0, "aspect": "heat"}),
    ("it's too hot", {"direction": -1, "aspect": "heat"}),
    ("it is so dark in here", {"direction": 1, "aspect": "light"}),
    ("cool white", {"colour": "cool white"}),
    ("make it violet", {"colour": "purple"}),
    ("unlock", {"lock": "unlocked"}),
    ("raise the blinds", {"movement": "open", "direction": 1}),
    ("roll the shutters down", {"movement": "close", "direction": -1}),
    ("the weather is nice", {}),
    ("", {}),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_words_are_read_as_wishes(text: str, expected: dict[str, Any]) -> None:
    assert read_wish(text) == Wish(**expected)


FOUND = [
    ("the kitchen light", ("kitchen light",)),
    ("the lamp in the kitchen", ("kitchen light",)),
    ("kitchen lights", ("kitchen light",)),
    ("the lights in the bedroom", ("bedroom light", "bedside lamp")),
    ("the TV and the stereo", ("speaker", "television")),
    ("the plug in the bathroom", ("towel heater",)),
    ("all blinds", ("living room blinds", "bedroom blinds")),
    ("both doors", ("front door", "garage door")),
    ("the lounge lights", ("living room light", "floor lamp")),
    ("the lights in the office", ("desk lamp",)),
    ("everything in the bathroom", ("bathroom light", "towel heater")),
    ("the coffee", ("coffee machine",)),
    ("the outside lights", ("garden lights",)),
    ("the thermostat", ("thermostat",)),
]


@pytest.mark.parametrize(("text", "devices"), FOUND)
def test_words_are_read_as_devices(text: str, devices: tuple[str, ...]) -> None:
    assert set(find_targets(text, HOUSE).devices) == set(devices)


@given(st.text(max_size=60))
def test_any_text_is_read_without_harm(text: str) -> None:
    wish = read_wish(text)
    found = find_targets(text, HOUSE)
    assert set(found.devices) | set(found.ambiguous) <= set(HOUSE.devices)
    assert set(found.rooms) <= set(HOUSE.rooms)
    assert wish.colour in ("", *COLOURS)


numbers = st.none() | st.floats(-500, 500)


wishes = st.builds(
    Wish,
    power=st.sampled_from(["on", "off", "toggle", ""]),
    movement=st.sampled_from(["open", "close", ""]),
    lock=st.sampled_from(["locked", "unlocked", ""]),
    level=numbers,
    degrees=numbers,
    number=numbers,
    relative=st.booleans(),
    direction=st.sampled_from([-1, 0, 1]),
    amount=st.sampled_from([0.5, 1.0, 2.0]),
    colour=st.sampled_from(["", *COLOURS]),
    aspect=st.sampled_from(["", "light", "sound", "heat", "speed"]),
)


@given(st.sampled_from(sorted(CAPABILITIES)), wishes, st.lists(wishes, max_size=3))
def test_a_next_state_is_always_one_that_the_device_can_have(kind: Any, wish: Wish, before: list[Wish]) -> None:
    house = House({"thing": DeviceSettings(name="thing", kind=kind)}, {})
    current = house.initial("thing")
    for earlier in before:
        change = next_state(house.devices["thing"], current, earlier)
        current |= change if isinstance(change, dict) else {}
    change = next_state(house.devices["thing"], current, wish)
    if isinstance(change, str):
        assert change.startswith("The thing ")
        assert change.endswith(".")
        return
    assert change
    assert house.problem("thing", change) == ""


LATER = [
    ("turn on the fan in ten minutes", "in ten minutes"),
    ("lights off at 10 pm", "at 10 pm"),
    ("lights off at 22:30", "at 22:30"),
    ("tomorrow turn the heating on", "tomorrow"),
    ("the fan on for an hour", "for an hour"),
    ("set the thermostat to 21", ""),
    ("set the thermostat at 21", ""),
    ("set the light to twenty", ""),
    ("dim the light by 10", ""),
    ("turn off the lights now", ""),
    ("the light to 50 percent", ""),
]


@pytest.mark.parametrize(("text", "words"), LATER)
def test_another_time_than_now_is_noticed(text: str, words: str) -> None:
    assert later_words(text, datetime(2026, 11, 21, 14, 20, tzinfo=ZoneInfo("Europe/Zurich"))) == words
