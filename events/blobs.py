"""Blobs: content that is kept whole beside the events that name it, in the same transaction.

A blob's name tells nothing of its content to whoever lacks the key: it is the id of the tenant's key and an
HMAC-SHA256 under a key derived from that. Equal content of one tenant therefore has one name, and is stored once. In a
store without keys the name is the content's SHA-256, and the content lies there as it is.

Stored bytes are a frame: a format byte, a checksum over name and body, and the body.

    | 1 byte: format | 4: CRC-32 | body: packed content, or (encrypted) nonce and ciphertext of it |

Packed content begins with a byte that says whether what follows was compressed. The name is the additional data of the
encryption, so that no blob can be taken for another one.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence

from pydantic_core import to_json

from common.blob import MAX_BLOB_BYTES, Blob
from common.errors import StoreError
from events.backend import Backend, BlobRow
from events.keyring import DamagedCiphertext, KeyErased, KeyMissing, Keyring, TenantKey

__all__ = [
    "MAX_BLOBS_BYTES",
    "BlobDraft",
    "DamagedBlob",
    "check_blob",
    "draft_blobs",
    "key_of",
    "name_blobs",
    "open_blob",
    "plain_blob",
    "put_names",
    "read_blob",
]

PLAIN = "sha256"
"""What stands in a name in place of a key's id where no keys are in use."""

MAX_BLOBS_BYTES = 64 * 1024 * 1024
"""The most that the blobs of one append may have together, in bytes before compression."""

_FORMAT = 1
_PREFIX = struct.Struct(">BI")
_RAW, _COMPRESSED = b"\x00", b"\x01"
_MOST_AROUND = 64
"""Bytes that a frame and its encryption add to a content that is not compressed; they are fewer."""
_WORTH_COMPRESSING = 512
_LEVEL = 1
"""Of zlib: more than twice as fast as its default, for a tenth more bytes."""
_SAMPLE = 16 * 1024
"""The beginning of a content that tells whether all of it is worth compressing: what is not takes longest."""


class DamagedBlob(StoreError):
    """Raised for a blob whose stored bytes can't be what was written under its name."""

    code = "damaged_blob"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"the blob is damaged: {problem}", where=name, todo="Restore it from an export or a backup.")
        self.problem = problem


class BlobDraft:
    """A blob on its way into the log; `pack` does what is slow, and needs neither key nor transaction."""

    __slots__ = ("_digest", "_packed", "content", "reference")

    def __init__(self, blob: Blob) -> None:
        self.content = blob.content
        self.reference = blob.reference.encode()
        self._packed: bytes | None = None
        self._digest = b""

    def pack(self) -> bytes:
        """The packed content; made once."""
        if self._packed is None:
            self._digest = hashlib.sha256(self.content).digest()
            self._packed = _pack(self.content)
        return self._packed

    def row(self, key: TenantKey | None) -> BlobRow:
        """Name and stored bytes; under no key they are plain."""
        packed = self.pack()
        name = _name(key, self._digest)
        return name, _frame(name, packed if key is None else key.encrypt(name.encode(), packed))


def name_blobs(
    drafts: Sequence[BlobDraft], tenant: str, keyring: Keyring | None
) -> tuple[Mapping[bytes, str], list[BlobRow]]:
    """By reference the names of the blobs of one append, and the rows that hold them. Raises `StoreUnavailable`."""
    if not drafts:
        return {}, []
    key = None if keyring is None else keyring.current(tenant)
    rows = [draft.row(key) for draft in drafts]
    return {draft.reference: name for draft, (name, _) in zip(drafts, rows, strict=True)}, rows


def draft_blobs(blobs: Sequence[Blob], payloads: Sequence[bytes]) -> list[BlobDraft]:
    """The blobs of an append, ready to be stored.

    Raises `StoreError` for one that no payload names, and when they are more than `MAX_BLOBS_BYTES` together.
    """
    size = sum([len(blob.content) for blob in blobs])
    if size > MAX_BLOBS_BYTES:
        raise StoreError(
            f"the blobs of an append have {size:,} bytes, at most {MAX_BLOBS_BYTES:,} are taken",
            where="append",
            todo="Append them one after the other.",
        )
    drafts = [BlobDraft(blob) for blob in blobs]
    for draft in drafts:
        if not any(draft.reference in payload for payload in payloads):
            raise StoreError(
                "no event of the append names the blob", where="append", todo="Put its reference into one."
            )
    return drafts


