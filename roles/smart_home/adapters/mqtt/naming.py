"""What the devices of a house are called: as they were announced, told apart where two are called the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from common.settings import DeviceSettings
from roles.smart_home.adapters.mqtt.entity import Entity
from roles.smart_home.house import CAPABILITIES

__all__ = ["Device", "gather"]

_MERGED = frozenset({"measured", "humidity"})


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the house: one entity, or the sensors of one thing that together tell of it."""

    settings: DeviceSettings
    entities: tuple[Entity, ...]

    @property
    def entity(self) -> Entity:
        """The one that can be told something; of a sensor, the first."""
        return self.entities[0]


def gather(entities: Sequence[Entity], configured: Sequence[DeviceSettings]) -> dict[str, Device]:
    """The devices by name.

    A name depends on what else is there, not on the order in which it came: two that are called the same are both
    called by more than that, so that a name never comes to mean another one of them. `configured` gives devices of
    these names a room and other words, and tells which switches are appliances.
    """
    groups = _grouped(sorted(entities, key=lambda entity: entity.identity))
    names = _told_apart(groups)
    wanted = {device.name.lower(): device for device in configured}
    aliases = Counter(alias for group in groups for alias in _own_names(group))
    taken = Counter(name.lower() for name in names)
    devices: dict[str, Device] = {}
    for name, group in zip(names, groups, strict=True):
        own = [alias for alias in _own_names(group) if aliases[alias] == 1 and not taken[alias.lower()]]
        devices[name] = Device(_settings(name, group[0], own, wanted.get(name.lower())), tuple(group))
    return devices


def _grouped(entities: Sequence[Entity]) -> list[list[Entity]]:
    """Temperature and humidity of one thing are one sensor; everything else is by itself."""
    groups: list[list[Entity]] = []
    sensors: dict[tuple[str, str], dict[str, Entity]] = {}
    for entity in entities:
        quantity = _quantity(entity)
        if quantity and entity.device:
            parts = sensors.setdefault((entity.device, entity.room), {})
            if quantity not in parts:
                parts[quantity] = entity
                continue
        groups.append([entity])
    return groups + [list(parts.values()) for parts in sensors.values()]


def _quantity(entity: Entity) -> str:
    return entity.measures if entity.measures in _MERGED else ""


def _told_apart(groups: Sequence[Sequence[Entity]]) -> list[str]:
    """Names that differ; where two are the same, both are told apart: by kind (a sensor), then room, then identity."""
    names = [_name(group) for group in groups]
    ways: tuple[Callable[[str, Entity], str], ...] = (
        lambda name, entity: f"{name} sensor" if entity.kind == "sensor" and not name.endswith("sensor") else name,
        lambda name, entity: f"{entity.room} {name}" if entity.room and not name.startswith(entity.room) else name,
        lambda name, entity: f"{name} ({entity.identity})",
    )
    for way in ways:
        count = Counter(name.lower() for name in names)
        names = [
            way(name, group[0]) if count[name.lower()] > 1 else name for name, group in zip(names, groups, strict=True)
        ]
    return names


def _name(group: Sequence[Entity]) -> str:
    first = group[0]
    own_name = len(group) == 1 and _quantity(first) == ""
    return _as_spoken(first.name if own_name or not first.device else first.device)


def _as_spoken(name: str) -> str:
    """Words that are only written with a capital are said without it: Kitchen Light, but TV."""
    return " ".join(word.lower() if word[1:].islower() or len(word) == 1 else word for word in name.split())


def _own_names(group: Sequence[Entity]) -> tuple[str, ...]:
    """What an entity is called apart from the thing that it is a part of, where that says enough."""
    entity = group[0]
    rest = entity.name.removeprefix(entity.device).strip() if len(group) == 1 and entity.device else ""
    return (_as_spoken(rest),) if len(rest.split()) > 1 else ()


def _settings(name: str, entity: Entity, own: Sequence[str], configured: DeviceSettings | None) -> DeviceSettings:
    kind, room, aliases = entity.kind, entity.room, tuple(own)
    if configured is not None:
        same: Mapping[str, object] = CAPABILITIES
        kind = configured.kind if same[configured.kind] == same[kind] and kind != "sensor" else kind
        room, aliases = configured.room or room, (*configured.aliases, *own)
    return DeviceSettings.model_validate({"name": name, "kind": kind, "room": room, "aliases": aliases})
