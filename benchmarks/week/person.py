"""The person of the simulated week, who answers what waits for a decision: some at once, some late, some never."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.context import Owner
from common.errors import SupervisorError
from events.projection import Row, Views
from supervisor import Supervisor

__all__ = ["Answers", "Person", "answers_of"]

_AT_ONCE, _LATE = 0.25, 0.75
"""Bounds of a number drawn for each thing: answered when it is seen, answered hours later, and above never."""
_YES = 0.85
_NAME = "pat"
_LEAST_LATE = 6.0
_MANY = 100_000


class Person:
    """Decides by what the seed draws for each thing, whenever they look."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    async def look(self, supervisor: Supervisor, now: datetime) -> None:
        """Answer what is due: improvements that are suggested, and intents that wait."""
        for row in await supervisor.views.query("system_improvements", {"status": "pending"}, limit=_MANY):
            name = str(row["id"])
            yes = self._answer(name, now - row["created_at"])
            if yes is not None:
                await (supervisor.monitoring.approve if yes else supervisor.monitoring.reject)(name, by=_NAME)
        for row in await supervisor.views.query("intents", {"status": "awaiting_approval"}, limit=_MANY):
            name, owner = str(row["intent_id"]), Owner(row["tenant"], row["user"])
            yes = self._answer(name, now - row["registered_at"])
            if yes is None:
                continue
            try:
                await (supervisor.approve if yes else supervisor.deny)(name, by=_NAME, owner=owner)
            except SupervisorError as error:  # it expired
                print(f"  {_NAME} was too late for {name}: {error}", flush=True)

    def _answer(self, name: str, waited: timedelta) -> bool | None:
        """Yes or no, or nothing yet."""
        draw = random.Random(f"{self._seed} {name}")
        when = draw.random()
        late = timedelta(hours=0 if when < _AT_ONCE else draw.uniform(_LEAST_LATE, 40))
        yes = draw.random() < _YES
        return None if when >= _LATE or waited < late else yes


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person was asked, and answered. `late`: hours after they were asked."""

    asked: int
    approved: int
    rejected: int
    late: int
    unanswered: int


async def answers_of(views: Views) -> Answers:
    """What the log tells of the person."""
    improvements = await views.query("system_improvements", limit=_MANY)
    intents = await views.query("intents", {"type": "calendar.add_event"}, limit=_MANY)
    rows = [*improvements, *intents]
    mine = [row for row in rows if row["decided_by"] == _NAME]
    no = sum(row["status"] in ("rejected", "denied") for row in mine)
    waiting = sum(row["status"] in ("pending", "awaiting_approval") for row in rows)
    return Answers(len(rows), len(mine) - no, no, _late(mine), waiting)


def _late(rows: Sequence[Row]) -> int:
    late = 0
    for row in rows:
        asked = row.get("created_at") or row.get("registered_at")
        answered = row.get("decided_at") or row.get("updated_at")
        late += asked is not None and answered is not None and answered - asked >= timedelta(hours=_LEAST_LATE)
    return late
