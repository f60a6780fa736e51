"""Synchronous use of a supervisor, for notebooks and scripts: an event loop of its own in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

__all__ = ["SynchronousLoop"]

Result = TypeVar("Result")


class SynchronousLoop:
    """Holds something async open on a loop in a thread, and calls async functions there from any other thread.

    It is let go by `close`, or when the interpreter ends.
    """

    def __init__(self, held: AbstractAsyncContextManager[object]) -> None:
        """Enter `held` on a new loop. Raises what entering it raises."""
        from anyio.from_thread import start_blocking_portal

        with ExitStack() as opened:
            self._portal: BlockingPortal = opened.enter_context(start_blocking_portal(name="agent-supervisor"))
            context: AbstractContextManager[object] = self._portal.wrap_async_context_manager(held)
            opened.enter_context(context)
            self._closing = opened.pop_all()
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, self._closing.close)

    def call(self, function: Callable[..., Awaitable[Result]], *arguments: Any, **named: Any) -> Result:
        """Call an async function on the loop and wait for its result; Ctrl-C cancels it there."""

        async def call() -> Result:
            return await function(*arguments, **named)

        future = self._portal.start_task_soon(call)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def call_async(self, function: Callable[..., Awaitable[Result]], *arguments: Any, **named: Any) -> Result:
        """Like `call`, awaited on another loop, which goes on meanwhile; cancellation reaches the function."""

        async def call() -> Result:
            return await function(*arguments, **named)

        return await asyncio.wrap_future(self._portal.start_task_soon(call))

    def close(self) -> None:
        """Leave what is held and end the loop; later calls do nothing."""
        with self._lock:
            self._finalizer()
