"""Places a batch of appends into one transaction: versions are given out, conflicts found, chains linked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.blob import Blob
from common.errors import StoreError, StreamConflict
from events.backend import BlobRow, Head, NewRow, Transaction
from events.blobs import BlobDraft, name_blobs, put_names
from events.cipher import Cipher
from events.codec import FORGOTTEN, Draft, HeaderMaker, seal
from events.keyring import NONCE_BYTES, TenantKey
from events.pending import Pending

__all__ = ["Append", "ReadyAppend", "StreamDrafts", "append_within", "commit_batch"]


@dataclass(frozen=True, slots=True)
class StreamDrafts:
    """Encoded events for one stream; `expected` is its version before them, None for any.

    `blobs` is content that they name.
    """

    stream: str
    drafts: Sequence[Draft]
    expected: int | None
    blobs: Sequence[Blob] = ()


@dataclass(frozen=True, slots=True)
class ReadyAppend:
    """An append, checked and encoded; `events` and `size` are what it takes of the queue."""

    parts: Sequence[StreamDrafts]
    tenant: str
    correlation: str | None
    causation: str | None
    events: int
    size: int
    blobs: Sequence[BlobDraft]


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
    """The bytes of their payloads and blobs."""
    follows: Pending | None = None
    blobs: Sequence[BlobDraft] = ()

    @property
    def is_personal(self) -> bool:
        """Whether any of it is encrypted where there are keys."""
        return bool(self.blobs) or any(draft.personal for part in self.parts for draft in part.drafts)


@dataclass(slots=True)
class _Staged:
    append: Append
    offset: int
    """Index of its last row in the batch; -1 when it has none and nothing is before it."""


def commit_batch(
    transaction: Transaction, appends: Sequence[Append], cipher: Cipher | None = None
) -> dict[int, int | StoreError]:
    """Insert what can be inserted; returns by index the last position of each append, or why it was refused.

    The transaction shuts out every other writer, so what the heads say holds until its end. With a `cipher` what is
    personal is encrypted, under no key that was forgotten by now.
    """
    streams = {part.stream for append in appends for part in append.parts}
    heads = transaction.heads(streams if cipher is None else {*streams, FORGOTTEN})
    if cipher is not None:
        cipher.hold_to(heads[FORGOTTEN])
    nonces = _nonces(sum([append.events for append in appends]) if cipher is not None else 0)
    rows: list[NewRow] = []
    blobs: list[BlobRow] = []
    touched: dict[str, Head] = {}
    outcomes: dict[int, int | StoreError] = {}
    staged: dict[int, _Staged] = {}
    refusals: dict[Pending, StoreError] = {}
    for index, append in enumerate(appends):
        try:
            added, after, beside = _place(append, heads, refusals, cipher, nonces)
        except StoreError as refused:
            outcomes[index] = refusals[append.pending] = refused
            continue
        rows.extend(added)
        blobs.extend(beside)
        heads.update(after)
        touched.update(after)
        append.pending.placed({stream: head.version for stream, head in after.items()})
        staged[index] = _Staged(append, len(rows) - 1 if added else -1)
    if blobs:
        transaction.insert_blobs(blobs)
    first = transaction.insert(rows, touched) if rows else 0
    for index, entry in staged.items():
        outcomes[index] = first + entry.offset if entry.offset >= 0 else transaction.last_position()
    return outcomes


def append_within(transaction: Transaction, stream: str, draft: Draft, recorded_at: datetime) -> int:
    """Append one event about the log itself, which nobody's key encrypts, in a transaction that does more than that.

    Returns its position. Raises `StoreError`.
    """
    parts = [StreamDrafts(stream, [draft], None)]
    append = Append(parts, "default", None, None, recorded_at, Pending(0.0), 1, len(draft.payload))
    outcome = commit_batch(transaction, [append])[0]
    if isinstance(outcome, StoreError):
        raise outcome
    return outcome


def _place(
    append: Append,
    heads: Mapping[str, Head],
    refusals: Mapping[Pending, StoreError],
    cipher: Cipher | None,
    nonces: Iterator[bytes],
) -> tuple[list[NewRow], dict[str, Head], list[BlobRow]]:
    headers = HeaderMaker(append.recorded_at, append.tenant, append.correlation, append.causation)
    rows: list[NewRow] = []
    after: dict[str, Head] = {}
    key: TenantKey | None = None
    names, blobs = name_blobs(append.blobs, append.tenant, None if cipher is None else cipher.keyring)
    for part in append.parts:
        stream = part.stream
        head = after.get(stream) or heads[stream]
        _check(append, part, head, refusals)
        version, previous = head.version, head.digest
        for draft in part.drafts:
            version += 1
            payload, named = put_names(draft.payload, names) if names else (draft.payload, ())
            if cipher is None or not draft.personal:
                header = headers.make(draft.schema_version, previous, named)
                stored, previous = seal(stream, version, draft.topic, header, payload)
            else:
                key = key or cipher.keyring.current(append.tenant)
                header = headers.make(draft.schema_version, previous, named, key)
                stored, previous = seal(stream, version, draft.topic, header, payload, key, next(nonces))
            rows.append((stream, version, draft.topic, stored))
        after[stream] = Head(version, previous)
    return rows, after, blobs


def _nonces(count: int) -> Iterator[bytes]:
    """As many random nonces, fetched at once; each is given out once."""
    fresh = os.urandom(NONCE_BYTES * count)
    return (fresh[start : start + NONCE_BYTES] for start in range(0, len(fresh), NONCE_BYTES))


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
