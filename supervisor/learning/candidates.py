"""What can be said of how a run went: the candidates that patterns are found among.

`behaviours` turns one record into a set of keys, each a tuple of a family and its parts. Nothing here looks at the
outcome, and every bound on lengths, times and counts comes from one fixed grid of round numbers, so that a record gives
the same keys whatever else is analysed with it and counts of earlier records can be added to. Of such a measure only
the highest bound reached is among the keys; the lower ones hold with it (see `measure_of`).

A key may have a `ground`: the key of the runs it is to be compared within. "Retried after a failure" says nothing about
runs in which nothing failed, so it is compared among the runs with that failure only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from supervisor.learning.records import MAX_NAME, MAX_STEPS, Record, Step

__all__ = ["MAX_BEHAVIOURS", "Key", "behaviours", "ended_with", "family_kind", "ground_of", "measure_of", "simplicity"]

Key = tuple[str | int, ...]

MAX_BEHAVIOURS = 400
"""Keys of one record; simpler ones are kept first."""
_MAX_TOOLS = 24
"""Different tools of one record that pairs are formed of."""
_LONGEST_WHOLE = 4
_TOO_MUCH = 10**12
_GRID = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)

_MEASURES = frozenset(
    (
        *("failures", "calls", "count", "tools", "steps", "seconds", "tokens", "thoughts"),
        *("thinking chars", "mean thought", "longest thought", "slow tool"),
    )
)

# family: (kind of pattern, how plain a statement it is: the lower, the sooner it stands for its near-duplicates)
_FAMILIES: dict[str, tuple[str, int]] = {
    "failures": ("failure", 0),
    "uses": ("success", 0),
    "fails": ("tool", 1),
    "unrecovered": ("failure", 1),
    "retried": ("failure", 1),
    "both": ("success", 2),
    "repeats": ("failure", 1),
    "repeats tool": ("failure", 2),
    "failure at": ("failure", 2),
    "calls": ("performance", 1),
    "first": ("success", 1),
    "last": ("success", 1),
    "count": ("success", 2),
    "whole": ("success", 3),
    "order": ("success", 2),
    "gram": ("success", 3),
    "failed then": ("failure", 3),
    "thinks": ("thinking", 1),
    "thought before": ("thinking", 2),
    "opens with thought": ("thinking", 1),
    "thinking chars": ("thinking", 2),
    "thoughts": ("thinking", 2),
    "mean thought": ("thinking", 2),
    "longest thought": ("thinking", 3),
    "steps": ("performance", 2),
    "tools": ("performance", 2),
    "seconds": ("performance", 1),
    "tokens": ("performance", 1),
    "slow tool": ("performance", 2),
}


def family_kind(key: Key) -> str:
    """The kind of pattern: success, failure, tool, thinking or performance."""
    return _FAMILIES[str(key[0])][0]


def simplicity(key: Key) -> tuple[int, int, str]:
    """Sorts plain statements before special ones, the same for every run."""
    return (_FAMILIES[str(key[0])][1], len(key), repr(key))


def measure_of(key: Key) -> Key | None:
    """The measure that the key is a bound on ("steps", "count" of a tool, …); None where the key is no bound.

    A run with a key of this measure has all keys of it with lower bounds, though they are not listed.
    """
    return key[:-1] if key[0] in _MEASURES else None


def ground_of(key: Key) -> Key | None:
    """The key of the runs within which this one is compared; None for all runs."""
    if key[0] == "retried":
        return ("fails", key[1])
    if key[0] == "order":
        return ("both", *sorted(str(part) for part in key[1:3]))
    if key[0] in {"thought before", "slow tool"}:
        return ("uses", key[1])
    return None


def ended_with(record: Record) -> str:
    """The tool that was the last step but for words; "" when there was none."""
    for step in reversed(record.steps[-50:]):
        if step.kind == "tool":
            return step.name[:MAX_NAME]
    return ""


def behaviours(record: Record) -> list[Key]:
    """The keys that hold for the record, each once, plain ones first, at most `MAX_BEHAVIOURS`."""
    steps = record.steps[:MAX_STEPS]
    calls = [step for step in steps if step.kind == "tool"]
    found: set[Key] = set()
    if calls:
        found.update(_sequences([step.name[:MAX_NAME] for step in calls]))
        found.update(_failures(calls))
        found.update(_repeats(calls))
        found.update(_durations(calls))
    found.update(_thinking(steps))
    found.update(_sizes(record, steps, calls))
    if len(found) <= MAX_BEHAVIOURS:
        return list(found)
    return sorted(found, key=simplicity)[:MAX_BEHAVIOURS]


def _sequences(names: Sequence[str]) -> Iterator[Key]:
    counts = Counter(names)
    yield ("first", names[0])
    yield ("last", names[-1])
    if len(names) <= _LONGEST_WHOLE:
        yield ("whole", *names)
    for name, count in counts.items():
        yield ("uses", name)
        if count > 1:
            yield ("count", name, _highest(count))
    for size in (2, 3):
        for gram in set(zip(*(names[start:] for start in range(size)), strict=False)):
            yield ("gram", *gram)
    firsts: dict[str, int] = {}
    for position, name in enumerate(names):
        firsts.setdefault(name, position)
    ordered = list(firsts)[:_MAX_TOOLS]
    for position, one in enumerate(ordered):
        for other in ordered[position + 1 :]:
            low, high = sorted((one, other))
            yield ("both", low, high)
            # One of the two directions is enough: the other is its opposite among the runs with both.
            if one == low:
                yield ("order", low, high)


def _failures(calls: Sequence[Step]) -> Iterator[Key]:
    failed = [position for position, step in enumerate(calls) if step.ok is False]
    if not failed:
        return
    yield ("failures", _highest(len(failed)))
    if failed[0] < 3:
        yield ("failure at", failed[0] + 1)
    last_good = {step.name: position for position, step in enumerate(calls) if step.ok is not False}
    last_call = {step.name: position for position, step in enumerate(calls)}
    for position in failed:
        full = calls[position].name
        name = full[:MAX_NAME]
        yield ("fails", name)
        if last_good.get(full, -1) < position:
            yield ("unrecovered", name)
        if last_call[full] > position:
            yield ("retried", name)
        if position + 1 < len(calls):
            yield ("failed then", name, calls[position + 1].name[:MAX_NAME])


def _repeats(calls: Sequence[Step]) -> Iterator[Key]:
    seen: set[tuple[str, str]] = set()
    for step in calls:
        call = (step.name, step.arguments)
        # Calls without arguments are equal by nature, so they tell nothing unless they were made in vain.
        if call in seen and step.arguments:
            yield ("repeats",)
            yield ("repeats tool", step.name[:MAX_NAME])
        seen.add(call)


def _durations(calls: Sequence[Step]) -> Iterator[Key]:
    slowest: dict[str, float] = {}
    for step in calls:
        if step.seconds is not None:
            slowest[step.name] = max(slowest.get(step.name, 0.0), step.seconds)
    for name, seconds in slowest.items():
        yield ("slow tool", name[:MAX_NAME], _highest(seconds * 1000))


def _thinking(steps: Sequence[Step]) -> Iterator[Key]:
    thoughts = [step for step in steps if step.kind == "thinking"]
    if steps and steps[0].kind == "thinking":
        yield ("opens with thought",)
    for kind in sorted({step.name[:MAX_NAME] for step in thoughts})[:_MAX_TOOLS]:
        yield ("thinks", kind)
    for before, step in pairwise(steps):
        if step.kind == "tool" and before.kind == "thinking":
            yield ("thought before", step.name[:MAX_NAME])
    lengths = [len(step.text) for step in thoughts]
    if lengths:
        yield ("thoughts", _highest(len(lengths)))
        yield ("thinking chars", _highest(sum(lengths)))
        yield ("mean thought", _highest(sum(lengths) / len(lengths)))
        yield ("longest thought", _highest(max(lengths)))


def _sizes(record: Record, steps: Sequence[Step], calls: Sequence[Step]) -> Iterator[Key]:
    yield ("calls", _highest(len(calls)))
    yield ("tools", _highest(len({step.name for step in calls})))
    yield ("steps", _highest(len(steps)))
    if record.seconds is not None:
        yield ("seconds", _highest(record.seconds * 1000))
    if record.tokens is not None:
        yield ("tokens", _highest(record.tokens))


def _highest(value: float) -> int:
    """The highest number of the grid that is not above the value; 0 for what is below 1 or no number."""
    if not 1 <= value < _TOO_MUCH:
        return 0 if not value >= _TOO_MUCH else _TOO_MUCH
    if value < 10:
        return int(value)
    power = len(str(int(value))) - 1
    return max(bound for step in _GRID if (bound := round(step * 10**power)) <= value)
