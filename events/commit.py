"""Places a batch of appends into one transaction: versions are given out, conflicts found, chains linked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.errors import StoreError, StreamConflict
from events.backend import Head, NewRow, Transaction
from events.codec import Draft, digest, encode_header, frame
from events.pending import Pending

__all__ = ["Append", "StreamDrafts", "commit_batch"]


@dataclass(frozen=True, slots=True)
class StreamDrafts:
    """Encoded events for one stream; `expected` is its version before them, None for any."""

    stream: str
    drafts: Sequence[Draft]
    expected: int | None


@dataclass(frozen=True, slots=True)
class Append:
    """One append: all of it or nothing.

    `follows` is an earlier append: this one comes directly behind it in every stream they share, or not at all.
    """

    parts: Sequence[StreamDrafts]
    tenant: str
    correlation: str | None
    causation: str | None
    recorded_at: datetime
    pending: Pending
    follows: Pending | None = None

    @property
    def size(self) -> tuple[int, int]:
        """How many events it holds (at least one is counted), and their bytes."""
        events = sum(len(part.drafts) for part in self.parts)
        return max(1, events), sum(len(draft.payload) for part in self.parts for draft in part.drafts)


@dataclass(slots=True)
class _Staged:
    append: Append
    offset: int
    """Index of its last row in the batch; -1 when it has none and nothing is before it."""


def commit_batch(transaction: Transaction, appends: Sequence[Append]) -> dict[int, int | StoreError]:
    """Insert what can be inserted; returns by index the last position of each append, or why it was refused.

    The transaction shuts out every other writer, so what the heads say holds until its end.
    """
    heads = transaction.heads({part.stream for append in appends for part in append.parts})
    rows: list[NewRow] = []
    touched: dict[str, Head] = {}
    outcomes: dict[int, int | StoreError] = {}
    staged: dict[int, _Staged] = {}
    for index, append in enumerate(appends):
        try:
            added, after = _place(append, heads)
        except StoreError as refused:
            outcomes[index] = refused
            continue
        rows.extend(added)
        heads.update(after)
        touched.update(after)
        append.pending.placed({stream: head.version for stream, head in after.items()})
        staged[index] = _Staged(append, len(rows) - 1 if added else -1)
    first = transaction.insert(rows, touched) if rows else 0
    for index, entry in staged.items():
        outcomes[index] = first + entry.offset if entry.offset >= 0 else transaction.last_position()
    return outcomes


def _place(append: Append, heads: Mapping[str, Head]) -> tuple[list[NewRow], dict[str, Head]]:
    rows: list[NewRow] = []
    after: dict[str, Head] = {}
    for part in append.parts:
        head = after.get(part.stream) or heads[part.stream]
        _check(append, part, head)
        for draft in part.drafts:
            version = head.version + 1
            header = encode_header(
                draft.schema_version,
                append.recorded_at,
                append.tenant,
                append.correlation,
                append.causation,
                head.digest,
            )
            stored = frame(part.stream, version, draft.topic, header, draft.payload)
            rows.append((part.stream, version, draft.topic, stored))
            head = Head(version, digest(part.stream, version, draft.topic, stored))
        after[part.stream] = head
    return rows, after


def _check(append: Append, part: StreamDrafts, head: Head) -> None:
    expected = part.expected
    if append.follows is not None:
        if append.follows.error is not None:
            raise StoreError(
                f"the append before it failed: {append.follows.error.what}", where=part.stream
            ) from append.follows.error
        expected = append.follows.versions.get(part.stream, expected)
    if expected is not None and expected != head.version:
        raise StreamConflict(
            f"the stream is at version {head.version}, expected was {expected}",
            where=part.stream,
            todo="Read it again and decide anew.",
        )
