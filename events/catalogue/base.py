"""The base of all events."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Event"]


class Event(BaseModel):
    """A fact, in the past tense: frozen, with a stable topic; changed by upcasting, never edited.

    `TOPIC` names the kind for ever (renaming the class changes nothing). `SCHEMA_VERSION` is raised with every
    change of shape, and `upcast` turns a payload stored under an older version into today's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="strings")

    TOPIC: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """Today's payload from one stored under `version`; raises `ValueError` for a version it does not know."""
        if version != cls.SCHEMA_VERSION:
            raise ValueError(f"{cls.TOPIC} has no upcaster from version {version} to {cls.SCHEMA_VERSION}")
        return payload
