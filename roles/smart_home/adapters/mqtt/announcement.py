"""What a device announced of itself: one configuration, its keys written out, each value checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from roles.smart_home.adapters.mqtt.abbreviations import DEVICE_KEYS, KEYS
from roles.smart_home.adapters.mqtt.templates import Payload, Template, UnsupportedTemplate, read_template
from roles.smart_home.adapters.mqtt.values import usable

__all__ = ["Announced", "Announcement", "PassedOver", "clean_text", "read_announcement"]

_MAX_BYTES = 128_000
_MAX_COMPONENTS = 200
_MAX_TOPIC = 500
_PLACE = re.compile(
    r"(?P<component>\w{1,64})/(?:(?P<node>[A-Za-z0-9_-]{1,200})/)?(?P<object>[A-Za-z0-9_-]{1,200})/config"
)
_SHARED = (
    "availability", "availability_mode", "availability_template", "availability_topic", "command_topic",
    "payload_available", "payload_not_available", "state_topic",
)  # fmt: skip
_SPACES = re.compile(r"\s+")


class PassedOver(ValueError):
    """Raised for what is no device that can be used; the text says why, as a clause."""


@dataclass(frozen=True, slots=True)
class Announced:
    """One entity: its component (light, switch …), its ids, and the configuration."""

    component: str
    identity: str
    config: Announcement


class Announcement:
    """A configuration; every accessor raises `PassedOver` for a value of the wrong type."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """A text; numbers and truth values are taken as their texts, as Home Assistant does."""
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, str | int | float) or len(str(value)) > _MAX_TOPIC:
            raise PassedOver(f"its {key} is no text")
        return str(value)

    def number(self, key: str, default: float) -> float:
        """A number."""
        value = self._values.get(key)
        if value is None:
            return default
        number = usable(value)
        if number is None:
            raise PassedOver(f"its {key} is no number")
        return number

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A truth value; ``"true"`` and ``"on"`` count too."""
        value = self._values.get(key)
        if isinstance(value, str):
            return value.lower() in ("true", "on", "yes", "1")
        return default if value is None else bool(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        value: Any = self._values.get(key) or ()
        items = cast("list[Any]", value) if isinstance(value, list) else [value] if isinstance(value, str) else []
        return tuple(item for item in items[:_MAX_COMPONENTS] if isinstance(item, str))

    def topic(self, key: str) -> str | None:
        """A topic that can be published to and subscribed to by itself; None where it is not given."""
        if key not in self:
            return None
        value = self._values[key]
        if not isinstance(value, str) or not _is_topic(value):
            raise PassedOver(f"its {key} is no topic")
        return value

    def needed_topic(self, key: str) -> str:
        """A topic that the component can't do without."""
        topic = self.topic(key)
        if topic is None:
            raise PassedOver(f"it has no {key}")
        return topic

    def template(self, *keys: str) -> Template:
        """The template of the first of these keys that is given; one that changes nothing where none is."""
        key = next((key for key in keys if key in self), None)
        if key is None:
            return _PLAIN
        try:
            return read_template(self.text(key))
        except UnsupportedTemplate as error:
            raise PassedOver(f"its {key} is {error}") from None

    def parts(self, key: str) -> Iterator[Announcement]:
        """The objects of a list; one object alone is a list of one."""
        value: Any = self._values.get(key) or []
        for item in (cast("list[Any]", value) if isinstance(value, list) else [value])[:_MAX_COMPONENTS]:
            if not isinstance(item, dict):
                raise PassedOver(f"its {key} is no list of objects")
            yield Announcement(cast("dict[str, Any]", item))

    def part(self, key: str) -> Announcement:
        """An object; an empty one where it is not given."""
        value: Any = self._values.get(key)
        return Announcement(cast("dict[str, Any]", value) if isinstance(value, dict) else {})


_PLAIN = read_template("{{ value }}")


def read_announcement(prefix: str, topic: str, payload: bytes) -> tuple[Announced, ...]:
    """The entities of one retained message below the discovery prefix; none for an empty one, which removes them.

    Raises `PassedOver`.
    """
    place = _PLACE.fullmatch(topic.removeprefix(f"{prefix}/"))
    if place is None:
        raise PassedOver("its topic is no discovery topic")
    if not payload:
        return ()
    values = _object(payload)
    identity = f"{place['node']} {place['object']}" if place["node"] else place["object"]
    if place["component"] == "device":
        return tuple(_components(values, identity))
    return (Announced(place["component"], identity, Announcement(_written_out(values))),)


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > _MAX_BYTES:
        raise PassedOver(f"it has {len(payload)} bytes")
    try:
        values: Any = Payload(payload.decode()).json
    except UnicodeDecodeError:
        values = None
    if not isinstance(values, dict):
        raise PassedOver("it is no JSON object")
    return cast("dict[str, Any]", values)


def _components(values: dict[str, Any], identity: str) -> Iterator[Announced]:
    """The entities of a device that announced all of its components at once."""
    whole = _written_out(values)
    components: Any = whole.get("components")
    if not isinstance(components, dict):
        raise PassedOver("it has no components")
    shared = {key: whole[key] for key in (*_SHARED, "device") if key in whole}
    base = {"~": values["~"]} if "~" in values else {}
    for key, component in list(cast("dict[str, Any]", components).items())[:_MAX_COMPONENTS]:
        if not isinstance(component, dict):
            continue
        own = _written_out({**base, **cast("dict[str, Any]", component)})
        platform = own.pop("platform", None)
        if isinstance(platform, str) and own:
            yield Announced(platform, f"{identity}/{clean_text(key, 100)}", Announcement({**shared, **own}))


def _written_out(values: dict[str, Any]) -> dict[str, Any]:
    """The configuration with abbreviated keys and the base topic ``~`` written out."""
    written = {KEYS.get(key, key): value for key, value in values.items() if key != "~"}
    if isinstance(device := written.get("device"), dict):
        device = cast("dict[str, Any]", device)
        written["device"] = {DEVICE_KEYS.get(key, key): value for key, value in device.items()}
    base = values.get("~")
    based = base if isinstance(base, str) else None
    if "availability" in written:
        given: Any = written["availability"]
        entries = cast("list[Any]", given) if isinstance(given, list) else [given]
        written["availability"] = [
            _with_base({KEYS.get(key, key): value for key, value in cast("dict[str, Any]", entry).items()}, based)
            if isinstance(entry, dict)
            else entry
            for entry in entries
        ]
    return _with_base(written, based)


def _with_base(values: dict[str, Any], base: str | None) -> dict[str, Any]:
    if base is None:
        return values
    return {key: _based(value, base) if key.endswith("topic") else value for key, value in values.items()}


def _based(value: Any, base: str) -> Any:
    if not isinstance(value, str) or not value:
        return value
    if value.startswith("~"):
        value = f"{base}{value[1:]}"
    return f"{value[:-1]}{base}" if value.endswith("~") else value


def _is_topic(text: str) -> bool:
    return 0 < len(text) <= _MAX_TOPIC and text.isprintable() and not set("+#") & set(text) and text[0] != "$"


def clean_text(text: str, longest: int) -> str:
    """Foreign text on one line, without control characters, so long at most."""
    printable = "".join(character if character.isprintable() else " " for character in text[: longest * 4])
    return _SPACES.sub(" ", printable).strip()[:longest].strip()
