"""All that was heard from the broker over one connection: who is there, and in which state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import anyio

from common.logs import get_logger
from common.settings import DeviceSettings, SceneSettings, SmartHomeSettings
from roles.smart_home.adapters.mqtt.announcement import PassedOver, clean_text, read_announcement
from roles.smart_home.adapters.mqtt.components import read_entity
from roles.smart_home.adapters.mqtt.entity import Entity, Reading
from roles.smart_home.adapters.mqtt.naming import Device, gather
from roles.smart_home.adapters.mqtt.templates import Payload
from roles.smart_home.house import House, State, normal_state

__all__ = ["EMPTY_HOUSE", "Registry"]

_log = get_logger(__name__)
_MAX_DEVICES = 500
_MAX_ANNOUNCEMENTS = 5_000
_MAX_TOPICS = 5_000
_MAX_STATE_BYTES = 64_000
_MAX_LOGGED = 50

EMPTY_HOUSE = House(MappingProxyType({}), MappingProxyType({}))


class Registry:
    """Takes messages in any order and tells the house that they make; a plain object without any waiting of its own.

    `sequence` counts the messages. Bounded: so many devices, topics, bytes; what is beyond is passed over and logged.
    """

    def __init__(self, settings: SmartHomeSettings) -> None:
        self._prefix = settings.mqtt.discovery_prefix
        self._configured: Sequence[DeviceSettings] = settings.devices
        self._scenes: Mapping[str, SceneSettings] = {scene.name: scene for scene in settings.scenes}
        self._announced: dict[str, tuple[Entity, ...]] = {}
        self._passed_over = 0
        self._devices: dict[str, Device] | None = {}
        self._house = EMPTY_HOUSE
        self._readings: dict[str, list[tuple[str, Reading]]] = {}
        self._states: dict[str, State] = {}
        self._heard: dict[str, tuple[int, str]] = {}
        self._live: dict[str, int] = {}
        self.sequence = 0
        self._topics: frozenset[str] | None = frozenset()
        self.changed = anyio.Event()

    @property
    def discovery(self) -> tuple[str, ...]:
        """What is to be subscribed to first: everything that announces itself."""
        return f"{self._prefix}/+/+/config", f"{self._prefix}/+/+/+/config"

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Take a message; one that can't be used is passed over."""
        self.sequence += 1
        if topic.startswith(f"{self._prefix}/") and topic.endswith("/config"):
            self._announce(topic, payload)
        elif topic in self.topics:
            self._hear(topic, payload, retained=retained)
        self.changed.set()
        self.changed = anyio.Event()

    def _announce(self, topic: str, payload: bytes) -> None:
        entities: list[Entity] = []
        try:
            if topic not in self._announced and len(self._announced) >= _MAX_ANNOUNCEMENTS:
                raise PassedOver("too many have announced themselves")
            announced = read_announcement(self._prefix, topic, payload)
        except PassedOver as reason:
            self._pass_over(topic, reason)
            announced = ()
        for one in announced:
            try:
                entities.append(read_entity(one))
            except PassedOver as reason:
                self._pass_over(f"{topic} {one.identity}", reason)
        if entities or topic in self._announced:
            self._forget(topic)
            if entities:
                self._announced[topic] = tuple(entities)
            self._devices = self._topics = None

    def _pass_over(self, what: str, reason: PassedOver) -> None:
        self._passed_over += 1
        if self._passed_over <= _MAX_LOGGED:
            _log.info("%s was passed over: %s", clean_text(what, 200), clean_text(str(reason), 200))
        if self._passed_over == _MAX_LOGGED:
            _log.info("more that is passed over is not told one by one")

    def _forget(self, topic: str) -> None:
        for entity in self._announced.pop(topic, ()):
            self._states.pop(entity.identity, None)
            self._live.pop(entity.identity, None)

    @property
    def topics(self) -> frozenset[str]:
        """Everything that the devices tell their states in."""
        if self._topics is None:
            self._topics = self._index()
        return self._topics

    def _index(self) -> frozenset[str]:
        """Who reads which topic; what was heard there before counts for who is new."""
        readings: dict[str, list[tuple[str, Reading]]] = {}
        topics: set[str] = set()
        for entity in (entity for entities in self._announced.values() for entity in entities):
            if len(topics) + len(entity.topics) > _MAX_TOPICS:
                break
            topics |= entity.topics
            for reading in entity.readings:
                readings.setdefault(reading.topic, []).append((entity.identity, reading))
        self._readings = readings
        self._heard = {topic: heard for topic, heard in self._heard.items() if topic in topics}
        known = frozenset(self._states)
        for topic, (_, text) in self._heard.items():
            message = Payload(text)
            for identity, reading in readings.get(topic, ()):
                if identity not in known:
                    self._states.setdefault(identity, {}).update(reading.state(message))
        return frozenset(topics)

    def _hear(self, topic: str, payload: bytes, *, retained: bool) -> None:
        if len(payload) > _MAX_STATE_BYTES:
            self._pass_over(topic, PassedOver(f"a state of {len(payload)} bytes"))
            return
        message = Payload(payload.decode(errors="replace"))
        self._heard[topic] = (self.sequence, message.text)
        for identity, reading in self._readings.get(topic, ()):
            self._states.setdefault(identity, {}).update(reading.state(message))
            if not retained:
                self._live[identity] = self.sequence

    @property
    def devices(self) -> Mapping[str, Device]:
        """The devices of the house by name."""
        if self._devices is None:
            entities = [entity for entities in self._announced.values() for entity in entities]
            gathered = gather(entities, self._configured)
            if len(gathered) > _MAX_DEVICES:
                self._pass_over("smart home", PassedOver(f"{len(gathered)} devices; only {_MAX_DEVICES} are taken"))
            self._devices = dict(sorted(gathered.items(), key=lambda item: item[0])[:_MAX_DEVICES])
            self._house = House(
                {name: device.settings for name, device in self._devices.items()},
                self._scenes,
                {name: device.entity.capabilities for name, device in self._devices.items()},
            )
        return self._devices

    @property
    def house(self) -> House:
        """The house; the same object until something is announced or removed."""
        return self._house if self.devices else EMPTY_HOUSE

    def reachable(self, name: str) -> bool:
        """Whether a device says that it is there; of several sensors, whether any does."""
        return any(entity.availability.there(self._heard.get) for entity in self.devices[name].entities)

    def reported(self, name: str) -> State:
        """What a device last reported, reachable or not."""
        state: State = {}
        for entity in self.devices[name].entities:
            state |= self._states.get(entity.identity, {})
        return state

    def state(self, name: str) -> State:
        """The present state of a device, as the house tells it."""
        if not self.reachable(name):
            return {"reachable": False}
        return normal_state({key: value for key, value in self.reported(name).items() if key != "moving"})

    def heard_since(self, name: str, mark: int) -> bool:
        """Whether a device reported its state by itself since `sequence` was `mark`."""
        return any(self._live.get(entity.identity, 0) > mark for entity in self.devices[name].entities)
