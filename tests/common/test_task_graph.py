"""TaskGraphs that can't be run are refused with what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import PlanningError
from common.task_graph import Task, TaskGraph


def graph(*edges: tuple[str, tuple[str, ...]], role: str = "weather") -> TaskGraph:
    return TaskGraph(tasks=tuple(Task(id=name, role=role, request="x", depends_on=deps) for name, deps in edges))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (graph(), "no tasks"),
        (graph(("a", ()), ("a", ())), "used twice: a"),
        (graph(("a", ("b",))), "depends on b"),
        (graph(("a", ("b",)), ("b", ("a",))), "circle"),
        (graph(("a", ("a",))), "circle"),
        (graph(("a", ()), role="cook"), "unknown role 'cook'"),
    ],
)
def test_what_is_wrong_is_said(bad: TaskGraph, message: str) -> None:
    with pytest.raises(PlanningError, match=message):
        bad.checked({"weather"})


@given(st.lists(st.sets(st.integers(0, 9), max_size=3), min_size=1, max_size=10))
def test_every_forward_graph_is_accepted_and_ordered(edges: list[set[int]]) -> None:
    tasks = tuple(
        Task(
            id=f"t{index}",
            role="weather",
            request="x",
            depends_on=tuple(f"t{dep}" for dep in sorted(deps) if dep < index),
        )
        for index, deps in enumerate(edges)
    )
    order = TaskGraph(tasks=tasks).checked({"weather"}).order()
    for task in tasks:
        assert all(order.index(dep) < order.index(task.id) for dep in task.depends_on)
