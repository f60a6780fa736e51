"""What devices announce, and what becomes of it: kinds, names, states, commands; and what is passed over."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.settings import SmartHomeSettings
from roles.smart_home.adapters.mqtt.change import Change
from roles.smart_home.adapters.mqtt.registry import Registry
from roles.smart_home.house import normal_state

Json = dict[str, Any]


def registry_of(*announced: tuple[str, Any], **smart_home: Any) -> Registry:
    """What was heard: (place below the prefix without /config, configuration)."""
    registry = Registry(SmartHomeSettings.model_validate(smart_home))
    for place, configuration in announced:
        announce(registry, place, configuration)
    return registry


def announce(registry: Registry, place: str, configuration: Any) -> None:
    payload = configuration if isinstance(configuration, bytes) else json.dumps(configuration).encode()
    registry.take(f"homeassistant/{place}/config", payload, retained=True)


def hear(registry: Registry, topic: str, payload: Any, *, retained: bool = False) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    registry.take(topic, text.encode(), retained=retained)


def commands(registry: Registry, name: str, state: Json) -> list[tuple[str, str]]:
    change = Change(registry, {name: state})
    assert not change.failed
    return [(command.topic, command.payload) for command in change.commands[name]]


LIGHT: Json = {"name": "Lamp", "command_topic": "l/set", "state_topic": "l"}


def test_long_keys_abbreviations_and_the_base_topic_mean_the_same() -> None:
    long = {
        "name": "Lamp",
        "command_topic": "home/lamp/set",
        "state_topic": "home/lamp",
        "state_value_template": "{{ value_json.s }}",
        "brightness_command_topic": "home/lamp/brightness/set",
        "brightness_state_topic": "home/lamp/brightness",
        "availability": [{"topic": "home/lamp/there", "payload_available": "yes", "payload_not_available": "no"}],
        "device": {"identifiers": ["1"], "suggested_area": "Kitchen"},
    }
    short = {
        "~": "home/lamp", "name": "Lamp", "cmd_t": "~/set", "stat_t": "~", "stat_val_tpl": "{{ value_json.s }}",
        "bri_cmd_t": "~/brightness/set", "bri_stat_t": "~/brightness",
        "avty": [{"t": "~/there", "pl_avail": "yes", "pl_not_avail": "no"}], "dev": {"ids": "1", "sa": "Kitchen"},
    }  # fmt: skip
    for configuration in (long, short):
        registry = registry_of(("light/lamp", configuration))
        assert registry.topics == {"home/lamp", "home/lamp/brightness", "home/lamp/there"}
        assert registry.house.devices["lamp"].room == "kitchen"
        hear(registry, "home/lamp/there", "yes")
        assert commands(registry, "lamp", {"power": "on", "brightness": 20}) == [
            ("home/lamp/brightness/set", "51"),
            ("home/lamp/set", "ON"),
        ]
        hear(registry, "home/lamp", {"s": "ON"})
        hear(registry, "home/lamp/brightness", "51")
        assert registry.state("lamp") == {"power": "on", "brightness": 20}
        hear(registry, "home/lamp/there", "no")
        assert registry.state("lamp") == {"reachable": False}


def test_a_device_may_announce_all_of_its_parts_at_once() -> None:
    registry = registry_of(
        (
            "device/plug-1",
            {
                "~": "plug",
                "dev": {"ids": "p1", "name": "Heater Plug", "sa": "Bathroom"},
                "o": {"name": "somebody"},
                "avty_t": "plug/there",
                "cmps": {
                    "relay": {"p": "switch", "name": None, "cmd_t": "~/set", "stat_t": "~/state"},
                    "power": {"p": "sensor", "name": "Power", "stat_t": "~/power", "unit_of_meas": "W"},
                    "gone": {"p": "switch"},
                    "led": {"p": "switch", "name": "LED", "cmd_t": "~/led", "ent_cat": "config"},
                },
            },
        )
    )
    assert {name: device.kind for name, device in registry.house.devices.items()} == {
        "heater plug": "switch",
        "heater plug power": "sensor",
    }
    assert registry.topics == {"plug/there", "plug/state", "plug/power"}
    hear(registry, "plug/there", "online")
    hear(registry, "plug/power", "412.50")
    assert registry.state("heater plug power") == {"value": 412.5, "unit": "W"}
    announce(registry, "device/plug-1", b"")
    assert not registry.house.devices


STATES: list[tuple[str, Json, list[tuple[str, Any]], Json]] = [
    ("switch", {"stat_t": "s", "cmd_t": "c", "stat_on": "1", "stat_off": "0"}, [("s", "1")], {"power": "on"}),
    ("switch", {"stat_t": "s", "cmd_t": "c", "pl_on": True, "pl_off": False, "val_tpl": "{{ value_json.on }}"},
     [("s", {"on": False})], {"power": "off"}),
    ("switch", {"stat_t": "s", "cmd_t": "c"}, [("s", "ON"), ("s", "what?")], {"power": "on"}),
    ("light", {"stat_t": "s", "cmd_t": "c", "schema": "json", "brightness": True}, [("s", {"state": "ON"}),
     ("s", {"brightness": 51})], {"power": "on", "brightness": 20}),
    ("light", {"stat_t": "s", "cmd_t": "c", "schema": "json", "sup_clrm": ["xy", "color_temp"]},
     [("s", {"state": "ON", "color_mode": "xy", "color": {"x": 0.15, "y": 0.06}})], {"power": "on", "colour": "blue"}),
    ("light", {"stat_t": "s", "cmd_t": "c", "schema": "json", "sup_clrm": ["xy", "color_temp"]},
     [("s", {"state": "ON", "color_mode": "color_temp", "color_temp": 365, "color": {"x": 0.4, "y": 0.4}})],
     {"power": "on", "colour": "warm white"}),
    ("light", {"stat_t": "s", "cmd_t": "c", "rgb_cmd_t": "r", "rgb_stat_t": "rs"}, [("rs", "255,0,0")],
     {"colour": "red"}),
    ("light", {"stat_t": "s", "cmd_t": "c", "hs_cmd_t": "r", "hs_stat_t": "rs"}, [("rs", "120,100")],
     {"colour": "green"}),
    ("fan", {"stat_t": "s", "cmd_t": "c", "pct_cmd_t": "p", "pct_stat_t": "ps", "spd_rng_min": 1, "spd_rng_max": 4},
     [("s", "ON"), ("ps", "2")], {"power": "on", "speed": 50}),
    ("cover", {"cmd_t": "c", "stat_t": "s"}, [("s", "closed")], {"position": 0}),
    ("cover", {"cmd_t": "c", "stat_t": "s"}, [("s", "open"), ("s", "closing")], {"position": 100}),
    ("cover", {"set_pos_t": "c", "pos_t": "s", "pos_open": 0, "pos_clsd": 255}, [("s", "51")], {"position": 80}),
    ("lock", {"cmd_t": "c", "stat_t": "s"}, [("s", "UNLOCKED")], {"lock": "unlocked"}),
    ("lock", {"cmd_t": "c", "stat_t": "s"}, [("s", "LOCKING")], {"lock": "locking"}),
    ("climate", {"temp_cmd_t": "c", "temp_stat_t": "s", "temp_unit": "F", "curr_temp_t": "m"},
     [("s", "68"), ("m", "71.6")], {"target": 20, "measured": 22}),
    ("sensor", {"stat_t": "s", "dev_cla": "humidity", "unit_of_meas": "%"}, [("s", "46.04")], {"humidity": 46}),
    ("sensor", {"stat_t": "s", "unit_of_meas": "°F"}, [("s", "50")], {"measured": 10}),
    ("sensor", {"stat_t": "s"}, [("s", "wash\u0007ing")], {"value": "wash ing"}),
    ("binary_sensor", {"stat_t": "s", "dev_cla": "window", "pl_on": False, "pl_off": True,
     "val_tpl": "{{ value_json.contact }}"}, [("s", {"contact": False})], {"value": "open"}),
    ("binary_sensor", {"stat_t": "s"}, [("s", "OFF")], {"value": "off"}),
]  # fmt: skip


@pytest.mark.parametrize(("component", "configuration", "messages", "state"), STATES)
def test_what_devices_tell_is_their_state(
    component: str, configuration: Json, messages: list[tuple[str, Any]], state: Json
) -> None:
    registry = registry_of((f"{component}/thing", {"name": "thing", **configuration}))
    for topic, payload in messages:
        hear(registry, topic, payload)
    assert registry.state("thing") == state


COMMANDS: list[tuple[str, Json, Json, list[tuple[str, str]]]] = [
    ("switch", {"cmd_t": "c", "pl_off": "0"}, {"power": "off"}, [("c", "0")]),
    ("switch", {"cmd_t": "c", "cmd_tpl": '{"relay": "{{ value | lower }}"}'}, {"power": "on"},
     [("c", '{"relay": "on"}')]),
    ("light", {"cmd_t": "c", "bri_cmd_t": "b", "on_cmd_type": "first", "bri_scl": 100},
     {"power": "on", "brightness": 7}, [("c", "ON"), ("b", "7")]),
    ("light", {"cmd_t": "c", "bri_cmd_t": "b", "on_cmd_type": "brightness"}, {"power": "on"}, [("b", "255")]),
    ("light", {"cmd_t": "c", "bri_cmd_t": "b"}, {"power": "off"}, [("c", "OFF")]),
    ("light", {"cmd_t": "c", "rgb_cmd_t": "r"}, {"power": "on", "colour": "red"}, [("r", "255,0,0"), ("c", "ON")]),
    ("light", {"cmd_t": "c", "hs_cmd_t": "r"}, {"power": "on", "colour": "blue"}, [("r", "240,100"), ("c", "ON")]),
    ("light", {"cmd_t": "c", "clr_temp_cmd_t": "t"}, {"power": "on", "colour": "warm white"},
     [("t", "370"), ("c", "ON")]),
    ("light", {"cmd_t": "c", "schema": "json", "brightness": True, "bri_scl": 10}, {"power": "on", "brightness": 1},
     [("c", '{"state":"ON","brightness":1}')]),
    ("light", {"cmd_t": "c", "schema": "json", "sup_clrm": ["hs"]}, {"power": "on", "colour": "green"},
     [("c", '{"state":"ON","color":{"h":120.0,"s":100.0}}')]),
    ("light", {"cmd_t": "c", "schema": "json", "sup_clrm": ["rgbw"]}, {"power": "on", "colour": "red"},
     [("c", '{"state":"ON","color":{"r":255,"g":0,"b":0,"w":0}}')]),
    ("light", {"cmd_t": "c", "schema": "json", "sup_clrm": ["xy", "color_temp"]},
     {"power": "on", "colour": "cool white"}, [("c", '{"state":"ON","color_temp":165}')]),
    ("fan", {"cmd_t": "c", "pct_cmd_t": "p", "spd_rng_max": 4}, {"power": "on", "speed": 50},
     [("c", "ON"), ("p", "2")]),
    ("cover", {"cmd_t": "c", "pl_cls": "DOWN"}, {"position": 0}, [("c", "DOWN")]),
    ("cover", {"set_pos_t": "p", "pos_t": "s", "pos_open": 0, "pos_clsd": 255, "set_pos_tpl": '{"p": {{ value }}}'},
     {"position": 80}, [("p", '{"p": 51}')]),
    ("lock", {"cmd_t": "c", "pl_unlk": "open sesame"}, {"lock": "unlocked"}, [("c", "open sesame")]),
    ("climate", {"temp_cmd_t": "c"}, {"target": 21.5}, [("c", "21.5")]),
    ("climate", {"temp_cmd_t": "c", "temp_unit": "F"}, {"target": 20}, [("c", "68")]),
]  # fmt: skip


@pytest.mark.parametrize(("component", "configuration", "wanted", "expected"), COMMANDS)
def test_what_devices_are_told(
    component: str, configuration: Json, wanted: Json, expected: list[tuple[str, str]]
) -> None:
    registry = registry_of((f"{component}/thing", {"name": "thing", **configuration}))
    assert commands(registry, "thing", wanted) == expected


CAN_NOT: list[tuple[str, Json, Json, str]] = [
    ("light", {"cmd_t": "c"}, {"power": "on", "brightness": 20}, "no brightness to set"),
    ("light", {"cmd_t": "c"}, {"power": "on", "colour": "red"}, "no colour to set"),
    ("light", {"cmd_t": "c", "clr_temp_cmd_t": "t"}, {"colour": "red"}, "warm white, white, cool white, not red"),
    ("fan", {"cmd_t": "c"}, {"power": "on", "speed": 20}, "no speed to set"),
    ("cover", {"cmd_t": "c"}, {"position": 40}, "0 or 100 %, not 40"),
    ("climate", {"temp_cmd_t": "c", "min_temp": 16, "max_temp": 24}, {"target": 26}, "16 to 24"),
    ("sensor", {"stat_t": "s"}, {"power": "on"}, "no power to set"),
]


@pytest.mark.parametrize(("component", "configuration", "wanted", "why"), CAN_NOT)
def test_what_a_device_can_not_do_is_known_from_its_announcement(
    component: str, configuration: Json, wanted: Json, why: str
) -> None:
    change = Change(registry_of((f"{component}/thing", {"name": "thing", **configuration})), {"thing": wanted})
    assert why in change.failed["thing"]


@pytest.mark.parametrize(
    ("mode", "said", "reachable"),
    [
        ("all", [], False),
        ("all", [("a", "online")], False),
        ("all", [("a", "online"), ("b", "online")], True),
        ("all", [("a", "online"), ("b", "online"), ("a", "offline")], False),
        ("any", [("b", "online")], True),
        ("any", [("b", "offline")], False),
        ("latest", [("a", "offline"), ("b", "online")], True),
        ("latest", [("b", "online"), ("a", "offline")], False),
        ("latest", [("b", "online"), ("a", "nonsense")], True),
    ],
)
def test_availability(mode: str, said: list[tuple[str, str]], reachable: bool) -> None:
    availability = [{"topic": "a"}, {"topic": "b", "val_tpl": "{{ value }}"}]
    registry = registry_of(("light/x", {**LIGHT, "availability": availability, "availability_mode": mode}))
    for topic, text in said:
        hear(registry, topic, text)
    assert registry.reachable("lamp") is reachable


def named(name: str | None, device: str = "", area: str = "", **more: Any) -> Json:
    return {**LIGHT, "name": name, "device": {"ids": "x", "name": device, "suggested_area": area}, **more}


NAMES: list[tuple[list[Json], set[str]]] = [
    ([named("Kitchen Light")], {"kitchen light"}),
    ([named(None, "Floor Lamp")], {"floor lamp"}),
    ([named("Ceiling", "Study")], {"study ceiling"}),
    ([named("Study Ceiling", "Study")], {"study ceiling"}),
    ([named("TV", "LG OLED")], {"LG OLED TV"}),
    ([named("Lamp", "", "Kitchen"), named("Lamp", "", "Bedroom")], {"kitchen lamp", "bedroom lamp"}),
    ([named("Lamp"), named("lamp")], {"lamp (light d0)", "lamp (light d1)"}),
    ([named("Lamp", "", "Kitchen"), named("Lamp", "", "Kitchen"), named("Kitchen Lamp")],
     {"kitchen lamp (light d0)", "kitchen lamp (light d1)", "kitchen lamp (light d2)"}),
    ([named("  a\u0000b\n c\u202e ")], {"a b c"}),
    ([named("***")], {"d0"}),
    ([named("x" * 500)], {"x" * 60}),
]  # fmt: skip


@pytest.mark.parametrize(("configurations", "names"), NAMES)
def test_devices_are_called_so_that_they_can_be_told_apart(configurations: list[Json], names: set[str]) -> None:
    places = [(f"light/d{index}", configuration) for index, configuration in enumerate(configurations)]
    registry = registry_of(*places)
    assert set(registry.house.devices) == names
    assert set(registry_of(*reversed(places)).house.devices) == names


def test_a_name_never_comes_to_mean_another_device_of_two() -> None:
    registry = registry_of(("light/a", named("Lamp")), ("light/b", named("Lamp")))
    before = set(registry.devices)
    announce(registry, "light/a", b"")
    assert set(registry.devices) == {"lamp"}
    assert "lamp" not in before


def test_temperature_and_humidity_of_one_thing_are_one_sensor() -> None:
    device = {"identifiers": ["s"], "name": "Bath Sensor", "suggested_area": "bathroom"}
    shared = {"state_topic": "s", "device": device}
    registry = registry_of(
        ("sensor/s/t", {"name": "Temperature", "dev_cla": "temperature", "val_tpl": "{{ value_json.t }}", **shared}),
        ("sensor/s/h", {"name": "Humidity", "dev_cla": "humidity", "val_tpl": "{{ value_json.h }}", **shared}),
        ("sensor/s/b", {"name": "Battery", "ent_cat": "diagnostic", "val_tpl": "{{ value_json.b }}", **shared}),
    )
    hear(registry, "s", {"t": 22.4, "h": 58, "b": 90})
    assert {name: registry.state(name) for name in registry.devices} == {
        "bath sensor": {"measured": 22.4, "humidity": 58}
    }


def test_settings_give_devices_rooms_other_words_and_scenes() -> None:
    registry = registry_of(
        ("switch/plug", {"name": "Plug 3", "cmd_t": "c"}),
        devices=[{"name": "plug 3", "kind": "appliance", "room": "kitchen", "aliases": ["coffee machine"]}],
        scenes=[{"name": "morning", "states": {"plug 3": {"power": True}, "no such thing": {"power": True}}}],
    )
    device = registry.house.devices["plug 3"]
    assert (device.kind, device.room, device.aliases) == ("appliance", "kitchen", ("coffee machine",))
    states = {name: normal_state(state) for name, state in registry.house.scenes["morning"].states.items()}
    assert Change(registry, states).failed == {"no such thing": "the house has no no such thing"}


PASSED_OVER: list[tuple[str, Any, str]] = [
    ("light/x", b"\xff\xfe", "no JSON object"),
    ("light/x", b"{", "no JSON object"),
    ("light/x", [1], "no JSON object"),
    ("light/x", b"[" * 100_000, "no JSON object"),
    ("light/x", b"{" + b" " * 130_000 + b"}", "130002 bytes"),
    ("light/x", {**LIGHT, "command_topic": "home/#"}, "command_topic is no topic"),
    ("light/x", {**LIGHT, "state_topic": "+/state"}, "state_topic is no topic"),
    ("light/x", {**LIGHT, "state_topic": ["s"]}, "state_topic is no topic"),
    ("light/x", {**LIGHT, "command_topic": "$SYS/x"}, "command_topic is no topic"),
    ("light/x", {"name": "Lamp"}, "no command_topic"),
    ("light/x", {**LIGHT, "name": {"a": 1}}, "name is no text"),
    ("light/x", {**LIGHT, "brightness_scale": "many"}, "brightness_scale is no number"),
    ("light/x", {**LIGHT, "brightness_scale": 0}, "brightness_scale is too small"),
    ("light/x", {**LIGHT, "schema": "template"}, "schema 'template' are not supported"),
    ("light/x", {**LIGHT, "state_value_template": "{{ states('x') }}"}, "state_value_template is a template about"),
    ("light/x", {**LIGHT, "availability": "a"}, "availability is no list"),
    ("light/x", {**LIGHT, "availability_mode": "sometimes"}, "availability_mode is unknown"),
    ("light/x", {**LIGHT, "enabled_by_default": False}, "not enabled"),
    ("siren/x", {**LIGHT}, "siren is not supported"),
    ("lock/x", {"command_topic": "c", "code_format": "^\\d{4}$"}, "wants a code"),
    ("cover/x", {"command_topic": "c", "position_open": 5, "position_closed": 5}, "are the same"),
    ("device/x", {"device": {"ids": "x"}}, "no components"),
    ("light/with space", LIGHT, "no discovery topic"),
]


@pytest.mark.parametrize(("place", "configuration", "why"), PASSED_OVER)
def test_what_can_not_be_used_is_passed_over_with_a_reason(
    place: str, configuration: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "roles.smart_home"):
        registry = registry_of((place, configuration), ("light/good", {**LIGHT, "name": "good lamp"}))
    assert set(registry.house.devices) == {"good lamp"}
    assert [why in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("before", "wanted", "said", "moving"),
    [
        ({"s": "open", "p": "100"}, 0, {"s": "closing"}, True),
        ({"s": "open", "p": "100"}, 0, {"p": "80"}, True),
        ({"s": "closed", "p": "0"}, 60, {"s": "opening"}, True),
        ({"s": "open", "p": "50"}, 0, {"s": "opening"}, False),
        ({"s": "open", "p": "50"}, 0, {"p": "70"}, False),
        ({"s": "open", "p": "50"}, 0, {"s": "stopped"}, False),
        ({}, 100, {"s": "opening"}, True),
        ({}, 100, {"s": "closing"}, False),
    ],
)
def test_a_cover_is_on_its_way_only_where_it_was_told_to_go(
    before: dict[str, str], wanted: int, said: dict[str, str], moving: bool
) -> None:
    configuration = {"name": "blind", "cmd_t": "c", "stat_t": "s", "pos_t": "p", "set_pos_t": "c"}
    registry = registry_of(("cover/x", configuration))
    for topic, text in before.items():
        hear(registry, topic, text, retained=True)
    change = Change(registry, {"blind": {"position": wanted}})
    change.begin()
    change.sent("blind")
    assert not change.look()
    for topic, text in said.items():
        hear(registry, topic, text)
    assert change.look() is moving
    assert change.applied().moving == ({"blind"} if moving else set())


def test_a_cover_that_is_leaving_where_it_should_be_is_told_to_stay() -> None:
    registry = registry_of(("cover/x", {"name": "blind", "cmd_t": "c", "stat_t": "s", "pos_t": "p"}))
    hear(registry, "p", "100", retained=True)
    assert not Change(registry, {"blind": {"position": 100}}).commands
    hear(registry, "s", "closing")
    assert commands(registry, "blind", {"position": 100}) == [("c", "OPEN")]


def test_only_what_is_told_after_the_command_confirms_it() -> None:
    registry = registry_of(("light/x", LIGHT))
    hear(registry, "l", "OFF", retained=True)
    change = Change(registry, {"lamp": {"power": "on"}})
    change.begin()
    change.sent("lamp")
    hear(registry, "l", "ON", retained=True)
    assert not change.look()
    hear(registry, "l", "ON")
    assert change.look()


def test_a_flood_of_devices_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    registry = registry_of()
    with caplog.at_level(logging.INFO, "roles.smart_home"):
        for number in range(6_000):
            announce(registry, f"light/l{number}", {**LIGHT, "stat_t": f"s/{number}", "name": f"Lamp {number}"})
        announce(registry, "light/bad", b"{")
    assert len(registry.house.devices) == 500
    assert len(registry.topics) <= 5_000
    assert len(caplog.records) < 100


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["a/b", "~/x", "+"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_KEYS = sorted(
    {key for _, configuration, *_ in (*STATES, *COMMANDS) for key in configuration} | {"name", "dev", "avty", "~"}
)
_COMPONENTS = ["light", "switch", "fan", "cover", "lock", "climate", "sensor", "binary_sensor", "device", "siren"]


@settings(max_examples=150, deadline=None)
@given(
    component=st.sampled_from(_COMPONENTS),
    configuration=st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=8),
    payloads=st.lists(st.binary(max_size=30) | st.floats().map(lambda value: repr(value).encode()), max_size=4),
)
def test_nothing_that_is_announced_or_told_breaks_the_house(
    component: str, configuration: Json, payloads: list[bytes]
) -> None:
    usable = {"cmd_t": "c", "stat_t": "a/b", "temp_cmd_t": "c", "pos_t": "a/b", "schema": "json"}
    registry = registry_of((f"{component}/fuzzed", {**usable, **configuration}), ("light/good", LIGHT))
    for topic in registry.topics:
        for payload in payloads:
            registry.take(topic, payload, retained=False)
    for name in registry.devices:
        assert isinstance(registry.state(name), dict)
        for wanted in ({"power": "on"}, {"position": 100}, {"target": 20}, {"lock": "locked"}):
            Change(registry, {name: wanted})
    assert "lamp" in registry.house.devices or len(registry.house.devices) == 2
    assert registry.house.device_choices()
