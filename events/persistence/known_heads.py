"""Heads of streams that a writer remembers from one transaction to the next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping

from events.backend import Head

__all__ = ["KnownHeads"]

_CACHED_HEADS = 10_000


class KnownHeads:
    """Kept only while nobody else has written to the log."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Head] = OrderedDict()
        self._mark: int | None = None

    def check(self, mark: int) -> None:
        """Forget everything where the mark, which changes with every commit of others, is not the expected one."""
        if mark != self._mark:
            self._known.clear()
            self._mark = mark

    def expect(self, mark: int) -> None:
        """What the mark becomes by an own commit."""
        self._mark = mark

    def of(self, streams: Collection[str]) -> tuple[dict[str, Head], list[str]]:
        """The known heads of these streams, and those of the streams that are not known."""
        found: dict[str, Head] = {}
        missing: list[str] = []
        for stream in streams:
            head = self._known.get(stream)
            if head is None:
                missing.append(stream)
            else:
                self._known.move_to_end(stream)
                found[stream] = head
        return found, missing

    def keep(self, heads: Mapping[str, Head]) -> None:
        """Remember heads; of those used longest ago some are forgotten."""
        for stream, head in heads.items():
            self._known[stream] = head
            self._known.move_to_end(stream)
        while len(self._known) > _CACHED_HEADS:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._mark = None
