"""Learning from traces: patterns, guidelines that are earned by evidence, and trials."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supervisor.learning.meta_agent import MetaAgent
    from supervisor.learning.meta_agent_config import MetaAgentConfig
    from supervisor.learning.own_recorder import open_recorder
    from supervisor.learning.problems import AgentType, ProblemContext
    from supervisor.learning.recording import TraceRecorder
    from supervisor.learning.tracing import current_trace_id, trace_agent_execution, trace_tool_call

__all__ = [
    "AgentType",
    "MetaAgent",
    "MetaAgentConfig",
    "ProblemContext",
    "TraceRecorder",
    "current_trace_id",
    "open_recorder",
    "trace_agent_execution",
    "trace_tool_call",
]

_MODULES = {
    "AgentType": "problems",
    "MetaAgent": "meta_agent",
    "MetaAgentConfig": "meta_agent_config",
    "ProblemContext": "problems",
    "TraceRecorder": "recording",
    "current_trace_id": "tracing",
    "open_recorder": "own_recorder",
    "trace_agent_execution": "tracing",
    "trace_tool_call": "tracing",
}
"""Where each public name is; it is imported when it is asked for, so that what only counts records stays light."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
