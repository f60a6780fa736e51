"""Nobody sees or changes the timers of another user or tenant, whatever is done in which order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from common.context import Owner
from tests.roles.timer.timers import timers

OWNERS = [Owner("acme", "anna"), Owner("acme", "tom"), Owner("rival", "anna"), Owner("a/acme", "nna")]
LABELS = ["tea", "egg", "roast"]
owners = st.sampled_from(OWNERS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("set"), owners, st.sampled_from(LABELS)),
        st.tuples(st.just("cancel"), owners, st.sampled_from(LABELS)),
        st.tuples(st.just("cancel all"), owners, st.just("")),
        st.tuples(st.just("wait"), owners, st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(steps)
async def test_each_owner_has_exactly_their_own_timers(taken: list[tuple[str, Owner, str]]) -> None:
    expected: dict[Owner, dict[str, list[int]]] = {owner: {} for owner in OWNERS}
    minute = 0
    async with timers() as desk:
        for step, owner, label in taken:
            mine = expected[owner]
            if step == "set":
                await desk.done("set", owner=owner, duration="3 minutes", label=label)
                mine.setdefault(label, []).append(minute + 3)
            elif step == "wait":
                minute += 1
                desk.clock.time += timedelta(minutes=1)
                await desk.firer.fire_due()
                for labels in expected.values():
                    for due in labels.values():
                        due[:] = [at for at in due if at > minute]
            else:
                which = "cancel all timers" if step == "cancel all" else f"cancel the {label} timer"
                result, intents = await desk.call("cancel", owner=owner, which=which)
                found = [name for name, due in mine.items() if due and (step == "cancel all" or name == label)]
                several = step == "cancel" and len(mine.get(label, [])) > 1
                assert result.ok is bool(found and not several)
                for intent in intents:
                    await desk.carry_out(intent, owner)
                    for name in found:
                        mine[name] = []
            for other in OWNERS:
                shown = sorted(timer.label for timer in await desk.running(other))
                assert shown == sorted(name for name, due in expected[other].items() for _ in due)
                listed, _ = await desk.call("list", owner=other)
                assert all(name in listed.text.lower() for name in shown)
                assert all(name not in listed.text.lower() for name in LABELS if name not in shown)
        assert all(fired.owner in OWNERS for fired in desk.fired)
