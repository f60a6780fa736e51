"""A house: its devices, what each kind can do, and the scenes that set several at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import JsonValue

from common.errors import ConfigurationError
from common.language.words import stem, tokenize
from common.settings import DeviceSettings, SceneSettings, SmartHomeSettings
from roles.smart_home.example_house import EXAMPLE_DEVICES, EXAMPLE_SCENES
from roles.smart_home.wishes import COLOURS

__all__ = ["CAPABILITIES", "Capability", "House", "Place", "Spoken", "State", "normal_state"]

State = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Capability:
    """One property a kind of device can be given: numbers from `low` to `high`, or one of `values`.

    `only` are the numbers it takes, where these are but a few (a blind that just opens and closes).
    """

    name: str
    low: float = 0
    high: float = 100
    values: tuple[str, ...] = ()
    unit: str = ""
    only: tuple[float, ...] = ()

    def accepts(self, value: JsonValue) -> bool:
        """Whether a device can have this value."""
        if self.values:
            return value in self.values
        if self.only:
            return value in self.only
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    @property
    def range_words(self) -> str:
        """The values it takes: ``1 to 100 %``, ``on or off``."""
        if self.only:
            return f"{' or '.join(f'{number:g}' for number in self.only)} {self.unit}"
        if not self.values:
            return f"{self.low:g} to {self.high:g} {self.unit}"
        return " or ".join(self.values) if len(self.values) == 2 else ", ".join(self.values)


_POWER = Capability("power", values=("on", "off"))

CAPABILITIES: Mapping[str, tuple[Capability, ...]] = MappingProxyType(
    {
        "light": (_POWER, Capability("brightness", 1, 100, unit="%"), Capability("colour", values=COLOURS)),
        "switch": (_POWER,),
        "appliance": (_POWER,),
        "fan": (_POWER, Capability("speed", 1, 100, unit="%")),
        "speaker": (_POWER, Capability("volume", 0, 100, unit="%")),
        "thermostat": (Capability("target", 5, 30, unit="°C"),),
        "blind": (Capability("position", 0, 100, unit="%"),),
        "lock": (Capability("lock", values=("locked", "unlocked")),),
        "sensor": (),
    }
)
"""Per kind, what can be set. A position is how far something is open; what is `measured` can only be read."""

_DEFAULTS: Mapping[str, State] = MappingProxyType(
    {
        "light": {"power": "off", "brightness": 100},
        "switch": {"power": "off"},
        "appliance": {"power": "off"},
        "fan": {"power": "off", "speed": 50},
        "speaker": {"power": "off", "volume": 30},
        "thermostat": {"target": 20},
        "blind": {"position": 100},
        "lock": {"lock": "locked"},
        "sensor": {},
    }
)
_PLURALS = {
    "light": "lights",
    "blind": "blinds",
    "lock": "locks",
    "fan": "fans",
    "speaker": "speakers",
    "switch": "switches",
    "appliance": "appliances",
    "thermostat": "thermostats",
    "sensor": "sensors",
}

_SYNONYMS = {"lounge": "living room", "hall": "hallway", "corridor": "hallway", "office": "study", "patio": "garden",
             "terrace": "garden", "outside": "garden", "yard": "garden", "bath": "bathroom"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """The stemmed words of one name of a device, and whether one is a plural itself ("garden lights")."""

    words: tuple[str, ...]
    plural: bool
    device: str


@dataclass(frozen=True, slots=True)
class Place:
    """The stemmed words that a room goes by, and whether they are not its name but another word for it."""

    words: tuple[str, ...]
    room: str
    synonym: bool


def normal_state(state: Mapping[str, JsonValue]) -> State:
    """A state as it is kept: YAML reads on and off as truth values, and 40.0 is 40."""
    return {name: _normal(name, value) for name, value in state.items()}


def _normal(name: str, value: JsonValue) -> JsonValue:
    if isinstance(value, bool) and name in ("power", "lock"):
        return {"power": ("off", "on"), "lock": ("unlocked", "locked")}[name][value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True)
class House:
    """Devices and scenes by name, and the words that people use for them.

    `able` tells what a device can be given where that is not all that its kind can.
    """

    devices: Mapping[str, DeviceSettings]
    scenes: Mapping[str, SceneSettings]
    able: Mapping[str, tuple[Capability, ...]] = field(default_factory=dict[str, tuple[Capability, ...]])
    rooms: tuple[str, ...] = field(init=False)
    """Every room that has a device."""
    spoken: Sequence[Spoken] = field(init=False)
    sizes: frozenset[int] = field(init=False)
    """How many words the names in `spoken` have."""
    places: Sequence[Place] = field(init=False)
    """Every way to say a room, the longest first."""
    _initial: Mapping[str, State] = field(init=False)

    def __post_init__(self) -> None:
        names = [
            _spoken(alias, device.name)
            for device in self.devices.values()
            for alias in (device.name, *_aliases(device))
        ]
        longest_first = sorted(filter(lambda name: name.words, names), key=lambda name: -len(name.words))
        object.__setattr__(self, "spoken", tuple(longest_first))
        object.__setattr__(self, "sizes", frozenset(len(name.words) for name in longest_first))
        rooms = dict.fromkeys(device.room for device in self.devices.values() if device.room)
        object.__setattr__(self, "rooms", tuple(rooms))
        object.__setattr__(self, "places", tuple(_places(rooms)))
        initial = {
            name: {**_DEFAULTS[device.kind], **normal_state(device.state)} for name, device in self.devices.items()
        }
        object.__setattr__(self, "_initial", initial)

    @classmethod
    def of(cls, settings: SmartHomeSettings) -> House:
        """The configured house, or the example house where none is configured.

        Raises `ConfigurationError` for names used twice and for states that a device can't have.
        """
        devices = settings.devices or EXAMPLE_DEVICES
        scenes = settings.scenes or (() if settings.devices else EXAMPLE_SCENES)
        _refuse_twice([device.name for device in devices], "smart_home.devices")
        _refuse_twice([scene.name for scene in scenes], "smart_home.scenes")
        house = cls({device.name: device for device in devices}, {scene.name: scene for scene in scenes})
        for scene in scenes:
            for name, state in scene.states.items():
                if problem := house.problem(name, normal_state(state)):
                    raise ConfigurationError(problem, where=f"smart_home.scenes, {scene.name}")
        return house

    def initial(self, name: str) -> State:
        """A device's state before anything changed it; the caller's own."""
        return self._initial[name].copy()

    def problem(self, name: str, state: Mapping[str, JsonValue]) -> str:
        """Why a device can't be given a state, as a clause; "" where it can."""
        device = self.devices.get(name)
        if device is None:
            return f"the house has no {name}"
        able = {capability.name: capability for capability in self.able.get(name, CAPABILITIES[device.kind])}
        for key, value in state.items():
            if key not in able:
                return f"the {name} has no {key} to set"
            if not able[key].accepts(value):
                return f"the {name} takes a {key} of {able[key].range_words}, not {value}"
        return ""

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """The names of all devices of a kind."""
        return tuple(device.name for device in self.devices.values() if device.kind == kind)

    def in_rooms(self, rooms: Collection[str]) -> tuple[str, ...]:
        """The names of all devices in these rooms; of all rooms where none is given."""
        return tuple(device.name for device in self.devices.values() if not rooms or device.room in rooms)

    def switchable(self, rooms: Collection[str]) -> tuple[str, ...]:
        """The names of what can be turned on and off in these rooms."""
        return tuple(name for name in self.in_rooms(rooms) if _POWER in CAPABILITIES[self.devices[name].kind])

    @staticmethod
    def plural(kind: str) -> str:
        """What several devices of a kind are called."""
        return _PLURALS[kind]

    def device_choices(self) -> dict[str, list[str]]:
        """Names of devices and groups with the other words people use for them; empty for an empty house."""
        if not self.devices:
            return {}
        choices = {name: _aliases(device) for name, device in self.devices.items()}
        for kind in dict.fromkeys(device.kind for device in self.devices.values()):
            plural = _PLURALS[kind]
            if len(self.of_kind(kind)) > 1 and CAPABILITIES[kind]:
                choices[f"all {plural}"] = [f"all the {plural}", f"all of the {plural}", f"all my {plural}"]
        for room in self.rooms:
            lights = [device for device in self.devices.values() if device.room == room and device.kind == "light"]
            if len(lights) > 1:
                choices[f"{room} lights"] = [f"lights in the {room}", f"all the lights in the {room}"]
            choices[f"everything in the {room}"] = [room, f"everything in {room}", f"the whole {room}"]
        choices["everything"] = ["all devices", "the whole house", "all the devices", "everything in the house"]
        return choices

    def scene_choices(self) -> dict[str, list[str]]:
        """Scene names with the other words people use for them."""
        return {name: list(scene.aliases) for name, scene in self.scenes.items()}


def _refuse_twice(names: Sequence[str], where: str) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"two things are called {twice!r}", where=where, todo="Give each a name of its own.")


def _spoken(alias: str, device: str) -> Spoken:
    low = [word for word in tokenize(alias).low if word[0].isalnum()]
    return Spoken(tuple(stem(word) for word in low), any(word in _PLURALS.values() for word in low), device)


def _places(rooms: Collection[str]) -> list[Place]:
    said = [(room, room, False) for room in rooms]
    said += [(word, room, True) for word, room in _SYNONYMS.items() if room in rooms]
    longest_first = sorted(said, key=lambda name: -len(name[0]))
    return [Place(tuple(map(stem, words.split())), room, synonym) for words, room, synonym in longest_first]


def _aliases(device: DeviceSettings) -> list[str]:
    aliases = list(device.aliases)
    if device.room and device.name.startswith(f"{device.room} "):
        rest = device.name.removeprefix(f"{device.room} ")
        aliases += [f"{rest} in the {device.room}", f"{rest} of the {device.room}"]
    return aliases
