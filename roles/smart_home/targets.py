"""Which devices of a house somebody's words mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.language.phrases import ROOMS
from common.language.words import stem, tokenize, word_set
from roles.smart_home.house import House, Spoken

__all__ = ["Targets", "find_targets"]

_KIND_WORDS = {
    **dict.fromkeys(map(stem, word_set("light lamp bulb lighting spotlight illumination")), "light"),
    **dict.fromkeys(map(stem, word_set("blind shutter curtain shade")), "blind"),
    **dict.fromkeys(map(stem, word_set("lock door")), "lock"),
    **dict.fromkeys(map(stem, word_set("fan ventilator")), "fan"),
    **dict.fromkeys(map(stem, word_set("speaker music radio")), "speaker"),
    **dict.fromkeys(map(stem, word_set("thermostat heating radiator heat")), "thermostat"),
    **dict.fromkeys(map(stem, word_set("plug socket switch outlet")), "switch"),
    **dict.fromkeys(map(stem, word_set("appliance machine")), "appliance"),
    **dict.fromkeys(map(stem, word_set("sensor thermometer")), "sensor"),
}
_ALL = word_set("all every both each everything")
_THINGS = word_set("everything device devices anything all")
_WHOLE, _HOUSE = word_set("whole entire"), word_set("house home flat apartment")
_EXCEPT = re.compile(r"\b(?:except(?: for)?|but not|apart from|other than|besides|but)\b", re.IGNORECASE)
_NO_ROOMS = word_set("room living dining stairs guest kids closet loft laundry")


@dataclass(frozen=True, slots=True)
class Targets:
    """What was found: the devices named, the rooms named where no device was, and what is wrong with the words.

    `every` tells that all that fit are meant; `ambiguous` are devices of which one is meant and nobody said which.
    """

    devices: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    every: bool = False
    ambiguous: tuple[str, ...] = ()
    problem: str = ""

    @property
    def nothing(self) -> bool:
        """Whether the words name nothing of the house."""
        return not (self.devices or self.rooms or self.every or self.ambiguous or self.problem)


def find_targets(text: str, house: House) -> Targets:
    """Read devices, groups and rooms out of a text; what stands behind "except" is left out."""
    said, *excepted = _EXCEPT.split(text, maxsplit=1)
    found = _Reading(said, house).targets()
    if not excepted or not found.devices:
        return found
    out = _Reading(excepted[0], house).targets()
    gone = set(out.devices) | {name for name in found.devices if house.devices[name].room in out.rooms}
    return Targets(tuple(name for name in found.devices if name not in gone), found.rooms, every=found.every)


class _Reading:
    """One text against one house."""

    def __init__(self, text: str, house: House) -> None:
        self._house = house
        self._low = tokenize(text).low
        self._stems = [stem(word) for word in self._low]
        self._used = [False] * len(self._low)
        self._said: dict[str, Spoken] = {}

    def targets(self) -> Targets:
        """What the text means."""
        mentioned = self._mentions()
        rooms = self._rooms()
        if unknown := self._unknown_room():
            return Targets(problem=f"There is no {unknown} in the house. Rooms: {', '.join(self._house.rooms)}.")
        every = bool(_ALL & set(self._low))
        if mentioned:
            return self._in_rooms(mentioned, rooms)
        whole = bool(_WHOLE & set(self._low)) and bool(_HOUSE & set(self._low))
        if (_THINGS & set(self._low) or whole) and not self._kinds():
            names = self._house.switchable(rooms)
            return Targets(names, rooms, every=True)
        kinds = self._kinds()
        if not kinds:
            return Targets((), rooms, every=every)
        return self._of_kinds(kinds, rooms, every=every)

    def _mentions(self) -> tuple[str, ...]:
        """Devices whose names or aliases stand in the text, longest first, each word used once."""
        found: dict[str, int] = {}
        said = {tuple(self._stems[at : at + size]) for size in self._house.sizes for at in range(len(self._stems))}
        for spoken in self._house.spoken:
            if spoken.words not in said:
                continue
            size = len(spoken.words)
            for index in range(len(self._stems) - size + 1):
                span = slice(index, index + size)
                if tuple(self._stems[span]) != spoken.words or any(self._used[span]):
                    continue
                if self._several(self._low[span], spoken) or self._is_place(spoken):
                    continue
                self._used[span] = [True] * size
                found.setdefault(spoken.device, index)
                self._said.setdefault(spoken.device, spoken)
        return tuple(sorted(found, key=lambda name: found[name]))

    def _several(self, said: Sequence[str], spoken: Spoken) -> bool:
        """Whether a plural means more than the device of that name: "the living room lights"."""
        device = self._house.devices[spoken.device]
        plural = any(word.endswith("s") and _KIND_WORDS.get(stem(word)) == device.kind for word in said)
        if spoken.plural or not plural:
            return False
        alike = (other for other in self._house.devices.values() if other.kind == device.kind)
        return sum(other.room == device.room for other in alike) > 1

    def _is_place(self, spoken: Spoken) -> bool:
        """Whether a word such as "garage" names the room, because another kind of device is spoken of."""
        if not any(spoken.words == place.words and not place.synonym for place in self._house.places):
            return False
        kinds = {_KIND_WORDS[word] for word in self._stems if word in _KIND_WORDS}
        return bool(kinds) and self._house.devices[spoken.device].kind not in kinds

    def _rooms(self) -> tuple[str, ...]:
        found: dict[str, int] = {}
        for place in self._house.places:
            words, size = place.words, len(place.words)
            if words[0] not in self._stems:
                continue
            for index in range(len(self._stems) - size + 1):
                span = slice(index, index + size)
                if tuple(self._stems[span]) == words and not any(self._used[span]):
                    self._used[span] = [True] * size
                    found.setdefault(place.room, index)
        return tuple(sorted(found, key=lambda room: found[room]))

    def _unknown_room(self) -> str:
        for word, used in zip(self._low, self._used, strict=True):
            if not used and word in ROOMS and word not in _NO_ROOMS:
                return word
        return ""

    def _kinds(self) -> tuple[str, ...]:
        found = [
            _KIND_WORDS[word]
            for word, used, raw in zip(self._stems, self._used, self._low, strict=True)
            if not used and word in _KIND_WORDS and not (raw == "switch" and {"on", "off", "to"} & set(self._low))
        ]
        return tuple(dict.fromkeys(found))

    def _in_rooms(self, mentioned: Sequence[str], rooms: tuple[str, ...]) -> Targets:
        """Devices named; a room that is named too must be theirs."""
        if not rooms:
            return Targets(tuple(mentioned))
        inside = tuple(name for name in mentioned if self._house.devices[name].room in rooms)
        if inside:
            return Targets(inside, rooms)
        name = mentioned[0]
        kind = self._house.devices[name].kind
        alike = tuple(other for other in self._house.of_kind(kind) if self._house.devices[other].room in rooms)
        if alike and all(word in _KIND_WORDS for word in self._said[name].words):
            return Targets(alike, rooms)
        where = self._house.devices[name].room
        there = f"; it is in the {where}" if where else ""
        return Targets(problem=f"There is no {name} in the {' or '.join(rooms)}{there}.")

    def _of_kinds(self, kinds: Sequence[str], rooms: tuple[str, ...], *, every: bool) -> Targets:
        devices = tuple(
            device.name
            for device in self._house.devices.values()
            if device.kind in kinds and (not rooms or device.room in rooms)
        )
        if not devices:
            what = self._house.plural(kinds[0])
            where = f" in the {' or '.join(rooms)}" if rooms else " in the house"
            return Targets(problem=f"There are no {what}{where}.")
        if rooms or every or len(devices) == 1 or self._plural(kinds):
            return Targets(devices, rooms, every=not rooms)
        return Targets(ambiguous=devices)

    def _plural(self, kinds: Sequence[str]) -> bool:
        return any(
            raw.endswith("s") and _KIND_WORDS.get(word) in kinds
            for raw, word in zip(self._low, self._stems, strict=True)
        )
