"""Scenarios on the log itself: appends, projection pages, rebuilds."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Collection

import anyio

from common.errors import StoreError, StreamConflict
from common.intents import StreamAppend
from events.catalogue.memory import FactRemembered
from events.store import EventStore
from tests.crash.facts import check_facts, fact, views_over
from tests.crash.processes import Tell
from tests.crash.series import Findings, Log

__all__ = ["Appends", "Pages", "Rebuilds"]


class _OnTheLog:
    """What the scenarios have in common."""

    at_once = 4
    longest = 0.25
    in_round = 40

    def prepare(self, log: Log) -> None:
        """Nothing: the first child makes the log, and may be killed while it does."""

    def beside(self, log: Log, tell: Tell) -> None:
        """Nobody else writes."""
        tell("ready")

    def check(self, log: Log, acknowledged: Collection[str], children: int) -> Findings:
        """Look at the facts and their views."""
        return anyio.run(check_facts, log.url, acknowledged)


class Appends(_OnTheLog):
    """Tasks append, post, and append to several streams at once, while another reads views."""

    name = "append"
    _TASKS = 8

    def work(self, log: Log, number: int, tell: Tell) -> None:
        """Append until killed."""
        anyio.run(self._append, log.url, tell)

    async def _append(self, url: str, tell: Tell) -> None:
        store = await EventStore.open(url)
        views = views_over(store)
        run = uuid.uuid4().hex

        async def look() -> None:
            while True:
                await views.get("counts", ("all", "-"))
                await views.get("facts", ("none",))

        async with anyio.create_task_group() as group:
            for task in range(self._TASKS):
                group.start_soon(self._task, store, run, task, tell)
            group.start_soon(look)

    @staticmethod
    async def _task(store: EventStore, run: str, task: int, tell: Tell) -> None:
        stream = f"{run}/{task}"
        for number in itertools.count(1):
            one = fact(f"{stream}/{number}", number, f"u{task}")
            other = fact(f"{stream}/{number}/other", number, f"u{task}")
            try:
                match number % 3:
                    case 0:
                        await store.append([StreamAppend(stream, [one]), StreamAppend("shared", [other])])
                        acknowledge(tell, one, other)
                    case 1:
                        first = store.post(stream, [one])
                        await store.post(stream, [other], follows=first).durable()
                        acknowledge(tell, one, other)
                    case _:
                        await store.append(stream, [one])
                        acknowledge(tell, one)
            except StreamConflict as error:
                tell(f"!{error}")
            except StoreError:  # who waits too long among many is refused, and nothing is lost
                continue


class Pages(_OnTheLog):
    """Several runners compete over the same views while others append; some events can't be taken by a view."""

    name = "pages"
    longest = 0.3
    _BACKLOG = 600
    _BATCH = 12

    def prepare(self, log: Log) -> None:
        """Some pages to begin with."""
        anyio.run(self._fill, log.url)

    async def _fill(self, url: str) -> None:
        async with await EventStore.open(url) as store:
            facts = [fact(f"before/{number}", number, "nobody") for number in range(self._BACKLOG)]
            await store.append("before", facts)

    def work(self, log: Log, number: int, tell: Tell) -> None:
        """Fold, or append and see what was appended, until killed."""
        anyio.run(self._append if number % 3 == 0 else self._fold, log.url, tell)

    async def _append(self, url: str, tell: Tell) -> None:
        store = await EventStore.open(url)
        views = views_over(store)
        user = uuid.uuid4().hex
        for number in itertools.count():
            facts = [
                fact(f"{user}/{number}/{index}", number, user, poison=(number + index) % 97 == 5)
                for index in range(self._BATCH)
            ]
            await store.append(user, facts)
            acknowledge(tell, *facts)
            if number % 8 == 0:
                await views.get("facts", (facts[0].fact_id,))
                row = await views.get("counts", ("user", user))
                if row is None or row["events"] != (number + 1) * self._BATCH:
                    tell(f"!after {(number + 1) * self._BATCH} acknowledged events a view reads {row}")

    async def _fold(self, url: str, tell: Tell) -> None:
        views = views_over(await EventStore.open(url), page_size=25)
        tell("begun")
        while True:
            await views.catch_up()
            await anyio.sleep(0.001)


class Rebuilds(_OnTheLog):
    """Views are rebuilt while others append and read them."""

    name = "rebuild"
    longest = 0.4
    _BACKLOG = 1_500

    def prepare(self, log: Log) -> None:
        """Something to be rebuilt."""
        anyio.run(self._fill, log.url)

    async def _fill(self, url: str) -> None:
        async with await EventStore.open(url) as store:
            facts = [fact(f"before/{number}", number, f"u{number % 7}") for number in range(self._BACKLOG)]
            await store.append("before", facts)
            views = views_over(store, page_size=500)
            await views.catch_up()
            await views.close()

    def work(self, log: Log, number: int, tell: Tell) -> None:
        """Rebuild a view again and again, or append and read, until killed."""
        if number % 3 == 2:
            anyio.run(self._use, log.url, tell)
        else:
            anyio.run(self._rebuild, log.url, ("facts", "counts")[number % 2], tell)

    async def _rebuild(self, url: str, name: str, tell: Tell) -> None:
        views = views_over(await EventStore.open(url), page_size=200)
        tell("begun")
        while True:
            rebuilt = await views.rebuild(name)
            if rebuilt.changed:
                tell(f"!a rebuild of {name} found other rows in the table before it")

    async def _use(self, url: str, tell: Tell) -> None:
        store = await EventStore.open(url)
        views = views_over(store)
        user = uuid.uuid4().hex
        for number in itertools.count(1):
            one = fact(f"{user}/{number}", number, user)
            await store.append(user, [one])
            acknowledge(tell, one)
            row = await views.get("counts", ("user", user))
            if row is None or row["events"] != number or await views.get("facts", (one.fact_id,)) is None:
                tell(f"!after {number} acknowledged events a view reads {row}")
            await anyio.sleep(0.002)


def acknowledge(tell: Tell, *facts: FactRemembered) -> None:
    """Tell that these are durable."""
    tell("\n".join(f"+{fact.fact_id}" for fact in facts))
