"""What a part that reaches outside says of itself: whether it was reached, and what to do if not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

__all__ = ["HealthCheck", "Probe", "Reached"]


@dataclass(frozen=True, slots=True)
class Reached:
    """A part answered: its version where it tells one, and a clause of detail for people."""

    version: str = ""
    detail: str = ""


Probe = Callable[[], Awaitable[Reached]]
"""Asks a part whether it is there, changing nothing. Raises `SupervisorError` with what to do where it is not."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One part that can be asked; `configured` tells that the user named it, so that its absence is a fault."""

    part: str
    probe: Probe
    configured: bool = True
