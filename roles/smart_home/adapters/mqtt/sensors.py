"""Sensors and binary sensors: read, never told anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from roles.smart_home.adapters.mqtt.announcement import Announcement, clean_text
from roles.smart_home.adapters.mqtt.entity import Entity, Reading
from roles.smart_home.adapters.mqtt.values import number_of, numbers, one_of, plain
from roles.smart_home.house import State

__all__ = ["read_binary_sensor", "read_sensor"]

_MAX_TEXT = 60
_MEANINGS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("door", "garage_door", "opening", "window"), ("open", "closed")),
    **dict.fromkeys(("motion", "occupancy", "presence"), ("detecting somebody", "detecting nobody")),
    "moisture": ("wet", "dry"),
    "smoke": ("detecting smoke", "detecting no smoke"),
    "gas": ("detecting gas", "detecting no gas"),
    "carbon_monoxide": ("detecting carbon monoxide", "detecting no carbon monoxide"),
    "lock": ("unlocked", "locked"),
    "plug": ("plugged in", "unplugged"),
    "running": ("running", "not running"),
}


def read_sensor(config: Announcement) -> Entity:
    """A temperature in degrees Celsius, a humidity in percent, or another value with its unit."""
    unit = clean_text(config.text("unit_of_measurement"), 20)
    kind = config.text("device_class")
    if kind == "temperature" or unit in ("°C", "°F"):
        measures = "measured"
        read = numbers(lambda value: {"measured": plain(round((value - 32) * 5 / 9 if unit == "°F" else value, 1))})
    elif kind == "humidity":
        measures = "humidity"
        read = numbers(lambda value: {"humidity": plain(round(value, 1))})
    else:
        measures, read = "value", _value(unit)
    reading = Reading(config.needed_topic("state_topic"), config.template("value_template"), read)
    return Entity(kind="sensor", name="", measures=measures, readings=(reading,))


def _value(unit: str) -> Callable[[str], State]:
    def read(text: str) -> State:
        if text in ("", "None", "unknown", "unavailable"):
            return {}
        number = number_of(text)
        state: State = {"value": plain(number) if number is not None else clean_text(text, _MAX_TEXT)}
        return {**state, "unit": unit} if unit else state

    return read


def read_binary_sensor(config: Announcement) -> Entity:
    """Something that is so or not so, in the words that fit what it watches."""
    words = _MEANINGS.get(config.text("device_class"), ("on", "off"))
    meanings = {config.text("payload_on", "ON"): words[0], config.text("payload_off", "OFF"): words[1]}
    topic = config.needed_topic("state_topic")
    reading = Reading(topic, config.template("value_template"), one_of("value", meanings))
    return Entity(kind="sensor", name="", readings=(reading,))
