"""Exports as tests look at them."""

from __future__ import annotations

import json
from typing import Any

from events.store import EventStore
from events.transfer import export_lines

__all__ = ["changed", "lines_of"]


async def lines_of(store: EventStore) -> list[str]:
    return [line async for line in export_lines(store)]


def changed(line: str, **changes: Any) -> str:
    return json.dumps({**json.loads(line), **changes})
