"""What the scenarios on the log itself share: facts that are appended, views over them, and the look at both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from events.catalogue.log import EventParked
from events.catalogue.memory import FactRemembered
from events.projection import Views
from events.store import EventStore
from events.verify import verify
from tests.crash.series import Findings
from tests.events.example_views import CountView, FactView

__all__ = ["check_facts", "fact", "views_over"]

PAGE = 40


def views_over(store: EventStore, page_size: int = PAGE) -> Views:
    """Two views: one with a row a fact, one with two rows a fact."""
    return Views(store, [CountView(), FactView()], page_size=page_size)


def fact(name: str, number: int, user: str, *, poison: bool = False) -> FactRemembered:
    """A fact of that name, of some length; one view can't take it when it is poison."""
    return FactRemembered(fact_id=name, text="poison" if poison else "x" * (number % 200), user=user)


async def check_facts(url: str, acknowledged: Collection[str]) -> Findings:
    """Each acknowledged fact is there, none is twice, the log verifies and each view equals its rebuild.

    Of an event that a view can't take the log is told once.
    """
    async with await EventStore.open(url) as store:
        views = views_over(store)
        try:
            parked = {(entry.view, entry.event_id) for entry in await views.parked()}
            facts: Counter[str] = Counter()
            told: Counter[tuple[str, str]] = Counter()
            after = 0
            while page := await store.read_all(after):
                facts.update(entry.event.fact_id for entry in page if isinstance(entry.event, FactRemembered))
                told.update(
                    (entry.event.projection, entry.event.event_id)
                    for entry in page
                    if isinstance(entry.event, EventParked)
                )
                after = page[-1].position
            problems = (await verify(store, views)).problems
            total = await views.get("counts", ("all", "-"))
            if (total or {"events": 0})["events"] != facts.total():
                problems.append(f"a view has counted {total}, the log has {facts.total()} facts")
            if set(told) != parked:
                problems.append(f"{len(parked)} events are parked, the log was told of {len(told)}")
            return Findings(
                lost=[name for name in acknowledged if name not in facts],
                doubled=[name for name, times in facts.items() if times > 1]
                + [f"parked {name}" for name, times in told.items() if times > 1],
                problems=problems,
            )
        finally:
            await views.close()
