"""How much memory something takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["memory_below"]


@contextmanager
def memory_below(size: int) -> Generator[None]:
    """Fail when what is done inside takes `size` bytes or more at any moment."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0 < peak < size
