"""system/<node>: how the supervisors themselves are, by the machine they run on."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, JsonValue

from events.catalogue.base import Event

__all__ = ["AlertRaised"]


class AlertRaised(Event):
    """Something needs a person's eye.

    `kind` tells what raised it, such as ``flag-guard``; `subject` what it is about, such as the flag; `evidence` holds
    the figures behind it.
    """

    TOPIC: ClassVar[str] = "system.alert_raised"
    PERSONAL: ClassVar[bool] = False
    node: str
    kind: str
    subject: str
    title: str
    text: str
    evidence: dict[str, JsonValue] = Field(default_factory=dict)
