"""Sets of definitions that tests write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["meta_planning", "write"]


def meta_planning(default: str = "off", **changes: Any) -> dict[str, Any]:
    """A set with the flag meta-planning."""
    definition = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": default, **changes}
    return {"flags": {"meta-planning": definition}}


def write(path: Path, document: Any) -> None:
    """Put a set (or plain text) into a file, in place."""
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
