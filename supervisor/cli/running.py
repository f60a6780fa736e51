"""Runs one request from the command line, so that Ctrl-C ends it with a whole trace."""

from __future__ import annotations

import signal
import uuid
from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio

from common.context import TaskContext
from common.errors import ConfigurationError, NotFound, SupervisorError
from common.updates import Completed
from supervisor.cli.output import note

if TYPE_CHECKING:
    from common.results import Response
    from supervisor.cli.progress import Progress
    from supervisor.facade import Supervisor

__all__ = ["cancel_running", "check_flags", "run_interruptible", "run_request", "with_request_id"]


def with_request_id(context: TaskContext) -> TaskContext:
    """The context with a request id of its own where it has none, by which its trace can be found."""
    return context if context.request_id is not None else context.model_copy(update={"request_id": uuid.uuid4().hex})


async def check_flags(supervisor: Supervisor, context: TaskContext) -> None:
    """Raise `ConfigurationError` for an override of a flag that does not exist, or of another type."""
    if not context.flags:
        return
    known = {row["key"]: row["value"] for row in await supervisor.flags_overview()}
    for key, value in context.flags.items():
        if key not in known:
            raise ConfigurationError(
                f"there is no flag {key!r}", where="--flag", todo=f"Known flags: {', '.join(sorted(known))}."
            )
        if type(value) is not type(known[key]):
            wanted = "on or off" if isinstance(known[key], bool) else f"a {type(known[key]).__name__}"
            raise ConfigurationError(f"the flag {key} takes {wanted}, not {value!r}", where="--flag")


async def run_request(supervisor: Supervisor, text: str, context: TaskContext, progress: Progress) -> Response:
    """Handle a request and show its progress. Raises what `Supervisor.stream_request` raises."""
    with progress:
        async with aclosing(supervisor.stream_request(text, context)) as updates:
            async for update in updates:
                if isinstance(update, Completed):
                    return update.response
                progress.show(update)
    raise SupervisorError("the request ended without an answer", where="stream_request")


async def cancel_running(supervisor: Supervisor, context: TaskContext) -> bool:
    """Cancel the running request of this context, and don't wait for its end; False when it does not run (any more)."""
    for row in await supervisor.traces(limit=20, session=context.session, owner=context.owner):
        if row.get("request_id") == context.request_id and not row.get("outcome"):
            try:
                await supervisor.cancel(str(row["trace_id"]), owner=context.owner, timeout=0.0)
            except NotFound:
                return False
            return True
    return False


async def run_interruptible(supervisor: Supervisor, text: str, context: TaskContext, progress: Progress) -> Response:
    """Handle a request; the first Ctrl-C cancels it and lets it tell how it ended, a second one gives up at once.

    Raises `KeyboardInterrupt` for the second, and what `run_request` raises.
    """
    context = with_request_id(context)
    answer: Response | None = None
    failure: Exception | None = None

    async def watch(scope: anyio.CancelScope) -> None:
        asked = False
        with anyio.open_signal_receiver(signal.SIGINT) as signals:
            async for _ in signals:
                if asked or not await cancel_running(supervisor, context):
                    break
                asked = True
                note("cancelling; Ctrl-C again to stop at once")
        scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch, group.cancel_scope)
        try:
            answer = await run_request(supervisor, text, context, progress)
        except Exception as error:  # raised below, outside the group, which would wrap it
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if answer is None:
        raise KeyboardInterrupt
    return answer
