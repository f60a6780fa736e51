"""Texts of messages as values, and values as texts of messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from roles.smart_home.adapters.mqtt.templates import Payload, Template
from roles.smart_home.house import State

__all__ = ["number_of", "numbers", "one_of", "payload_of", "plain", "usable"]

_LARGEST = 1e9


def one_of(name: str, meanings: Mapping[str, JsonValue]) -> Callable[[str], State]:
    """Reads a property that has one of a few texts; another text says nothing."""
    return lambda text: {name: meanings[text]} if text in meanings else {}


def numbers(read: Callable[[float], State]) -> Callable[[str], State]:
    """Reads properties from a number; another text says nothing."""

    def from_text(text: str) -> State:
        value = number_of(text)
        return read(value) if value is not None else {}

    return from_text


def number_of(text: str) -> float | None:
    """The number that a text is, as far as it can be one of a device."""
    try:
        return usable(float(text))
    except ValueError:
        return None


def usable(value: object) -> float | None:
    """The number that a value is; None for what is none, for infinity and for what no device counts up to."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        return None
    return float(value)


def plain(value: float) -> int | float:
    """A number without a needless fraction, at most two digits of it."""
    value = round(float(value), 2)
    return int(value) if value.is_integer() else value


def payload_of(template: Template, value: str | float) -> str:
    """What is sent for a value."""
    text = value if isinstance(value, str) else f"{value:g}"
    return template.render(Payload(text)) or text