def key_of(name: str) -> str | None:
    """The id of the key that a blob is encrypted under; None for one that anybody can read."""
    key_id = name.rpartition(":")[0]
    return None if key_id == PLAIN else key_id


def check_blob(name: str, stored: bytes) -> bytes:
    """The body of a blob, checked as far as that goes without its key. Raises `DamagedBlob`."""
    if len(stored) > MAX_BLOB_BYTES + _MOST_AROUND:
        raise DamagedBlob(name, "the stored bytes are more than any blob has")
    if len(stored) < _PREFIX.size:
        raise DamagedBlob(name, "the stored bytes are cut short")
    kind, checksum = _PREFIX.unpack_from(stored)
    if kind != _FORMAT:
        raise DamagedBlob(name, f"the stored bytes have the unknown format {kind}")
    body = stored[_PREFIX.size :]
    if _checksum(name, body) != checksum:
        raise DamagedBlob(name, "the checksum does not match: the row was changed")
    if key_of(name) is None:
        _unpack(name, None, body)
    return body


def plain_blob(name: str, content: bytes) -> bytes:
    """The stored bytes of a blob that is not encrypted; `check_blob` says whether the content fits its name."""
    return _frame(name, _pack(content))


def open_blob(name: str, stored: bytes, keyring: Keyring | None) -> bytes:
    """The content of a blob.

    Raises `DamagedBlob`, and for one whose key can't be had `KeyErased`, `KeyMissing` or `StoreUnavailable`.
    """
    body = check_blob(name, stored)
    key_id = key_of(name)
    if key_id is None:
        return _unpack(name, None, body)
    if keyring is None:
        raise KeyMissing(key_id)
    key = keyring.find(key_id)
    try:
        packed = key.decrypt(name.encode(), body)
    except DamagedCiphertext as error:
        raise DamagedBlob(name, str(error)) from None
    return _unpack(name, key, packed)


def read_blob(backend: Backend, name: str, keyring: Keyring | None) -> bytes | None:
    """What `EventStore.blob` gives; blocks."""
    if keyring is not None:
        keyring.refresh()
    stored = backend.blob(name)
    if stored is None:
        return None
    try:
        return open_blob(name, stored, keyring)
    except KeyErased:
        return None
    except KeyMissing as error:
        raise StoreError(
            f"the blob can't be read: its key {error} is missing",
            where=name,
            todo="Copy it to where this store has its keys.",
        ) from None


def put_names(payload: bytes, names: Mapping[bytes, str]) -> tuple[bytes, tuple[str, ...]]:
    """A payload (JSON) with names in place of references, and those names, each once."""
    found = [reference for reference in names if reference in payload]
    for reference in found:
        payload = payload.replace(reference, to_json(names[reference])[1:-1])
    return payload, tuple(dict.fromkeys([names[reference] for reference in found]))


def _name(key: TenantKey | None, content_digest: bytes) -> str:
    return f"{PLAIN}:{content_digest.hex()}" if key is None else f"{key.id}:{key.name(content_digest)}"


def _frame(name: str, body: bytes) -> bytes:
    return _PREFIX.pack(_FORMAT, _checksum(name, body)) + body


def _checksum(name: str, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(name.encode()))


def _pack(content: bytes) -> bytes:
    if len(content) >= _WORTH_COMPRESSING and (len(content) <= _SAMPLE or _shrinks(content[:_SAMPLE])):
        compressed = zlib.compress(content, _LEVEL)
        if len(compressed) < len(content):
            return _COMPRESSED + compressed
    return _RAW + content


def _shrinks(sample: bytes) -> bool:
    return len(zlib.compress(sample, _LEVEL)) < len(sample) * 9 // 10


def _unpack(name: str, key: TenantKey | None, packed: bytes) -> bytes:
    """The content, which has to be what the name says. Raises `DamagedBlob`."""
    content = packed[1:] if packed[:1] == _RAW else _decompress(packed)
    if content is None or _name(key, hashlib.sha256(content).digest()) != name:
        raise DamagedBlob(name, "the content is not what its name says")
    return content


def _decompress(packed: bytes) -> bytes | None:
    """The content; None for what was never packed so, also where it would become larger than any blob."""
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(packed[1:], MAX_BLOB_BYTES + 1)
    except zlib.error:
        return None
    whole = packed[:1] == _COMPRESSED and unpacking.eof and not unpacking.unused_data
    return content if whole and len(content) <= MAX_BLOB_BYTES else None
