"""One call of one tool: whatever it does, there is a bounded answer and a record of it."""

from __future__ import annotations

import math
from typing import Any

import anyio
import pytest
from hypothesis import given
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel, Field

from common.blob import MAX_BLOB_BYTES
from common.errors import LimitExceeded, ToolError
from common.intent_collector import register_intent
from common.limits import Limits
from common.telemetry import Telemetry
from common.tool import Fact, Tool, ToolContext, ToolResult
from common.updates import ToolFinished, ToolStarted
from events.catalogue.trace import ToolCalled
from llm_provider.tool_execution import execute_tool
from llm_provider.whole_results import read_whole, whole_result
from tests.events.samples import json_values, plain_text
from tests.llm_provider.made_up_tools import AddIntent, Nothing, Scene, answering, scene, tool
from tests.memory import memory_below


async def call(made: Tool, here: Scene, arguments: Any = None, call_id: str = "c1", **bounds: Any) -> ToolResult:
    return await execute_tool(
        made,
        arguments or {},
        here.run,
        call_id,
        timeout=bounds.get("timeout", 5),
        max_chars=bounds.get("max_chars", 500),
    )


def only(here: Scene) -> ToolCalled:
    (event,) = here.trace.of(ToolCalled)
    return event


async def test_a_call_is_answered_and_recorded() -> None:
    here = scene(task="t1")
    fact = Fact(kind="event", start="2026-11-21T09:00:00+01:00")
    made = tool("pets.feed", answering("fed", data={"grams": 40}, facts=(fact,), sources=("cat.md",)))

    result = await call(made, here)

    assert result == ToolResult(text="fed", data={"grams": 40}, facts=(fact,), sources=("cat.md",))
    event = only(here)
    assert (event.task, event.call_id, event.tool, event.ok, event.error) == ("t1", "c1", "pets.feed", True, None)
    assert (event.text, event.data, event.sources) == ("fed", {"grams": 40}, ["cat.md"])
    assert isinstance(here.updates[0], ToolStarted)
    assert isinstance(here.updates[1], ToolFinished)
    assert here.metric("supervisor_tool_calls_total", tool="pets.feed", status="ok") == 1
    assert here.run.budget.usage.tool_calls == 1


class Portion(BaseModel):
    animal: str
    grams: int = Field(gt=0)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "animal: Field required; grams: Field required"),
        ({"animal": "cat", "grams": -5}, "grams: Input should be greater than 0"),
        ({"animal": ["cat"], "grams": 5}, "animal: Input should be a valid string"),
        ("nonsense", "animal: Field required; grams: Field required"),
    ],
)
async def test_bad_arguments_are_told_without_calling(arguments: Any, reason: str) -> None:
    here = scene()
    made = tool("pets.feed", answering("must not be called"), Portion)

    result = await call(made, here, arguments)

    assert not result.ok
    assert result.text == f"pets.feed can't use these arguments: {reason}"
    assert here.metric("supervisor_tool_calls_total", tool="pets.feed", status="invalid_arguments") == 1


async def test_a_tool_that_hangs_is_given_up() -> None:
    async def hang(arguments: Any, context: ToolContext) -> ToolResult:
        await context.register_intent(AddIntent(title="x", when="now"))
        await anyio.sleep_forever()
        return ToolResult(text="never")

    here = scene()
    result = await call(tool("pets.wait", hang), here, timeout=0.02)

    assert not result.ok
    assert result.text == "pets.wait gave no answer within 0.02 seconds"
    assert here.collector.get_intents() == []
    assert here.metric("supervisor_tool_calls_total", tool="pets.wait", status="timeout") == 1


async def test_a_tools_own_time_out_is_its_own_failure() -> None:
    async def slow(arguments: Any, context: ToolContext) -> ToolResult:
        raise TimeoutError("the server was slow")

    result = await call(tool("pets.wait", slow), scene())

    assert result.text == "pets.wait failed: TimeoutError: the server was slow"


