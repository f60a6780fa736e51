"""Ends a call that takes too long; is run inside the sandbox, beside `inside.py`."""

from __future__ import annotations

import contextlib
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["TooLong", "at_most"]


class TooLong(BaseException):
    """A call took longer than it was given; code that catches all exceptions does not catch this one."""


@contextlib.contextmanager
def at_most(seconds: float) -> Generator[None]:
    """Raise `TooLong` in what is done within, after so many seconds by the clock."""

    def ring(*_: object) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
