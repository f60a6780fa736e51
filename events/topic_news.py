"""Whether a log has something new of some kinds: what a snapshot of a view asks before it reads the view again."""

from __future__ import annotations

from collections.abc import Collection

from events.store import EventStore

__all__ = ["TopicNews"]


class TopicNews:
    """Remembers how far a snapshot has come. `look` costs a look at the kinds of the events behind that."""

    def __init__(self, store: EventStore, topics: Collection[str]) -> None:
        self._store = store
        self._topics = topics
        self._position: int | None = None

    async def look(self) -> int | None:
        """Where the log ends, if there is something new (at first: always), else None. Raises `StoreError`.

        What was found stays new until `taken` is told the position, so that a reader that failed looks again.
        """
        return await self._store.run(self._look)

    def taken(self, position: int) -> None:
        """The snapshot has everything up to this position."""
        self._position = position

    def _look(self) -> int | None:
        head = self._store.head_now()
        if self._position is None:
            return head
        events, reached = self._store.read_page(self._position, self._topics, 1, head)
        if events:
            return head
        self._position = reached
        return None
