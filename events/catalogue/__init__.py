"""Every event of the log, one module a stream family; `BY_TOPIC` is the only way from a stored topic to a class."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from events.catalogue import (
    agent,
    build,
    collected,
    comparison,
    evolution,
    flag,
    guideline,
    improvement,
    intent,
    learning,
    log,
    memory,
    request,
    smart_home,
    system,
    timer,
    token,
    trace,
    tuning,
)
from events.catalogue.base import Event

__all__ = ["BY_TOPIC", "Event"]


def _collect() -> Mapping[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for module in (
        agent, build, collected, comparison, evolution, flag, guideline, improvement, intent, learning, log, memory,
        request, smart_home, system, timer, token, trace, tuning,
    ):  # fmt: skip
        for name in module.__all__:
            event = getattr(module, name)
            if event.TOPIC in found:
                raise ValueError(f"two events share the topic {event.TOPIC}")
            found[event.TOPIC] = event
    return MappingProxyType(found)


BY_TOPIC: Mapping[str, type[Event]] = _collect()
