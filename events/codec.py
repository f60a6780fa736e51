"""Between events and the bytes that are stored.

Stored bytes are a frame: a format byte, the header's length, a checksum, the header and the payload (both JSON).

    | 1 byte: format | 4: length of the header | 4: CRC-32 | header | payload |

A header that has a `key` says that the payload is encrypted under the key of that name; checksum, chain and digests
are over what is stored, so they hold with and without the key.

The checksum covers stream, version, topic, header and payload, so a changed byte is found in any event, the last of
a stream included. The header's `previous` is the SHA-256 of the stream's event before it, over the same parts, so
that a replaced or removed event breaks the chain behind it.

Stored topics are looked up in the catalogue and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from common.errors import StoreError
from events.catalogue import BY_TOPIC, Event
from events.catalogue.log import TenantForgotten
from events.keyring import DamagedCiphertext, KeyErased, KeyMissing, Keyring, TenantKey
from events.recorded import Erased, RecordedEvent, Unknown

__all__ = [
    "FORGOTTEN",
    "MAX_PAYLOAD_BYTES",
    "Codec",
    "DamagedFrame",
    "Draft",
    "Frame",
    "HeaderMaker",
    "StoredRow",
    "digest",
    "dump_header",
    "frame",
    "seal",
    "unframe",
]

MAX_PAYLOAD_BYTES = 4 * 1024 * 1024
"""The largest payload of one event, in bytes of JSON."""

FORGOTTEN = "log/forgotten"
"""The stream of `TenantForgotten`; in no other is one taken for what it says."""

StoredRow = tuple[int, str, int, str, bytes]
"""A row of the log: position, stream, version, topic, stored bytes."""

_FORMAT = 1
_PREFIX = struct.Struct(">BII")
_NEVER = datetime.fromtimestamp(0, UTC)


class DamagedFrame(ValueError):
    """Raised for stored bytes that can't be what was written."""


class Draft(NamedTuple):
    """An event ready to be stored: everything of it that does not depend on its place in the log."""

    topic: str
    schema_version: int
    payload: bytes
    personal: bool = True
    """Whether it is encrypted where there are keys."""


class Frame(NamedTuple):
    """Stored bytes, taken apart and checked."""

    header: Mapping[str, Any]
    payload: bytes
    header_bytes: bytes
    place: bytes
    """Stream, version and topic, as the checksum covers them."""

    @property
    def schema_version(self) -> int:
        """The schema version the payload was written under."""
        return int(self.header["schema_version"])

    @property
    def previous(self) -> str | None:
        """The digest of the stream's event before this one; None for the first."""
        return cast("str | None", self.header.get("previous"))

    @property
    def key(self) -> str | None:
        """The name of the key that the payload is encrypted under; None for a payload that anybody can read."""
        return cast("str | None", self.header.get("key"))

    @property
    def blobs(self) -> Sequence[str]:
        """The names of the blobs that the payload names; they can be read without its key."""
        names = self.header.get("blobs")
        if not isinstance(names, list):
            return ()
        return [name for name in cast("list[object]", names) if isinstance(name, str)]


def digest(stream: str, version: int, topic: str, stored: bytes) -> str:
    """The name of a stored event in the chain of its stream (SHA-256, hex)."""
    return hashlib.sha256(_place(stream, version, topic) + stored).hexdigest()


def frame(stream: str, version: int, topic: str, header: bytes, payload: bytes) -> bytes:
    """The bytes to store."""
    return _frame(_place(stream, version, topic), header, payload)


def seal(
    stream: str,
    version: int,
    topic: str,
    header: bytes,
    payload: bytes,
    key: TenantKey | None = None,
    nonce: bytes | None = None,
) -> tuple[bytes, str]:
    """The bytes to store, and their digest; with a key, which the header names, the payload is encrypted."""
    place = _place(stream, version, topic)
    if key is not None:
        payload = key.encrypt(place + header, payload, nonce)
    stored = _frame(place, header, payload)
    return stored, hashlib.sha256(place + stored).hexdigest()


def _place(stream: str, version: int, topic: str) -> bytes:
    return f"{stream}\n{version}\n{topic}\n".encode()


def _frame(place: bytes, header: bytes, payload: bytes) -> bytes:
    content = header + payload
    return _PREFIX.pack(_FORMAT, len(header), zlib.crc32(content, zlib.crc32(place))) + content


