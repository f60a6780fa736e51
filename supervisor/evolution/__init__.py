"""`supervisor.evolution`: agents that are missing appear, those that can be better get better, weak ones go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supervisor.evolution.evolution import CycleReport, MetaAgentEvolution

__all__ = ["CycleReport", "MetaAgentEvolution"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from supervisor.evolution import evolution

        return getattr(evolution, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
