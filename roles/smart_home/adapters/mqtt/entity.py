"""One entity of a device: what it reads from which topic, and what it is told to change a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from roles.smart_home.adapters.mqtt.announcement import Announcement, PassedOver
from roles.smart_home.adapters.mqtt.templates import Payload, Template
from roles.smart_home.house import Capability, State

__all__ = ["Availability", "Command", "Entity", "Reading", "Wanted", "agrees", "read_availability"]

Wanted = Mapping[str, JsonValue]
"""The properties that a device is to have."""

Heard = Callable[[str], tuple[int, str] | None]
"""The newest message of a topic, with a number that grows; None where there was none."""


@dataclass(frozen=True, slots=True)
class Command:
    """One message that tells a device something. It is never retained: a device would obey it again and again."""

    topic: str
    payload: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Properties read from the messages of a topic; `read` takes the template's text and gives none if it fits none."""

    topic: str
    template: Template
    read: Callable[[str], State]

    def state(self, payload: Payload) -> State:
        """What a message says."""
        text = self.template.render(payload)
        return self.read(text) if text is not None else {}


@dataclass(frozen=True, slots=True)
class _Sign:
    """One topic that tells whether a device is there."""

    topic: str
    template: Template
    there: str
    gone: str

    def read(self, text: str) -> bool | None:
        said = self.template.render(Payload(text))
        return True if said == self.there else False if said == self.gone else None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a device can be reached, by `mode`: all of its signs, any of them, or the latest one."""

    signs: tuple[_Sign, ...] = ()
    mode: str = "latest"

    @property
    def topics(self) -> tuple[str, ...]:
        """Where the signs are given."""
        return tuple(sign.topic for sign in self.signs)

    def there(self, heard: Heard) -> bool:
        """Whether it can be reached; a device that promised a sign and gave none can't."""
        if not self.signs:
            return True
        known: list[tuple[int, bool]] = []
        for sign in self.signs:
            at, text = heard(sign.topic) or (0, "")
            there = sign.read(text) if at else None
            if there is not None:
                known.append((at, there))
        if self.mode == "all":
            return len(known) == len(self.signs) and all(there for _, there in known)
        if self.mode == "any":
            return any(there for _, there in known)
        return bool(known) and max(known)[1]


def read_availability(config: Announcement) -> Availability:
    """How an entity says that it is there. Raises `PassedOver`."""
    there, gone = config.text("payload_available", "online"), config.text("payload_not_available", "offline")
    signs: list[_Sign] = []
    if topic := config.topic("availability_topic"):
        signs.append(_Sign(topic, config.template("availability_template"), there, gone))
    for part in config.parts("availability"):
        signs.append(
            _Sign(
                part.needed_topic("topic"),
                part.template("value_template"),
                part.text("payload_available", "online"),
                part.text("payload_not_available", "offline"),
            )
        )
    mode = config.text("availability_mode", "latest")
    if mode not in ("all", "any", "latest"):
        raise PassedOver("its availability_mode is unknown")
    return Availability(tuple(signs), mode)


Tell = Callable[[Wanted, State], Sequence[Command]]
"""From what is wanted and the present state to the messages that ask for it."""


def _nothing(_: Wanted, __: State) -> Sequence[Command]:
    return ()


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity as the house uses it.

    `reports` are the properties that it tells of itself, so that a change of them can be confirmed; `tolerance` is by
    how much a number that it reports may differ from the one it was told. `moves` tells that it takes long to get
    there and that its being on the way counts. `measures` names the one quantity of a sensor.
    """

    kind: str
    name: str
    room: str = ""
    device: str = ""
    identity: str = ""
    measures: str = ""
    readings: tuple[Reading, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    reports: frozenset[str] = frozenset()
    tolerance: Mapping[str, float] = field(default_factory=dict[str, float])
    availability: Availability = Availability()
    moves: bool = False
    tell: Tell = _nothing

    @property
    def topics(self) -> frozenset[str]:
        """Everything to be subscribed to for it."""
        return frozenset(reading.topic for reading in self.readings) | frozenset(self.availability.topics)

    def confirms(self, wanted: Wanted, state: State) -> bool:
        """Whether the reported state is what is wanted, as far as it is reported at all."""
        shown = [name for name in wanted if name in self.reports]
        return bool(shown) and all(agrees(wanted[n], state.get(n), self.tolerance.get(n, 0.0)) for n in shown)

    def silent_about(self, wanted: Wanted) -> bool:
        """Whether some of what is wanted is never reported."""
        return any(name not in self.reports for name in wanted)


def agrees(wanted: JsonValue, reported: JsonValue, tolerance: float) -> bool:
    """Whether a reported value is the wanted one."""
    if isinstance(wanted, int | float) and isinstance(reported, int | float):
        return abs(wanted - reported) <= tolerance + 1e-6
    return wanted == reported
