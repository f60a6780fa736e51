"""Watching how the system does, and suggesting what would improve it; nothing is changed without an approval."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supervisor.monitoring.findings import AnalysisContext, Finding
    from supervisor.monitoring.service import Monitoring

__all__ = ["AnalysisContext", "Finding", "Monitoring"]

_HOMES = {
    "AnalysisContext": "supervisor.monitoring.findings",
    "Finding": "supervisor.monitoring.findings",
    "Monitoring": "supervisor.monitoring.service",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
