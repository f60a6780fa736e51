"""Which settings help against what, by stated rules: pure, from what was seen of a component.

Against a slow tool: its answers are given again for a while, where it allows that and at least a fifth of its calls ask
what was asked shortly before; a time-out is set where few calls hold much of the time; a breaker where it fails in
rows. Against a busy machine, or a full queue of the store: fewer requests at once; against requests that wait to be
admitted: more.
"""

from __future__ import annotations

from collections.abc import Mapping

from roles.specialists.specialist import Seen, Tuner

__all__ = ["LEAST_CALLS", "settings_for"]

LEAST_CALLS = 5
"""Calls of a component from which on rules say something of it."""
_REPEATED = 0.2
_CUT = 0.05
"""The largest share of calls that a time-out may end which would have succeeded."""
_GAIN = 0.2
"""The least share of the mean that a time-out has to save."""
_ROOM = 1.5
"""A time-out lies so many times above the slowest of the calls that it is to let through."""
_BREAKER_SECONDS = 30.0
_ROW = 5
_FEWER = 0.75
_MORE = 1.5
_LOAD = frozenset(
    {"cpu_usage", "memory_usage", "file_descriptor_usage", "loop_lag", "store_queue_usage", "projection_lag"}
)


def settings_for(component: str, metric: str, seen: Seen, tuner: Tuner) -> dict[str, float]:
    """The settings to change, with their values; empty where no rule says anything."""
    kind, _, name = component.partition(":")
    if metric in _LOAD or kind == "queue":
        now = tuner.value("requests.max_concurrent")
        at_once = int(now * _FEWER) if metric in _LOAD else max(int(now * _MORE), int(now) + 1)
        return _within(tuner, {"requests.max_concurrent": float(at_once)})
    if seen.calls < LEAST_CALLS:
        return {}
    wanted: dict[str, float] = {}
    if kind == "tool":
        wanted = _for_tool(name, metric, seen, tuner)
    elif kind in ("role", "requests") and metric == "response_time":
        timeout = _timeout(seen, tuner, "requests.task_timeout")
        wanted = {} if timeout is None else {"requests.task_timeout": timeout}
    elif kind == "requests":
        wanted = {"requests.task_retries": tuner.value("requests.task_retries") + 1}
    return _within(tuner, wanted)


def _for_tool(name: str, metric: str, seen: Seen, tuner: Tuner) -> dict[str, float]:
    wanted: dict[str, float] = {}
    if seen.longest_run >= _ROW:
        wanted[f"tool.{name}.breaker"] = _BREAKER_SECONDS
    if metric != "response_time":
        return wanted
    kept = tuner.bounds(f"tool.{name}.cache")
    if kept is not None and seen.repeated >= _REPEATED:
        wanted[f"tool.{name}.cache"] = kept[1]
        return wanted
    timeout = _timeout(seen, tuner, f"tool.{name}.timeout")
    if timeout is not None:
        wanted[f"tool.{name}.timeout"] = timeout
    return wanted


def _timeout(seen: Seen, tuner: Tuner, key: str) -> float | None:
    """A time-out that ends few calls and saves much of the time."""
    if tuner.bounds(key) is None or len(seen.seconds) < 4 * LEAST_CALLS:
        return None
    ordered = sorted(seen.seconds)
    slowest = ordered[int((1 - _CUT) * (len(ordered) - 1))]
    timeout = float(f"{_ROOM * slowest:.2g}")
    if timeout < slowest or timeout >= tuner.value(key):
        return None
    saved = sum(seconds - timeout for seconds in ordered if seconds > timeout)
    return timeout if saved >= _GAIN * sum(ordered) else None


def _within(tuner: Tuner, wanted: Mapping[str, float]) -> dict[str, float]:
    """Those that may be tuned, within their bounds, and that would change anything."""
    found: dict[str, float] = {}
    for key, value in wanted.items():
        bounds = tuner.bounds(key)
        if bounds is None:
            continue
        value = min(max(value, bounds[0]), bounds[1])
        if value != tuner.value(key):
            found[key] = value
    return found
