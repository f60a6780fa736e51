"""What tools answered, whole, where a trace has excerpts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from common.errors import StoreError
from events.catalogue.trace import ToolCalled
from events.recorded import RecordedEvent
from events.store import EventStore
from llm_provider.whole_results import read_whole

__all__ = ["WholeResult", "whole_results"]


@dataclass(frozen=True, slots=True)
class WholeResult:
    """Text and data of what a tool answered; not redacted.

    `problem` says why they are the excerpts of the trace, where more was kept and can't be had.
    """

    event_id: str
    call: ToolCalled
    text: str
    data: JsonValue
    problem: str = ""


async def whole_results(store: EventStore, recorded: Sequence[RecordedEvent]) -> AsyncGenerator[WholeResult]:
    """The results of the tool calls among some events, one at a time."""
    for entry in recorded:
        if isinstance(entry.event, ToolCalled):
            yield await _whole(store, entry.id, entry.event)


async def _whole(store: EventStore, event_id: str, call: ToolCalled) -> WholeResult:
    problem = ""
    if call.whole is not None:
        try:
            content = await store.blob(call.whole)
            if content is not None:
                return WholeResult(event_id, call, *read_whole(content))
            problem = "what was kept of it is not in the log any more"
        except StoreError as error:
            problem = error.what
        except ValueError as error:
            problem = f"what was kept of it can't be read: {error}"
    return WholeResult(event_id, call, call.text, call.data, problem)
