"""flag/<key>: changes of feature flags."""

from __future__ import annotations

from typing import ClassVar

from pydantic import JsonValue

from events.catalogue.base import Event

__all__ = ["FlagChanged"]


class FlagChanged(Event):
    """Somebody changed a flag's definition."""

    TOPIC: ClassVar[str] = "flag.changed"
    PERSONAL: ClassVar[bool] = False
    key: str
    before: JsonValue = None
    after: JsonValue = None
    by: str = ""
    reason: str = ""
