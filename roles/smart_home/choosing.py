"""Chooses the devices that a wish is for, where the words leave it to what is wanted."""

from __future__ import annotations

from collections.abc import Mapping

from roles.smart_home.house import House, State
from roles.smart_home.targets import Targets, find_targets
from roles.smart_home.wishes import Wish
from roles.smart_home.words import and_list

__all__ = ["CannotTell", "choose"]


class CannotTell(Exception):
    """Why something can't be done, or what to say instead, as a sentence for the user."""


def choose(said: str, device: str, wish: Wish, house: House, current: Mapping[str, State]) -> tuple[str, ...]:
    """The devices that are meant, at least one; raises `CannotTell`.

    `said` are the user's words; `device` counts where these leave open which one is meant.
    """
    found = find_targets(said, house)
    if found.problem:
        raise CannotTell(found.problem)
    if device and not found.devices:
        named = find_targets(device, house)
        precise = bool(named.devices) and not (found.rooms and named.every)
        found = named if found.nothing or precise else found
    if found.problem:
        raise CannotTell(found.problem)
    if found.devices:
        return _lit(found, wish, house, current)
    if found.ambiguous:
        return _of_several(found.ambiguous, wish, current)
    return _by_wish(found, wish, house, current)


def _lit(found: Targets, wish: Wish, house: House, current: Mapping[str, State]) -> tuple[str, ...]:
    """Of several lights to be dimmed, those that are on."""
    names = found.devices
    less = wish.direction < 0 and wish.level is None and wish.number is None
    if len(names) < 2 or not less or any(house.devices[name].kind != "light" for name in names):
        return names
    on = _on(names, current)
    if not on:
        raise CannotTell("None of these lights is on.")
    return on


def _of_several(names: tuple[str, ...], wish: Wish, current: Mapping[str, State]) -> tuple[str, ...]:
    """ "The light", where there are several: the only one that is on, if it is to be turned off or changed."""
    on = _on(names, current)
    if len(on) == 1 and (wish.power == "off" or wish.direction):
        return on
    raise CannotTell(f"Which one do you mean: {and_list([f'the {name}' for name in names], 'or')}?")


def _by_wish(found: Targets, wish: Wish, house: House, current: Mapping[str, State]) -> tuple[str, ...]:
    """No device was named: what is wanted tells which kind it is for."""
    kind = _kind(found, wish)
    if kind is None:
        if found.rooms and wish.power == "off":
            return house.switchable(found.rooms)
        raise CannotTell("Which device do you mean? Say, for example, “turn on the kitchen light”.")
    names = tuple(name for name in house.in_rooms(found.rooms) if house.devices[name].kind == kind)
    if not names:
        where = f"in the {and_list(found.rooms, 'or')}" if found.rooms else "in the house"
        raise CannotTell(f"There are no {house.plural(kind)} {where}.")
    if found.rooms or found.every or len(names) == 1:
        return names
    on = _on(names, current)
    if kind == "light" and on:
        return on
    raise CannotTell(f"Which device do you mean: {and_list([f'the {name}' for name in names], 'or')}?")


def _kind(found: Targets, wish: Wish) -> str | None:
    if wish.lock:
        return "lock"
    if wish.degrees is not None or wish.aspect == "heat":
        return "thermostat"
    if wish.colour or wish.aspect == "light":
        return "light"
    if wish.aspect:
        return {"sound": "speaker", "speed": "fan"}[wish.aspect]
    if wish.movement and not wish.power:
        return "blind"
    return "light" if found.rooms and (wish.power == "on" or wish.level is not None) else None


def _on(names: tuple[str, ...], current: Mapping[str, State]) -> tuple[str, ...]:
    return tuple(name for name in names if current[name].get("power") == "on")
