"""Lights of the default schema (a topic for each property) and of schema json (one object for all)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

from pydantic import JsonValue

from roles.smart_home.adapters.mqtt.announcement import Announcement, PassedOver
from roles.smart_home.adapters.mqtt.colours import (
    WHITES,
    hs_of,
    mireds_of,
    name_of_mireds,
    name_of_rgb,
    rgb_of,
    rgb_of_hs,
    rgb_of_xy,
    xy_of,
)
from roles.smart_home.adapters.mqtt.entity import Command, Entity, Reading, Tell, Wanted
from roles.smart_home.adapters.mqtt.templates import Payload
from roles.smart_home.adapters.mqtt.values import number_of, numbers, one_of, payload_of, usable
from roles.smart_home.house import CAPABILITIES, Capability, State

__all__ = ["read_light"]

_POWER, _BRIGHTNESS, _COLOUR = CAPABILITIES["light"]
_WHITES = Capability("colour", values=WHITES)
_COLOURED = ("hs", "rgb", "rgbw", "rgbww", "xy")


def read_light(config: Announcement) -> Entity:
    """A light. Raises `PassedOver`."""
    schema = config.text("schema", "basic")
    if schema == "json":
        return _json_light(config)
    if schema not in ("basic", "default"):
        raise PassedOver(f"lights of the schema {schema[:40]!r} are not supported")
    return _basic_light(config)


def _scale(config: Announcement) -> float:
    scale = config.number("brightness_scale", 255)
    if scale < 1:
        raise PassedOver("its brightness_scale is too small")
    return scale


def _to_device(percent: JsonValue, scale: float) -> int:
    """A brightness in percent as the device counts it; never 0, which would be off."""
    value = float(percent) if isinstance(percent, int | float) else 100.0
    return max(1, math.floor(value / 100 * scale + 0.5))


def _brightness(value: float, scale: float) -> State:
    return {"brightness": max(1, min(100, round(value / scale * 100)))} if value > 0 else {}


def _basic_light(config: Announcement) -> Entity:
    topic, scale = config.needed_topic("command_topic"), _scale(config)
    on, off = config.text("payload_on", "ON"), config.text("payload_off", "OFF")
    readings: list[Reading] = []
    capabilities = [_POWER]
    if state_topic := config.topic("state_topic"):
        template = config.template("state_value_template", "value_template")
        readings.append(Reading(state_topic, template, one_of("power", {on: "on", off: "off"})))
    if config.topic("brightness_command_topic"):
        capabilities.append(_BRIGHTNESS)
    if brightness_topic := config.topic("brightness_state_topic"):
        template = config.template("brightness_value_template")
        readings.append(Reading(brightness_topic, template, numbers(lambda value: _brightness(value, scale))))
    colour = _basic_colour(config)
    if colour is not None:
        capabilities.append(colour[0])
        readings += colour[1]
    return Entity(
        kind="light",
        name="",
        readings=tuple(readings),
        capabilities=tuple(capabilities),
        reports=_reported(config, readings),
        tolerance={"brightness": 50 / scale + 0.6},
        tell=_basic_tell(config, topic, (on, off), scale, colour[2] if colour is not None else None),
    )


def _reported(config: Announcement, readings: Sequence[Reading]) -> frozenset[str]:
    """The properties that have a topic of their own where their state is told."""
    topics = {reading.topic for reading in readings}
    if config.flag("optimistic"):
        return frozenset()
    by_key = {
        "power": ("state_topic",),
        "brightness": ("brightness_state_topic",),
        "colour": ("rgb_state_topic", "hs_state_topic", "color_temp_state_topic"),
    }
    return frozenset(name for name, keys in by_key.items() if any(config.topic(key) in topics for key in keys))


_Colouring = Callable[[str], Command]


def _basic_colour(config: Announcement) -> tuple[Capability, list[Reading], _Colouring] | None:
    for key, write, read in (("rgb", _rgb_text, _read_rgb), ("hs", _hs_text, _read_hs)):
        if topic := config.topic(f"{key}_command_topic"):
            if f"{key}_command_template" in config:
                raise PassedOver(f"its {key}_command_template is not supported")
            readings = _colour_readings(config, f"{key}_state_topic", f"{key}_value_template", read)
            return _COLOUR, readings, _colouring(topic, write)
    if topic := config.topic("color_temp_command_topic"):
        template = config.template("color_temp_command_template")
        kelvin = config.flag("color_temp_kelvin")
        readings = _colour_readings(config, "color_temp_state_topic", "color_temp_value_template", _read_white(kelvin))

        def white(name: str) -> Command:
            return Command(topic, payload_of(template, _white(name, kelvin)))

        return _WHITES, readings, white
    return None


def _colouring(topic: str, write: Callable[[str], str]) -> _Colouring:
    return lambda name: Command(topic, write(name))


def _colour_readings(
    config: Announcement, topic_key: str, template_key: str, read: Callable[[str], State]
) -> list[Reading]:
    topic = config.topic(topic_key)
    return [Reading(topic, config.template(template_key), read)] if topic is not None else []


def _rgb_text(name: str) -> str:
    return ",".join(str(part) for part in rgb_of(name))


def _hs_text(name: str) -> str:
    return ",".join(f"{part:g}" for part in hs_of(rgb_of(name)))


def _parts(text: str, count: int) -> list[float] | None:
    parts = [part for part in map(number_of, text.split(",")[:count]) if part is not None]
    return parts if len(parts) == count else None


def _read_rgb(text: str) -> State:
    parts = _parts(text, 3)
    return {"colour": name_of_rgb(parts)} if parts else {}


def _read_hs(text: str) -> State:
    parts = _parts(text, 2)
    return {"colour": name_of_rgb(rgb_of_hs(*parts))} if parts else {}


def _white(name: str, kelvin: bool) -> int:
    return round(1_000_000 / mireds_of(name)) if kelvin else mireds_of(name)


def _read_white(kelvin: bool) -> Callable[[str], State]:
    return numbers(
        lambda value: {"colour": name_of_mireds(1_000_000 / value if kelvin else value)} if value > 0 else {}
    )


def _basic_tell(
    config: Announcement, topic: str, payloads: tuple[str, str], scale: float, colouring: _Colouring | None
) -> Tell:
    style = config.text("on_command_type", "last")
    if style not in ("last", "first", "brightness"):
        raise PassedOver("its on_command_type is unknown")
    brightness_topic = config.topic("brightness_command_topic")
    template = config.template("brightness_command_template")

    def tell(wanted: Wanted, state: State) -> Sequence[Command]:
        if wanted.get("power") == "off":
            return [Command(topic, payloads[1])]
        styles: list[Command] = []
        level = wanted.get("brightness")
        if level is None and style == "brightness":
            level = state.get("brightness", 100)
        if level is not None and brightness_topic is not None:
            styles.append(Command(brightness_topic, payload_of(template, _to_device(level, scale))))
        if "colour" in wanted and colouring is not None:
            styles.append(colouring(str(wanted["colour"])))
        if style == "brightness" and brightness_topic is not None:
            return styles
        switch = [Command(topic, payloads[0])]
        return switch + styles if style == "first" else styles + switch

    return tell


def _json_light(config: Announcement) -> Entity:
    topic, scale = config.needed_topic("command_topic"), _scale(config)
    modes = config.texts("supported_color_modes")
    modes += tuple(mode for mode in ("hs", "rgb", "xy", "color_temp") if config.flag(mode))
    coloured = next((mode for mode in _COLOURED if mode in modes), None)
    kelvin = config.flag("color_temp_kelvin")
    capabilities = [_POWER]
    if config.flag("brightness") or set(modes) - {"onoff"}:
        capabilities.append(_BRIGHTNESS)
    if coloured or "color_temp" in modes:
        capabilities.append(_COLOUR if coloured else _WHITES)
    state_topic = config.topic("state_topic")
    reading = Reading(state_topic, config.template(), _read_json(scale, kelvin)) if state_topic is not None else None
    reports = reading is not None and not config.flag("optimistic")
    return Entity(
        kind="light",
        name="",
        readings=(reading,) if reading is not None else (),
        capabilities=tuple(capabilities),
        reports=frozenset(capability.name for capability in capabilities) if reports else frozenset(),
        tolerance={"brightness": 50 / scale + 0.6},
        tell=_json_tell(topic, scale, coloured, "color_temp" in modes, kelvin),
    )


def _json_tell(topic: str, scale: float, coloured: str | None, tunable: bool, kelvin: bool) -> Tell:
    def tell(wanted: Wanted, _: State) -> Sequence[Command]:
        message: dict[str, JsonValue] = {"state": "OFF" if wanted.get("power") == "off" else "ON"}
        if "brightness" in wanted:
            message["brightness"] = _to_device(wanted["brightness"], scale)
        if "colour" in wanted:
            name = str(wanted["colour"])
            if tunable and (coloured is None or name in WHITES):
                message["color_temp"] = _white(name, kelvin)
            else:
                message["color"] = _colour_object(coloured or "rgb", name)
        return [Command(topic, json.dumps(message, separators=(",", ":")))]

    return tell


def _colour_object(mode: str, name: str) -> JsonValue:
    rgb = rgb_of(name)
    if mode == "hs":
        hue, saturation = hs_of(rgb)
        return {"h": hue, "s": saturation}
    if mode == "xy":
        x, y = xy_of(rgb)
        return {"x": x, "y": y}
    extra = {"rgbw": {"w": 0}, "rgbww": {"c": 0, "w": 0}}.get(mode, {})
    return {"r": rgb[0], "g": rgb[1], "b": rgb[2], **extra}


def _read_json(scale: float, kelvin: bool) -> Callable[[str], State]:
    def read(text: str) -> State:
        values: Any = Payload(text).json
        if not isinstance(values, dict):
            return {}
        said = cast("dict[str, Any]", values)
        state: State = {}
        if (power := {"ON": "on", "OFF": "off"}.get(str(said.get("state")))) is not None:
            state["power"] = power
        brightness = usable(said.get("brightness"))
        if brightness is not None:
            state |= _brightness(brightness, scale)
        return state | _read_json_colour(said, kelvin)

    return read


def _read_json_colour(said: dict[str, Any], kelvin: bool) -> State:
    white = usable(said.get("color_temp"))
    mode, colour = said.get("color_mode"), said.get("color")
    if white is not None and white > 0 and (mode == "color_temp" or (mode is None and colour is None)):
        return {"colour": name_of_mireds(1_000_000 / white if kelvin else white)}
    if mode == "color_temp" or not isinstance(colour, dict):
        return {}
    parts = cast("dict[str, Any]", colour)
    for keys, to_rgb in ((("r", "g", "b"), _same), (("h", "s"), rgb_of_hs), (("x", "y"), rgb_of_xy)):
        given = [usable(parts.get(key)) for key in keys]
        values = [value for value in given if value is not None]
        if len(values) == len(keys):
            return {"colour": name_of_rgb(to_rgb(*values))}
    return {}


def _same(*parts: float) -> Sequence[float]:
    return parts
