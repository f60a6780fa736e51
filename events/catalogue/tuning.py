"""tuning/<key>: settings that were changed while supervisors run, on top of their configuration."""

from __future__ import annotations

from typing import ClassVar

from events.catalogue.base import Event

__all__ = ["SettingTuned"]


class SettingTuned(Event):
    """From now on the setting has another value; None: the configured one again.

    `before` is the tuned value until then (None: the configured one held). `improvement` is the id of the approved
    improvement that this carries out; None where a person did it directly, or took it back.
    """

    TOPIC: ClassVar[str] = "tuning.setting_tuned"
    PERSONAL: ClassVar[bool] = False
    key: str
    value: float | None
    before: float | None = None
    by: str
    reason: str = ""
    improvement: str | None = None
