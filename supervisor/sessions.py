"""Earlier turns of a session, read from the log as a bounded summary."""

from __future__ import annotations

from dataclasses import replace

from events.projection import Views
from supervisor.runs import Run

__all__ = ["Sessions"]

_TURNS = 5
_CHARS = 400


class Sessions:
    """Gives a run what was said before in its session."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def recall(self, run: Run) -> None:
        """Fill in `recent_log_summary` where the request names a session and brings no summary of its own."""
        context = run.context.context
        if context.session is None or context.recent_log_summary is not None:
            return
        rows = await self._views.query(
            "trace_index",
            {"tenant": context.tenant, "user": context.user, "session": context.session},
            order_by="-position",
            limit=_TURNS + 1,
        )
        turns = [row for row in reversed(rows) if row["trace_id"] != run.trace.trace_id and row["outcome"]]
        if not turns:
            return
        summary = "\n".join(
            f"User: {str(row['request'])[:_CHARS]}\nAssistant: {str(row['answer'] or '')[:_CHARS]}"
            for row in turns[-_TURNS:]
        )
        run.context = replace(run.context, context=context.model_copy(update={"recent_log_summary": summary}))
