"""Long work that is begun for somebody who does not wait for its end: it goes on as a child of the supervisor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

from common.errors import ConfigurationError, LimitExceeded, SupervisorError
from common.logs import get_logger

__all__ = ["BEGUN_WITHIN", "StartSoon", "begin"]

BEGUN_WITHIN = 60.0
"""Seconds that somebody who begins something waits for it to be begun."""

Told = TypeVar("Told")
StartSoon = Callable[..., object]
"""Runs something as a child of a supervisor's one background task."""

_log = get_logger(__name__)


class _Beginning(Generic[Told]):
    """What the work tells first, or fails with before that."""

    def __init__(self) -> None:
        self.known = anyio.Event()
        self.told: list[Told] = []
        self.error: Exception | None = None
        self.alone = False
        """Nobody waits for its beginning any more."""

    def tell(self, told: Told) -> None:
        """Take the first; later ones change nothing."""
        if not self.known.is_set():
            self.told.append(told)
            self.known.set()


async def begin(
    start_soon: StartSoon | None,
    work: Callable[[Callable[[Told], None]], Awaitable[object]],
    what: str,
    within: float = BEGUN_WITHIN,
) -> Told:
    """Start `work(tell)`, and return what it tells first; then it goes on by itself, whatever becomes of the caller.

    Raises what the work raises before it told anything, `ConfigurationError` where nothing runs that could be its
    parent, and `LimitExceeded` where it told nothing `within` so many seconds: it may begin after that, like that of a
    caller who gave up. What it raises later goes into the process's log: the work has to leave word of its end where
    people look.
    """
    if start_soon is None:
        raise ConfigurationError("the supervisor is not running", where=what)
    beginning = _Beginning[Told]()

    async def run() -> None:
        try:
            await work(beginning.tell)
        except Exception as error:
            if beginning.known.is_set() or beginning.alone:
                _log.warning("%s failed: %s", what, error, exc_info=not isinstance(error, SupervisorError))
            else:
                beginning.error = error
        finally:
            beginning.known.set()

    start_soon(run)
    try:
        with anyio.move_on_after(within):
            await beginning.known.wait()
    finally:
        beginning.alone = not beginning.known.is_set()
    if beginning.alone:
        todo = "Look whether it began since; else try again."
        raise LimitExceeded("begin", f"{what} had not begun within {within:g} s", where=what, todo=todo)
    if beginning.error is not None:
        raise beginning.error
    if not beginning.told:
        raise SupervisorError(f"{what} ended before it had begun", where=what)
    return beginning.told[0]
