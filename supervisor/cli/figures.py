"""Figures of a built agent's checks as people read them: with their units."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import JsonValue

from supervisor.cli.output import one_line

__all__ = ["figure_lines"]

_TEXTS = {
    "coverage": ("coverage of the code by its tests", 100.0, "%"),
    "instantiation_us": ("making an instance", 1.0, "µs"),
    "memory_kib": ("memory of an instance", 1.0, "KiB"),
    "seconds": ("the checks took", 1.0, "s"),
    "peak_memory": ("most memory of the checks", 2.0**-20, "MiB"),
}
"""What figures are called, by what they are multiplied, and the unit of the result."""
_UNITS = {"_us": "µs", "_ms": "ms", "_kib": "KiB", "_mib": "MiB", "_seconds": "s", "_bytes": "bytes"}


def figure_lines(figures: Mapping[str, JsonValue]) -> list[str]:
    """A line for each figure."""
    return [f"{name}: {value}" for name, value in (_told(*item) for item in figures.items())]


def _told(name: str, value: JsonValue) -> tuple[str, str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return name.replace("_", " "), one_line(shown, 200)
    if name in _TEXTS:
        text, factor, unit = _TEXTS[name]
        return text, f"{value * factor:.3g} {unit}"
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " "), f"{value:.4g} {unit}"
    return name.replace("_", " "), f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
