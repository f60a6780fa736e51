"""The trace that the current task works on, for log records."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["current_trace_id"]

current_trace_id: ContextVar[str | None] = ContextVar("supervisor_trace_id", default=None)
"""Set while a request is handled; a logging filter may put it on every record."""
