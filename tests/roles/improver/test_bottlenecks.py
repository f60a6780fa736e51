from __future__ import annotations

import pytest

from roles.improver.agent import History, InputRule, violated_rule
from roles.improver.bottlenecks import identify_bottlenecks
from roles.improver.measure import HotSpot, Measurement
from roles.improver.sites import Site


def measured(**more: object) -> Measurement:
    values: dict[str, object] = {
        "instantiation": 2.5e-6,
        "live_memory": 6144.0,
        "load_time": 0.001,
        "load_memory": 1000.0,
        "latency": (0.1,),
        "first_pass": (0.1,),
        "success": 0.95,
    }
    return Measurement(**{**values, **more})  # type: ignore[arg-type]


def test_at_the_thresholds_nothing_is_wrong() -> None:
    assert identify_bottlenecks(measured()) == []
    assert identify_bottlenecks(measured(instantiation=None, live_memory=None)) == []


@pytest.mark.parametrize(
    ("more", "measure", "severity"),
    [
        ({"live_memory": 6145.0}, "memory", "high"),
        ({"instantiation": 2.51e-6}, "instantiation", "high"),
        ({"success": 0.949}, "success", "medium"),
        ({"history": History(success=0.9)}, "success", "medium"),
        ({"history": History(latency=1.3, usual_latency=1.0)}, "latency", "medium"),
        ({"history": History(latency=2.1, usual_latency=1.0)}, "latency", "high"),
        ({"history": History(cost=1.3, usual_cost=1.0)}, "cost", "medium"),
    ],
)
def test_each_figure_has_its_threshold(more: dict[str, object], measure: str, severity: str) -> None:
    (found,) = identify_bottlenecks(measured(**more))
    assert (found.measure, found.severity) == (measure, severity)
    assert found.value != found.threshold


def test_latency_is_judged_by_its_own_past_alone() -> None:
    assert identify_bottlenecks(measured(latency=(100.0,), history=History(latency=100.0))) == []
    assert identify_bottlenecks(measured(history=History(latency=1.2, usual_latency=1.0))) == []


def test_the_place_comes_from_the_profile_and_hot_places_count_more() -> None:
    spots = (HotSpot("agent.py", 7, "ask", 0.9), HotSpot("agent.py", 3, "", 0.0, bytes=7000.0))
    sites = [
        Site("agent.py", 9, "Agent.ask", "list-membership", "slow"),
        Site("agent.py", 20, "Agent.tell", "list-membership", "slow"),
    ]
    found = identify_bottlenecks(measured(live_memory=7000.0, hot_spots=spots), sites)
    assert (found[0].severity, found[0].file, found[0].line) == ("high", "agent.py", 3)
    assert [(one.line, one.severity) for one in found if "list-membership" in one.what] == [(9, "medium"), (20, "low")]


def test_rules_of_input() -> None:
    rules = {"n": InputRule("number", minimum=0), "s": InputRule("string", choices=("a",))}
    assert violated_rule(rules, {"n": 0, "s": "a"}) is None
    assert violated_rule(rules, {}) is None
    assert violated_rule(rules, {"n": True}) == "n"
    assert violated_rule(rules, {"n": float("nan")}) == "n"
    assert violated_rule(rules, {"n": 1, "s": "b"}) == "s"
