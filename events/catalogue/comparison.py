"""comparison/<id>: both planning engines on the same request; one stream for all requests of one comparison."""

from __future__ import annotations

from typing import ClassVar, Literal

from common.comparison import ComparedSide
from events.catalogue.base import Event

__all__ = ["EnginesCompared"]


class EnginesCompared(Event):
    """Two engines worked on a request; what was dry had no effect, and stands in no view.

    `source` is ``command`` for a comparison that somebody asked for, ``shadow`` for one beside live traffic. `first` is
    the TaskGraph engine, or for a shadow the one whose answer was given.
    """

    TOPIC: ClassVar[str] = "comparison.engines_compared"
    comparison_id: str
    source: Literal["command", "shadow"]
    request: str
    user: str
    session: str | None = None
    first: ComparedSide
    second: ComparedSide