async def test_megabytes_are_cut_with_a_note() -> None:
    here = scene()
    made = tool("pets.diary", answering("word " * 1_000_000, data={"rows": ["x" * 100] * 50_000}))

    result = await call(made, here, max_chars=1_000)

    assert len(result.text) == 1_000
    assert result.text.endswith("[cut: 5000000 characters in all]")
    assert len(str(result.data)) < 3_000
    assert "more]" in str(result.data)
    assert len(only(here).model_dump_json()) < 10_000


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no such cat"), "pets.call failed: ValueError: no such cat"),
        (KeyError(), "pets.call failed: KeyError"),
        (ToolError("the cat is out", where="garden", todo="Ask later."), "the cat is out [garden] Ask later."),
        (ExceptionGroup("many", [ToolError("the first")]), "the first"),
        (RecursionError("deep"), "pets.call failed: RecursionError: deep"),
    ],
)
async def test_a_tool_that_raises_says_why(error: Exception, text: str) -> None:
    async def fail(arguments: Any, context: ToolContext) -> ToolResult:
        await register_intent(AddIntent(title="x", when="now"))
        raise error

    here = scene()
    result = await call(tool("pets.call", fail), here)

    assert (result.ok, result.text) == (False, text)
    assert only(here).error == text
    assert here.collector.get_intents() == []


async def test_an_exception_that_cannot_be_printed_is_named() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    async def fail(arguments: Any, context: ToolContext) -> ToolResult:
        raise Odd

    assert (await call(tool("pets.call", fail), scene())).text == "pets.call failed: Odd"


async def test_something_else_than_a_result_is_a_failure() -> None:
    async def wrong(arguments: Any, context: ToolContext) -> Any:
        return {"text": "hi"}

    result = await call(tool("pets.call", wrong), scene())

    assert (result.ok, result.text) == (False, "pets.call answered with dict, not with a ToolResult")


async def test_a_refusal_keeps_its_text_and_registers_nothing() -> None:
    async def refuse(arguments: Any, context: ToolContext) -> ToolResult:
        await context.register_intent(AddIntent(title="x", when="now"))
        return ToolResult(ok=False, text="No cat lives here; name another animal.")

    here = scene()
    result = await call(tool("pets.call", refuse), here)

    assert result.text == "No cat lives here; name another animal."
    assert here.collector.get_intents() == []
    assert here.metric("supervisor_tool_calls_total", tool="pets.call", status="failed") == 1


async def test_intents_carry_their_call_whichever_way_they_were_registered() -> None:
    async def both(arguments: Any, context: ToolContext) -> ToolResult:
        await context.register_intent(AddIntent(title="first", when="now"))
        await register_intent(AddIntent(title="second", when="now"))
        assert len(context.pending(AddIntent)) == 2
        return ToolResult(text="ok")

    here = scene(task="t2")
    await call(tool("pets.both", both), here, call_id="c9")

    assert [(entry.call_id, entry.task) for entry in here.collector.collected()] == [("c9", "t2"), ("c9", "t2")]


async def test_a_call_sees_what_earlier_calls_registered() -> None:
    seen: list[int] = []

    async def add(arguments: Any, context: ToolContext) -> ToolResult:
        seen.append(len(context.pending(AddIntent)))
        await context.register_intent(AddIntent(title="x", when="now"))
        return ToolResult(text="ok")

    here = scene()
    for number in range(3):
        await call(tool("pets.add", add), here, call_id=f"c{number}")

    assert seen == [0, 1, 2]


async def test_what_a_given_up_call_registers_later_counts_for_nothing() -> None:
    released = anyio.Event()
    contexts: list[ToolContext] = []

    async def slow(arguments: Any, context: ToolContext) -> ToolResult:
        contexts.append(context)
        await anyio.sleep_forever()
        return ToolResult(text="never")

    here = scene()
    await call(tool("pets.slow", slow), here, timeout=0.01)
    await contexts[0].register_intent(AddIntent(title="late", when="now"))
    released.set()

    assert here.collector.get_intents() == []


async def test_the_last_tool_call_of_a_request_is_the_last() -> None:
    here = scene(Limits(tool_calls=2))
    made = tool("pets.feed", answering("fed"))
    await call(made, here)
    await call(made, here)

    with pytest.raises(LimitExceeded) as caught:
        await call(made, here)

    assert caught.value.limit == "tool_calls"
    assert len(here.trace.of(ToolCalled)) == 2


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_limit_inside_a_tool_passes_through(wrapped: bool) -> None:
    limit = LimitExceeded("turns", "enough")

    async def deep(arguments: Any, context: ToolContext) -> ToolResult:
        raise ExceptionGroup("inner", [limit]) if wrapped else limit

    here = scene()
    with pytest.raises(LimitExceeded):
        await call(tool("pets.deep", deep), here)

    assert only(here).error == "limit"


async def test_cancellation_passes_and_is_recorded() -> None:
    async def hang(arguments: Any, context: ToolContext) -> ToolResult:
        await anyio.sleep_forever()
        return ToolResult(text="never")

    here = scene()
    with anyio.move_on_after(0.01) as scope:
        await call(tool("pets.wait", hang), here, timeout=60)

    assert scope.cancelled_caught
    assert only(here).error == "cancelled"


