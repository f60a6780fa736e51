"""Typed updates of one piece of work, for whoever reads them; when the reader goes, the work is cancelled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

import anyio

from common.errors import SupervisorError
from common.updates import Completed, TextDelta, TextDiscarded, Update
from supervisor.background import Background

__all__ = ["stream"]

_BOUND = 1_000
"""Updates that wait for a slow reader; what comes on top is lost, but for the last."""
_END = 15.0
"""Seconds a reader that goes waits for the end of the work, so that its trace is whole."""


class _Emitting:
    """Takes the updates of the work; texts that a model said in pieces are not told again as a whole."""

    def __init__(self) -> None:
        self._send, self.receive = anyio.create_memory_object_stream[Update](_BOUND)
        self._said: set[str] = set()
        self.completed: Completed | None = None

    def __call__(self, update: Update) -> None:
        match update:
            case Completed():
                self.completed = update
                return
            case TextDelta():
                if update.whole and update.task in self._said:
                    return
                self._said.add(update.task)
            case TextDiscarded():
                self._said.discard(update.task)
            case _:
                pass
        try:
            self._send.send_nowait(update)
        except (anyio.WouldBlock, anyio.BrokenResourceError):
            return

    def close(self) -> None:
        """No more will come."""
        self._send.close()


async def stream(
    background: Background, work: Callable[[Callable[[Update], None]], Awaitable[object]]
) -> AsyncGenerator[Update]:
    """Run `work(emit)` in the background and yield what it emits; the last is `Completed`.

    Raises what the work raises, and `SupervisorError` where it is stopped from outside without an answer. When the
    reader stops, is cancelled or is thrown away, the work is cancelled, and its end waited for.
    """
    emit = _Emitting()
    scope = anyio.CancelScope()
    ended = anyio.Event()
    failure: list[Exception] = []

    async def run() -> None:
        try:
            with scope:
                await work(emit)
        except Exception as error:
            failure.append(error)
        finally:
            emit.close()
            ended.set()

    background.start_soon(run)
    try:
        async with emit.receive:
            async for update in emit.receive:
                yield update
        if failure:
            raise failure[0]
        if emit.completed is None:
            raise SupervisorError("the request was stopped without an answer", where="stream_request")
        yield emit.completed
    finally:
        scope.cancel()
        with anyio.move_on_after(_END, shield=True):
            await ended.wait()
