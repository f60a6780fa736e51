"""States of devices in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

__all__ = [
    "and_list",
    "are_words",
    "changes_words",
    "describe",
    "moving_words",
    "named",
    "sentence",
    "state_words",
    "told_words",
]


def and_list(names: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}" if names else ""


def state_words(state: Mapping[str, JsonValue]) -> str:
    """What a state means, as it stands behind "is": ``on``, ``on at 20 %``, ``closed``, ``set to 21 degrees``."""
    if state.get("reachable") is False:
        return "not reachable"
    if state.get("power") == "off":
        return "off"
    words: list[str] = []
    levels = [f"at {_plain(state[name])} %" for name in ("brightness", "speed") if name in state]
    if "volume" in state:
        levels.append(f"at volume {_plain(state['volume'])} %")
    if "power" in state:
        levels = [" ".join(["on", *(level for level in levels if level != "at 100 %")])]
    words += levels
    for name, text in (("colour", "{}"), ("target", "set to {} degrees"), ("lock", "{}")):
        if name in state:
            words.append(text.format(_plain(state[name])))
    if "position" in state:
        position = state["position"]
        words.append("open" if position == 100 else "closed" if position == 0 else f"{_plain(position)} % open")
    if "measured" in state:
        words.append(f"measuring {_plain(state['measured'])} degrees")
    if "humidity" in state:
        words.append(f"at {_plain(state['humidity'])} % humidity")
    if "value" in state:
        value = state["value"]
        words.append(f"at {_plain(value)} {state.get('unit') or ''}".strip() if _is_number(value) else str(value))
    return ", ".join(words) or "in no known state"


def named(name: str) -> str:
    """``the kitchen light``, ``all lights``, ``everything in the bedroom``."""
    return name if name.startswith(("all ", "everything")) else f"the {name}"


def _are(name: str) -> str:
    return "are" if name.endswith("s") or " and " in name else "is"


def describe(name: str, words: str) -> str:
    """``the kitchen light is on``, ``the bedroom blinds are closed``."""
    return f"{named(name)} {_are(name)} {words}"


def sentence(text: str) -> str:
    """The text with a capital in front and a full stop behind."""
    return f"{text[:1].upper()}{text[1:]}."


def _by_words(states: Mapping[str, Mapping[str, JsonValue]]) -> dict[str, list[str]]:
    """Devices of one state together: words -> names."""
    grouped: dict[str, list[str]] = {}
    for name, state in states.items():
        grouped.setdefault(state_words(state), []).append(named(name))
    return grouped


def are_words(states: Mapping[str, Mapping[str, JsonValue]], now: str = "") -> str:
    """``the kitchen light is on``, ``the floor lamp and the desk lamp are off; the front door is locked``."""
    now = f"{now} " if now else ""
    return "; ".join(
        f"{and_list(names)} {'are' if len(names) > 1 else _are(names[0])} {now}{words}"
        for words, names in _by_words(states).items()
    )


def changes_words(states: Mapping[str, Mapping[str, JsonValue]]) -> str:
    """``the kitchen light: on``, ``the floor lamp and the desk lamp: off; the front door: locked``."""
    return "; ".join(f"{and_list(names)}: {words}" for words, names in _by_words(states).items())


def moving_words(states: Mapping[str, Mapping[str, JsonValue]]) -> str:
    """``the bedroom blinds are closing``, ``the front door is on its way to being locked``."""
    return "; ".join(f"{named(name)} {_are(name)} {_movement(state)}" for name, state in states.items())


def _movement(state: Mapping[str, JsonValue]) -> str:
    match state.get("position"):
        case 0:
            return "closing"
        case 100:
            return "opening"
        case _:
            return f"moving to {state_words(state)}"


def told_words(states: Mapping[str, Mapping[str, JsonValue]]) -> str:
    """``the garden fan was told to be on at 40 %, which it does not report back``."""
    return "; ".join(
        f"{named(name)} {'were' if _are(name) == 'are' else 'was'} told to be {state_words(state)}, "
        f"which {'they do' if _are(name) == 'are' else 'it does'} not report back"
        for name, state in states.items()
    )


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def _plain(value: JsonValue) -> str:
    return f"{value:g}" if isinstance(value, float | int) and not isinstance(value, bool) else str(value)