async def test_what_can_not_be_encoded_is_made_so() -> None:
    class Anything(BaseModel):
        text: str

    async def echo(arguments: Anything, context: ToolContext) -> ToolResult:
        return ToolResult(text=f"{arguments.text}\ud800", data={"nan": float("nan"), "t": "\udfff"})

    here = scene()
    result = await call(tool("pets.echo", echo, Anything), here, {"text": "a\ud800b"}, call_id="c\ud800")

    result.model_dump_json().encode()
    assert result.text == "a\ufffdb\ufffd"
    assert only(here).arguments == {"text": "a\ufffdb"}


def whole(here: Scene) -> Any:
    """What was kept of the only call; it is what its event names."""
    (blob,) = here.trace.blobs
    assert only(here).whole == blob.reference
    return read_whole(blob.content)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("y" * 2_001, None),
        ("short", {"rows": [{"name": "x" * 100, "number": number} for number in range(100)]}),
        ("short", "z" * 2_001),
        ("short", [10**400]),
        ("y" * 50_000, [None, 1.5, "é"]),
    ],
)
async def test_what_is_longer_than_the_excerpt_is_kept_whole(text: str, data: Any) -> None:
    here = scene()

    await call(tool("pets.feed", answering(text, data=data)), here, max_chars=20_000)

    assert whole(here) == (text, data)
    assert len(only(here).text) <= 2_000


@pytest.mark.parametrize(("text", "data"), [("y" * 2_000, None), ("", {"a": "z" * 1_000}), ("", []), ("é", None)])
async def test_of_what_is_recorded_in_full_nothing_is_kept_beside_it(text: str, data: Any) -> None:
    here = scene()

    await call(tool("pets.feed", answering(text, data=data)), here, max_chars=20_000)

    assert (only(here).text, only(here).data, only(here).whole) == (text, data, None)
    assert here.trace.blobs == []


async def test_a_failure_and_a_result_cut_for_the_model_are_kept_whole_too() -> None:
    here = scene()
    await call(tool("pets.feed", answering("y" * 3_000, ok=False)), here)
    assert whole(here) == ("y" * 3_000, None)
    here = scene()
    await call(tool("pets.feed", answering("y" * 501)), here, max_chars=500)
    assert whole(here) == ("y" * 501, None)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("y" * (MAX_BLOB_BYTES + 1), None),
        ("é" * (MAX_BLOB_BYTES - 100), None),
        ("", ["z" * 1_000] * 5_000),
        ("", [None] * 2_200_000),
        ("", {"a": {"b": "z" * MAX_BLOB_BYTES}}),
    ],
)
async def test_what_is_too_large_to_be_kept_is_recorded_as_an_excerpt(text: str, data: Any) -> None:
    here = scene()

    await call(tool("pets.feed", answering(text, data=data)), here)

    assert (only(here).whole, here.trace.blobs, only(here).ok) == (None, [], True)


def test_what_is_far_too_large_is_not_even_encoded() -> None:
    result = ToolResult(text="", data=["z" * 1_000] * 100_000)
    with memory_below(4 * MAX_BLOB_BYTES):
        assert whole_result(result) is None


async def test_what_is_no_json_is_kept_as_far_as_it_can_be() -> None:
    here = scene()
    data = [math.nan, -math.inf, "lone \ud800", "x" * 3_000]

    await call(tool("pets.feed", answering("\ud800", data=data)), here)

    assert whole(here) == ("�", ["nan", "-inf", "lone �", "x" * 3_000])


@given(plain_text, json_values)
def test_any_result_is_read_back_as_it_was(text: str, data: Any) -> None:
    blob = whole_result(ToolResult(text=text, data=data))
    assert blob is not None
    assert read_whole(blob.content) == (text, data)


async def test_the_span_tells_the_tool_and_the_failure() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    here = scene(telemetry=Telemetry(provider))
    await call(tool("pets.feed", answering("fed")), here)
    await call(tool("pets.feed", answering("fed"), Portion), here)

    good, bad = exporter.get_finished_spans()
    assert good.name == bad.name == "execute_tool pets.feed"
    assert good.attributes is not None
    assert good.attributes["gen_ai.tool.name"] == "pets.feed"
    assert good.status.is_unset
    assert bad.attributes is not None
    assert bad.attributes["error.type"] == "invalid_arguments"
    assert not bad.status.is_ok


async def test_tools_without_arguments_take_none() -> None:
    assert (await call(tool("pets.feed", answering("fed"), Nothing), scene(), {"extra": 1})).ok
