"""What a wish comes to for one device: its next absolute state, from its present one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from common.settings import DeviceSettings
from roles.smart_home.house import CAPABILITIES, Capability, State
from roles.smart_home.wishes import Wish

__all__ = ["LEVELS", "cannot", "next_state"]

Current = Mapping[str, JsonValue]

LEVELS = {"light": "brightness", "fan": "speed", "speaker": "volume", "blind": "position"}
"""Per kind, the property that a percentage means."""
_ASPECTS = {"light": "light", "speaker": "sound", "thermostat": "heat", "fan": "speed"}
_STEP = 20.0
_DEGREES, _LITTLE = 1.5, 0.5


def next_state(device: DeviceSettings, current: Current, wish: Wish) -> State | str:
    """The properties to set, or a sentence that says why the device can't do it and what it can."""
    if not CAPABILITIES[device.kind]:
        return f"The {device.name} only measures; it can't be set."
    return _BY_KIND[device.kind](device, current, wish)


def _dimmed(device: DeviceSettings, current: Current, wish: Wish) -> State | str:
    """Lights, fans and speakers: power, a level, and for lights a colour."""
    if (wish.movement and not wish.direction and not wish.power) or wish.lock or wish.degrees is not None:
        return cannot(device)
    if wish.colour and device.kind != "light":
        return cannot(device)
    colour: State = {"colour": wish.colour} if wish.colour else {}
    if device.kind == "light" and wish.aspect == "heat" and wish.direction and not _has_number(wish):
        return {"power": "on", "colour": "warm white" if wish.direction > 0 else "cool white"}
    level = _level(device, current, wish)
    if isinstance(level, str):
        return level
    if level is not None and wish.power != "off":
        return {"power": "on", LEVELS[device.kind]: level, **colour} if level > 0 else {"power": "off"}
    power = _power(current, wish)
    if power:
        return {"power": power, **colour} if power == "on" else {"power": "off"}
    return {"power": "on", **colour} if colour else cannot(device)


def _has_number(wish: Wish) -> bool:
    return wish.level is not None or wish.number is not None or wish.degrees is not None


def _power(current: Current, wish: Wish) -> str:
    if wish.power == "toggle":
        return "off" if current.get("power") == "on" else "on"
    return wish.power


def _level(device: DeviceSettings, current: Current, wish: Wish) -> float | str | None:
    """The new level in percent; None where the wish names none."""
    capability = next(one for one in CAPABILITIES[device.kind] if one.name == LEVELS[device.kind])
    said = wish.level if wish.level is not None else wish.number
    if said is None and not (wish.direction and wish.aspect in ("", _ASPECTS.get(device.kind))):
        return None
    before = _number(current.get(capability.name), 50.0)
    if said is None:
        step = wish.direction * _STEP * wish.amount
        return _whole(max(max(capability.low, 5.0), min(capability.high, before + step)))
    if wish.relative:
        return _whole(max(capability.low, min(capability.high, before + (wish.direction or 1) * said)))
    if said != 0 and not capability.accepts(said):
        return _out_of_range(device, capability, said)
    return _whole(said)


def _warmed(device: DeviceSettings, current: Current, wish: Wish) -> State | str:
    """A thermostat: a temperature."""
    (capability,) = CAPABILITIES[device.kind]
    if (wish.movement and not wish.direction) or wish.lock or wish.colour or wish.level is not None:
        return cannot(device)
    before = _number(current.get("target"), 20.0)
    said = wish.degrees if wish.degrees is not None else wish.number
    if said is not None and not wish.relative:
        return {"target": _whole(said)} if capability.accepts(said) else _out_of_range(device, capability, said)
    if said is None and not wish.direction:
        return cannot(device)
    step = said if said is not None else _LITTLE if wish.amount < 1 else _DEGREES * wish.amount
    after = max(capability.low, min(capability.high, before + (wish.direction or 1) * step))
    return {"target": _whole(after)}


def _moved(device: DeviceSettings, current: Current, wish: Wish) -> State | str:
    """Blinds: how far they are open."""
    if wish.lock or wish.colour or wish.degrees is not None:
        return cannot(device)
    capability = CAPABILITIES[device.kind][0]
    said = wish.level if wish.level is not None else wish.number
    before = _number(current.get("position"), 50.0)
    sign = {"open": 1, "close": -1}.get(wish.movement, wish.direction)
    if said is not None and wish.relative:
        return {"position": _whole(max(0.0, min(100.0, before + (sign or 1) * said)))}
    if said is not None:
        return {"position": _whole(said)} if capability.accepts(said) else _out_of_range(device, capability, said)
    if sign and wish.amount < 1:
        return {"position": _whole(max(0.0, min(100.0, before + sign * _STEP)))}
    if wish.power == "toggle":
        return {"position": 0 if before > 0 else 100}
    return {"position": 100 if sign > 0 else 0} if sign else cannot(device)


def _locked(device: DeviceSettings, current: Current, wish: Wish) -> State | str:
    """A lock: locked or unlocked. Opening and closing the door itself is beyond it."""
    if wish.lock and not _has_number(wish) and not wish.colour:
        return {"lock": wish.lock}
    if wish.power == "toggle":
        return {"lock": "unlocked" if current.get("lock") == "locked" else "locked"}
    return cannot(device)


def _switched(device: DeviceSettings, current: Current, wish: Wish) -> State | str:
    """A switch or an appliance: on or off."""
    power = _power(current, wish)
    return {"power": power} if power and not _has_number(wish) and not wish.colour else cannot(device)


_BY_KIND: Mapping[str, Callable[[DeviceSettings, Current, Wish], State | str]] = {
    "light": _dimmed,
    "fan": _dimmed,
    "speaker": _dimmed,
    "thermostat": _warmed,
    "blind": _moved,
    "lock": _locked,
    "switch": _switched,
    "appliance": _switched,
}


def _number(value: JsonValue, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _whole(value: float) -> float:
    value = math.floor(value * 2 + 0.5) / 2
    return int(value) if value.is_integer() else value


def _out_of_range(device: DeviceSettings, capability: Capability, value: float) -> str:
    return f"The {device.name} takes a {capability.name} of {capability.range_words}, not {value:g}."


_CAN: Mapping[str, str] = {
    "light": "turn it on or off, dim it (1 to 100 %) or give it a colour",
    "fan": "turn it on or off or set its speed (1 to 100 %)",
    "speaker": "turn it on or off or set its volume (0 to 100 %)",
    "thermostat": "set it to 5 to 30 °C, or make it warmer or cooler",
    "blind": "open or close it, or set how far it is open (0 to 100 %)",
    "lock": "lock or unlock it",
    "switch": "turn it on or off",
    "appliance": "turn it on or off",
}


def cannot(device: DeviceSettings) -> str:
    """That a device can't do what is asked, and what it can."""
    return f"The {device.name} can't do that. I can {_CAN[device.kind]}."
