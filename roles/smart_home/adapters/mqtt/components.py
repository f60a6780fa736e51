"""The kinds of entities that are understood, and how each is read from its configuration."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pydantic import JsonValue

from roles.smart_home.adapters.mqtt.announcement import Announced, Announcement, PassedOver, clean_text
from roles.smart_home.adapters.mqtt.covers import read_cover
from roles.smart_home.adapters.mqtt.entity import Command, Entity, Reading, Wanted, read_availability
from roles.smart_home.adapters.mqtt.lights import read_light
from roles.smart_home.adapters.mqtt.sensors import read_binary_sensor, read_sensor
from roles.smart_home.adapters.mqtt.values import number_of, numbers, one_of, payload_of, plain
from roles.smart_home.house import CAPABILITIES, Capability, State

__all__ = ["read_entity"]

_MAX_NAME = 60


def read_entity(announced: Announced) -> Entity:
    """The entity that was announced. Raises `PassedOver` for what is of no use or can't be understood."""
    config = announced.config
    build = _COMPONENTS.get(announced.component)
    if build is None:
        raise PassedOver(f"{announced.component} is not supported")
    if "entity_category" in config:
        raise PassedOver("it is for set-up or diagnosis")
    if not config.flag("enabled_by_default", default=True):
        raise PassedOver("it is not enabled by default")
    device = config.part("device")
    device_name, own = (clean_text(part.text("name"), _MAX_NAME) for part in (device, config))
    name = own if own.lower().startswith(device_name.lower()) else f"{device_name} {own}".strip()
    if not any(character.isalnum() for character in name):
        name = clean_text(announced.identity.replace("_", " ").replace("-", " "), _MAX_NAME)
    return replace(
        build(config),
        name=name[:_MAX_NAME].strip(),
        room=clean_text(device.text("suggested_area"), _MAX_NAME).lower(),
        device=device_name,
        identity=f"{announced.component} {announced.identity}",
        availability=read_availability(config),
    )


def _read_switch(config: Announcement) -> Entity:
    topic = config.needed_topic("command_topic")
    on, off = config.text("payload_on", "ON"), config.text("payload_off", "OFF")
    state_topic, template = config.topic("state_topic"), config.template("command_template")
    meanings = {config.text("state_on", on): "on", config.text("state_off", off): "off"}
    readings = (
        [Reading(state_topic, config.template("value_template"), one_of("power", meanings))] if state_topic else []
    )

    def tell(wanted: Wanted, _: State) -> Sequence[Command]:
        return [Command(topic, payload_of(template, off if wanted.get("power") == "off" else on))]

    return Entity(
        kind="switch",
        name="",
        readings=tuple(readings),
        capabilities=CAPABILITIES["switch"],
        reports=_reports(config, power=state_topic),
        tell=tell,
    )


def _reports(config: Announcement, **topics: str | None) -> frozenset[str]:
    """The properties whose topic is given; none of a device that says that it is to be taken at its word."""
    return frozenset() if config.flag("optimistic") else frozenset(name for name, topic in topics.items() if topic)


def _read_fan(config: Announcement) -> Entity:
    switch = _read_switch_of_fan(config)
    topic = config.topic("percentage_command_topic")
    if topic is None:
        return switch
    low, high = config.number("speed_range_min", 1), config.number("speed_range_max", 100)
    steps = high - low + 1
    if steps < 1:
        raise PassedOver("its speed range is empty")
    template = config.template("percentage_command_template")
    state_topic = config.topic("percentage_state_topic")
    readings = list(switch.readings)
    if state_topic is not None:

        def speed(value: float) -> State:
            percent = math.floor((value - low + 1) * 100 / steps)
            return {"speed": min(100, percent)} if percent > 0 else {}

        readings.append(Reading(state_topic, config.template("percentage_value_template"), numbers(speed)))

    def tell(wanted: Wanted, state: State) -> Sequence[Command]:
        commands = list(switch.tell(wanted, state))
        percent = wanted.get("speed")
        if isinstance(percent, int | float) and wanted.get("power") != "off":
            value = math.ceil(percent / 100 * steps + low - 1)
            commands.append(Command(topic, payload_of(template, value)))
        return commands

    return replace(
        switch,
        readings=tuple(readings),
        capabilities=CAPABILITIES["fan"],
        reports=switch.reports | _reports(config, speed=state_topic),
        tolerance={"speed": 100 / steps + 0.6},
        tell=tell,
    )


