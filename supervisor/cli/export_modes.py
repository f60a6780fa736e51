"""What an export tells of each line of the log: all of it, or what is no secret."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic import JsonValue

from common.errors import StoreError
from common.redaction import Redactor
from supervisor.cli.bars import Follow
from supervisor.cli.event_lines import event_data
from supervisor.cli.output import redactor
from supervisor.queries.shown_events import TraceSecrets

if TYPE_CHECKING:
    from events.store import EventStore
    from events.transfer import Exported

__all__ = ["Export", "Told"]


@dataclass(slots=True)
class Told:
    """What went into an export: `encrypted` and `redacted` count the lines of events and blobs that are so."""

    events: int = 0
    blobs: int = 0
    encrypted: int = 0
    redacted: int = 0


class Export:
    """One export of a store; `told` follows what was given out."""

    def __init__(self, store: EventStore, after: int, topics: Collection[str] | None, follow: Follow | None) -> None:
        self._store = store
        self._after = after
        self._topics = topics
        self._follow = follow
        self._secrets = TraceSecrets(store, redactor)
        self.told = Told()

    async def importable(self) -> AsyncGenerator[str]:
        """Everything as it is, unless redaction would change it: what is so is redacted, and says so."""
        async with aclosing(self._entries("plain")) as entries:
            async for entry in entries:
                less = None if entry.encrypted else await self._less(entry)
                self._count(entry, encrypted=entry.encrypted, redacted=less is not None)
                yield entry.line if less is None else json.dumps(less)

    async def unredacted(self) -> AsyncGenerator[str]:
        """Everything as it is."""
        async with aclosing(self._entries("nothing")) as entries:
            async for entry in entries:
                self._count(entry, encrypted=entry.encrypted)
                yield entry.line

    async def readable(self) -> AsyncGenerator[str]:
        """Everything that can be read, decrypted and redacted."""
        async with aclosing(self._entries("all")) as entries:
            async for entry in entries:
                redact = await self._redactor(entry)
                if entry.blob:
                    data = {"blob": entry.blob, "redacted": True, "payload": redact.value(await self._content(entry))}
                else:
                    assert entry.recorded is not None  # noqa: S101 - all are read
                    data = event_data(entry.recorded, redact)
                    data["header"]["redacted"] = True
                self._count(entry, redacted=True)
                yield json.dumps(data)

    def _entries(self, read: Any) -> AsyncGenerator[Exported]:
        from events.transfer import export_entries

        return export_entries(self._store, self._after, self._topics, self._follow, read=read)

    def _count(self, entry: Exported, *, encrypted: bool = False, redacted: bool = False) -> None:
        self.told.blobs += bool(entry.blob)
        self.told.events += not entry.blob
        self.told.encrypted += encrypted
        self.told.redacted += redacted

    async def _redactor(self, entry: Exported) -> Redactor:
        return redactor() if entry.recorded is None else await self._secrets.redactor_for(entry.recorded)

    async def _less(self, entry: Exported) -> dict[str, Any] | None:
        """The line without its secrets; None where it has none."""
        redact = await self._redactor(entry)
        return await self._blob_less(entry, redact) if entry.blob else _event_less(json.loads(entry.line), redact)

    async def _blob_less(self, entry: Exported, redact: Redactor) -> dict[str, Any] | None:
        try:
            content = await self._store.blob(entry.blob)
        except StoreError as error:  # nobody can look into it, so nobody is given it
            return {"blob": entry.blob, "redacted": True, "payload": {"unreadable": error.what}}
        if content is None:
            return None
        payload = _readable(content)
        shown = redact.value(payload)
        return None if shown == payload else {"blob": entry.blob, "redacted": True, "payload": shown}

    async def _content(self, entry: Exported) -> JsonValue:
        try:
            content = await self._store.blob(entry.blob)
        except StoreError as error:
            return {"unreadable": error.what}
        if content is None:
            return {"unreadable": "it is missing"} if json.loads(entry.line)["content"] is None else {"erased": True}
        return _readable(content)


def _event_less(data: dict[str, Any], redact: Redactor) -> dict[str, Any] | None:
    """The line of an event without its secrets; None where it has none."""
    names = {name: data[name] for name in ("stream", "topic")}
    header: dict[str, Any] = data.get("header", {})
    said = {name: value for name, value in header.items() if name in ("tenant", "correlation", "causation")}
    payload = data.get("payload") if "stored" not in data else _text(base64.b64decode(data["stored"]))
    whole = [names, said, payload]
    shown = redact.value(cast("JsonValue", whole))
    if shown == whole:
        return None
    names, said, payload = cast("list[Any]", shown)
    told = {**data, **names, "header": {**header, **said, "redacted": True}}
    if "stored" in told:
        del told["stored"]
        payload = {"unreadable": "its bytes are not what they should be, and may hold a secret"}
    return {**told, "payload": payload}


def _readable(content: bytes) -> JsonValue:
    """JSON that was written as it is read, else text: what stands in it twice would be looked at once only."""
    from pydantic_core import from_json, to_json

    try:
        value: JsonValue = from_json(content, allow_inf_nan=False)
        return value if to_json(value) == content else _text(content)
    except ValueError:
        return _text(content)


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
