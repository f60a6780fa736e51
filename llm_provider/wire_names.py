"""Tool names as models see them: ``category.name`` becomes a name that every provider accepts."""

from __future__ import annotations

import hashlib

__all__ = ["MAX_WIRE_NAME", "wire_name"]

MAX_WIRE_NAME = 64
_SEPARATOR = "__"


def wire_name(name: str) -> str:
    """The name of a tool on the wire: letters, digits, ``_``, at most 64 characters.

    ``calendar.add_event`` becomes ``calendar__add_event``. Where that could be read back in two ways, or is too long,
    a digest of the full name is appended, so that two tools never share a wire name.
    """
    plain = name.replace(".", _SEPARATOR)
    if len(plain) <= MAX_WIRE_NAME and _SEPARATOR not in name:
        return plain
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{plain[: MAX_WIRE_NAME - len(digest) - 1]}_{digest}"
