"""memory/<tenant>/<user>: facts about the user."""

from __future__ import annotations

from typing import ClassVar

from events.catalogue.base import Event

__all__ = ["FactForgotten", "FactRemembered"]


class FactRemembered(Event):
    """The user asked to keep this in mind."""

    TOPIC: ClassVar[str] = "memory.remembered"
    fact_id: str
    text: str
    user: str


class FactForgotten(Event):
    """The user asked to forget it."""

    TOPIC: ClassVar[str] = "memory.forgotten"
    fact_id: str
    user: str
