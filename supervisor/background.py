"""The one task of a supervisor that lives beside its callers: parent of its loops and of streamed requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from anyio.abc import TaskGroup

__all__ = ["Background"]


class Background:
    """A task group that may be opened in one task and closed in another, as hosts' lifespans do.

    anyio's own task groups must be left by the task that entered them; this one is held open by a task of its own.
    """

    def __init__(self) -> None:
        self._group: TaskGroup | None = None
        self._stop = anyio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the group."""
        ready = anyio.Event()
        # The supervisor is this task's parent: close() cancels it and waits for its end.
        self._task = asyncio.get_running_loop().create_task(self._hold(ready))
        await ready.wait()

    async def _hold(self, ready: anyio.Event) -> None:
        async with anyio.create_task_group() as group:
            self._group = group
            ready.set()
            await self._stop.wait()
            group.cancel_scope.cancel()

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
        """Run something in the group. Raises `RuntimeError` when it is not open."""
        if self._group is None or self._stop.is_set():
            raise RuntimeError("the supervisor is not running: use 'async with Supervisor…' or call start()")
        self._group.start_soon(function, *arguments)

    async def close(self, timeout: float) -> None:
        """Cancel everything in the group and wait for it, at most `timeout` seconds."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stop.set()
        with anyio.move_on_after(timeout, shield=True):
            await asyncio.wait({task})
        if not task.done():
            task.cancel()
        elif not task.cancelled() and (error := task.exception()) is not None:
            raise error
