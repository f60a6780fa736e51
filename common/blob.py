"""What must be kept whole and does not belong into an event: content that is stored beside the events that name it."""

from __future__ import annotations

import secrets

from common.errors import StoreError

__all__ = ["MAX_BLOB_BYTES", "Blob"]

MAX_BLOB_BYTES = 4 * 1024 * 1024
"""The largest content of one blob, in bytes before compression."""


class Blob:
    """Content of at most `MAX_BLOB_BYTES`, to be appended together with the events that name it.

    Put `reference` where an event is to name it; the event is stored with the name that the store gives to the content
    in its place. Raises `StoreError` for content that is too large.
    """

    __slots__ = ("content", "reference")

    def __init__(self, content: bytes) -> None:
        if len(content) > MAX_BLOB_BYTES:
            raise StoreError(
                f"the content has {len(content):,} bytes, at most {MAX_BLOB_BYTES:,} are kept whole",
                where="blob",
                todo="Keep an excerpt.",
            )
        self.content = content
        self.reference = f"blob:{secrets.token_hex(16)}"

    def __repr__(self) -> str:
        return f"Blob({len(self.content)} bytes)"
