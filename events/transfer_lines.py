"""The lines of an export: what each says, and what is read from it.

An event is ``{position, stream, version, topic, header, payload}``; an encrypted one has ``ciphertext`` (base64) for
its payload. Bytes that those would not give back exactly (a damaged row, a payload that somebody else wrote in another
form of JSON) travel whole, as ``stored`` (base64) instead of header and payload.

A blob is ``{blob, content}``: its name and (base64) its content, or what is stored where that is encrypted. A damaged
one has ``stored`` instead; the content of one that is missing is null. It stands before the first event that names it.

``part`` says that a line is of an export of some topics, ``redacted`` (an event's is in its header) that it does not
say all: neither is imported.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json, to_json

from common.errors import StoreError
from events.backend import NewRow
from events.blobs import DamagedBlob, check_blob, key_of, open_blob, plain_blob
from events.codec import DamagedFrame, StoredRow, digest, dump_header, frame, unframe

__all__ = ["BlobRead", "EventRead", "LineRefused", "blob_line", "event_line", "read_line"]


class LineRefused(StoreError):
    """Raised for a line that can't be imported."""

    code = "line_refused"

    def __init__(self, number: int, why: str) -> None:
        super().__init__(
            f"the line can't be imported: {why}", where=f"line {number}", todo="Nothing of this file was imported."
        )


@dataclass(frozen=True, slots=True)
class EventRead:
    """A row of an export and the line it stands in; the header's parts are empty for a damaged row."""

    number: int
    position: int
    row: NewRow
    damaged: bool
    previous: str | None = None
    key: str | None = None
    blobs: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """The row's name in the chain of its stream."""
        return digest(*self.row)


@dataclass(frozen=True, slots=True)
class BlobRead:
    """A blob of an export and the line it stands in; `stored` is None where it was missing."""

    number: int
    name: str
    stored: bytes | None
    damaged: bool


def event_line(row: StoredRow, *, part: bool = False) -> str:
    """An event, whole and exact."""
    position, stream, version, topic, stored = row
    place = json.dumps({"position": position, "stream": stream, "version": version, "topic": topic})
    try:
        content = _content(row)
    except ValueError:  # `DamagedFrame` is one, too
        content = f'"stored": "{_base64(stored)}"'
    mark = ', "part": true' if part else ""
    return f"{place[:-1]}, {content}{mark}}}"


def _content(row: StoredRow) -> str:
    """Header and payload of a row. Raises `ValueError` where they would not give its bytes back."""
    _, stream, version, topic, stored = row
    read = unframe(stream, version, topic, stored)
    encrypted = read.key is not None
    header, payload = (
        dump_header(read.header),
        read.payload if encrypted else to_json(from_json(read.payload, allow_inf_nan=False)),
    )
    if frame(stream, version, topic, header, payload) != stored:
        raise ValueError("it was written in another form of JSON")
    told = f'"ciphertext": "{_base64(payload)}"' if encrypted else f'"payload": {payload.decode()}'
    return f'"header": {header.decode()}, {told}'


def blob_line(name: str, stored: bytes | None, *, part: bool = False) -> str:
    """A blob, whole and exact; None for one that is missing."""
    field = "content"
    if stored is not None:
        try:
            check_blob(name, stored)
            stored = open_blob(name, stored, None) if key_of(name) is None else stored
        except DamagedBlob:
            field = "stored"
    told = {"blob": name, field: None if stored is None else _base64(stored)}
    return json.dumps({**told, "part": True} if part else told)


class _Line(BaseModel):
    """A line as it is read; header and payload are kept as they are."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    position: int = Field(gt=0)
    stream: str = Field(min_length=1)
    version: int = Field(gt=0)
    topic: str
    header: dict[str, JsonValue] | None = None
    payload: JsonValue = None
    ciphertext: str | None = None
    stored: str | None = None
    part: bool = False

    def bytes(self) -> bytes:
        """The bytes that were stored. Raises `ValueError`."""
        if self.part:
            raise ValueError(_PART)
        if self.header is not None and self.header.get("redacted"):
            raise ValueError(_REDACTED)
        if self.stored is not None:
            return base64.b64decode(self.stored, validate=True)
        if self.header is None:
            raise ValueError("it has neither header and payload nor stored bytes")
        for name, kind in (("schema_version", int), ("recorded_at", str), ("tenant", str)):
            if not isinstance(self.header.get(name), kind):
                raise ValueError(f"its header has no {name}")
        encrypted = self.header.get("key") is not None
        if encrypted != (self.ciphertext is not None):
            raise ValueError("its header and its ciphertext do not belong together")
        payload = base64.b64decode(self.ciphertext, validate=True) if self.ciphertext else to_json(self.payload)
        return frame(self.stream, self.version, self.topic, dump_header(self.header), payload)


class _BlobLine(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    blob: str = Field(min_length=1)
    content: str | None = None
    stored: str | None = None
    redacted: bool = False
    payload: JsonValue = None
    part: bool = False

    def read(self, number: int) -> BlobRead:
        """The blob. Raises `ValueError`."""
        if self.part:
            raise ValueError(_PART)
        if self.redacted:
            raise ValueError(_REDACTED)
        if self.stored is not None:
            return BlobRead(number, self.blob, base64.b64decode(self.stored, validate=True), damaged=True)
        if self.content is None:
            return BlobRead(number, self.blob, None, damaged=False)
        content = base64.b64decode(self.content, validate=True)
        try:
            stored = plain_blob(self.blob, content) if key_of(self.blob) is None else content
            check_blob(self.blob, stored)
        except DamagedBlob as error:
            raise ValueError(f"its blob was changed: {error.problem}") from None
        return BlobRead(number, self.blob, stored, damaged=False)


_PART = "it is of an export of some topics only, which is no copy of a log"
_REDACTED = "it is redacted, for showing only: import an export made with --unredacted"


def read_line(number: int, text: str) -> EventRead | BlobRead:
    """What a line holds. Raises `LineRefused`."""
    try:
        if '"blob"' in text and _is_blob(text):
            return _BlobLine.model_validate_json(text).read(number)
        line = _Line.model_validate_json(text)
        row = (line.stream, line.version, line.topic, line.bytes())
    except ValidationError as error:
        raise LineRefused(number, error.errors(include_url=False)[0]["msg"]) from None
    except ValueError as error:
        raise LineRefused(number, str(error)) from None
    try:
        read = unframe(*row)
    except DamagedFrame:  # it was damaged when it was exported: it goes on as it is
        return EventRead(number, line.position, row, damaged=True)
    return EventRead(number, line.position, row, False, read.previous, read.key, read.blobs)


def _is_blob(text: str) -> bool:
    read = from_json(text)
    return isinstance(read, dict) and "blob" in read


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
