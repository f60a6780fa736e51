"""Progress bars of long commands: on standard error, with rate and time left; nothing where no terminal is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, Task

__all__ = ["Bars", "Follow", "bars", "count_text", "rate_text"]

Follow = Callable[[int, int], None]
"""Called with what is done and what there is to do."""


class Bars:
    """Makes a bar for each step of a command."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def follow(self, label: str) -> Follow | None:
        """A new bar; None where none is shown. It may be moved from any thread."""
        progress = self._progress
        if progress is None:
            return None
        task = progress.add_task(label, total=None)

        def move(done: int, whole: int) -> None:
            progress.update(task, completed=done, total=whole)

        return move


@contextmanager
def bars(*, quiet: bool) -> Generator[Bars]:
    """Bars for as long as the context is open; they disappear at its end, for the result tells it all."""
    if quiet or not sys.stderr.isatty():
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import ProgressColumn as Column
    from rich.text import Text

    class Said(Column):
        """A column of plain text."""

        def __init__(self, say: Callable[[Task], str]) -> None:
            super().__init__()
            self._say = say

        def render(self, task: Task) -> Text:
            return Text(self._say(task))

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        Said(lambda task: count_text(task.completed, task.total)),
        Said(lambda task: rate_text(task.finished_speed or task.speed)),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)


def count_text(done: float, whole: float | None) -> str:
    """How far it is; `whole` is not known at the beginning."""
    return f"{done:,.0f}" if whole is None else f"{done:,.0f} of {whole:,.0f}"


def rate_text(speed: float | None) -> str:
    """A rate as it stands beside a bar; empty while it is not known."""
    return "" if speed is None else f"{speed:,.0f}/s"
