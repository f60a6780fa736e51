"""Timers, alarms and reminders as things that a later request of the session may mean by “it”."""

from __future__ import annotations

from pydantic import JsonValue

from common.tool import Fact
from roles.timer.intents import SetTimer, describe

__all__ = ["set_things", "timer_data", "timer_thing"]


def timer_data(timer_id: str, described: str) -> dict[str, JsonValue]:
    """What identifies a timer, and how it is called where one of several must be chosen."""
    return {"id": timer_id, "role": "timer", "timer_id": timer_id, "words": f"the {described}"}


def timer_thing(timer_id: str, described: str, *, gone: bool = False) -> Fact:
    """A timer that is known by its description; `gone` where it does not run any more."""
    data = timer_data(timer_id, described)
    if gone:
        data["gone"] = True
    return Fact(kind="timer", name=described, data=data)


def set_things(wanted: SetTimer, data: JsonValue) -> list[Fact]:
    """The timer that an intent set, by the data of its result."""
    timer_id = data.get("timer_id") if isinstance(data, dict) else None
    if not isinstance(timer_id, str):
        return []
    described = describe(wanted.kind, wanted.label, wanted.due_there, wanted.length)
    name = f"{wanted.label} {wanted.kind}".strip()
    due = wanted.due_there.isoformat()
    return [Fact(kind="time", name=name, start=due, data=timer_data(timer_id, described))]
