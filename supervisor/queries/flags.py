"""What can be asked about flags: their values and why, the rules they go by, who changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from common.context import TaskContext
from common.flags import Flags
from events.catalogue.flag import FlagChanged
from events.recorded import RecordedEvent
from events.store import EventStore, stream_name

__all__ = ["FlagStep", "flag_history", "flag_report", "flag_rows"]

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class FlagStep:
    """One recorded change: what the definition was and became (None: there was none), when, by whom, and why."""

    key: str
    at: datetime
    by: str
    reason: str
    before: JsonValue
    after: JsonValue
    id: str


async def flag_rows(flags: Flags, context: TaskContext) -> list[dict[str, Any]]:
    """Every flag with the value that a request of this context would get, and why."""
    rows: list[dict[str, Any]] = []
    for declaration in flags.declared:
        read = await flags.read(declaration.key, context)
        row: dict[str, Any] = {
            **read.reading.model_dump(),
            "value": read.value,
            "provider": read.provider,
            "type": declaration.type,
            "default": declaration.default,
            "description": declaration.description,
        }
        rows.append({**row, "error": read.error} if read.error else row)
    return rows


async def flag_report(flags: Flags, context: TaskContext) -> dict[str, Any]:
    """The rows, the provider with its file and its fault, and what the file defines.

    `definitions` are those of the file; `undeclared` names for each that nobody declared the key most like it, or "".
    """
    await flags.refresh()
    fault, declared = flags.fault(), flags.declared
    file = flags.file if flags.is_embedded else None
    defined: Mapping[str, JsonValue] = {} if file is None or file.current is None else file.current.definitions
    return {
        "flags": await flag_rows(flags, context),
        "provider": flags.provider_name,
        "file": None if file is None else str(file.path),
        "fault": None if fault is None else {**asdict(fault), "since": fault.since.isoformat()},
        "definitions": dict(defined),
        "undeclared": {key: declared.nearest(key) for key in defined if key not in declared},
    }


async def flag_history(store: EventStore, key: str | None) -> list[FlagStep]:
    """The recorded changes, of one flag or of all, oldest first."""
    if key is not None:
        return _steps(await store.read(stream_name("flag", key)))
    found: list[FlagStep] = []
    after = 0
    while page := await store.read_all(after, [FlagChanged.TOPIC], _PAGE):
        found += _steps(page)
        after = page[-1].position
    return found


def _steps(recorded: list[RecordedEvent]) -> list[FlagStep]:
    return [
        FlagStep(event.key, entry.recorded_at, event.by, event.reason, event.before, event.after, entry.id)
        for entry in recorded
        if isinstance(event := entry.event, FlagChanged)
    ]
