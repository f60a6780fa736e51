"""Keeps alerts from flooding people: the same one once an hour, and not more than so many an hour altogether."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

__all__ = ["AlertLimits"]

_MOST_REMEMBERED = 1_000


class AlertLimits:
    """`an_hour` alerts to one owner at the most, of which the same title and text once in `same`.

    Time is what the alerts themselves tell.
    """

    def __init__(self, an_hour: int = 30, same: timedelta = timedelta(hours=1)) -> None:
        self._an_hour = an_hour
        self._same = same
        self._told: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self._latest: OrderedDict[str, deque[datetime]] = OrderedDict()

    def refusal(self, owner: str, title: str, text: str, at: datetime) -> str:
        """Why this alert is not sent now; empty where it is, which then counts."""
        key = (owner, title, text)
        before = self._told.get(key)
        if before is not None and abs(at - before) < self._same:
            return "it was told already"
        latest = self._latest.setdefault(owner, deque(maxlen=self._an_hour))
        if len(latest) == self._an_hour and abs(at - latest[0]) < timedelta(hours=1):
            return f"{self._an_hour} alerts were told within an hour"
        latest.append(at)
        self._told[key] = at
        self._told.move_to_end(key)
        for remembered in (self._told, self._latest):
            while len(remembered) > _MOST_REMEMBERED:
                remembered.popitem(last=False)
        return ""
