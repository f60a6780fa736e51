"""Plain functions and Strands tools become tools of ours."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import anyio
import pytest
import strands
from pydantic import BaseModel, Field
from strands.types.tools import AgentTool

from common.errors import ToolError
from common.intent_collector import register_intent
from common.language.formats import When
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.function_tools import as_tool, tool_from_function
from llm_provider.tool_execution import execute_tool
from llm_provider.tool_registry import ToolRegistry
from tests.llm_provider.made_up_tools import AddIntent, Scene, scene


async def run(made: Tool, arguments: dict[str, Any], here: Scene | None = None, timeout: float = 5) -> ToolResult:
    return await execute_tool(made, arguments, (here or scene()).run, "c1", timeout=timeout, max_chars=10_000)


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


def order(item: str, count: int = 1, size: Size = Size.SMALL) -> str:
    """Order something.

    It comes tomorrow.

    Args:
        item: What to order.
        count: How many of it.
    """
    return f"{count} {size} {item}"


async def test_a_functions_signature_and_docstring_describe_the_tool() -> None:
    made = tool_from_function(order, "shop")

    assert made.name == "shop.order"
    assert made.description == "Order something.\n\nIt comes tomorrow."
    assert made.schema["required"] == ["item"]
    properties = made.schema["properties"]
    assert properties["item"]["description"] == "What to order."
    assert properties["count"] == {"default": 1, "description": "How many of it.", "title": "Count", "type": "integer"}
    assert (await run(made, {"item": "cup", "count": 2, "size": "large"})).text == "2 large cup"
    assert "size: Input should be 'small' or 'large'" in (await run(made, {"item": "cup", "size": "huge"})).text
    assert "surprise: Extra inputs are not permitted" in (await run(made, {"item": "cup", "surprise": 1})).text
    ToolRegistry([made])


class Price(BaseModel):
    amount: float
    due: date


async def test_results_become_text_and_data() -> None:
    def priced(of: str) -> Price:
        """Tell a price."""
        return Price(amount=2.5, due=date(2026, 11, 20))

    def nothing() -> None:
        """Do nothing."""

    def listed() -> list[dict[str, int]]:
        """List."""
        return [{"a": 1}]

    def odd() -> object:
        """Return something odd."""
        return {"nan": float("nan"), "lock": threading.Lock}

    result = await run(tool_from_function(priced, "shop"), {"of": "cup"})
    assert result.data == {"amount": 2.5, "due": "2026-11-20"}
    assert result.text == '{"amount": 2.5, "due": "2026-11-20"}'
    assert (await run(tool_from_function(nothing, "shop"), {})).text == "Done; there is nothing to tell."
    assert (await run(tool_from_function(listed, "shop"), {})).data == [{"a": 1}]
    assert (await run(tool_from_function(odd, "shop"), {})).ok


async def test_the_context_is_given_and_hidden() -> None:
    async def book(title: str, context: ToolContext, when: When = "now") -> ToolResult:
        """Book a table."""
        await context.register_intent(AddIntent(title=title, when=when))
        return ToolResult(text=f"booked for {context.context.user}")

    made = tool_from_function(book, "shop", effect=True)
    assert set(made.schema["properties"]) == {"title", "when"}
    assert made.schema["properties"]["when"]["format"] == "when"
    here = scene()
    assert (await run(made, {"title": "lunch"}, here)).text == "booked for local"
    assert here.collector.get_intents() == [AddIntent(title="lunch", when="now")]


async def test_a_sync_function_runs_in_a_thread_and_may_register() -> None:
    threads: list[int] = []

    def book(title: str) -> str:
        """Book."""
        threads.append(threading.get_ident())
        anyio.from_thread.run(register_intent, AddIntent(title=title, when="now"))
        return "ok"

    here = scene()
    assert (await run(tool_from_function(book, "shop"), {"title": "x"}, here)).text == "ok"
    assert threads != [threading.get_ident()]
    assert [entry.call_id for entry in here.collector.collected()] == ["c1"]


async def test_a_sync_function_that_hangs_holds_no_more_than_its_threads() -> None:
    release = threading.Event()
    started: list[int] = []

    def hang() -> str:
        """Hang."""
        started.append(1)
        release.wait(10)
        return "late"

    made = tool_from_function(hang, "shop", threads=2)
    results: list[ToolResult] = []

    async def once() -> None:
        results.append(await run(made, {}, timeout=0.1))

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(once)
    assert [result.ok for result in results] == [False] * 4
    assert len(started) == 2
    release.set()
    with anyio.fail_after(5):
        while not (await run(made, {}, timeout=1)).ok:
            await anyio.sleep(0.01)


async def test_many_calls_of_a_sync_function_wait_for_their_turn() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def busy() -> str:
        """Be busy."""
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.005)
        with lock:
            now[0] -= 1
        return "ok"

    made = tool_from_function(busy, "shop", threads=3)
    results: list[ToolResult] = []

    async def once() -> None:
        results.append(await run(made, {}))

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(once)
    assert [result.text for result in results] == ["ok"] * 12
    assert most[0] <= 3


async def test_a_function_that_raises_is_told() -> None:
    def broken(count: int) -> str:
        """Break."""
        raise ZeroDivisionError("by zero")

    result = await run(tool_from_function(broken, "shop"), {"count": "3"})
    assert result.text == "shop.broken failed: ZeroDivisionError: by zero"


def no_hint(item) -> str:  # type: ignore[no-untyped-def]
    """Order."""
    return item


def many(*items: str) -> str:
    """Order."""
    return ""


def anything(**items: str) -> str:
    """Order."""
    return ""


def private(_item: str) -> str:
    """Order."""
    return ""


def undescribed(item: str) -> str:
    return item


def unspeakable(lock: threading.Thread) -> str:
    """Lock."""
    return ""


def generator() -> Any:
    """Yield."""
    yield 1


async def stream() -> AsyncGenerator[int]:
    """Yield."""
    yield 1


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (no_hint, "item has no type hint"),
        (many, "can't be filled in by name"),
        (anything, "can't be filled in by name"),
        (private, "can't be filled in by name"),
        (undescribed, "needs a description"),
        (unspeakable, "JSON schema"),
        (generator, "a generator can't be a tool"),
        (stream, "a generator can't be a tool"),
        (lambda: 1, "<lambda>"),
        ("text", "str is no tool"),
        (None, "NoneType is no tool"),
    ],
)
def test_what_can_not_be_a_tool_is_refused(function: Any, reason: str) -> None:
    with pytest.raises(ToolError, match=reason):
        as_tool(function, category="shop")


async def test_field_defaults_and_annotations_hold() -> None:
    def order(count: int = Field(gt=0, description="How many."), note: Annotated[str, Field(max_length=3)] = "") -> str:
        """Order."""
        return f"{count}{note}"

    made = tool_from_function(order, "shop", name="buy", description="Buys.", utterances=("buy a cup",), timeout=3)
    assert (made.name, made.description, made.timeout, made.utterances) == ("shop.buy", "Buys.", 3, ("buy a cup",))
    assert made.schema["required"] == ["count"]
    assert (await run(made, {"count": 2, "note": "abc"})).text == "2abc"
    assert not (await run(made, {"count": 0})).ok
    assert not (await run(made, {"count": 1, "note": "abcd"})).ok


async def test_callable_objects_and_methods_are_functions_too() -> None:
    class Shop:
        """A shop."""

        async def order(self, item: str) -> str:
            """Order."""
            return f"ordered {item}"

    assert (await run(tool_from_function(Shop().order, "shop"), {"item": "cup"})).text == "ordered cup"


async def test_a_tool_is_taken_as_it_is() -> None:
    made = tool_from_function(order, "shop")
    assert as_tool(made, category="other") is made


@strands.tool
def roll_dice(sides: int, label: str | None = None) -> str:
    """Roll dice.

    Args:
        sides: How many sides.
    """
    return f"{label}: {sides}"


async def test_a_decorated_strands_tool_keeps_its_specification() -> None:
    made = as_tool(roll_dice, category="games", effect=True)

    assert (made.name, made.effect) == ("games.roll_dice", True)
    assert "Roll dice." in made.description
    assert made.schema["required"] == ["sides"]
    ToolRegistry([made])
    assert (await run(made, {"sides": 6})).text == "None: 6"
    refused = await run(made, {"sides": "many"})
    assert not refused.ok
    assert "sides" in refused.text


class Gauge(AgentTool):
    """A Strands tool that streams and answers in several blocks."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result

    @property
    def tool_name(self) -> str:
        return "Read-Gauge"

    @property
    def tool_spec(self) -> Any:
        schema = {"type": "object", "properties": {"unit": {"type": "string"}}}
        return {"name": "Read-Gauge", "description": "Reads a gauge.", "inputSchema": {"json": schema}}

    @property
    def tool_type(self) -> str:
        return "test"

    async def stream(self, tool_use: Any, invocation_state: Any, **kwargs: Any) -> Any:
        yield "working"
        if isinstance(self.result, Exception):
            raise self.result
        if self.result is not None:
            yield {"toolUseId": tool_use["toolUseId"], **self.result}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (
            {"status": "success", "content": [{"text": "7"}, {"json": {"bar": 7}}]},
            ToolResult(text="7", data={"bar": 7}),
        ),
        ({"status": "error", "content": [{"text": "stuck"}]}, ToolResult(text="stuck", ok=False)),
        ({"status": "success", "content": [{"json": [1]}]}, ToolResult(text="[1]", data=[1])),
        ({"status": "success", "content": [{"image": {}}]}, ToolResult(text="[image: can't be shown as text]")),
    ],
)
async def test_other_strands_tools_are_read(result: Any, expected: ToolResult) -> None:
    made = as_tool(Gauge(result), category="plant")
    assert made.name == "plant.read_gauge"
    assert await run(made, {"unit": "bar"}) == expected


async def test_a_strands_tool_that_gives_no_result_fails() -> None:
    assert "ended without a result" in (await run(as_tool(Gauge(None), category="plant"), {})).text
    broken = await run(as_tool(Gauge(ValueError("burst")), category="plant"), {})
    assert broken.text == "plant.read_gauge failed: ValueError: burst"
