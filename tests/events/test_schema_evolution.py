"""A kind through three versions: old bytes stay and are read as today's event; newer ones are carried, not lost."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from common.errors import StoreError
from events.catalogue import BY_TOPIC, Event
from events.projection import Column, RecordedEvent, Row, Views
from events.recorded import Erased, Unknown, refuse_unreadable
from events.store import EventStore
from events.transfer import export_lines, import_lines
from events.verify import verify
from tests.events.samples import MOMENT, fact


class ParcelSentV1(Event):
    """Weight in grams, the name in one field."""

    TOPIC: ClassVar[str] = "parcel.sent"
    parcel: str
    grams: int
    to: str


class ParcelSentV2(Event):
    """The name in two fields."""

    TOPIC: ClassVar[str] = "parcel.sent"
    SCHEMA_VERSION: ClassVar[int] = 2
    parcel: str
    grams: int
    first: str
    last: str

    @staticmethod
    def upcast_v1_v2(payload: dict[str, Any]) -> dict[str, Any]:
        first, _, last = payload.pop("to").partition(" ")
        return {**payload, "first": first, "last": last}


class ParcelSentV3(Event):
    """Weight in kilograms."""

    TOPIC: ClassVar[str] = "parcel.sent"
    SCHEMA_VERSION: ClassVar[int] = 3
    parcel: str
    kilograms: float
    first: str
    last: str

    upcast_v1_v2 = staticmethod(ParcelSentV2.upcast_v1_v2)

    @staticmethod
    def upcast_v2_v3(payload: dict[str, Any]) -> dict[str, Any]:
        grams = payload.pop("grams")
        return {**payload, "kilograms": grams / 1000}


FIRST, SECOND, THIRD = ({**BY_TOPIC, "parcel.sent": kind} for kind in (ParcelSentV1, ParcelSentV2, ParcelSentV3))


class Parcels:
    """Kilograms by last name; written against the third version only."""

    name = "parcels"
    version = 1
    key = (Column("last", "text"),)
    columns = (Column("kilograms", "real"), Column("unread", "integer"))
    indexes: tuple[tuple[str, ...], ...] = ()
    topics = frozenset({"parcel.sent"})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        if isinstance(event.event, Unknown):
            return (("?",),)
        return ((event.event.last,),) if isinstance(event.event, ParcelSentV3) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        row = row or {"kilograms": 0.0, "unread": 0}
        if isinstance(event.event, Unknown):
            return {**row, "unread": row["unread"] + 1}
        assert isinstance(event.event, ParcelSentV3)
        return {**row, "kilograms": row["kilograms"] + event.event.kilograms}


async def history(url: str) -> None:
    """Three releases of a program write the same log, one after the other."""
    async with await EventStore.open(url, catalogue=FIRST) as store:
        await store.append("parcels", [ParcelSentV1(parcel="p1", grams=1_500, to="Ann Lee")])
    async with await EventStore.open(url, catalogue=SECOND) as store:
        await store.append("parcels", [ParcelSentV2(parcel="p2", grams=250, first="Bo", last="Lee")])
    async with await EventStore.open(url, catalogue=THIRD) as store:
        await store.append("parcels", [ParcelSentV3(parcel="p3", kilograms=2.0, first="Cy", last="Fox")])


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'events.db'}"


async def test_every_version_is_read_as_todays(file: str) -> None:
    await history(file)
    async with await EventStore.open(file, catalogue=THIRD) as store:
        before = store.backend.page(0, None, 10).rows
        assert [entry.event for entry in await store.read("parcels")] == [
            ParcelSentV3(parcel="p1", kilograms=1.5, first="Ann", last="Lee"),
            ParcelSentV3(parcel="p2", kilograms=0.25, first="Bo", last="Lee"),
            ParcelSentV3(parcel="p3", kilograms=2.0, first="Cy", last="Fox"),
        ]
        views = Views(store, [Parcels()])
        rows = await views.query("parcels", order_by="last")
        assert [(row["last"], row["kilograms"]) for row in rows] == [("Fox", 2.0), ("Lee", 1.75)]
        assert (await verify(store, views)).ok
        await views.close()
        assert store.backend.page(0, None, 10).rows == before  # nothing stored was touched


async def test_an_older_program_carries_what_it_does_not_know(file: str) -> None:
    await history(file)
    async with (
        await EventStore.open(file, catalogue=FIRST) as old,
        await EventStore.open("memory://", catalogue=FIRST) as copy,
        await EventStore.open("memory://", catalogue=THIRD) as back,
    ):
        recorded = await old.read("parcels")
        assert [(type(entry.event), getattr(entry.event, "schema_version", 0)) for entry in recorded] == [
            (ParcelSentV1, 0),
            (Unknown, 2),
            (Unknown, 3),
        ]
        report = await verify(old)
        assert (report.ok, report.newer) == (True, 2)
        await old.append("parcels", [ParcelSentV1(parcel="p4", grams=10, to="Di Ray")])
        lines = [line async for line in export_lines(old)]
        await import_lines(copy, lambda: lines)
        again = [line async for line in export_lines(copy)]
        await import_lines(back, lambda: again)
        assert again == lines
        assert [entry.event for entry in await back.read("parcels")][1:] == [
            ParcelSentV3(parcel="p2", kilograms=0.25, first="Bo", last="Lee"),
            ParcelSentV3(parcel="p3", kilograms=2.0, first="Cy", last="Fox"),
            ParcelSentV3(parcel="p4", kilograms=0.01, first="Di", last="Ray"),
        ]


async def test_views_are_built_anew_when_a_version_is_new_to_the_program(file: str) -> None:
    await history(file)
    async with await EventStore.open(file, catalogue=SECOND) as store:
        views = Views(store, [Parcels()])
        assert [(row["last"], row["unread"]) for row in await views.query("parcels")] == [("?", 1)]
        await views.close()
    async with await EventStore.open(file, catalogue=THIRD) as store:
        views = Views(store, [Parcels()])
        rows = await views.query("parcels", order_by="last")
        assert [(row["last"], row["unread"]) for row in rows] == [("Fox", 0), ("Lee", 0)]
        await views.close()


class Brittle(Event):
    """Its step can't take what was written."""

    TOPIC: ClassVar[str] = "parcel.sent"
    SCHEMA_VERSION: ClassVar[int] = 2
    parcel: str

    @staticmethod
    def upcast_v1_v2(payload: dict[str, Any]) -> dict[str, Any]:
        return {"parcel": payload["never there"]}


