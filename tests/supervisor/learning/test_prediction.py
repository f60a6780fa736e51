"""Expected success: what is known and what is not, what moves it, and that it stays bounded and calibrated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.learning.prediction import Prediction, SuccessPredictor
from supervisor.learning.prediction_check import check_predictions
from supervisor.learning.records import Record, Step


def runs(
    count: int,
    good: int,
    *,
    agent: str = "a",
    version: str = "",
    task: str = "do {n}",
    kind: str = "worker",
    start: int = 0,
    tenant: str = "default",
) -> Iterator[Record]:
    """Runs of which the first `good` of every `count` went well, each on a task of its own unless `task` is one."""
    for n in range(start, start + count):
        text = task.format(n=n)
        yield Record(
            f"{agent}{version}{n}", kind, text, (n - start) * 7 % count < good, agent=agent, version=version,
            task=text, tenant=tenant,
        )  # fmt: skip


def expected(predictor: SuccessPredictor, request: str = "something new", **named: str) -> Prediction:
    found = predictor.predict(request, **{"agent_type": "worker", "engine": "a", **named})
    assert found is not None
    return found


def test_what_nobody_saw_is_unknown() -> None:
    predictor = SuccessPredictor()
    assert predictor.predict("hello", agent_type="worker", engine="a") is None
    predictor.update(runs(4, 4))
    assert predictor.predict("hello", agent_type="worker", engine="a") is None, "four runs are too few"
    predictor.update(runs(50, 40, start=10))
    assert predictor.predict("hello", agent_type="worker", engine="another") is None
    assert predictor.predict("hello", agent_type="another", engine="a") is None
    assert predictor.predict_run(Record("r", "another", "t", agent="a")) is None
    assert expected(predictor).support == 54


def test_a_run_without_an_outcome_teaches_nothing() -> None:
    predictor = SuccessPredictor()
    assert predictor.update([replace(record, success=None) for record in runs(50, 50)]) == 0
    assert predictor.forecast.empty


def test_the_rate_is_that_of_the_agent() -> None:
    predictor = SuccessPredictor()
    predictor.update([*runs(400, 320, agent="a"), *runs(400, 120, agent="b")])
    good, bad = expected(predictor), expected(predictor, engine="b")
    assert good.probability == pytest.approx(0.8, abs=0.03)
    assert bad.probability == pytest.approx(0.3, abs=0.03)
    assert good.low < 0.8 < good.high
    assert good.low > bad.high


@given(st.integers(1, 6), st.floats(0, 1))
def test_more_runs_make_the_interval_narrower(tens: int, share: float) -> None:
    widths: list[float] = []
    for count in (10 * tens, 80 * tens):
        predictor = SuccessPredictor()
        predictor.update(runs(count, round(share * count)))
        found = expected(predictor)
        widths.append(found.high - found.low)
    assert widths[1] < widths[0]


def test_a_version_that_never_ran_leans_on_the_others_and_is_less_sure() -> None:
    predictor = SuccessPredictor()
    predictor.update(runs(300, 240, version="1.0.0"))
    known, new = expected(predictor, version="1.0.0"), expected(predictor, version="1.1.0")
    assert new.probability == pytest.approx(known.probability, abs=0.05)
    assert new.high - new.low > 2 * (known.high - known.low)


def test_seven_failures_do_not_make_it_hopeless() -> None:
    predictor = SuccessPredictor()
    predictor.update(runs(7, 0))
    assert 0.05 < expected(predictor).probability < 0.2


def test_words_that_go_with_failure_are_learned() -> None:
    predictor = SuccessPredictor()
    predictor.update([*runs(120, 108, task="look up order {n}"), *runs(120, 24, task="refund order {n}", start=500)])
    assert expected(predictor, "refund order 9999").probability == pytest.approx(
        expected(predictor, "look up order 9999").probability
    )
    assert predictor.learn()
    assert expected(predictor, "refund order 9999").probability < 0.4
    assert expected(predictor, "look up order 9999").probability > 0.7


def test_words_that_say_nothing_move_little() -> None:
    source = random.Random(5)
    words = [f"word{n}" for n in range(300)]
    predictor = SuccessPredictor()
    predictor.update(
        Record(f"r{n}", "worker", f"t{n}", source.random() < 0.7, agent="a", task=" ".join(source.choices(words, k=12)))
        for n in range(300)
    )
    predictor.learn()
    found = [expected(predictor, " ".join(source.choices(words, k=12))).probability for _ in range(50)]
    assert max(abs(each - 0.7) for each in found) < 0.2


def test_a_run_told_again_takes_the_place_of_what_it_was() -> None:
    predictor = SuccessPredictor()
    records = list(runs(40, 40))
    predictor.update(records)
    predictor.update([replace(record, success=False) for record in records])
    assert len(predictor) == 40
    assert expected(predictor).probability < 0.1
    assert expected(predictor).support == 40


def test_only_the_last_runs_count() -> None:
    predictor = SuccessPredictor(window=50)
    predictor.update(runs(200, 0))
    predictor.update(runs(50, 50, start=1_000))
    assert len(predictor) == 50
    assert expected(predictor).probability > 0.9
    assert sum(runs for runs, _ in predictor.forecast.tasks.values()) == 50


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_it_does_not_matter_in_what_portions_runs_come(portions: list[int], source: random.Random) -> None:
    records = [
        Record(f"r{n}", "worker", f"t{n % 7}", source.random() < 0.6, agent=source.choice("ab"), version="1.0.0")
        for n in range(sum(portions))
    ]
    whole, parts = SuccessPredictor(window=40), SuccessPredictor(window=40)
    whole.update(records)
    for size in portions:
        parts.update(records[:size])
        del records[:size]
    assert (parts.forecast.counts, parts.forecast.tasks) == (whole.forecast.counts, whole.forecast.tasks)


def test_earlier_runs_of_the_same_task_count_for_their_tenant_alone() -> None:
    predictor = SuccessPredictor()
    predictor.update(runs(200, 160))
    same = [
        Record(f"s{n}", "worker", "the nightly report", False, agent="a", task="Nightly report", tenant="acme")
        for n in range(12)
    ]
    predictor.update(same)
    named = {"task_id": "the nightly report"}
    assert expected(predictor, tenant="acme", **named).probability < 0.45
    assert expected(predictor, tenant="other", **named).probability > 0.7


def steps(fails: int) -> tuple[Step, ...]:
    calls = [Step("tool", "search", n >= fails, arguments=str(n), text="x") for n in range(6)]
    return (*calls, Step("thinking", "think", text="I am done"))


def test_failed_calls_lower_what_is_expected_of_a_run() -> None:
    predictor = SuccessPredictor()
    predictor.update(
        Record(f"r{n}", "worker", f"t{n}", n % 10 < (9 if n % 2 else 2), steps=steps(0 if n % 2 else 4), agent="a")
        for n in range(400)
    )
    predictor.learn()
    clean, broken = (predictor.predict_run(Record("new", "worker", "new", steps=steps(n), agent="a")) for n in (0, 4))
    assert clean is not None
    assert broken is not None
    assert clean.probability > broken.probability + 0.2
    part = predictor.predict_run(Record("new", "worker", "new", steps=steps(4)[:3], agent="a"), running=True)
    assert part is not None
    assert part.probability < clean.probability


@settings(max_examples=50)
@given(st.text(max_size=700), st.lists(st.text(max_size=40), max_size=4))
def test_any_request_gets_a_probability_within_its_interval(
    learned: SuccessPredictor, text: str, said: list[str]
) -> None:
    steps = tuple(Step("tool", name, text=name) for name in said)
    record = Record("r", "worker", text, task=text, agent="a", steps=steps)
    for found in (learned.predict(text, agent_type="worker", engine="a"), learned.predict_run(record)):
        assert found is not None
        assert 0 < found.low <= found.probability <= found.high < 1


@pytest.fixture(scope="module")
def learned() -> SuccessPredictor:
    predictor = SuccessPredictor()
    predictor.update([*runs(100, 80, task="look up {n}"), *runs(100, 20, task="refund {n}", start=500)])
    assert predictor.learn()
    return predictor


def test_a_snapshot_stays_as_it_is() -> None:
    predictor = SuccessPredictor()
    predictor.update(runs(50, 50))
    before = predictor.forecast
    predictor.update(runs(50, 0, start=100))
    found = before.predict("x", agent_type="worker", engine="a")
    assert found is not None
    assert found.probability > 0.9
    assert expected(predictor).probability < 0.6


def test_it_is_calibrated_on_tasks_it_did_not_see() -> None:
    source = random.Random(1)
    predictor = SuccessPredictor()
    kinds = {"easy": 0.9, "middling": 0.6, "hard": 0.2}
    for n in range(600):
        kind = source.choice(list(kinds))
        text = f"{kind} thing number {n}"
        predictor.update([Record(f"r{n}", "worker", text, source.random() < kinds[kind], agent="a", task=text)])
    check = check_predictions(predictor.examples())
    assert check.runs == 600
    assert check.error < 0.08
    assert check.bins[0].said < 0.35
    assert check.bins[-1].said > 0.75
    assert sum(each.low <= each.said <= each.high for each in check.bins) >= 7


def test_too_few_runs_are_not_judged() -> None:
    predictor = SuccessPredictor()
    predictor.update(runs(30, 20))
    assert not predictor.learn()
    assert check_predictions(predictor.examples()).bins == ()
