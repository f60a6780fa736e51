"""A lock file that processes share while they use a search index, and hold alone while they replace it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["hold"]


@contextmanager
def hold(path: Path, *, alone: bool, timeout: float) -> Generator[None]:
    """Hold the lock; raises `TimeoutError` after `timeout` seconds. Call it from a worker thread.

    On Windows nothing is locked: a file in use can't be removed there, which protects it as well.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"{path.name} is held by another process") from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
