"""Nobody sees or changes the calendar of another user or tenant, whatever is done in which order."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from common.context import Owner
from roles.calendar.intents import CancelEvent
from tests.roles.calendar.calendars import LOCAL, Desk

OWNERS = [
    LOCAL,
    Owner("acme", "anna"),
    Owner("acme", "tom"),
    Owner("rival", "anna"),
    Owner("acme", ".."),
    Owner("a/c", "me"),
]
NAMES = ["Lunch", "Dentist", "Opera"]
owners = st.sampled_from(OWNERS)
steps = st.lists(
    st.tuples(st.sampled_from(["add", "cancel", "move", "forge"]), owners, st.sampled_from(NAMES)), max_size=10
)


@settings(max_examples=25, deadline=None)
@given(steps)
async def test_each_owner_has_exactly_their_own_events(taken: list[tuple[str, Owner, str]]) -> None:
    expected: dict[Owner, Counter[str]] = {owner: Counter() for owner in OWNERS}
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        for step, owner, name in taken:
            mine = expected[owner]
            if step == "add":
                await desk.done("add", owner=owner, subject=name, when=f"tomorrow at {8 + mine[name]}:00")
                mine[name] += 1
            elif step == "cancel":
                result, intents = await desk.call("cancel", owner=owner, which=f"cancel all {name}", when="tomorrow")
                assert result.ok is (mine[name] > 0)
                for intent in intents:
                    await desk.carry_out(intent, owner)
                mine[name] = 0
            elif step == "move":
                which = f"move the {name} to tomorrow at 22:00"
                result, _ = await desk.call("move", owner=owner, which=which)
                assert result.ok is (mine[name] == 1)
            else:
                await forge(desk, owner, name)
            for other in OWNERS:
                found = Counter(entry.name for entry in await desk.all(other))
                assert found == +expected[other]


async def forge(desk: Desk, thief: Owner, name: str) -> None:
    """Cancel what others have by its UID."""
    for victim in OWNERS:
        if victim == thief:
            continue
        for entry in await desk.all(victim):
            if entry.name == name:
                intent = CancelEvent(
                    name=name, start=entry.start, end=entry.end, timezone="UTC", uid=entry.reference.uid
                )
                await desk.carry_out(intent, thief)
