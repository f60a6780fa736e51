"""What past requests and an encoder add to the selection of tools."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.tool import Tool
from events.catalogue import Event
from events.catalogue.trace import TaskFinished, TaskStarted, TraceEnded, TraceStarted
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.tools_served import ToolsServed
from llm_provider.tool_evidence import ToolEvidence
from llm_provider.tool_registry import ToolRegistry
from llm_provider.tool_selection import ToolIndex, ToolProfile
from llm_provider.tools_served import ServedTools
from tests.llm_provider.made_up_tools import TRIP_TOOLS, Nothing, answering

PLAIN = (
    Tool("depot.lookup", "Looks something up in the depot.", Nothing, answering("")),
    Tool("ledger.lookup", "Looks something up in the ledger.", Nothing, answering("")),
)


def told(request: str, *tools: str, ok: bool = True, task: str = "t1") -> list[Event]:
    return [TaskStarted(task=task, role="r", request=request), TaskFinished(task=task, ok=ok, tools_called=list(tools))]


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


@pytest.fixture
async def views(store: EventStore) -> AsyncGenerator[Views]:
    opened = Views(store, [ToolsServed()])
    yield opened
    await opened.close()


async def trace(store: EventStore, name: str, *events: Event, ended: bool = True) -> None:
    started = TraceStarted(request="r", user="ann", request_id=name, owner="p", context={})
    end = [TraceEnded(outcome="success", response={})] if ended else []
    await store.append(stream_name("trace", name), [started, *events, *end], tenant="acme", correlation=name)


def first(registry: ToolRegistry, request: str) -> str:
    return registry.select(request, 1)[0].name


def test_words_speak_for_the_tools_that_served_them() -> None:
    evidence = ToolEvidence()
    for number in range(8):
        evidence.learn(f"where are the pallets of customer {number}", ["depot.lookup"])
    evidence.learn("pallets", ["ledger.lookup"])
    shares = evidence.shares_of("any pallets left?")
    assert shares["depot.lookup"] > shares["ledger.lookup"] > 0
    assert evidence.shares_of("something else entirely") == {}
    assert len(evidence) == 9


def test_one_request_proves_little() -> None:
    once, often = ToolEvidence(), ToolEvidence()
    once.learn("find the pallets", ["depot.lookup"])
    for _ in range(10):
        often.learn("find the pallets", ["depot.lookup"])
    assert once.shares_of("pallets")["depot.lookup"] < 0.5 < often.shares_of("pallets")["depot.lookup"]


@given(st.lists(st.tuples(st.text(max_size=30), st.lists(st.sampled_from("abc"), max_size=3)), max_size=8), st.text())
def test_shares_are_shares(learned: list[tuple[str, list[str]]], request_text: str) -> None:
    evidence = ToolEvidence()
    for said, tools in learned:
        evidence.learn(said, tools)
    shares = evidence.shares_of(request_text)
    assert all(0.0 <= share <= 1.0 for share in shares.values())
    assert set(shares) <= {name for _, tools in learned for name in tools}


async def test_what_served_a_request_is_preferred_for_the_next(store: EventStore, views: Views) -> None:
    registry = ToolRegistry(PLAIN)
    served = ServedTools(store, views, registry)
    for number in range(4):
        await trace(store, f"d{number}", *told("find the pallets for Miller", "depot.lookup"))
        await trace(store, f"l{number}", *told("find the dues for Baker", "ledger.lookup"))
    await served.refresh()
    assert (first(registry, "pallets?"), first(registry, "dues?")) == ("depot.lookup", "ledger.lookup")
    assert [each.name for each in registry.select_set("the pallets for Miller")] == ["depot.lookup"]
    assert registry.select_set("a poem about the sea") == []


async def test_each_trace_is_learned_from_once_and_only_when_it_went_well(store: EventStore, views: Views) -> None:
    registry = ToolRegistry(PLAIN)
    served = ServedTools(store, views, registry)
    await trace(store, "good", *told("pallets", "depot.lookup"), *told("dues", "ledger.lookup", task="t2"))
    await trace(store, "failed", *told("crates", "depot.lookup", ok=False))
    await trace(store, "without", *told("hello"))
    await trace(store, "running", *told("boxes", "depot.lookup"), ended=False)
    await served.refresh()
    await served.refresh()
    assert len(registry.evidence) == 2
    assert {row["trace_id"] for row in await views.query("tools_served")} == {"good", "running"}
    await trace(store, "later", *told("drums", "depot.lookup"))
    await served.refresh()
    assert len(registry.evidence) == 3
    assert registry.evidence.shares_of("crates or boxes") == {}


def test_tools_that_say_what_people_ask_them_learn_too() -> None:
    registry = ToolRegistry(TRIP_TOOLS)
    before = {each.name: each.score for each in registry.select("fetch my skis", 4)}
    for _ in range(6):
        registry.evidence.learn("fetch my skis", ["bell.remind"])
    after = {each.name: each.score for each in registry.select("fetch my skis", 4)}
    assert after["bell.remind"] > before.get("bell.remind", 0.0)
    assert all(0.0 <= score <= 1.0 for score in after.values())


class Topics:
    """An encoder that knows two topics."""

    name = "topics-1"

    def encode(self, texts: Sequence[str]) -> Any:
        money = ("ledger", "debt", "owe")
        rows = [[1.0, 0.0] if any(word in text.lower() for word in money) else [0.0, 1.0] for text in texts]
        return numpy.array(rows, numpy.float32).reshape(-1, 2)


def test_an_encoder_is_asked_once_the_tools_are_encoded() -> None:
    registry = ToolRegistry(PLAIN, encoder=Topics())
    assert registry.encodes
    assert registry.select("what does Baker owe us", 1)[0].score == 0.0
    registry.encode()
    best = registry.select("what does Baker owe us", 2)
    assert best[0].name == "ledger.lookup"
    assert best[0].score > best[1].score
    assert not ToolRegistry(PLAIN).encodes


def test_many_tools_are_encoded_like_few() -> None:
    profiles = [ToolProfile(f"k{number}", f"tool{number}", "Sorts the mail.") for number in range(100)]
    profiles.append(ToolProfile("ledger", "ledger", "Books."))
    index = ToolIndex(profiles, encoder=Topics())
    index.encode()
    assert index.rank("who is in debt", 1)[0][0] == "ledger"
    few = index.rank("who is in debt", among=["ledger", "k1", "k2"])
    assert few[0] == index.rank("who is in debt", 1)[0]
