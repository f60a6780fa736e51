"""Places a batch of appends into one transaction: versions are given out, conflicts found, chains linked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.errors import StoreError, StreamConflict
from events.backend import Head, NewRow, Transaction
from events.codec import Draft, HeaderMaker, seal
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
    events: int
    """How many events it holds; at least one is counted."""
    size: int
    """The bytes of their payloads."""
    follows: Pending | None = None


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
    refusals: dict[Pending, StoreError] = {}
    for index, append in enumerate(appends):
        try:
            added, after = _place(append, heads, refusals)
        except StoreError as refused:
            outcomes[index] = refusals[append.pending] = refused
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


def _place(
    append: Append, heads: Mapping[str, Head], refusals: Mapping[Pending, StoreError]
) -> tuple[list[NewRow], dict[str, Head]]:
    headers = HeaderMaker(append.recorded_at, append.tenant, append.correlation, append.causation)
    rows: list[NewRow] = []
    after: dict[str, Head] = {}
    for part in append.parts:
        stream = part.stream
        head = after.get(stream) or heads[stream]
        _check(append, part, head, refusals)
        version, previous = head.version, head.digest
        for draft in part.drafts:
            version += 1
            header = headers.make(draft.schema_version, previous)
            stored, previous = seal(stream, version, draft.topic, header, draft.payload)
            rows.append((stream, version, draft.topic, stored))
        after[stream] = Head(version, previous)
    return rows, after


def _check(append: Append, part: StreamDrafts, head: Head, refusals: Mapping[Pending, StoreError]) -> None:
    expected = part.expected
    if append.follows is not None:
        failed = append.follows.error or refusals.get(append.follows)
        if failed is not None:
            raise StoreError(f"the append before it failed: {failed.what}", where=part.stream) from failed
        expected = append.follows.versions.get(part.stream, expected)
    if expected is not None and expected != head.version:
        raise StreamConflict(
            f"the stream is at version {head.version}, expected was {expected}",
            where=part.stream,
            todo="Read it again and decide anew.",
        )
