"""The log as lines of JSON, out of one store and into another, without loss.

A line is ``{position, stream, version, topic, header, payload}``. A row that is damaged has ``stored`` (its bytes in
base64) instead of header and payload. What was exported is put back byte for byte, so the chains of hashes hold on;
positions are given out anew, in the same order.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import to_json

from common.errors import StoreError
from events.backend import Head, NewRow, Transaction
from events.codec import DamagedFrame, StoredRow, digest, dump_header, frame, unframe
from events.projection import Progress
from events.store import EventStore

__all__ = ["export_lines", "import_lines"]

_PAGE = 500


async def export_lines(store: EventStore, after: int = 0, progress: Progress | None = None) -> AsyncGenerator[str]:
    """Every event behind a position as one line of JSON (without line end), in order, up to the end of the log.

    Nothing is redacted: an export is as secret as the log.
    """
    last = False
    while not last:
        page = await store.run(lambda: store.backend.page(after, None, _PAGE))  # noqa: B023
        for row in page.rows:
            yield _line(row)
        last, after = len(page.rows) < _PAGE, page.scanned_to
        if progress is not None:
            progress(after, max(after, store.known_head))


def _line(row: StoredRow) -> str:
    position, stream, version, topic, stored = row
    place = json.dumps({"position": position, "stream": stream, "version": version, "topic": topic})
    try:
        read = unframe(stream, version, topic, stored)
    except DamagedFrame:
        return f'{place[:-1]}, "stored": "{base64.b64encode(stored).decode()}"}}'
    header = dump_header(read.header).decode()
    return f'{place[:-1]}, "header": {header}, "payload": {read.payload.decode()}}}'


class _Line(BaseModel):
    """A line as it is read; header and payload are kept as they are."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    position: int = Field(gt=0)
    stream: str = Field(min_length=1)
    version: int = Field(gt=0)
    topic: str
    header: dict[str, JsonValue] | None = None
    payload: JsonValue = None
    stored: str | None = None

    def bytes(self) -> bytes:
        """The bytes that were stored. Raises `ValueError`."""
        if self.stored is not None:
            return base64.b64decode(self.stored, validate=True)
        if self.header is None:
            raise ValueError("it has neither header and payload nor stored bytes")
        return frame(self.stream, self.version, self.topic, dump_header(self.header), to_json(self.payload))


@dataclass(slots=True)
class _Import:
    """What was read so far."""

    number: int = 0
    position: int = 0
    done: int = 0
    heads: dict[str, Head] = field(default_factory=dict[str, Head])
    rows: list[NewRow] = field(default_factory=list[NewRow])

    def read(self, text: str) -> None:
        """Check a line against those before it. Raises `StoreError`."""
        self.number += 1
        try:
            line = _Line.model_validate_json(text)
            stored = line.bytes()
        except ValidationError as error:
            raise self._refused(error.errors(include_url=False)[0]["msg"]) from None
        except ValueError as error:
            raise self._refused(str(error)) from None
        if line.position <= self.position:
            raise self._refused("its position is not behind that of the line before")
        head = self.heads.get(line.stream, Head(0, None))
        if line.version != head.version + 1:
            raise self._refused(f"{line.stream} has version {head.version} before version {line.version}")
        if line.header is not None and line.header.get("previous") != head.digest and not self._was_damaged(head):
            raise self._refused("it does not follow on the stream's event before it: one of the two was changed")
        self.position = line.position
        self.rows.append((line.stream, line.version, line.topic, stored))
        name = digest(line.stream, line.version, line.topic, stored)
        self.heads[line.stream] = Head(line.version, f"damaged {name}" if line.stored is not None else name)

    def write(self, transaction: Transaction) -> int:
        """Insert what was read since the last time."""
        if transaction.last_position() != self.done:
            raise StoreError(
                "a log is imported into an empty store only", where="import", todo="Name a new file in store.url."
            )
        if self.rows:
            touched = {stream: self.heads[stream] for stream, _, _, _ in self.rows}
            transaction.insert(self.rows, {name: Head(head.version, _plain(head)) for name, head in touched.items()})
            self.done += len(self.rows)
            self.rows = []
        return self.done

    @staticmethod
    def _was_damaged(head: Head) -> bool:
        return head.digest is not None and head.digest.startswith("damaged ")

    def _refused(self, why: str) -> StoreError:
        imported = f" {self.done} events were imported before it: begin again with an empty store." if self.done else ""
        return StoreError(f"the line can't be imported: {why}", where=f"line {self.number}", todo=imported.strip())


def _plain(head: Head) -> str | None:
    return None if head.digest is None else head.digest.removeprefix("damaged ")


async def import_lines(
    store: EventStore, lines: Iterable[str] | AsyncIterable[str], progress: Progress | None = None
) -> int:
    """Put exported lines into an empty store; empty lines are passed over. Returns how many events there are now.

    Raises `StoreError` for a line that can't be read or does not fit those before it, and for a store that is not
    empty. What was read before a bad line stays.
    """
    reading = _Import()
    await store.execute(reading.write)
    async for text in _each(lines):
        if not text.strip():
            reading.number += 1
            continue
        reading.read(text)
        if len(reading.rows) >= _PAGE:
            await store.execute(reading.write)
            if progress is not None:
                progress(reading.done, reading.done)
    return await store.execute(reading.write)


async def _each(lines: Iterable[str] | AsyncIterable[str]) -> AsyncGenerator[str]:
    if isinstance(lines, AsyncIterable):
        async for line in lines:
            yield line
    else:
        for line in lines:
            yield line
