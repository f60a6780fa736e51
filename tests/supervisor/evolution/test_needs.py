"""Needs: what nobody covers, put together where it means the same, and named without what was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.context import TaskContext
from events.catalogue.evolution import EvolutionDecisionTaken
from supervisor.evolution.needs import Uncovered, find_needs, uncovered_requests
from supervisor.evolution.understood import understand
from tests.supervisor.evolution.evolution_help import RATIOS, ask, evolving

FLIGHTS = ("I need a flight to Oslo on Friday", "get me a flight to Lima", "a flight to Bern on Sunday please")


def uncovered(*texts: str) -> list[Uncovered]:
    return [Uncovered(f"t{number}", text, f"u{number % 2}", "2026-11-20") for number, text in enumerate(texts)]


def test_what_is_meant_alike_is_one_need() -> None:
    ratios, flights = find_needs(uncovered(*RATIOS, "the ratio currently?", *FLIGHTS), understand(()), 0.35)[:2]
    assert ratios.understood is not None
    assert (ratios.understood.name, ratios.support, ratios.users) == ("current_ratio_agent", 3, 2)
    assert "200" not in ratios.understood.request
    assert (flights.understood, flights.support, flights.days) == (None, 3, 1)
    again = find_needs(uncovered(*FLIGHTS[::-1]), understand(()), 0.35)
    assert [one.fingerprint for one in again] == [flights.fingerprint]


def test_what_differs_is_not() -> None:
    texts = ("what is the capital of Peru", "tell me a joke", "who won the world cup", FLIGHTS[0])
    assert {one.support for one in find_needs(uncovered(*texts), understand(()), 0.35)} == {1}


@pytest.mark.parametrize("text", ["write a poem about the current ratio", "ratio", "book me a flight", "x" * 400, "…"])
def test_what_no_template_covers_is_not_understood(text: str) -> None:
    assert understand(())(text) is None


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("calculate the gross margin for revenue 100 and cost of goods sold 50", "revenue and cost of goods sold"),
        ("calculate the gross margin for revenue 100 and gross profit 50", ""),
        ("what is the current ratio?", ""),
    ],
)
def test_what_values_are_given_for_is_what_will_be_asked_for(text: str, inputs: str) -> None:
    meant = understand(())(text)
    assert meant is not None
    assert meant.request.partition(" from ")[2] == inputs


def test_values_for_something_else_are_not_taken_for_it() -> None:
    assert understand(())("gross margin of sales 100 and outlays 60") is None


async def test_only_what_nobody_did_and_nobody_would_do_counts(tmp_path: Path) -> None:
    async with evolving(tmp_path) as (supervisor, _):
        await ask(supervisor, (*RATIOS, "what is the weather in Paris", "remember that my locker is 12"))
        views, router = supervisor.views, supervisor._running_parts.router
        since = datetime.now(UTC) - timedelta(days=1)
        found = await uncovered_requests(views, since, router.probabilities)
        assert {one.text for one in found} == set(RATIOS)
        assert {one.who for one in found} == {"default/user-0", "default/user-1", "default/user-2"}
        assert await uncovered_requests(views, since, lambda _: {"accountant": 0.9}) == []
        assert await uncovered_requests(views, datetime.now(UTC) + timedelta(days=1), router.probabilities) == []


async def test_the_log_of_evolution_holds_nothing_that_was_said(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("create",)) as (supervisor, _):
        secret = tuple(f"{text} for zebedee" for text in FLIGHTS)
        for text in secret:
            await supervisor.process_request(text, TaskContext(user=text[:5]))
        await ask(supervisor)
        await supervisor.evolution.evolution_cycle()
        taken = await supervisor.store.read_all(0, {EvolutionDecisionTaken.TOPIC})
        assert len(taken) == 2
        told = " ".join(repr(entry.event) for entry in taken)
        page = await supervisor.monitoring.get_improvements()
        told += " ".join(item.model_dump_json() for item in page.items)
        assert "zebedee" not in told
        assert "Oslo" not in told
        assert page.items[0].implementation_plan.action == ""
