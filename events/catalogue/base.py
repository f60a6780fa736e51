"""The base of all events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

__all__ = ["Event"]

_UPCASTER = re.compile(r"upcast_v([0-9]+)_v([0-9]+)")


class Event(BaseModel):
    """A fact, in the past tense: frozen, with a stable topic; changed by upcasting, never edited.

    `TOPIC` names the kind for ever (renaming the class changes nothing). `SCHEMA_VERSION` counts its shapes: every
    change of fields raises it by one and adds one step, a static method ``upcast_v1_v2`` that turns a payload of the
    first version into one of the second. Steps are taken in turn when an old event is read; stored bytes stay.

    `PERSONAL` says that its payload may tell of people: it is encrypted under its tenant's key, and unreadable once the
    tenant is forgotten. Kinds that are about the system itself say False, and stay readable for ever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="strings")

    TOPIC: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1
    PERSONAL: ClassVar[bool] = True

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a kind whose steps do not lead from its first version to its last."""
        super().__pydantic_init_subclass__(**kwargs)
        wanted = {_step(version) for version in range(1, cls.SCHEMA_VERSION)}
        found = {name for name in dir(cls) if _UPCASTER.fullmatch(name)}
        if wanted != found:
            missing, unknown = ", ".join(sorted(wanted - found)), ", ".join(sorted(found - wanted))
            problem = f"lacks {missing}" if missing else f"has {unknown}, which leads nowhere"
            raise TypeError(f"{cls.__name__} with schema version {cls.SCHEMA_VERSION} {problem}")

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """Today's payload from one stored under `version`; raises `ValueError` for a version that never was."""
        if not 1 <= version <= cls.SCHEMA_VERSION:
            raise ValueError(f"{cls.TOPIC} has no upcaster from version {version} to {cls.SCHEMA_VERSION}")
        for number in range(version, cls.SCHEMA_VERSION):
            step: Callable[[dict[str, Any]], dict[str, Any]] = getattr(cls, _step(number))
            payload = step(payload)
        return payload


def _step(version: int) -> str:
    return f"upcast_v{version}_v{version + 1}"
