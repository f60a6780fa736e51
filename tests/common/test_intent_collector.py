"""The collector keeps the order of calls, the bound, and attempts apart."""

from __future__ import annotations

from typing import ClassVar

import anyio
import anyio.lowlevel
import pytest

from common.errors import IntentError
from common.intent_collector import (
    IntentCollector,
    clear_current_collector,
    get_current_collector,
    register_intent,
    set_current_collector,
)
from common.intents import Intent


class Note(Intent):
    TYPE: ClassVar[str] = "test.note"
    text: str


def texts(collector: IntentCollector) -> list[str]:
    return [intent.text for intent in collector.get_intents() if isinstance(intent, Note)]


def test_intents_come_in_the_order_in_which_the_calls_were_asked_for() -> None:
    collector = IntentCollector()
    for call in ("a", "b", "c"):
        collector.expect_call(call)
    for call in ("c", "a", "b"):
        collector.register(Note(text=call), call_id=call)
    assert texts(collector) == ["a", "b", "c"]


def test_the_bound_is_an_error() -> None:
    collector = IntentCollector(limit=1)
    collector.register(Note(text="one"))
    with pytest.raises(IntentError, match="at most 1"):
        collector.register(Note(text="two"))


def test_a_childs_intents_count_once_absorbed() -> None:
    parent = IntentCollector()
    parent.register(Note(text="before"))
    failed, good = parent.child(), parent.child()
    failed.register(Note(text="lost"))
    good.register(Note(text="kept"))
    assert texts(good) == ["before", "kept"]
    parent.absorb(good)
    assert texts(parent) == ["before", "kept"]


async def test_the_current_collector_belongs_to_its_task() -> None:
    seen: dict[str, list[str]] = {}

    async def run(name: str) -> None:
        collector = IntentCollector()
        token = set_current_collector(collector)
        try:
            await anyio.lowlevel.checkpoint()
            await register_intent(Note(text=name))
            await anyio.lowlevel.checkpoint()
        finally:
            clear_current_collector(token)
        seen[name] = texts(collector)

    async with anyio.create_task_group() as group:
        for name in ("x", "y"):
            group.start_soon(run, name)
    assert seen == {"x": ["x"], "y": ["y"]}
    assert get_current_collector() is None


async def test_registering_outside_a_run_is_an_error() -> None:
    with pytest.raises(IntentError, match="outside"):
        await register_intent(Note(text="lonely"))
