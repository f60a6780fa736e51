"""A cache that is bounded by the weight of what it holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """What was used last, up to a weight; from any thread."""

    def __init__(self, most: int) -> None:
        """`most` is the weight of all that is kept; the unit is the caller's."""
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], tuple[Value, int]]) -> Value:
        """What is kept under a key; else what `make` gives, with its weight. Two threads may make it at once."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found[0]
        made, weight = make()
        with self._lock:
            if weight <= self._most and key not in self._kept:
                self._kept[key] = (made, weight)
                self._weight += weight
                while self._weight > self._most:
                    self._weight -= self._kept.popitem(last=False)[1][1]
        return made
