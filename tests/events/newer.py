"""Appends what a newer version of this software might append."""

from __future__ import annotations

from common.errors import StoreError
from events.backend import Transaction
from events.codec import Draft
from events.commit import Append, StreamDrafts, commit_batch
from events.pending import Pending
from events.store import EventStore
from tests.events.samples import MOMENT

__all__ = ["append_newer"]


async def append_newer(
    store: EventStore, stream: str, topic: str, payload: bytes = b'{"new":1}', *, tenant: str = "default"
) -> int:
    """Append an event under a schema version that nobody knows yet; its position."""

    def write(transaction: Transaction) -> int:
        draft = Draft(topic, 99, payload)
        append = Append([StreamDrafts(stream, [draft], None)], tenant, None, None, MOMENT, Pending(1), 1, len(payload))
        outcome = commit_batch(transaction, [append])[0]
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome

    return await store.execute(write)
