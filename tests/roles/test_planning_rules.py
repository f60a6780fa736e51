"""What rules do to likelihoods, tools and graphs, whatever these are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.language.rules import parse_rules, rule_name
from common.task_graph import Task, TaskGraph
from roles.planning_rules import FITS, guided, ordered, until_stop, with_order

ROLES = ["timer", "calendar", "search", "smart_home"]
RULES = st.lists(
    st.builds("prefer {} over {}".format, st.sampled_from(ROLES), st.sampled_from(ROLES))
    | st.builds("avoid {}".format, st.sampled_from(ROLES))
    | st.builds("order {} before {}".format, st.sampled_from(ROLES), st.sampled_from(ROLES))
    | st.builds("stop after {}".format, st.sampled_from(ROLES)),
    max_size=5,
)


def best(priors: dict[str, dict[str, float]], part: str) -> str:
    return max(priors, key=lambda name: priors[name].get(part, 0.0))


def test_prefer_and_avoid_choose_among_what_fits() -> None:
    priors = {"search": {"p": 0.5}, "calendar": {"p": 0.4}, "timer": {"p": 0.05}}
    for rule, role in (
        ("prefer calendar over search", "calendar"),
        ("avoid search", "calendar"),
        ("prefer timer over search", "search"),
        ("prefer search over calendar", "search"),
        ("avoid timer", "search"),
    ):
        assert best(guided(priors, ["p"], parse_rules([rule])), "p") == role
    alone = {"search": {"p": 0.9}, "calendar": {"p": 0.05}}
    assert guided(alone, ["p"], parse_rules(["avoid search", "prefer calendar over search"])) == alone
    tie = {"search": {"p": 0.4}, "calendar": {"p": 0.4}}
    assert best(guided(tie, ["p"], parse_rules(["prefer calendar over search"])), "p") == "calendar"


@given(st.dictionaries(st.sampled_from(ROLES), st.floats(0, 1), min_size=1), RULES)
def test_a_rule_never_brings_in_what_does_not_fit(scores: dict[str, float], lines: list[str]) -> None:
    priors = {name: {"p": score} for name, score in scores.items()}
    chosen = best(guided(priors, ["p"], parse_rules(lines)), "p")
    assert scores[chosen] >= FITS or scores[chosen] == max(scores.values())


def test_what_comes_after_the_end_is_not_chosen() -> None:
    priors = {"a": {"one": 0.9, "two": 0.2}, "b": {"two": 0.8, "three": 0.9}}
    rules = parse_rules(["stop after b"])
    assert until_stop(priors, ["one", "two", "three"], rules) == {
        "a": {"one": 0.9, "two": 0.2},
        "b": {"two": 0.8, "three": 0.0},
    }
    assert until_stop(priors, ["one", "two", "three"], parse_rules(["stop after a"]))["b"] == {"two": 0.0, "three": 0.0}
    assert until_stop(priors, ["one"], parse_rules(["avoid b"])) == priors


def test_tools_come_in_the_order_of_the_rules() -> None:
    rules = parse_rules(["order c.x before a.x", "order a.x before b.x"])
    assert ordered(["a.x", "b.x", "c.x", "d"], rules) == ("c.x", "a.x", "b.x", "d")
    assert ordered(["b", "a"], parse_rules(["order a before b", "order b before a"])) == ("b", "a")


GRAPHS = st.lists(
    st.tuples(st.sampled_from(ROLES), st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7))), min_size=1, max_size=8
)


@given(GRAPHS, RULES)
def test_a_graph_stays_one_that_can_be_run_and_keeps_the_rules_it_can_keep(
    made: list[tuple[str, set[int], set[int]]], lines: list[str]
) -> None:
    tasks = tuple(
        Task(
            id=f"t{place}", role=role, request="x",
            depends_on=tuple(f"t{n}" for n in sorted(needs) if n < place),
            after=tuple(f"t{n}" for n in sorted(after) if n < place),
        )
        for place, (role, needs, after) in enumerate(made)
    )  # fmt: skip
    rules = parse_rules(lines)
    graph = with_order(TaskGraph(tasks=tasks), rules).checked(set(ROLES))
    for before, after in zip(tasks, graph.tasks, strict=True):
        assert before.depends_on == after.depends_on
        assert set(before.after) <= set(after.after)
    if len(rules.order) == 1 and not rules.stop_after:
        first, second = rules.order[0]
        for one in tasks:
            for other in tasks:
                if rule_name(one.role) == first and rule_name(other.role) == second and first != second:
                    assert reaches(graph, other.id, one.id) or reaches(graph, one.id, other.id)


def reaches(graph: TaskGraph, start: str, goal: str) -> bool:
    waits = {task.id: task.waits_for for task in graph.tasks}
    stack, seen = [start], set[str]()
    while stack:
        name = stack.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            stack.extend(waits[name])
    return False


def test_later_tasks_wait_for_one_that_ends_all() -> None:
    tasks = (
        Task(id="t1", role="search", request="x"),
        Task(id="t2", role="timer", request="x"),
        Task(id="t3", role="search", request="x"),
    )
    graph = with_order(TaskGraph(tasks=tasks), parse_rules(["stop after timer"]))
    assert [task.after for task in graph.tasks] == [(), (), ("t2",)]