async def test_a_step_that_fails_is_a_problem_of_its_event_alone(file: str) -> None:
    await history(file)
    async with await EventStore.open(file, catalogue={**BY_TOPIC, "parcel.sent": Brittle}) as store:
        await store.append("parcels", [fact(1)])
        events = [entry.event for entry in await store.read("parcels")]
        assert isinstance(events[0], Unknown)
        assert events[0].problem == "the payload can't be read: KeyError: 'never there'"
        assert events[3] == fact(1)
        problems = (await verify(store)).problems
        assert problems[0] == "parcels@1 at position 1: the payload can't be read: KeyError: 'never there'"


def test_nothing_is_decided_on_top_of_what_can_not_be_read() -> None:
    def recorded(event: Event | Unknown | Erased) -> RecordedEvent:
        return RecordedEvent(5, "s", 2, "parcel.sent", MOMENT, "acme", None, None, event)

    refuse_unreadable([recorded(fact(1))], "no parcel is sent")
    for event, message in [
        (
            Unknown("parcel.sent", 9, b"{}"),
            r"newer version can not be read, so no parcel is sent \[s@2\] Use",
        ),
        (Unknown("parcel.sent", 0, b"", "cut short"), r"is damaged, so no parcel is sent \[s@2\] Run agent-supervisor"),
        (Erased("parcel.sent", 1), r"was erased, so no parcel is sent \[s@2\]"),
    ]:
        with pytest.raises(StoreError, match=message):
            refuse_unreadable([recorded(fact(1)), recorded(event)], "no parcel is sent")
