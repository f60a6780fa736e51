"""What is tuned about calls of tools holds from the next call on: time-outs, kept answers, tools left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from common.errors import ToolError
from common.settings import RequestSettings
from common.tool import Fact, Tool, ToolContext, ToolResult
from events.catalogue.trace import ToolCalled
from llm_provider.tool_execution import execute_tool
from llm_provider.tool_policy import BREAKER_FAILURES, ToolPolicy, ToolTuning
from tests.llm_provider.made_up_tools import CONTEXT, scene


class Clock:
    """Monotonic seconds that are moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Asked(BaseModel):
    article: str = "tea"


class Shop:
    """A tool that counts its calls."""

    def __init__(self, **fields: Any) -> None:
        self.calls = 0
        self.fails = False
        self.seconds = 0.0
        self.tool = Tool("shop.price", "A price.", Asked, self.price, **{"cacheable_for": 600.0, **fields})
        self.clock = Clock()
        self.policy = ToolPolicy(RequestSettings(), self.clock)

    async def price(self, arguments: Asked, context: ToolContext) -> ToolResult:
        self.calls += 1
        await anyio.sleep(self.seconds)
        return ToolResult(text=f"{arguments.article} #{self.calls}", ok=not self.fails)

    async def ask(self, article: str = "tea", **run: Any) -> ToolResult:
        self.scene = scene(calls=self.policy, **run)
        return await execute_tool(self.tool, {"article": article}, self.scene.run, "c1", timeout=5.0, max_chars=1_000)

    @property
    def recorded(self) -> ToolCalled:
        (event,) = self.scene.trace.of(ToolCalled)
        return event


async def test_an_answer_is_given_again_until_it_is_too_old() -> None:
    shop = Shop()
    shop.policy.tune("shop.price", ToolTuning(cache=60))
    assert [(await shop.ask()).text for _ in range(3)] == ["tea #1"] * 3
    assert (shop.recorded.remembered, shop.recorded.ok, shop.recorded.text) == (True, True, "tea #1")
    assert (await shop.ask("salt")).text == "salt #2"
    shop.clock.now += 61
    assert (await shop.ask()).text == "tea #3"
    assert not shop.recorded.remembered


async def test_nothing_is_kept_unless_both_tool_and_operator_want_it() -> None:
    shop = Shop()
    assert [(await shop.ask()).text for _ in range(2)] == ["tea #1", "tea #2"]
    never = Shop(cacheable_for=0.0)
    never.policy.tune("shop.price", ToolTuning(cache=60))
    assert [(await never.ask()).text for _ in range(2)] == ["tea #1", "tea #2"]
    short = Shop(cacheable_for=10.0)
    short.policy.tune("shop.price", ToolTuning(cache=3_600))
    await short.ask()
    short.clock.now += 11
    assert (await short.ask()).text == "tea #2"


async def test_an_answer_belongs_to_its_owner_place_and_day() -> None:
    shop = Shop()
    shop.policy.tune("shop.price", ToolTuning(cache=60))
    await shop.ask()
    others = (
        {"tenant": "acme"}, {"user": "anna"}, {"location": "Chur"}, {"timezone": "UTC"}, {"attributes": {"vip": True}},
        {"current_time": CONTEXT.now + timedelta(days=1)},
    )  # fmt: skip
    for number, changes in enumerate(others, 2):
        assert (await shop.ask(context=CONTEXT.model_copy(update=changes))).text == f"tea #{number}"
    assert (await shop.ask(context=CONTEXT.model_copy(update={"session": "s2", "request_id": "r2"}))).text == "tea #1"


async def test_a_failure_is_not_kept_and_what_the_request_knows_is_not_ignored() -> None:
    shop = Shop()
    shop.policy.tune("shop.price", ToolTuning(cache=60))
    shop.fails = True
    await shop.ask()
    shop.fails = False
    assert (await shop.ask()).text == "tea #2"
    fact = Fact(kind="place", name="Bern")
    assert (await shop.ask(facts=(fact,))).text == "tea #3"
    assert (await shop.ask()).text == "tea #2"


