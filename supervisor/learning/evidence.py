"""The evidence that patterns are judged by: which behaviours each trace showed, kept so that traces can be added.

Sparse: a trace is a few dozen numbers. Records of any order give the same evidence, and adding a hundred to a hundred
thousand costs as much as adding them to none.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from typing import TypeVar

from supervisor.learning.candidates import Key, behaviours, ended_with
from supervisor.learning.records import Record

__all__ = ["BUCKETS", "Evidence"]

BUCKETS = 20
"""Parts that tasks fall into by their name; held-out checks draw halves of these."""
_MAX_KEYS = 200_000
_Name = TypeVar("_Name")


class Evidence:
    """The traces of one agent type with a known outcome, and what was left out and why."""

    def __init__(self) -> None:
        self.trace_ids: list[str] = []
        self.outcomes = array("b")
        self.tasks = array("i")
        self.levels = array("i")
        self.agents = array("i")
        self.ends = array("i")
        self.clean = array("b")
        self.indices = array("i")
        self.offsets = array("q", [0])
        self.keys: list[Key] = []
        self.task_buckets = array("b")
        self._unknown: set[str] = set()
        self.repeated = 0
        self.contradictory = 0
        self.corrected = 0
        """Of the contradictory ones those whose later outcome holds now."""
        self.empty = 0
        self._key_ids: dict[Key, int] = {}
        self._task_ids: dict[str, int] = {}
        self._level_ids: dict[tuple[str, str, str], int] = {}
        self._agent_ids: dict[str, int] = {}
        self._end_ids: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._positions = array("q")
        self.inner_ends: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self.trace_ids)

    @property
    def unknown(self) -> int:
        """Traces of which nobody knows yet how they went."""
        return len(self._unknown)

    @property
    def agent_names(self) -> list[str]:
        """Agents in the order of their numbers in `agents`."""
        return list(self._agent_ids)

    def add(self, record: Record) -> bool:
        """Take one record; False when it was left out (no outcome, no steps, or a trace that is there already).

        Of a trace that is told of again the outcome that stands later in the log holds: it was reported afterwards.
        """
        # Nobody can speak for the trace of another tenant by giving one of his own the same id.
        name = record.trace_id if record.tenant == "default" else f"{record.tenant}\n{record.trace_id}"
        row = self._rows.get(name)
        if record.success is None:
            if row is None:
                self._unknown.add(name)
            return False
        if row is not None:
            self._again(row, record.success, record.position)
            return False
        if not record.steps:
            self.empty += 1
            return False
        self._unknown.discard(name)
        self._rows[name] = len(self.trace_ids)
        self._positions.append(record.position)
        self.trace_ids.append(record.trace_id)
        self.outcomes.append(record.success)
        self.tasks.append(self._task(record))
        self.levels.append(_number(self._level_ids, (record.agent, record.version, record.domain)))
        self.agents.append(_number(self._agent_ids, record.agent))
        self._end(record)
        for key in behaviours(record):
            number = self._key_ids.get(key)
            if number is None:
                if len(self.keys) >= _MAX_KEYS:
                    continue
                number = self._key_ids[key] = len(self.keys)
                self.keys.append(key)
            self.indices.append(number)
        self.offsets.append(len(self.indices))
        return True

    def _again(self, row: int, success: bool, position: int) -> None:
        self.repeated += 1
        if bool(self.outcomes[row]) != success:
            self.contradictory += 1
            if position > self._positions[row]:
                self.outcomes[row] = success
                self.corrected += 1
        self._positions[row] = max(self._positions[row], position)

    def _task(self, record: Record) -> int:
        # A run without a task is a task of its own: nothing is known to be equal to it.
        name = f"task {record.task_id}" if record.task_id else f"trace {record.trace_id}"
        number = _number(self._task_ids, name)
        if number == len(self.task_buckets):
            digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=2).digest()
            self.task_buckets.append(int.from_bytes(digest, "big") % BUCKETS)
        return number

    def _end(self, record: Record) -> None:
        last = _number(self._end_ids, ended_with(record))
        self.ends.append(last)
        failed = record.steps[-1].kind == "tool" and record.steps[-1].ok is False
        self.clean.append(record.finished and not failed)
        calls = [step.name for step in record.steps if step.kind == "tool"]
        for name in set(calls[:-1]):
            self.inner_ends[_number(self._end_ids, name)] += 1

    def unended(self) -> list[bool]:
        """For each trace whether it did not come to an end of its own.

        That is: it says so (`finished` false), its last step is a call that failed, or nearly all traces (90 %) end
        with one and the same tool that hardly ever (under 2 %) stands anywhere else, and this one does not.
        """
        closing = -1
        if self.ends:
            last, count = Counter(self.ends).most_common(1)[0]
            if count >= 0.9 * len(self) and self.inner_ends[last] < 0.02 * len(self) and list(self._end_ids)[last]:
                closing = last
        return [
            not clean or (closing >= 0 and end != closing) for clean, end in zip(self.clean, self.ends, strict=True)
        ]


def _number(known: dict[_Name, int], name: _Name) -> int:
    return known.setdefault(name, len(known))
