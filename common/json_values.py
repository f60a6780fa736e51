"""What can be told in JSON (RFC 8259): numbers are finite there, though Python reads and writes others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["not_finite"]

_TOLD = 10
"""Steps of a place that are told."""


def not_finite(value: object) -> str | None:
    """Where in a value, of mappings and lists however deep, a number is NaN or infinite; None where none is.

    The place is told by its first steps, as ``a.b.0``; empty for the value itself.
    """
    waiting: list[tuple[tuple[str, ...], object]] = [((), value)]
    while waiting:
        place, found = waiting.pop()
        if isinstance(found, float):
            if not math.isfinite(found):
                return ".".join(place)
            continue
        if isinstance(found, Mapping):
            inner: Iterable[tuple[object, object]] = cast("Mapping[object, object]", found).items()
        elif isinstance(found, list | tuple):
            inner = enumerate(cast("list[object]", found))
        else:
            continue
        waiting += [((*place, str(name)) if len(place) < _TOLD else place, each) for name, each in inner]
    return None
