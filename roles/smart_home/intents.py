"""What the smart home role wants changed: absolute states, so that doing it twice is doing it once."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field, JsonValue

from common.intents import Intent
from roles.smart_home.words import changes_words

__all__ = ["ActivateScene", "SetDevice"]

_MAX_DEVICES = 500


class SetDevice(Intent):
    """Give a device, or several at once, these properties: device -> property -> value."""

    TYPE: ClassVar[str] = "smart_home.set_device"
    EXPIRES_AFTER: ClassVar[timedelta | None] = timedelta(minutes=5)

    states: dict[str, dict[str, JsonValue]] = Field(min_length=1, max_length=_MAX_DEVICES)

    def summary(self) -> str:
        """See `Intent.summary`."""
        return f"set {changes_words(self.states)}"


class ActivateScene(Intent):
    """Give all devices of a scene the states it stands for."""

    TYPE: ClassVar[str] = "smart_home.activate_scene"
    EXPIRES_AFTER: ClassVar[timedelta | None] = timedelta(minutes=5)

    scene: str = Field(min_length=1, max_length=200)
    states: dict[str, dict[str, JsonValue]] = Field(min_length=1, max_length=_MAX_DEVICES)

    def summary(self) -> str:
        """See `Intent.summary`."""
        return f"activate the scene “{self.scene}”: {changes_words(self.states)}"
