"""Reads a log page by page past what its database can't give any more, and says where that is."""

from __future__ import annotations

from collections.abc import Callable

from common.errors import StoreDamaged
from events.backend import Backend
from events.codec import StoredRow

__all__ = ["PastDamage", "is_whole"]

_STEP = 8
_KINDS: tuple[type, ...] = (int, str, int, str, bytes)


def is_whole(row: tuple[object, ...]) -> bool:
    """Whether the columns of a row hold what they must; a damaged page may give anything."""
    return all(isinstance(value, kind) for value, kind in zip(row, _KINDS, strict=True))


class PastDamage:
    """The rows of a log, in pages, without those that can't be read. Its methods block.

    `told` is given a sentence for each stretch of positions that can't be read.
    """

    def __init__(self, backend: Backend, page_size: int, told: Callable[[str], None]) -> None:
        self._backend = backend
        self._most = page_size
        self._size = page_size
        self._told = told
        self.passed = 0
        """How many positions could not be read."""

    def page(self, after: int) -> tuple[list[StoredRow], int, bool]:
        """The next rows, the position behind which they begin, and whether they are the last.

        That position is further than `after` where the rows before them can't be read. Raises `StoreUnavailable`.
        """
        first = 0
        problem = ""
        while True:
            until = None if self._size == self._most else after + self._size
            try:
                rows = self._backend.page(after, None, self._size, until).rows
            except StoreDamaged as error:
                if self._size > 1:
                    self._size = max(1, self._size // _STEP)
                    continue
                first, problem = first or after + 1, error.what
                after += 1
                if after < self._backend.issued():
                    continue
                rows, until = [], None
            if first:
                self.passed += after - first + 1
                self._told(f"the events at the positions {first} to {after} can't be read: {problem}")
            last = until is None and len(rows) < self._size
            self._size = min(self._most, self._size * _STEP)
            return rows, after, last