def _read_switch_of_fan(config: Announcement) -> Entity:
    """A fan that is only turned on and off; its template of the state has another name than a switch's."""
    entity = _read_switch(config)
    if "state_value_template" in config and entity.readings:
        (reading,) = entity.readings
        entity = replace(entity, readings=(replace(reading, template=config.template("state_value_template")),))
    return replace(entity, kind="fan")


_LOCK_STATES: Mapping[str, tuple[str, JsonValue]] = {
    "state_locked": ("LOCKED", "locked"),
    "state_unlocked": ("UNLOCKED", "unlocked"),
    "state_locking": ("LOCKING", "locking"),
    "state_unlocking": ("UNLOCKING", "unlocking"),
    "state_jammed": ("JAMMED", "jammed"),
}


def _read_lock(config: Announcement) -> Entity:
    if "code_format" in config:
        raise PassedOver("it wants a code")
    topic = config.needed_topic("command_topic")
    template = config.template("command_template")
    lock, unlock = config.text("payload_lock", "LOCK"), config.text("payload_unlock", "UNLOCK")
    state_topic = config.topic("state_topic")
    meanings = {config.text(key, default): value for key, (default, value) in _LOCK_STATES.items()}
    readings = (
        [Reading(state_topic, config.template("value_template"), one_of("lock", meanings))] if state_topic else []
    )

    def tell(wanted: Wanted, _: State) -> Sequence[Command]:
        return [Command(topic, payload_of(template, unlock if wanted.get("lock") == "unlocked" else lock))]

    return Entity(
        kind="lock",
        name="",
        readings=tuple(readings),
        capabilities=CAPABILITIES["lock"],
        reports=_reports(config, lock=state_topic),
        tell=tell,
    )


def _read_climate(config: Announcement) -> Entity:
    topic = config.needed_topic("temperature_command_topic")
    template = config.template("temperature_command_template")
    fahrenheit = config.text("temperature_unit", "C").upper() == "F"
    low, high = config.number("min_temp", 45 if fahrenheit else 7), config.number("max_temp", 95 if fahrenheit else 35)
    state_topic = config.topic("temperature_state_topic")
    readings: list[Reading] = []
    for name, key in (
        ("target", "temperature_state"),
        ("measured", "current_temperature"),
        ("humidity", "current_humidity"),
    ):
        if reading_topic := config.topic(f"{key}_topic"):
            read = _celsius(name, fahrenheit and name != "humidity")
            readings.append(Reading(reading_topic, config.template(f"{key}_template", "value_template"), read))

    def tell(wanted: Wanted, _: State) -> Sequence[Command]:
        target = number_of(str(wanted.get("target")))
        if target is None:
            return []
        return [Command(topic, payload_of(template, plain(target * 9 / 5 + 32 if fahrenheit else target)))]

    low, high = (plain((bound - 32) * 5 / 9 if fahrenheit else bound) for bound in (low, high))
    return Entity(
        kind="thermostat",
        name="",
        readings=tuple(readings),
        capabilities=(Capability("target", low, high, unit="°C"),),
        reports=_reports(config, target=state_topic),
        tolerance={"target": 0.3 if fahrenheit else 0.051},
        tell=tell,
    )


def _celsius(name: str, fahrenheit: bool) -> Callable[[str], State]:
    return numbers(lambda value: {name: plain(round((value - 32) * 5 / 9 if fahrenheit else value, 1))})


_COMPONENTS: Mapping[str, Callable[[Announcement], Entity]] = {
    "binary_sensor": read_binary_sensor,
    "climate": _read_climate,
    "cover": read_cover,
    "fan": _read_fan,
    "light": read_light,
    "lock": _read_lock,
    "sensor": read_sensor,
    "switch": _read_switch,
}
