"""Answers questions about delays of trains."""

from __future__ import annotations

import re
from collections import defaultdict


class Timetable:
    """Planned times; a time is minutes since midnight."""

    def __init__(self, stops):
        self.stops = stops
        self.index = {(s["train"], s["station"]): s["minute"] for s in stops}

    def planned(self, train, station):
        return self.index.get((train, station))


def minutes(clock):
    """Minutes since midnight of a text such as 7:05."""
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*", clock)  # planted: regex-recompiled
    if not found:
        raise ValueError("no time: " + clock)
    return int(found.group(1)) * 60 + int(found.group(2))


def delays(timetable, sightings):
    """Delay in minutes of each sighting that is on the timetable."""
    result = []
    for s in sightings:
        planned = timetable.planned(s["train"], s["station"])
        if planned is None:
            continue
        result.append((s["train"], minutes(s["at"]) - planned))
    return result


class DelayAgent:
    """The agent.

    ``stops`` is the timetable, ``grace`` what does not yet count as late.
    """

    def __init__(self, stops: list[dict], grace: int = 5) -> None:
        self.timetable = Timetable(stops)
        self.grace = grace

    def punctuality(self, sightings: list[dict]) -> dict[str, float]:
        """Share of sightings in time, by train."""
        by_train: dict[str, list[int]] = defaultdict(list)
        for train, delay in delays(self.timetable, sightings):
            by_train[train].append(delay)
        return {t: round(sum(1 for d in ds if d <= self.grace) / len(ds), 4) for t, ds in by_train.items()}

    def worse_than_usual(self, sightings: list[dict]) -> list[str]:
        """Trains later than the average of all, by a sighting."""
        measured = delays(self.timetable, sightings)
        out = []
        for train, delay in measured:
            average = sum(d for _, d in measured) / len(measured)  # planted: loop-invariant
            if delay > average + self.grace and train not in out:
                out.append(train)
        return out

    def spread(self, sightings: list[dict]) -> list[list]:
        """For each train its delays relative to the largest of all."""
        measured = delays(self.timetable, sightings)
        return [
            [train, round(delay / max(abs(d) for _, d in measured), 3)]  # planted: loop-invariant
            for train, delay in measured
            if any(d for _, d in measured)
        ]
