"""Needs: what nobody covers, put together where it means the same, and named without what was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.context import TaskContext
from events.catalogue.evolution import EvolutionDecisionTaken
from events.catalogue.trace import RequestRouted, ToolCalled, TraceEnded, TraceStarted
from events.store import stream_name
from roles.engineering.specification import Column, DataSource, Table
from supervisor import Supervisor
from supervisor.evolution.needs import Uncovered, find_needs, not_answered, uncovered_requests
from supervisor.evolution.understood import Understanding, understand
from tests.supervisor.evolution.evolution_help import RATIOS, ask, evolving

LOANS = (
    DataSource(
        tables=(
            Table(
                name="loans",
                key=("id",),
                columns=(
                    Column(name="id", type="integer"),
                    Column(name="purpose", type="text"),
                    Column(name="principal", type="number"),
                    Column(name="interest_rate", type="number"),
                    Column(name="term_months", type="integer"),
                ),
            ),
        )
    ),
)
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


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("how many loans are there for each purpose?", "the number of loans by purpose"),
        ("tell me the total principal of loans per purpose", "the total principal of loans by purpose"),
        ("total principal of all loans", "the total principal of loans"),
        ("what is the monthly payment of loan 5?", "the Monthly payment for loans"),
    ],
)
def test_what_rows_come_to_is_understood_in_the_words_of_the_tables(text: str, request_: str) -> None:
    meant = understand(LOANS)(text)
    assert meant is not None
    assert meant.request == f"Build an agent that calculates {request_}"


def test_a_column_that_is_named_like_an_order_to_build_is_not_asked_for() -> None:
    columns = Column(name="id", type="integer"), Column(name="build_cost", type="number")
    houses = Table(name="houses", key=("id",), columns=columns)
    sources = (LOANS[0].model_copy(update={"tables": (*LOANS[0].tables, houses)}),)
    meant = understand(sources)("the total principal of loans by purpose")
    assert meant is not None
    assert meant.request.endswith("the total principal of loans by purpose")


@pytest.mark.parametrize(
    "text",
    [
        "how many loans over 5000 are there for each purpose?",
        "the total principal of loans for study by purpose in 2024",
        "monthly payment for a loan amount of 2000 with an interest rate of 5 % over a term of 60 months",
    ],
)
def test_a_choice_of_rows_and_values_instead_of_rows_are_not(text: str) -> None:
    assert understand(LOANS)(text) is None


def test_what_requests_meant_is_remembered_while_the_tables_stay() -> None:
    remembered = Understanding()
    assert remembered.over(())(RATIOS[0]) is remembered.over(())(RATIOS[0])
    assert remembered.over(())("how many loans are there?") is None
    assert remembered.over(LOANS)("how many loans are there?") is not None


async def test_only_what_nobody_did_and_nobody_would_do_counts(tmp_path: Path) -> None:
    async with evolving(tmp_path) as (supervisor, _):
        await ask(supervisor, (*RATIOS, "what is the weather in Paris", "remember that my locker is 12"))
        views, router = supervisor.views, supervisor._running_parts.router
        since = datetime.now(UTC) - timedelta(days=1)
        found = await uncovered_requests(views, since, router.probabilities)
        assert {one.text for one in found if not one.doubtful} == set(RATIOS)
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


async def test_what_was_planned_and_answered_by_no_agent_counts_where_it_is_understood(tmp_path: Path) -> None:
    async with evolving(tmp_path) as (supervisor, _):
        asked = {text: await traced(supervisor, text, tool) for text, tool in PLANNED.items()}
        views, router = supervisor.views, supervisor._running_parts.router
        since = datetime.now(UTC) - timedelta(days=1)
        built = {"current_ratio_agent": RATIOS, "another_agent": ("what is the answer?",)}
        found = await uncovered_requests(views, since, router.probabilities, built)
        assert {one.trace for one in found} == set(asked.values())
        assert all(one.doubtful for one in found)
        left = await not_answered(supervisor.store, found, understand(()), built)
        assert {one.text for one in left} == {QUICK, CASH}


CALLS: tuple[tuple[dict[str, Any], bool], ...] = (
    ({"tool": "search.documents", "text": "I found nothing about the quick ratio.", "data": []}, True),
    ({"tool": "search.documents", "ok": False, "text": "There is no document called quick ratio."}, True),
    ({"tool": "search.documents", "text": "Price list of the hut: quick lunch.", "sources": ["hut.md"]}, True),
    ({"tool": "search.documents", "text": "The quick ratio of the hut is 2.", "sources": ["hut.md"]}, False),
    ({"tool": "search.documents", "text": "It is 2."}, False),
    ({"tool": "memory.recall", "text": "I know nothing about it."}, False),
)


async def test_a_likely_role_covers_unless_it_was_asked_and_gave_nothing(tmp_path: Path) -> None:
    async with evolving(tmp_path) as (supervisor, _):
        for number, (call, _) in enumerate(CALLS):
            await append_trace(supervisor, f"trace-{number}", QUICK, call)
        since = datetime.now(UTC) - timedelta(days=1)
        found = await uncovered_requests(supervisor.views, since, lambda _: {"search": 0.9}, {})
        assert [one.likely for one in found] == [frozenset({"search"})] * len(CALLS)
        left = await not_answered(supervisor.store, found, understand(()), {})
        assert {one.trace for one in left} == {f"trace-{number}" for number, (_, counts) in enumerate(CALLS) if counts}


QUICK = "quick ratio of current assets 9, inventory 2 and liabilities 5"
CASH = "cash ratio for cash 5 and current liabilities 9"
PLANNED = {
    QUICK: "search.find",
    CASH: "current_ratio_agent.calculate",
    "debt ratio for total liabilities 5 and total assets 9": "another_agent.calculate",
    RATIOS[0]: "search.find",
    "ratio of the ratios": "search.find",
}


async def traced(supervisor: Supervisor, text: str, tool: str) -> str:
    """A trace of a request that was planned, and for which a tool was called."""
    name = f"made-{tool}-{text[:11]}".replace(" ", "-")
    await append_trace(supervisor, name, text, {"tool": tool})
    return name


async def append_trace(supervisor: Supervisor, name: str, text: str, call: dict[str, Any]) -> None:
    events = [
        TraceStarted(request=text, user="ann", request_id=name, owner="", context={}),
        RequestRouted(approach="task_graph", route="planning", confidence=0.2),
        ToolCalled(**{"call_id": "1", "ok": True, "seconds": 0.1, **call}),
        TraceEnded(outcome="success", response={"text": "Something."}),
    ]
    await supervisor.store.append(stream_name("trace", name), events)
