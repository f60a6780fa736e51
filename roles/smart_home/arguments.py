"""The arguments of the smart home's tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from common.language.formats import PART
from roles.smart_home.wishes import Colour

__all__ = ["ACTIONS", "Action", "ListArguments", "QueryArguments", "SceneArguments", "SetArguments"]

_MAX = 500

Action = Literal[
    "on", "off", "toggle", "open", "close", "lock", "unlock", "dim", "brighten", "warmer", "cooler", "louder", "quieter"
]
ACTIONS: Mapping[Action, tuple[str, ...]] = {
    "on": ("turn on", "switch on", "put on", "power on", "start", "power up", "turned on", "light up"),
    "off": ("turn off", "switch off", "power off", "shut off", "lights out", "turned off", "stop", "kill", "shut down"),
    "toggle": ("flip",),
    "open": ("raise", "roll up", "pull up", "open up", "let in"),
    "close": ("shut", "lower", "roll down", "pull down", "draw"),
    "lock": ("lock up", "bolt"),
    "unlock": ("unbolt",),
    "dim": ("darker", "less bright", "dimmer", "turn down the light", "turn down the lights"),
    "brighten": ("brighter", "more light", "lighter"),
    "warmer": ("hotter", "turn up the heat", "turn the heating up", "heat up", "turn up the heating"),
    "cooler": ("colder", "turn down the heat", "turn the heating down", "cool down", "turn down the heating"),
    "louder": ("volume up", "turn up the volume", "turn up the music"),
    "quieter": ("volume down", "turn down the volume", "softer", "turn down the music"),
}
_Said = Annotated[str, Field(json_schema_extra={"format": PART})]


class SetArguments(BaseModel):
    """Which devices, and what to do with them."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(default="", max_length=_MAX, description="which device, group of devices or room")
    action: Action | None = Field(default=None, description="what to do with it")
    level: float | None = Field(default=None, description="brightness, volume, speed or opening in percent")
    temperature: float | None = Field(default=None, description="temperature in degrees Celsius")
    colour: Colour | None = Field(default=None, description="colour of the light")
    said: _Said = Field(default="", max_length=_MAX, description="what the user asked for this device, in their words")


class QueryArguments(BaseModel):
    """What to look at."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(default="", max_length=_MAX, description="which device, group of devices or room")
    said: _Said = Field(default="", max_length=_MAX, description="the question, in the user's words")


class SceneArguments(BaseModel):
    """Which scene."""

    model_config = ConfigDict(extra="forbid")

    scene: str = Field(default="", max_length=_MAX, description="which scene")
    said: _Said = Field(default="", max_length=_MAX, description="what was asked, in the user's words")


class ListArguments(BaseModel):
    """Which room, or which devices; all of them if none is named."""

    model_config = ConfigDict(extra="forbid")

    room: str = Field(default="", max_length=_MAX, description="only the devices of this room")
    said: _Said = Field(default="", max_length=_MAX, description="the question, in the user's words")
