"""A snapshot of what was learned, as one JSON file. It is a copy: the log remains the truth.

Read with distrust: whatever a file holds, it becomes a typed error or at most proposals, which somebody decides on.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import LearningError
from events.catalogue.guideline import GuidelineRule

__all__ = ["FORMAT", "SavedGuideline", "SavedPattern", "SavedState", "read_state", "write_state"]

FORMAT = 1
_MAX_BYTES = 16 * 1024 * 1024


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SavedGuideline(_Saved):
    """One version; see `events.views.guidelines.GuidelineView`."""

    agent_type: str = Field(max_length=64)
    version: str = Field(max_length=40)
    status: str = Field(max_length=20)
    base_version: str | None = None
    rules: tuple[GuidelineRule, ...] = Field(default=(), max_length=200)
    patterns: tuple[str, ...] = Field(default=(), max_length=200)
    reason: str = Field(default="", max_length=2_000)


class SavedPattern(_Saved):
    """One pattern that held; see `events.catalogue.learning.PatternAccepted`."""

    pattern: str = Field(max_length=64)
    agent_type: str = Field(max_length=128)
    kind: str = Field(max_length=40)
    description: str = Field(max_length=2_000)
    support: int = Field(ge=0)
    effect: float = Field(ge=-1, le=1)
    low: float
    high: float
    confidence: float = Field(ge=0, le=1)
    rule: str = Field(default="", max_length=1_000)


class SavedState(_Saved):
    """`log` tells the log that it was taken from, which had been looked at up to `position`."""

    format: Literal[1] = FORMAT
    log: str = Field(max_length=200)
    position: int = Field(ge=0)
    saved_at: datetime
    learning_cycles: int = Field(ge=0)
    total_patterns_learned: int = Field(ge=0)
    patterns: tuple[SavedPattern, ...] = Field(default=(), max_length=20_000)
    guidelines: tuple[SavedGuideline, ...] = Field(default=(), max_length=20_000)
    original_prompts: dict[str, str] = Field(default_factory=dict[str, str], max_length=1_000)


def write_state(path: Path, state: SavedState) -> None:
    """Write the file whole or not at all; only its owner may read it. Blocks. Raises `LearningError`."""
    partial = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(state.model_dump(mode="json"), ensure_ascii=True, indent=2) + "\n")
        partial.replace(path)
    except OSError as error:
        raise LearningError(
            f"the state can't be saved: {error.strerror}", where=str(path), todo="Name another file."
        ) from None


def read_state(path: Path) -> SavedState:
    """Read a file that `write_state` wrote. Blocks. Raises `LearningError` for anything else."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise LearningError(
            f"the saved state can't be read: {error.strerror}", where=str(path), todo="Name the file by save_state."
        ) from None
    if len(raw) > _MAX_BYTES:
        raise LearningError(f"the saved state is larger than {_MAX_BYTES // 2**20} MiB", where=str(path))
    try:
        return SavedState.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise LearningError(
            f"the saved state can't be used: {place + ': ' if place else ''}{first['msg'][:200]}",
            where=str(path),
            todo="The log holds all that was in it.",
        ) from None
