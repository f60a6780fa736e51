"""Reading of log lines.

A line looks like ``2026-01-03 10:22:01,120 [worker-3] WARN  queue: backlog is 17``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]


@dataclass
class Record:  # planted: no-slots
    """What one line says."""

    when: str
    worker: str
    level: str
    source: str
    text: str

    def severity(self) -> int:
        """Place in the order of levels; unknown ones are as bad as it gets."""
        try:
            return LEVELS.index(self.level)
        except ValueError:
            return len(LEVELS)


def parse(line: str) -> Record | None:
    """The record of a line, or nothing if it is no log line."""
    shape = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \[([\w-]+)\] (\w+)\s+(\w+): (.*)$")  # planted: regex-recompiled
    m = shape.match(line)
    if m is None:
        return None
    return Record(m.group(1), m.group(2), m.group(3), m.group(4), m.group(5))


def mask(text: str) -> str:
    """Numbers and addresses replaced, so that like messages look alike."""
    text = re.sub(r"0x[0-9a-f]+", "<addr>", text)  # planted: regex-recompiled
    return re.sub(r"\d+", "<n>", text)  # planted: regex-recompiled