def unframe(stream: str, version: int, topic: str, stored: bytes) -> Frame:
    """Take stored bytes apart. Raises `DamagedFrame`."""
    if len(stored) < _PREFIX.size:
        raise DamagedFrame("the stored bytes are cut short")
    kind, length, checksum = _PREFIX.unpack_from(stored)
    if kind != _FORMAT:
        raise DamagedFrame(f"the stored bytes have the unknown format {kind}")
    content = stored[_PREFIX.size :]
    place = _place(stream, version, topic)
    if zlib.crc32(content, zlib.crc32(place)) != checksum:
        raise DamagedFrame("the checksum does not match: the row was changed")
    header_bytes = content[:length]
    try:
        header = from_json(header_bytes)
    except ValueError:
        raise DamagedFrame("the header is not JSON") from None
    if not isinstance(header, dict):
        raise DamagedFrame("the header is no JSON object")
    return Frame(cast("dict[str, Any]", header), content[length:], header_bytes, place)


class HeaderMaker:
    """Makes the headers of one append, which differ in little.

    A header is equal to `dump_header` of what `unframe` reads from it.
    """

    __slots__ = ("_behind",)

    def __init__(self, recorded_at: datetime, tenant: str, correlation: str | None, causation: str | None) -> None:
        moment = recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        behind = f',"recorded_at":"{moment}","tenant":{encode_basestring(tenant)}'
        if correlation is not None:
            behind += f',"correlation":{encode_basestring(correlation)}'
        if causation is not None:
            behind += f',"causation":{encode_basestring(causation)}'
        self._behind = behind

    def make(
        self, schema_version: int, previous: str | None, blobs: Sequence[str] = (), key: TenantKey | None = None
    ) -> bytes:
        """The header of one event.

        `previous` is the digest of the stream's event before it, `blobs` what it names, `key` what it is encrypted
        under.
        """
        link = "" if previous is None else f',"previous":"{previous}"'
        if blobs:
            link += f',"blobs":[{",".join(map(encode_basestring, blobs))}]'
        told = "" if key is None else key.told
        return f'{{"schema_version":{schema_version}{told}{self._behind}{link}}}'.encode()


def dump_header(header: Mapping[str, Any]) -> bytes:
    """The bytes of a header that was read before, as they were."""
    return json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()


