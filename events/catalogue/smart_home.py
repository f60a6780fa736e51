"""home/<tenant>: the devices of the embedded house."""

from __future__ import annotations

from typing import ClassVar

from pydantic import JsonValue

from events.catalogue.base import Event

__all__ = ["DeviceChanged"]


class DeviceChanged(Event):
    """These properties of a device have these values now."""

    TOPIC: ClassVar[str] = "home.device_changed"
    device: str
    state: dict[str, JsonValue]
    by: str = ""
