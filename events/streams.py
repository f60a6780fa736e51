"""Names of streams."""

from __future__ import annotations

from urllib.parse import quote, unquote

from common.errors import StoreError

__all__ = ["check_name", "stream_name", "stream_parts"]

_MAX_NAME = 1_000


def stream_name(*parts: str) -> str:
    """The name of a stream; each part is percent-encoded, so that no part can reach into another.

    Raises `StoreError` for an empty part or one that can't be encoded.
    """
    try:
        encoded = [part if part.isascii() and part.isalnum() else quote(part, safe="") for part in parts]
    except UnicodeEncodeError:
        raise StoreError("a stream's name can't hold lone surrogates", where="stream_name") from None
    if not encoded or not all(encoded):
        raise StoreError("a stream's name has an empty part", where=f"stream_name{parts!r}")
    return "/".join(encoded)


def stream_parts(stream: str) -> tuple[str, ...]:
    """The parts that a stream's name was made of."""
    parts = stream.split("/")
    return tuple([unquote(part) for part in parts] if "%" in stream else parts)


def check_name(what: str, value: str) -> None:
    """Raise `StoreError` for a name that can't stand in the log."""
    if not value or len(value) > _MAX_NAME or not value.isprintable():
        raise StoreError(
            f"the {what} must be 1 to {_MAX_NAME} printable characters",
            where=repr(value[:100]),
            todo="Make stream names with stream_name.",
        )