class Codec:
    """Encodes and decodes the events of one catalogue (topic -> class), with the keys of a ring, if any."""

    def __init__(self, catalogue: Mapping[str, type[Event]] = BY_TOPIC, keyring: Keyring | None = None) -> None:
        self._catalogue = catalogue
        self._keyring = keyring

    def draft(self, event: BaseModel) -> Draft:
        """Encode an event's payload.

        Raises `StoreError` for an event outside the catalogue, text that can't be encoded (lone surrogates), NaN and
        infinity, and payloads over `MAX_PAYLOAD_BYTES`.
        """
        known = self._catalogue.get(getattr(event, "TOPIC", ""))
        if known is None or type(event) is not known:  # isinstance asks the metaclass, which is slow
            raise StoreError(
                f"{type(event).__name__} is not an event of the catalogue",
                where="append",
                todo="Add it to a module of events/catalogue.",
            )
        try:
            payload = event.__pydantic_serializer__.to_json(event, warnings="error")
        except (PydanticSerializationError, UnicodeEncodeError) as error:
            raise StoreError(
                f"the event can't be encoded: {error}",
                where=known.TOPIC,
                todo="Use JSON values and text without lone surrogates.",
            ) from None
        if (b'NaN"' in payload or b'Infinity"' in payload) and _has_non_finite(event):
            raise StoreError("the event holds NaN or infinity", where=known.TOPIC, todo="Use null where no number is.")
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise StoreError(
                f"the event has {len(payload):,} bytes, at most {MAX_PAYLOAD_BYTES:,} are taken",
                where=known.TOPIC,
                todo="Store an excerpt.",
            )
        return Draft(known.TOPIC, known.SCHEMA_VERSION, payload, known.PERSONAL)

    def schema_version(self, topic: str) -> int:
        """The version under which this catalogue writes a topic; 0 for one it does not know."""
        known = self._catalogue.get(topic)
        return 0 if known is None else known.SCHEMA_VERSION

    def decode(self, row: StoredRow) -> RecordedEvent:
        """The event of a row; what can't be read becomes `Unknown`, what was forgotten `Erased`.

        Raises `StoreUnavailable` when the key service can't be asked, and nothing else.
        """
        position, stream, version, topic, stored = row
        try:
            return self.decode_frame(row, unframe(stream, version, topic, stored))
        except (DamagedFrame, KeyError, TypeError, ValueError) as error:
            damaged = Unknown(topic, 0, stored, str(error) or type(error).__name__)
            return RecordedEvent(position, stream, version, topic, _NEVER, "", None, None, damaged)

    def decode_page(self, rows: Sequence[StoredRow]) -> list[RecordedEvent]:
        """The events of rows that were just read: no key that was destroyed before is used. Raises like `decode`."""
        if self._keyring is None:
            return [self.decode(row) for row in rows]
        self._keyring.refresh()
        known = self._keyring.forgotten
        decoded = [self.decode(row) for row in rows]
        if self._keyring.forgotten is not known:  # the page itself says that some of it was forgotten
            decoded = [self.decode(row) for row in rows]
        return decoded

    def decode_frame(self, row: StoredRow, read: Frame) -> RecordedEvent:
        """Like `decode`, for a row that was taken apart before.

        Raises `KeyError`, `TypeError` or `ValueError` for a header that lacks what it must have, and
        `StoreUnavailable` when the key service can't be asked.
        """
        position, stream, version, topic, _ = row
        header = read.header
        recorded_at = datetime.fromisoformat(header["recorded_at"])
        tenant = header["tenant"]
        schema_version = int(header["schema_version"])
        key_id = header.get("key")
        event = (
            self._event(topic, schema_version, read.payload)
            if key_id is None
            else self._decrypted(row, schema_version, read, key_id)
        )
        if stream == FORGOTTEN and self._keyring is not None and isinstance(event, TenantForgotten):
            self._keyring.forget(event.keys)
        return RecordedEvent(
            position,
            stream,
            version,
            topic,
            recorded_at,
            tenant,
            header.get("correlation"),
            header.get("causation"),
            event,
        )

    def _decrypted(self, row: StoredRow, schema_version: int, read: Frame, key_id: object) -> Event | Unknown | Erased:
        topic = row[3]
        if not isinstance(key_id, str):
            raise TypeError("the header's key is no name")
        if self._keyring is None:
            return Unknown(topic, schema_version, read.payload, f"its key {key_id} is missing")
        try:
            key = self._keyring.find(key_id)
            payload = key.decrypt(read.place + read.header_bytes, read.payload)
        except KeyErased:
            return Erased(topic, schema_version)
        except KeyMissing:
            self._keyring.miss(str(read.header["tenant"]))
            return Unknown(topic, schema_version, read.payload, f"its key {key_id} is missing")
        except DamagedCiphertext as error:
            return Unknown(topic, schema_version, read.payload, f"its payload can't be decrypted: {error}")
        return self._event(topic, schema_version, payload)

    def _event(self, topic: str, schema_version: int, payload: bytes) -> Event | Unknown:
        known = self._catalogue.get(topic)
        if known is None or schema_version > known.SCHEMA_VERSION:
            return Unknown(topic, schema_version, payload)
        validator = known.__pydantic_validator__
        try:
            if schema_version < known.SCHEMA_VERSION:
                payload_now = to_json(known.upcast(from_json(payload), schema_version))
                return validator.validate_json(payload_now)
            return validator.validate_json(payload)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            return Unknown(topic, schema_version, payload, f"the payload is not valid: {place}: {first['msg']}")
        except Exception as error:  # an upcaster's fault must not stop whoever reads the log
            return Unknown(
                topic, schema_version, payload, f"the payload can't be read: {type(error).__name__}: {error}"
            )


def _has_non_finite(event: BaseModel) -> bool:
    """Whether a float in the event is NaN or infinite (as opposed to text that says so)."""
    waiting: list[object] = [event.model_dump(mode="python")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return True
        if isinstance(value, Mapping):
            waiting.extend(cast("Mapping[object, object]", value).values())
        elif isinstance(value, list | tuple | set | frozenset):
            waiting.extend(cast("list[object]", value))
    return False