async def test_a_cache_that_is_tuned_off_forgets() -> None:
    shop = Shop()
    shop.policy.tune("shop.price", ToolTuning(cache=60))
    await shop.ask()
    shop.policy.tune("shop.price", ToolTuning())
    assert (await shop.ask()).text == "tea #2"
    shop.policy.tune("shop.price", ToolTuning(cache=60))
    assert (await shop.ask()).text == "tea #3"


def test_tools_with_effects_keep_no_answers() -> None:
    for fields in ({"effect": True}, {"acts": True}):
        with pytest.raises(ToolError):
            Shop(**fields)


async def test_a_tuned_time_out_ends_a_slow_call() -> None:
    shop = Shop()
    shop.seconds = 30
    shop.policy.tune("shop.price", ToolTuning(timeout=0.05))
    assert "gave no answer within 0.05 seconds" in (await shop.ask()).text
    shop.policy.tune("shop.price", ToolTuning())
    shop.policy.tune_requests(tool_timeout=0.06)
    assert "within 0.06 seconds" in (await shop.ask()).text
    shop.seconds = 0
    assert (await shop.ask()).ok


def test_which_time_out_holds() -> None:
    shop = Shop(timeout=20.0)
    policy = shop.policy
    assert policy.timeout(shop.tool, 7.0) == 7.0
    policy.tune_requests(tool_timeout=90.0)
    assert policy.timeout(shop.tool, 7.0) == 20.0
    policy.tune("shop.price", ToolTuning(timeout=50.0))
    assert policy.timeout(shop.tool, 7.0) == 50.0
    policy.tune_requests()
    policy.tune("shop.price", ToolTuning())
    assert policy.timeout(shop.tool, 7.0) == 7.0


async def test_a_tool_that_keeps_failing_is_left_alone_and_tried_again() -> None:
    shop = Shop()
    shop.policy.tune("shop.price", ToolTuning(breaker=30))
    shop.fails = True
    for _ in range(BREAKER_FAILURES + 3):
        result = await shop.ask()
    assert shop.calls == BREAKER_FAILURES
    assert "kept failing, so it is left alone for 30 seconds" in result.text
    assert (shop.recorded.ok, shop.recorded.error) == (False, result.text)
    shop.clock.now += 31
    await shop.ask()
    assert shop.calls == BREAKER_FAILURES + 1  # one try
    await shop.ask()
    assert shop.calls == BREAKER_FAILURES + 1
    shop.clock.now += 31
    shop.fails = False
    assert (await shop.ask()).ok
    assert (await shop.ask()).ok


async def test_a_cancelled_try_lets_the_next_one_try() -> None:
    shop = Shop()
    shop.policy.tune("shop.price", ToolTuning(breaker=30))
    shop.fails = True
    for _ in range(BREAKER_FAILURES):
        await shop.ask()
    shop.clock.now += 31
    shop.seconds = 60
    with anyio.move_on_after(0.05):
        await shop.ask()
    shop.seconds, shop.fails = 0, False
    assert (await shop.ask()).ok


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100), st.booleans()), max_size=40))
def test_no_answer_is_ever_older_than_its_cache(calls: list[tuple[str, float, bool]]) -> None:
    shop = Shop()
    shop.policy.tune("shop.price", ToolTuning(cache=50))
    kept_at: dict[str, float] = {}
    for article, passes, ok in calls:
        shop.clock.now += passes
        asked = Asked(article=article)
        known = shop.policy.remembered(shop.tool, asked, CONTEXT)
        assert (known is not None) == (article in kept_at and shop.clock.now - kept_at[article] < 50)
        if known is None:
            shop.policy.remember(shop.tool, asked, CONTEXT, ToolResult(text=article, ok=ok))
            if ok:
                kept_at[article] = shop.clock.now
