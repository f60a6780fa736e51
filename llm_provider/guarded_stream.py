"""Bounds one attempt at a model call: its time, its size, and that its end was really its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import anyio
from strands.types.events import ModelStopReason

from llm_provider.faults import AttemptFailed, Fault, FaultKind, broke_off, too_much

__all__ = ["MAX_ANSWER_CHARS", "guarded"]

MAX_ANSWER_CHARS = 400_000
"""The most that one answer may hold: text, thoughts and arguments of tools together."""

_END = object()


async def guarded(events: AsyncIterator[Any], seconds: float, *, whole: bool) -> AsyncIterator[Any]:
    """The events of a model call, for at most `seconds`; `whole` tells that these are all the provider may take.

    Raises `AttemptFailed` for an answer that takes longer, grows without end, or stops before its own end, which
    Strands would take for a whole one.
    """
    deadline = anyio.current_time() + seconds
    characters = 0
    complete = False
    while True:
        event = await _next(events, deadline)
        if event is None:
            raise AttemptFailed(_out_of_time(seconds, whole))
        if event is _END:
            return
        if isinstance(event, ModelStopReason):
            if not complete:
                raise AttemptFailed(broke_off())
        elif isinstance(event, dict) and "event" in event:
            chunk = cast("Mapping[str, Any]", event["event"])
            complete = complete or "messageStop" in chunk
            characters += _length(chunk)
            if characters > MAX_ANSWER_CHARS:
                raise AttemptFailed(too_much(f"{MAX_ANSWER_CHARS:,} characters"))
        yield event


async def _next(events: AsyncIterator[Any], deadline: float) -> Any:
    """The next event, `_END` after the last, None once the time is over.

    The scope is entered and left within one step: one that stayed open over a `yield` would belong to nobody.
    """
    if anyio.current_time() >= deadline:  # a stream that never waits is never cancelled
        return None
    with anyio.CancelScope(deadline=deadline):
        return await anext(events, _END)
    return None


def _out_of_time(seconds: float, whole: bool) -> Fault:
    what = f"the model gave no whole answer within {seconds:.3g} seconds"
    todo = "Raise the tier's timeout, or ask for less." if whole else "Raise limits.wall_clock."
    return Fault(FaultKind.TIMEOUT, what, todo, blames=whole)


def _length(chunk: Mapping[str, Any]) -> int:
    delta = _inside(_inside(chunk, "contentBlockDelta"), "delta")
    parts = (delta.get("text"), _inside(delta, "toolUse").get("input"), _inside(delta, "reasoningContent").get("text"))
    return sum(len(part) for part in parts if isinstance(part, str))


def _inside(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner: object = value.get(key)
    return cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else {}
