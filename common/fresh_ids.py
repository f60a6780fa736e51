"""Random ids, many from one call to the system."""

from __future__ import annotations

import os

__all__ = ["FreshIds"]

_BYTES = 16
_AT_ONCE = 64


class FreshIds:
    """Gives out ids that nobody else has: 128 random bits, as 32 hexadecimal digits. Any thread may ask.

    A call to the system lets another thread have the interpreter, which is slow to come back where there is much to
    do; therefore random bits are fetched in stock. A process that was forked off takes none of its parent's.
    """

    __slots__ = ("_process", "_stock")

    def __init__(self) -> None:
        self._process = 0
        self._stock: list[str] = []

    def take(self) -> str:
        """An id that was never given out."""
        process = os.getpid()
        if process != self._process:
            self._process, self._stock = process, []
        try:
            return self._stock.pop()
        except IndexError:
            bits = os.urandom(_BYTES * _AT_ONCE)
            fresh = [bits[start : start + _BYTES].hex() for start in range(0, len(bits), _BYTES)]
            self._stock = fresh[1:]
            return fresh[0]
