"""The simulated week, cut down to what a few builds take: it runs, and its figures are those of its log."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.week.held_out import held_out
from benchmarks.week.judging import compare, is_right
from benchmarks.week.running import Plan, run_week
from benchmarks.week.telling import figures, lines
from benchmarks.week.traffic import Question, Traffic, make_demands
from benchmarks.week.world import answers, make_database
from common.results import RequestMetadata, Response
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires


async def test_a_small_week(tmp_path: Path) -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox())
    week = await run_week(tmp_path, Plan(days=1, per_day=2, improvements=0))
    told = figures(week)
    assert (told["created"], told["deployments"], told["healthy"], told["within_constraints"]) == (2, 2, 1.0, 1.0)
    assert told["days"][0]["useful"] == 2
    assert told["automation"]["create"] == {"decisions": 2, "automation": 1.0}
    assert told["held_out"]["after"] > told["held_out"]["before"]
    assert any("useful agents a day: 2.0" in line for line in lines(told))


def test_what_is_held_out_is_not_asked_before(tmp_path: Path) -> None:
    make_database(tmp_path / "source.db", 1)
    right = answers(tmp_path / "source.db")
    demands = make_demands(7, 12, 1)
    kept = {question.text.casefold() for question in held_out(demands, right, 2, 1)}
    traffic = Traffic(demands, right, 1)
    asked = {question.text.casefold() for day in range(7) for part in range(4)
             for question in traffic.part_of_day(day, part, 4)}  # fmt: skip
    assert len(asked) > 1_000
    assert not kept & asked
    assert len({demand.key for demand in demands}) == len(demands) == 84


@pytest.mark.parametrize(
    ("text", "outcome", "right"),
    [
        ("The ratio is 1,234.57.", "success", True),
        ("The ratio is 1,234.57.", "failure", False),
        ("The ratio is 1,230.", "success", False),
        ("I found nothing about it.", "success", False),
    ],
)
def test_an_answer_has_to_hold_the_number(text: str, outcome: str, right: bool) -> None:
    answer = Response(trace_id="t", text=text, outcome=outcome, metadata=RequestMetadata(route="one"))
    assert is_right(Question("?", "figure", "one", (1234.567,)), answer) is right


@pytest.mark.parametrize(("called", "right"), [("timer.set", True), ("timer.remind", False), ("", False)])
def test_what_exists_is_right_where_its_tool_was_called(called: str, right: bool) -> None:
    about = RequestMetadata(route="planning", tools_used=(called,))
    answer = Response(trace_id="t", text="It is set.", outcome="success", metadata=about)
    assert is_right(Question("set a timer for an hour", "existing", tool="timer.set"), answer) is right


def test_the_interval_of_a_difference_holds_zero_where_there_is_none() -> None:
    draw = random.Random(3)
    questions = [Question(f"q{number}", "figure", f"d{number // 2}", (1.0,)) for number in range(200)]
    before = [draw.random() < 0.5 for _ in questions]
    after = [draw.random() < 0.5 for _ in questions]
    same, better = compare(questions, before, after, 1), compare(questions, before, [True] * 200, 1)
    assert same.low < 0 < same.high
    assert same.p > 0.05
    assert 0 < better.low < better.difference < better.high
    assert better.p < 1e-6
