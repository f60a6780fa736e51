"""Results of earlier builds, found again by the hash of everything they were made from."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from roles.builder.workspace import hash_of

__all__ = ["BuildCache"]

_NAME = re.compile(r"[a-z_]{1,32}")
_KEY = re.compile(r"[0-9a-f]{64}")
_MAX_BYTES = 8 * 2**20


class BuildCache:
    """Entries are files ``<kind>/<key>.json``; one that is damaged counts as missing. Methods block.

    At most `entries` of each kind are kept: those that were used last. It is no more than a memory: losing it costs
    time and changes no result.
    """

    def __init__(self, folder: Path, entries: int) -> None:
        self._folder = folder
        self._entries = entries

    def get(self, kind: str, key: str) -> JsonValue:
        """What was kept; None where nothing (whole) was."""
        path = self._path(kind, key)
        try:
            if path.stat().st_size > _MAX_BYTES:
                return None
            held = json.loads(path.read_bytes())
            os.utime(path)
        except (OSError, ValueError):
            return None
        if not isinstance(held, dict):
            return None
        entry = cast("dict[str, JsonValue]", held)
        value = entry.get("value")
        return value if entry.get("hash") == hash_of(_text(value)) else None

    def put(self, kind: str, key: str, value: JsonValue) -> None:
        """Keep something; what can't be written is not kept."""
        path = self._path(kind, key)
        text = json.dumps({"hash": hash_of(_text(value)), "value": value})
        beside = path.with_name(f".{secrets.token_hex(8)}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(text)
            beside.replace(path)
            self._prune(path.parent)

    def forget(self, kind: str, key: str) -> None:
        """Keep an entry no more."""
        with contextlib.suppress(OSError):
            self._path(kind, key).unlink(missing_ok=True)

    def _prune(self, folder: Path) -> None:
        found = [path for path in folder.iterdir() if path.suffix == ".json"]
        if len(found) <= self._entries:
            return
        found.sort(key=lambda path: path.stat().st_mtime)
        for path in found[: len(found) - self._entries]:
            path.unlink(missing_ok=True)

    def _path(self, kind: str, key: str) -> Path:
        if not _NAME.fullmatch(kind) or not _KEY.fullmatch(key):
            raise ValueError("a kept result has a plain kind, and a SHA-256 in hex for a key")
        return self._folder / kind / f"{key}.json"


def _text(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True)
