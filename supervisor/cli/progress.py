"""Live progress on standard error: a small display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from common.updates import (
    ApprovalRequested,
    BuildProgress,
    IntentRegistered,
    ModelReplaced,
    Planned,
    Routed,
    TaskStarted,
    TextDiscarded,
    ToolFinished,
    ToolStarted,
    Update,
)
from supervisor.cli.output import note, one_line

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

__all__ = ["PlainProgress", "Progress", "Silence", "TerminalProgress", "describe", "make_progress", "route_text"]

_WIDTH = 100


class Progress(Protocol):
    """Shows updates between entry and exit."""

    def __enter__(self) -> Self:
        """Start to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> bool | None:
        """Take away what is not to stay."""
        ...

    def show(self, update: Update) -> None:
        """Show one update."""
        ...


def describe(update: Update) -> str | None:
    """One line about an update, None for those that need none."""
    match update:
        case Routed():
            return f"routed {route_text(update.approach, update.route, update.confidence)}"
        case Planned():
            return f"planned {len(update.steps)} step{'' if len(update.steps) == 1 else 's'}"
        case TaskStarted():
            return f"{update.task} {update.role}: {one_line(update.request, _WIDTH)}"
        case ToolStarted():
            return f"{update.tool} …"
        case ToolFinished():
            end = "ok" if update.ok else f"failed: {one_line(update.text, _WIDTH)}"
            return f"{update.tool} {end} ({update.seconds:.2f} s)"
        case TextDiscarded():
            return f"what was said so far counts for nothing: {one_line(update.reason, _WIDTH)}"
        case ModelReplaced():
            return f"model {update.tier} can't answer, {update.by} goes on: {one_line(update.reason, _WIDTH)}"
        case IntentRegistered():
            return f"to do: {one_line(update.summary, _WIDTH)}"
        case ApprovalRequested():
            return f"waits for approval: {one_line(update.summary, _WIDTH)}"
        case BuildProgress():
            return _stage(update)
        case _:
            return None


def _stage(update: BuildProgress) -> str:
    """A stage of a build: what, of which component, how long, and what came of it."""
    what = f"{update.stage.replace('_', ' ')}{f' {update.component}' if update.component else ''}"
    if update.state == "started":
        return f"{what} …"
    told = f": {one_line(update.text, _WIDTH)}" if update.text else ""
    state = "" if update.state == "finished" else f" {update.state}"
    return f"{what}{state} ({update.seconds:.2f} s){told}"


def route_text(approach: str, route: str, confidence: float) -> str:
    """Where a request went, and how sure the router was."""
    if approach == "direct":
        where = f"directly to {route or 'no role'}"
    elif route in ("", "planning"):
        where = "to planning"
    else:
        where = f"to planning, nearest role {route}"
    return f"{where} ({confidence:.0%} sure)"


class Silence(AbstractContextManager["Silence"]):
    """Shows nothing."""

    def __exit__(self, *_: object) -> None:
        """Nothing to take away."""

    def show(self, update: Update) -> None:
        """Nothing."""


class PlainProgress(AbstractContextManager["PlainProgress"]):
    """One line an update, on standard error."""

    def __exit__(self, *_: object) -> None:
        """Lines stay."""

    def show(self, update: Update) -> None:
        """Write the line; the start of a tool call and of a stage is left to its end."""
        begins = isinstance(update, ToolStarted) or (isinstance(update, BuildProgress) and update.state == "started")
        if not begins and (line := describe(update)) is not None:
            note(f"· {line}")


class TerminalProgress(AbstractContextManager["TerminalProgress"]):
    """The steps so far, with a spinner on what runs; disappears at the end, for the account tells it all."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._lines: dict[str, tuple[str, str]] = {}
        self._live: Live = Live(console=Console(stderr=True), transient=True, refresh_per_second=10)

    def __enter__(self) -> Self:
        """Start the display."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the display."""
        self._live.stop()

    def show(self, update: Update) -> None:
        """Add the step, or mark the one that ended."""
        line = describe(update)
        if line is None:
            return
        match update:
            case ToolStarted():
                self._lines[update.call_id] = ("…", line)
            case ToolFinished():
                self._lines[update.call_id] = ("✓" if update.ok else "✗", line)
            case BuildProgress():
                mark = {"started": "…", "failed": "✗", "repairing": "✗"}.get(update.state, "✓")
                self._lines[f"stage {update.stage}"] = (mark, line)
            case _:
                self._lines[f"#{len(self._lines)}"] = ("·", line)
        self._live.update(self.text())

    def text(self) -> Text:
        """What is shown now."""
        from rich.text import Text

        styles = {"✓": "green", "✗": "red", "…": "cyan", "·": "dim"}
        text = Text(no_wrap=True, overflow="ellipsis")
        for mark, line in self._lines.values():
            text.append(f"{mark} {line}\n", style=styles[mark])
        return text


def make_progress(*, quiet: bool) -> Progress:
    """The display that fits standard error."""
    if quiet:
        return Silence()
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()
