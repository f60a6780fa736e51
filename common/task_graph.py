"""The plan of the TaskGraph engine: role tasks and what each waits for."""

from __future__ import annotations

from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter

from pydantic import BaseModel, ConfigDict, Field

from common.errors import PlanningError
from common.follow_up import FollowUp
from common.tool import Fact

__all__ = ["Task", "TaskGraph"]


def _is_none(value: object) -> bool:
    return value is None


def _is_empty(value: object) -> bool:
    return value == ()


class Task(BaseModel):
    """One piece of work for one role; `request` stands by itself (no "it" that needs the whole text).

    It waits for `depends_on` and `after`, and is not started when one of `depends_on` failed. `follow_up` and `facts`
    are what it means of earlier turns of the session: the things it is about, and those that a time of it counts from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=64)
    role: str = Field(min_length=1, max_length=64)
    request: str = Field(min_length=1, max_length=20_000)
    depends_on: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    follow_up: FollowUp | None = Field(default=None, exclude_if=_is_none)
    facts: tuple[Fact, ...] = Field(default=(), exclude_if=_is_empty)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Every task that must have ended before it starts."""
        return tuple(dict.fromkeys((*self.depends_on, *self.after)))


class TaskGraph(BaseModel):
    """A directed acyclic graph of tasks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: tuple[Task, ...] = Field(max_length=50)

    def checked(self, roles: Collection[str]) -> TaskGraph:
        """This graph if it can be run with `roles`; raises `PlanningError` that names what is wrong."""
        ids = [task.id for task in self.tasks]
        if not ids:
            raise PlanningError("the plan has no tasks", where="TaskGraph.tasks")
        if doubled := sorted({name for name in ids if ids.count(name) > 1}):
            raise PlanningError(f"task ids are used twice: {', '.join(doubled)}", where="TaskGraph.tasks")
        for task in self.tasks:
            if task.role not in roles:
                raise PlanningError(
                    f"task {task.id!r} names the unknown role {task.role!r}",
                    where="TaskGraph.tasks",
                    todo=f"Known roles: {', '.join(sorted(roles))}.",
                )
            if dangling := [name for name in task.waits_for if name not in ids]:
                raise PlanningError(
                    f"task {task.id!r} depends on {', '.join(dangling)}, which the plan does not have",
                    where="TaskGraph.tasks",
                )
        try:
            self.order()
        except CycleError as cycle:
            raise PlanningError(
                f"the tasks wait for each other in a circle: {' -> '.join(cycle.args[1])}", where="TaskGraph.tasks"
            ) from None
        return self

    def order(self) -> list[str]:
        """The ids in an order that respects every dependency; raises `graphlib.CycleError`."""
        return list(TopologicalSorter({task.id: task.waits_for for task in self.tasks}).static_order())
