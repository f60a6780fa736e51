"""Dates, times, lengths, places and devices in requests, as they were annotated before the code read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.language.marked import mark
from common.language.places import read_place
from common.language.time_words import read_duration, read_when
from roles.smart_home.example_house import EXAMPLE_DEVICES, EXAMPLE_SCENES
from roles.smart_home.house import House
from roles.smart_home.targets import find_targets

CLOCKS = {
    "Z": datetime(2026, 11, 25, 15, 0, tzinfo=ZoneInfo("Europe/Zurich")),
    "N": datetime(2026, 7, 4, 8, 30, tzinfo=ZoneInfo("America/New_York")),
    "K": datetime(2027, 1, 31, 21, 45, tzinfo=ZoneInfo("Asia/Kolkata")),
    "A": datetime(2026, 3, 12, 11, 20, tzinfo=ZoneInfo("Pacific/Auckland")),
    "S": datetime(2027, 2, 26, 18, 5, tzinfo=ZoneInfo("America/Sao_Paulo")),
    "T": datetime(2026, 12, 29, 7, 15, tzinfo=ZoneInfo("Asia/Tokyo")),
}
HOUSE = House({d.name: d for d in EXAMPLE_DEVICES}, {s.name: s for s in EXAMPLE_SCENES})
KINDS = ("when", "date", "length", "place", "devices")
CORPUS = Path(__file__).with_name("slot_corpus.txt")


@dataclass(frozen=True)
class Annotated:
    clock: datetime
    text: str
    slots: dict[str, str]


def corpus() -> list[Annotated]:
    found: list[Annotated] = []
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        clock, text, slots = line.split(" | ")
        pairs = (slot.split(": ", 1) for slot in slots.split(" ; "))
        found.append(Annotated(CLOCKS[clock], text, {kind: value.strip() for kind, value in pairs}))
    return found


def read(kind: str, row: Annotated) -> str:
    """What the readers make of a slot, written like the annotation; "none" for nothing."""
    if kind in ("when", "date"):
        moment = read_when(row.text, row.clock)
        if moment is None or moment.has_time != (kind == "when"):
            return "none"
        shape = "%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M:%S" if moment.start.second else "%Y-%m-%d %H:%M"
        return moment.start.strftime(shape)
    if kind == "length":
        length = read_duration(row.text)
        return "none" if length is None else _clock(length)
    if kind == "place":
        return read_place(mark(row.text)) or "none"
    return ", ".join(sorted(find_targets(row.text, HOUSE).devices)) or "none"


def _clock(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def wanted(kind: str, value: str) -> str:
    return ", ".join(sorted(value.split(", "))) if kind == "devices" else value


def test_the_corpus_is_large_and_varied() -> None:
    rows = corpus()
    assert len(rows) >= 400
    assert len({row.text for row in rows}) == len(rows)
    assert {kind for row in rows for kind in row.slots} == set(KINDS)
    assert {row.clock.tzinfo for row in rows} == {clock.tzinfo for clock in CLOCKS.values()}


@pytest.mark.parametrize("kind", KINDS)
def test_slots_are_read_exactly(kind: str) -> None:
    judged = [(row.text, wanted(kind, row.slots[kind]), read(kind, row)) for row in corpus() if kind in row.slots]
    wrong = [each for each in judged if each[1] != each[2]]
    assert len(wrong) <= 0.1 * len(judged), wrong
