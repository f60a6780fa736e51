"""Counts the levels of log lines."""

import re


def level_of(line: str) -> str:
    """The level that a line names."""
    pattern = re.compile("^(debug|info|warning|error)", re.IGNORECASE)  # planted: regex-recompiled
    found = pattern.match(line)
    return found.group(1).lower() if found else "none"


def count_levels(lines: list[str]) -> dict[str, int]:
    """How many lines there are of each level."""
    counts: dict[str, int] = {}
    for line in lines:
        level = level_of(line)
        counts[level] = counts.get(level, 0) + 1
    return counts
