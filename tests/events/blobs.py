"""Blobs for tests, and the events that name them."""

from __future__ import annotations

from typing import Any

from common.blob import Blob
from events.catalogue.memory import FactRemembered
from events.store import EventStore
from tests.events.samples import fact

__all__ = ["keep", "names_of", "naming"]


def naming(number: int, *blobs: Blob) -> FactRemembered:
    return fact(number, " ".join(blob.reference for blob in blobs))


async def names_of(store: EventStore, stream: str) -> list[str]:
    return [
        name
        for entry in await store.read(stream)
        if isinstance(entry.event, FactRemembered)
        for name in entry.event.text.split()
    ]


async def keep(store: EventStore, content: bytes, stream: str = "a", **more: Any) -> str:
    blob = Blob(content)
    await store.append(stream, [naming(1, blob)], blobs=[blob], **more)
    return (await names_of(store, stream))[-1]
