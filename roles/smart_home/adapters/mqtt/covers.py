"""Covers: blinds, curtains, garage doors; told to open, to close or to a position."""

from __future__ import annotations

from collections.abc import Sequence

from roles.smart_home.adapters.mqtt.announcement import Announcement, PassedOver
from roles.smart_home.adapters.mqtt.entity import Command, Entity, Reading, Wanted
from roles.smart_home.adapters.mqtt.values import number_of, numbers, payload_of, plain
from roles.smart_home.house import Capability, State

__all__ = ["read_cover"]


def read_cover(config: Announcement) -> Entity:
    """A cover. Raises `PassedOver`."""
    closed, opened = config.number("position_closed", 0), config.number("position_open", 100)
    if abs(opened - closed) < 1:
        raise PassedOver("its positions open and closed are the same")
    position_topic, state_topic = config.topic("position_topic"), config.topic("state_topic")
    settable = config.topic("set_position_topic") is not None
    if not settable:
        config.needed_topic("command_topic")
    readings: list[Reading] = []
    if state_topic is not None:
        readings.append(_states(config, state_topic, whole=position_topic is None))
    if position_topic is not None:

        def position(value: float) -> State:
            return {"position": plain(max(0.0, min(100.0, round((value - closed) / (opened - closed) * 100))))}

        readings.append(Reading(position_topic, config.template("position_template"), numbers(position)))
    return Entity(
        kind="blind",
        name="",
        readings=tuple(readings),
        capabilities=(Capability("position", 0, 100, unit="%", only=() if settable else (0, 100)),),
        reports=frozenset({"position"}) if readings and not config.flag("optimistic") else frozenset(),
        tolerance={"position": 50 / abs(opened - closed) + 1},
        moves=True,
        tell=_Teller(config, closed, opened).tell,
    )


def _states(config: Announcement, topic: str, *, whole: bool) -> Reading:
    """What the state says: on the way where, and (`whole`) how far open where no topic tells the position."""
    meanings: dict[str, State] = {
        config.text("state_open", "open"): {"moving": "", **({"position": 100} if whole else {})},
        config.text("state_closed", "closed"): {"moving": "", **({"position": 0} if whole else {})},
        config.text("state_opening", "opening"): {"moving": "opening"},
        config.text("state_closing", "closing"): {"moving": "closing"},
        config.text("state_stopped", "stopped"): {"moving": ""},
    }
    return Reading(topic, config.template("value_template"), lambda text: dict(meanings.get(text, {})))


class _Teller:
    """The ends by their own commands where there are such, everything else as a position."""

    def __init__(self, config: Announcement, closed: float, opened: float) -> None:
        self._closed, self._opened = closed, opened
        self._topic, self._position_topic = config.topic("command_topic"), config.topic("set_position_topic")
        self._ends = {0: config.text("payload_close", "CLOSE"), 100: config.text("payload_open", "OPEN")}
        self._template = config.template("set_position_template")

    def tell(self, wanted: Wanted, _: State) -> Sequence[Command]:
        percent = number_of(str(wanted.get("position")))
        if percent is None:
            return []
        if self._topic is not None and percent in self._ends:
            return [Command(self._topic, self._ends[int(percent)])]
        value = round(self._closed + percent / 100 * (self._opened - self._closed))
        return [Command(self._position_topic or "", payload_of(self._template, value))]
