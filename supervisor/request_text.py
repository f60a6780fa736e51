"""What of a request's text is taken: bounded, encodable, without control characters."""

from __future__ import annotations

from common.errors import RequestRejected

__all__ = ["checked_text"]


def checked_text(text: str, max_chars: int) -> str:
    """The request's text, cleaned of control characters. Raises `RequestRejected`."""
    if len(text) > max_chars:
        raise RequestRejected(
            f"the request has {len(text)} characters, at most {max_chars} are taken",
            where="requests.max_chars",
            todo="Put long material into a document and ask about it.",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RequestRejected(
            "the request holds characters that can't be encoded (lone surrogates)", where=f"character {error.start}"
        ) from None
    clean = text if text.isprintable() else "".join(map(_printable, text))
    clean = clean.strip()
    if not clean:
        raise RequestRejected("the request is empty", todo="Say what you want done.")
    return clean


def _printable(char: str) -> str:
    return char if char.isprintable() or char in "\n\t" else " "
