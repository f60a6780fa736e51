"""The settings that may change while a supervisor runs, each with the bounds it has to stay in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common.errors import ConfigurationError
from common.monitoring_settings import ThresholdSettings
from common.settings import RequestSettings, Settings
from common.tool import Tool

__all__ = ["Tunable", "request_values", "threshold_values", "tool_values", "tunables"]

_REQUESTS = "requests."
_TOOL = "tool."
_THRESHOLDS = "monitoring.thresholds."


@dataclass(frozen=True, slots=True)
class Tunable:
    """One setting. `configured` holds where nothing was tuned; `whole`: only integers. Bounds are inclusive."""

    key: str
    configured: float
    low: float
    high: float
    about: str
    unit: str = ""
    whole: bool = False

    def problem_with(self, value: float) -> str:
        """Why it can't have this value; empty where it can."""
        if not math.isfinite(value) or not self.low <= value <= self.high:
            return f"{self.key} may be {self.low:g} to {self.high:g}{self._in_unit}, not {value:g}"
        if self.whole and value != int(value):
            return f"{self.key} is a whole number, not {value:g}"
        return ""

    def checked(self, value: float) -> float:
        """The value. Raises `ConfigurationError` that says what may be."""
        problem = self.problem_with(value)
        if problem:
            raise ConfigurationError(problem, where=f"tuning {self.key}", todo="List the bounds with tuning list.")
        return value

    def told(self, value: float) -> str:
        """A value with its unit."""
        return f"{value:g}{self._in_unit}"

    @property
    def _in_unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


def tunables(settings: Settings, tools: Iterable[Tool]) -> dict[str, Tunable]:
    """Every setting that may be tuned, by its key: those of requests, of each tool, and of monitoring's thresholds."""
    found = [*_of_requests(settings.requests), *_of_thresholds(settings.monitoring.thresholds)]
    for tool in tools:
        found += _of_tool(tool, settings.requests)
    return {each.key: each for each in found}


def _of_requests(requests: RequestSettings) -> list[Tunable]:
    return [
        Tunable("requests.max_concurrent", requests.max_concurrent, 1, 4_096, "requests handled at once", whole=True),
        Tunable("requests.queue", requests.queue, 0, 100_000, "requests that may wait for admission", whole=True),
        Tunable("requests.task_timeout", requests.task_timeout, 0.05, 3_600, "what one task may take", "s"),
        Tunable("requests.task_retries", requests.task_retries, 0, 5, "more tries of a task that failed", whole=True),
        Tunable("requests.tool_timeout", requests.tool_timeout, 0.05, 600, "what one call of a tool may take", "s"),
    ]


def _of_thresholds(thresholds: ThresholdSettings) -> list[Tunable]:
    told = "from where on monitoring finds fault"
    return [
        Tunable("monitoring.thresholds.response_time", thresholds.response_time, 0.001, 3_600, told, "s"),
        Tunable("monitoring.thresholds.success_rate", thresholds.success_rate, 0.5, 1, told),
        Tunable("monitoring.thresholds.error_rate", thresholds.error_rate, 0.001, 0.5, told),
        Tunable("monitoring.thresholds.cpu_usage", thresholds.cpu_usage, 50, 100, told, "%"),
        Tunable("monitoring.thresholds.memory_usage", thresholds.memory_usage, 50, 100, told, "%"),
        Tunable("monitoring.thresholds.disk_usage", thresholds.disk_usage, 50, 100, told, "%"),
        Tunable("monitoring.thresholds.loop_lag", thresholds.loop_lag, 0.01, 60, told, "s"),
    ]


def _of_tool(tool: Tool, requests: RequestSettings) -> list[Tunable]:
    start = f"{_TOOL}{tool.name}"
    found = [
        Tunable(f"{start}.timeout", min(tool.timeout, requests.tool_timeout), 0.05, 600, "what one call may take", "s"),
        Tunable(f"{start}.breaker", 0, 0, 3_600, "for how long it is left alone after five failures in a row", "s"),
    ]
    if tool.cacheable_for:
        about = "for how long an answer is given again to the same question of the same owner"
        found.append(Tunable(f"{start}.cache", 0, 0, tool.cacheable_for, about, "s"))
    return found


def request_values(values: Mapping[str, float]) -> dict[str, float | int]:
    """The tuned bounds of requests, by the name of their field, as the field's type."""
    whole = {"max_concurrent", "queue", "task_retries"}
    named = {key.removeprefix(_REQUESTS): value for key, value in values.items() if key.startswith(_REQUESTS)}
    return {name: int(value) if name in whole else value for name, value in named.items()}


def threshold_values(values: Mapping[str, float]) -> dict[str, float]:
    """The tuned thresholds, by the name of their field."""
    return {key.removeprefix(_THRESHOLDS): value for key, value in values.items() if key.startswith(_THRESHOLDS)}


def tool_values(values: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """What was tuned of each tool, by ``timeout``, ``cache`` and ``breaker``."""
    found: dict[str, dict[str, float]] = {}
    for key, value in values.items():
        if key.startswith(_TOOL):
            name, _, what = key.removeprefix(_TOOL).rpartition(".")
            found.setdefault(name, {})[what] = value
    return found
