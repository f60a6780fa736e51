"""Tells of no appends: for databases that can't, where those who follow look often."""

from __future__ import annotations

__all__ = ["Polling"]


class Polling:
    """Implements `events.backend.Watch`."""

    poll = 0.015

    def close(self) -> None:
        """Nothing is held."""
