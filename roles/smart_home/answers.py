"""Answers questions about the house from its present state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from common.language.words import stem, tokenize, word_set
from roles.smart_home.house import House, State
from roles.smart_home.targets import Targets, find_targets
from roles.smart_home.words import and_list, describe, sentence, state_words

__all__ = ["Answer", "answer"]

_MEASURES = {
    **dict.fromkeys(map(stem, word_set("temperature warm cold hot cool degree chilly")), "measured"),
    **dict.fromkeys(map(stem, word_set("humidity humid damp")), "humidity"),
}
_ASKED = {
    "on": ("power", "on"),
    "running": ("power", "on"),
    "off": ("power", "off"),
    "locked": ("lock", "locked"),
    "unlocked": ("lock", "unlocked"),
    "open": ("position", "open"),
    "closed": ("position", "closed"),
    "shut": ("position", "closed"),
}
_WHATEVER = word_set("what what's which anything something everything any all")
_EVERY = word_set("all every everything")
_FEW = 3
_MEASURING = ("sensor", "thermostat")


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, and the devices it is about."""

    text: str
    devices: tuple[str, ...] = ()
    ok: bool = True


def answer(said: str, device: str, house: House, states: Mapping[str, State]) -> Answer:
    """What a question asks for: `said` are the user's words, `device` counts where these name none."""
    found = find_targets(said, house)
    if device and (found.nothing or found.ambiguous):
        named = find_targets(device, house)
        found = named if not named.nothing else found
    if found.problem:
        return Answer(found.problem, ok=False)
    words = tokenize(said).low
    measure = next((_MEASURES[stem(word)] for word in words if stem(word) in _MEASURES), "")
    asked = next((_ASKED[word] for word in words if word in _ASKED), None)
    names = found.devices or found.ambiguous
    if measure and not _has(names, measure, states):
        return _measured(found, measure, house, states, names)
    if not names:
        names = house.in_rooms(found.rooms) if found.rooms else ()
    if not names and asked is not None and _WHATEVER & set(words):
        names = tuple(name for name in house.devices if _matches(states[name], asked) is not None)
    if not names:
        return Answer("Which device do you mean? Say, for example, “is the front door locked?”.", ok=False)
    if asked is not None and len(names) > _FEW:
        shown = _sorted_out(names, asked, states, every=bool(_EVERY & set(words)))
        gone = _unreachable(names, states)
        return replace(shown, text=f"{shown.text} Not reachable: {', '.join(gone)}.") if gone else shown
    return Answer(" ".join(sentence(describe(name, state_words(states[name]))) for name in names), names)


def _has(names: Sequence[str], measure: str, states: Mapping[str, State]) -> bool:
    return any(measure in states[name] for name in names)


def _measured(found: Targets, measure: str, house: House, states: Mapping[str, State], named: Sequence[str]) -> Answer:
    """What is measured in the rooms that are meant; in all of them where none is."""
    rooms = found.rooms or tuple(dict.fromkeys(house.devices[name].room for name in named if house.devices[name].room))
    names = tuple(name for name in house.in_rooms(rooms) if measure in states[name])
    measuring = [name for name in house.in_rooms(rooms) if house.devices[name].kind in _MEASURING]
    gone = _unreachable(measuring, states)
    if not names and gone:
        return Answer(" ".join(sentence(describe(name, "not reachable")) for name in gone), gone, ok=False)
    if not names:
        where = f" in the {and_list(rooms, 'or')}" if rooms else ""
        return Answer(f"Nothing measures that{where}.", ok=False)
    lines: list[str] = []
    for name in names:
        room = house.devices[name].room
        where = f"in the {room}" if room else f"at the {name}"
        value = states[name][measure]
        text = f"it is {value:g} degrees {where}" if measure == "measured" else f"the humidity {where} is {value:g} %"
        if measure == "measured" and "target" in states[name]:
            text += f" (the {name} is set to {states[name]['target']:g} degrees)"
        lines.append(sentence(text))
    return Answer(" ".join(lines), names)


def _unreachable(names: Sequence[str], states: Mapping[str, State]) -> tuple[str, ...]:
    return tuple(name for name in names if states[name].get("reachable") is False)


def _matches(state: State, asked: tuple[str, str]) -> bool | None:
    """Whether a device is as asked; None where it can't be."""
    name, wanted = asked
    value = state.get(name)
    if value is None:
        return None
    if name == "position":
        return (value == 0) is (wanted == "closed")
    return value == wanted


def _sorted_out(names: Sequence[str], asked: tuple[str, str], states: Mapping[str, State], *, every: bool) -> Answer:
    """Of many devices those that are as asked; asked whether `every` one is, those that are not."""
    able = [name for name in names if _matches(states[name], asked) is not None]
    fitting = [name for name in able if _matches(states[name], asked)]
    word = asked[1]
    if not fitting:
        return Answer(f"None of these {len(able)} is {word}.", tuple(able))
    if len(fitting) == len(able):
        return Answer(f"All of these are {word}: {', '.join(fitting)}.", tuple(able))
    if every:
        others = [name for name in able if name not in fitting]
        return Answer(f"Not {word}: {', '.join(others)}.", tuple(able))
    return Answer(f"{word.capitalize()}: {', '.join(fitting)}.", tuple(able))
