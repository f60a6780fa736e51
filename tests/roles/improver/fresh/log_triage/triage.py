"""Groups log lines into problems worth a look."""

from __future__ import annotations

import csv  # planted: unused-import
from collections import Counter

from parsing import Record, mask, parse


class Triage:
    """Collects problems, the most frequent first.

    Not safe for several threads; each request gets a fresh pass.
    """

    def __init__(self, minimum: int = 3):
        self.minimum = minimum
        self.ignored = ["heartbeat", "metrics", "audit", "probe"]

    def problems(self, lines: list[str], top: int = 10) -> list[list]:
        """The masked texts with their counts, their first time and the workers concerned."""
        records = [r for r in map(parse, lines) if r is not None and self._matters(r)]
        counts: Counter = Counter()
        first: dict[str, str] = {}
        workers: dict[str, list[str]] = {}
        for record in records:
            key = record.source + ": " + mask(record.text)
            counts[key] += 1
            first.setdefault(key, record.when)
            known = workers.setdefault(key, [])
            # order of appearance is shown to people
            if record.worker not in known:  # keep: list-membership
                known.append(record.worker)
        return [[key, count, first[key], workers[key]] for key, count in counts.most_common(top)]

    def _matters(self, record: Record) -> bool:
        if record.source in self.ignored:
            return False
        return record.severity() >= self.minimum

    def summary(self, lines: list[str]) -> str:
        """One text for a ticket."""
        text = ""
        for key, count, when, workers in self.problems(lines):
            text += f"{count} x {key} (since {when}, {len(workers)} workers)\n"
        return text or "nothing to see"
