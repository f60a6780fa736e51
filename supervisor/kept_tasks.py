"""How a finished task is kept in the log, so that an attempt that comes later need not do it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json, to_json

from common.blob import MAX_BLOB_BYTES, Blob
from common.errors import StoreError
from common.intent_collector import CollectedIntent
from common.intents import Intent
from common.results import RoleResult
from common.tool import Fact
from events.catalogue.trace import TaskFinished
from events.store import EventStore
from supervisor.answers import TaskOutput

__all__ = ["KeptTask", "kept", "read_kept"]

_IN_EVENT = 100_000
"""Bytes of text, facts and intents up to which the event itself holds them."""


@dataclass(frozen=True, slots=True)
class KeptTask:
    """A task that ended in an earlier attempt: what it answered, and what it wants carried out."""

    role: str
    output: TaskOutput
    intents: tuple[CollectedIntent, ...]
    event: TaskFinished


def kept(
    task: str,
    role: str,
    result: RoleResult,
    seconds: float,
    *,
    error: str | None = None,
    intents: Sequence[CollectedIntent] | None = None,
    taken_from: str | None = None,
) -> tuple[TaskFinished, Sequence[Blob]]:
    """The event that tells of the end of a task, with the blob it names where the result is long.

    Without `intents` it is not told what the task wants carried out, and the task can't be gone on from.
    """
    facts = [fact.model_dump(mode="json") for fact in result.facts]
    wanted = None if intents is None else [_described(entry) for entry in intents]
    blob = None if wanted is None else _blob(result.text, facts, wanted)
    too_large = isinstance(blob, str)
    event = TaskFinished(
        task=task,
        role=role,
        ok=result.ok,
        partly=result.partly,
        text=result.text,
        facts=facts,
        tools_called=list(result.tools_called),
        error=error,
        seconds=seconds,
        intents=None if too_large or blob is not None else wanted,
        whole=blob.reference if isinstance(blob, Blob) else None,
        taken_from=taken_from,
    )
    return event, (blob,) if isinstance(blob, Blob) else ()


def _described(entry: CollectedIntent) -> dict[str, JsonValue]:
    return {"type": entry.intent.TYPE, "arguments": entry.intent.model_dump(mode="json"), "call_id": entry.call_id}


def _blob(text: str, facts: Sequence[object], intents: Sequence[object]) -> Blob | str | None:
    """None where the event has room, the reason where no blob has."""
    if not intents and not facts and len(text) <= _IN_EVENT // 4:
        return None
    content = to_json({"text": text, "facts": facts, "intents": intents}, inf_nan_mode="strings")
    if len(content) <= _IN_EVENT:
        return None
    return Blob(content) if len(content) <= MAX_BLOB_BYTES else "too large to be kept"


async def read_kept(store: EventStore, event: TaskFinished, types: Mapping[str, type[Intent]]) -> KeptTask | None:
    """The task as it ended; None where not all of it was kept, or is understood here: it is to be done again.

    `types` are the classes of intents by their names.
    """
    text, facts, wanted = event.text, list[Any](event.facts), cast("list[Any] | None", event.intents)
    if event.whole is not None:
        try:
            content = await store.blob(event.whole)
            whole = cast("dict[str, Any]", from_json(content)) if content is not None else {}
            text, facts, wanted = whole["text"], whole["facts"], whole["intents"]
        except (StoreError, ValueError, KeyError, TypeError):
            return None
    if wanted is None:
        return None
    try:
        intents = tuple(
            CollectedIntent(types[entry["type"]].model_validate(entry["arguments"]), entry["call_id"], event.task)
            for entry in wanted
        )
        stated = tuple(Fact.model_validate(fact) for fact in facts)
    except (KeyError, TypeError, ValidationError):
        return None
    output = TaskOutput(event.task, text, event.ok, event.partly, stated, tuple(event.tools_called))
    return KeptTask(event.role, output, intents, event)
