"""What an address is to the outbox."""

from __future__ import annotations

from typing import Protocol

from common.health import Reached

__all__ = ["Address", "DeliveryFailed"]


class DeliveryFailed(Exception):
    """A message was not taken; the text is a clause for people and holds nothing of the address."""


class Address(Protocol):
    """One place where one owner is told. Nothing of its secrets is ever in `place`, an error or a log line."""

    @property
    def place(self) -> str:
        """The setting that names it, and its kind: ``notifications.urls[0] (ntfy)``."""
        ...

    def send(self, title: str, text: str) -> None:
        """Deliver a message of plain text; called from a worker thread. Raises `DeliveryFailed`."""
        ...

    async def probe(self) -> Reached:
        """Ask whether it is there, without sending; what can't be asked is reached. Raises `SupervisorError`."""
        ...
