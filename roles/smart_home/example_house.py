"""The house that comes with the project, for those who configured none."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from common.settings import DeviceSettings, SceneSettings

__all__ = ["EXAMPLE_DEVICES", "EXAMPLE_SCENES"]


def _device(kind: Any, room: str, name: str, *aliases: str, **state: Any) -> DeviceSettings:
    return DeviceSettings(name=name, kind=kind, room=room, aliases=aliases, state=state)


EXAMPLE_DEVICES: tuple[DeviceSettings, ...] = (
    _device("light", "kitchen", "kitchen light", "kitchen lamp", "kitchen ceiling light"),
    _device("appliance", "kitchen", "coffee machine", "coffee maker", "espresso machine", "coffee"),
    _device("appliance", "kitchen", "dishwasher", "dish washer"),
    _device("light", "living room", "living room light", "living room lamp", "lounge light", brightness=80),
    _device("light", "living room", "floor lamp", "standing lamp", "reading lamp", brightness=60),
    _device(
        "blind", "living room", "living room blinds", "living room shutters", "living room curtains",
        "lounge blinds",
    ),
    _device(
        "thermostat", "living room", "thermostat", "heating", "heater", "central heating", "radiator", "heat",
        target=20, measured=20.5,
    ),
    _device("speaker", "living room", "speaker", "music", "music speaker", "stereo", "radio", "sound system"),
    _device("appliance", "living room", "television", "tv", "telly"),
    _device("light", "bedroom", "bedroom light", "bedroom lamp", "bedroom ceiling light", brightness=70),
    _device("light", "bedroom", "bedside lamp", "night light", "bedside light", brightness=30),
    _device("blind", "bedroom", "bedroom blinds", "bedroom shutters", "bedroom curtains"),
    _device("fan", "bedroom", "bedroom fan", "fan", "ceiling fan", "ventilator"),
    _device("sensor", "bedroom", "bedroom sensor", "bedroom thermometer", measured=18.5, humidity=46),
    _device("light", "bathroom", "bathroom light", "bathroom lamp", "mirror light"),
    _device("switch", "bathroom", "towel heater", "towel warmer", "towel rail"),
    _device("sensor", "bathroom", "bathroom sensor", "bathroom thermometer", measured=22.4, humidity=58),
    _device("light", "hallway", "hallway light", "hall light", "corridor light", brightness=50),
    _device("lock", "hallway", "front door", "front door lock", "main door", "entrance door", "house door"),
    _device("light", "study", "desk lamp", "study lamp", "office lamp", "study light", "office light"),
    _device("lock", "garage", "garage door", "garage", "garage gate"),
    _device("light", "garden", "garden lights", "outdoor lights", "outside lights", "patio lights"),
    _device("switch", "garden", "garden sprinkler", "sprinkler", "sprinklers"),
)  # fmt: skip

_LIGHTS = tuple(device.name for device in EXAMPLE_DEVICES if device.kind == "light")
_OFF: dict[str, JsonValue] = {"power": "off"}

EXAMPLE_SCENES: tuple[SceneSettings, ...] = (
    SceneSettings(
        name="movie night",
        aliases=("movie", "movie time", "movie mode", "cinema", "cinema mode", "film", "film night", "watch a movie"),
        states={
            "living room light": _OFF,
            "floor lamp": {"power": "on", "brightness": 20},
            "living room blinds": {"position": 0},
            "television": {"power": "on"},
        },
    ),
    SceneSettings(
        name="good night",
        aliases=("goodnight", "bedtime", "bedtime mode", "night mode", "sleep", "going to bed", "go to bed"),
        states={
            **{name: _OFF for name in _LIGHTS if name != "bedside lamp"},
            "bedside lamp": {"power": "on", "brightness": 20},
            "television": _OFF,
            "speaker": _OFF,
            "bedroom blinds": {"position": 0},
            "living room blinds": {"position": 0},
            "front door": {"lock": "locked"},
            "garage door": {"lock": "locked"},
            "thermostat": {"target": 18},
        },
    ),
    SceneSettings(
        name="leaving home",
        aliases=(
            "leaving",
            "leave home",
            "leaving the house",
            "going out",
            "away",
            "away mode",
            "off to work",
            "goodbye",
        ),
        states={
            **dict.fromkeys(_LIGHTS, _OFF),
            "coffee machine": _OFF,
            "television": _OFF,
            "speaker": _OFF,
            "bedroom fan": _OFF,
            "towel heater": _OFF,
            "front door": {"lock": "locked"},
            "garage door": {"lock": "locked"},
            "thermostat": {"target": 17},
        },
    ),
    SceneSettings(
        name="coming home",
        aliases=("welcome home", "i'm home", "we're home", "back home", "arriving home"),
        states={
            "hallway light": {"power": "on", "brightness": 80},
            "living room light": {"power": "on", "brightness": 80},
            "thermostat": {"target": 21},
        },
    ),
    SceneSettings(
        name="good morning",
        aliases=("morning", "morning mode", "wake up", "rise and shine"),
        states={
            "bedroom blinds": {"position": 100},
            "living room blinds": {"position": 100},
            "bathroom light": {"power": "on", "brightness": 70},
            "coffee machine": {"power": "on"},
            "thermostat": {"target": 21},
        },
    ),
    SceneSettings(
        name="dinner",
        aliases=("dinner time", "dinner mode", "supper", "romantic", "candlelight"),
        states={
            "kitchen light": {"power": "on", "brightness": 50},
            "living room light": {"power": "on", "brightness": 40, "colour": "warm white"},
            "speaker": {"power": "on", "volume": 20},
        },
    ),
)
