"""What may become of an improvement, and that nothing is carried out without the approval of exactly its plan."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import ValidationError

from common.errors import ImprovementError, NotFound, StoreError, SupervisorError
from events.catalogue.base import Event
from events.catalogue.improvement import (
    Evidence,
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementClosed,
    ImprovementCompleted,
    ImprovementEvidenceAdded,
    ImprovementFailed,
    ImprovementPlan,
    ImprovementRejected,
    ImprovementUndone,
)
from events.catalogue.system import MonitoringLed
from events.recorded import Erased, Unknown
from events.state import improvement as deciding
from events.state.improvement import ApprovedImprovement, ImprovementStatus, permit, plan_hash
from tests.events.improvement_samples import Stream, suggestion

SEEN = Evidence(text="again", figures={"mean": 41.0})


def approved() -> Stream:
    stream = Stream()
    stream.add(suggestion())
    stream.add(deciding.approve(stream.state, by="ann"))
    return stream


def assigned() -> tuple[Stream, ApprovedImprovement]:
    stream = approved()
    stream.add(deciding.assign(stream.state, "analyst"))
    return stream, permit("imp-1", stream.recorded)


def test_the_way_from_a_suggestion_to_its_undoing() -> None:
    stream, leave = assigned()
    assert (leave.approved_by, leave.agent, leave.approval) == ("ann", "analyst", "improvement/imp-1@2")
    assert leave.plan == suggestion().implementation_plan
    stream.add(deciding.complete(stream.state, leave, text="40 s became 9 s", before={"mean": 40}, after={"mean": 9}))
    assert stream.state.status is ImprovementStatus.COMPLETED
    stream.add(deciding.undo(stream.state, by="ann", reason="stale results"))
    assert stream.state.status is ImprovementStatus.UNDONE


def test_one_that_failed_is_over() -> None:
    stream, leave = assigned()
    stream.add(deciding.fail(stream.state, leave, "it got slower"))
    assert stream.state.status is ImprovementStatus.FAILED
    for attempt in (
        lambda: deciding.complete(stream.state, leave),
        lambda: deciding.undo(stream.state, by="ann"),
        lambda: deciding.assign(stream.state, "analyst"),
        lambda: permit("imp-1", stream.recorded),
    ):
        with pytest.raises(ImprovementError, match="it is failed"):
            attempt()


def test_evidence_is_gained_while_it_is_open_and_changes_neither_plan_nor_approval() -> None:
    stream = approved()
    before = permit("imp-1", stream.recorded)
    stream.add(deciding.add_evidence(stream.state, SEEN, priority="critical"))
    assert (stream.state.evidence_count, stream.state.priority) == (2, "critical")
    assert permit("imp-1", stream.recorded).plan_hash == before.plan_hash


DECISIONS: dict[str, Callable[[Stream], Event]] = {
    "approve": lambda stream: deciding.approve(stream.state, by="ann"),
    "reject": lambda stream: deciding.reject(stream.state, by="ann"),
    "close": lambda stream: deciding.close(stream.state, by="monitoring"),
    "assign": lambda stream: deciding.assign(stream.state, "analyst"),
    "add_evidence": lambda stream: deciding.add_evidence(stream.state, SEEN),
    "undo": lambda stream: deciding.undo(stream.state, by="ann"),
}
ALLOWED = {
    ImprovementStatus.PENDING: {"approve", "reject", "close", "add_evidence"},
    ImprovementStatus.APPROVED: {"assign", "add_evidence"},
    ImprovementStatus.ASSIGNED: {"add_evidence"},
    ImprovementStatus.COMPLETED: {"undo"},
}


def at(status: ImprovementStatus) -> Stream:
    stream = Stream()
    stream.add(suggestion())
    if status is ImprovementStatus.REJECTED:
        stream.add(deciding.reject(stream.state, by="ann"))
    elif status is ImprovementStatus.CLOSED:
        stream.add(deciding.close(stream.state, by="monitoring"))
    elif status is not ImprovementStatus.PENDING:
        stream, leave = (approved(), None) if status is ImprovementStatus.APPROVED else assigned()
        if status is ImprovementStatus.FAILED and leave is not None:
            stream.add(deciding.fail(stream.state, leave, "no"))
        elif status in (ImprovementStatus.COMPLETED, ImprovementStatus.UNDONE) and leave is not None:
            stream.add(deciding.complete(stream.state, leave))
        if status is ImprovementStatus.UNDONE:
            stream.add(deciding.undo(stream.state, by="ann"))
    assert stream.state.status is status
    return stream


@pytest.mark.parametrize("status", list(ImprovementStatus))
def test_only_what_the_state_allows_is_decided(status: ImprovementStatus) -> None:
    for name, decide in DECISIONS.items():
        stream = at(status)
        if name in ALLOWED.get(status, set()):
            stream.add(decide(stream))
            assert stream.state.stream_version == len(stream.recorded)
        else:
            with pytest.raises(ImprovementError, match=f"it is {status}"):
                decide(stream)


def test_what_was_never_suggested_is_not_found() -> None:
    for decide in DECISIONS.values():
        with pytest.raises(NotFound):
            decide(Stream())
    with pytest.raises(NotFound):
        permit("imp-1", [])


def test_a_suggestion_is_made_once() -> None:
    stream = Stream()
    stream.add(deciding.suggest(stream.state, suggestion()))
    with pytest.raises(ImprovementError, match="there already"):
        deciding.suggest(stream.state, suggestion())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"priority": "urgent"}, "priority"),
        ({"type": "Über"}, "type"),
        ({"title": "two\nlines"}, "title"),
        ({"title": " "}, "title"),
        ({"description": "x" * 5_000}, "description"),
        ({"affected_components": []}, "affected_components"),
        ({"affected_components": ["a"] * 51}, "affected_components"),
        ({"confidence": 1.5}, "confidence"),
        ({"generation": 0}, "generation"),
        ({"fingerprint": "../x"}, "fingerprint"),
        ({"implementation_plan": ImprovementPlan(arguments={"x": "y" * 40_000})}, "implementation_plan"),
        ({"evidence": Evidence(text="")}, "evidence"),
        ({"improvement_id": "imp-2"}, "id"),
    ],
)
def test_what_can_not_be_a_suggestion_is_refused_with_the_field(changes: dict[str, Any], told: str) -> None:
    given = suggestion().model_copy(update=changes)
    with pytest.raises(ImprovementError) as refused:
        deciding.suggest(Stream().state, given)
    assert refused.value.where == told


def test_who_decides_is_named_and_the_plan_is_the_one_that_was_shown() -> None:
    stream = Stream()
    stream.add(suggestion())
    with pytest.raises(ImprovementError, match="a name"):
        deciding.approve(stream.state, by=" ")
    with pytest.raises(ImprovementError, match="another plan was looked at"):
        deciding.approve(stream.state, by="ann", shown="0" * 64)
    assert deciding.approve(stream.state, by="ann", shown=plan_hash(suggestion())).by == "ann"


def test_leave_can_not_be_made_by_hand() -> None:
    _, leave = assigned()
    fields = {name: getattr(leave, name) for name in ApprovedImprovement.__slots__}
    with pytest.raises(ImprovementError, match="comes from the log alone"):
        ApprovedImprovement(**fields, leave=object())
    with pytest.raises(TypeError):
        ApprovedImprovement(**fields)  # pyright: ignore[reportCallIssue]


def test_leave_for_one_improvement_ends_no_other() -> None:
    _, leave = assigned()
    other = Stream("imp-2")
    other.add(suggestion("imp-2"))
    other.add(deciding.approve(other.state, by="ann"))
    other.add(deciding.assign(other.state, "analyst"))
    with pytest.raises(ImprovementError, match="another assignment"):
        deciding.complete(other.state, leave)


@pytest.mark.parametrize("event", [Unknown("improvement.approved", 9, b"{}"), Erased("improvement.approved", 1)])
def test_nothing_is_decided_on_top_of_what_can_not_be_read(event: Unknown | Erased) -> None:
    stream = approved()
    stream.add(event)
    with pytest.raises(StoreError):
        permit("imp-1", stream.recorded)
    with pytest.raises(StoreError):
        _ = stream.state


RIGHT = plan_hash(suggestion())
OTHER = plan_hash(suggestion(action="rm"))
AT_2, AT_3 = "improvement/imp-1@2", "improvement/imp-1@3"
FORGED: dict[str, Event | Unknown | Erased] = {
    "evidence": ImprovementEvidenceAdded(improvement_id="imp-1", evidence=SEEN),
    "approved": ImprovementApproved(improvement_id="imp-1", plan_hash=RIGHT, by="ann"),
    "approved by nobody": ImprovementApproved(improvement_id="imp-1", plan_hash=RIGHT, by=" "),
    "another plan approved": ImprovementApproved(improvement_id="imp-1", plan_hash=OTHER, by="ann"),
    "another one approved": ImprovementApproved(improvement_id="imp-2", plan_hash=RIGHT, by="ann"),
    "assigned on 2": ImprovementAssigned(improvement_id="imp-1", plan_hash=RIGHT, approval=AT_2, agent="analyst"),
    "assigned on 3": ImprovementAssigned(improvement_id="imp-1", plan_hash=RIGHT, approval=AT_3, agent="analyst"),
    "another plan assigned": ImprovementAssigned(improvement_id="imp-1", plan_hash=OTHER, approval=AT_2, agent="x"),
    "rejected": ImprovementRejected(improvement_id="imp-1", by="ann"),
    "closed": ImprovementClosed(improvement_id="imp-1", by="monitoring"),
    "completed": ImprovementCompleted(improvement_id="imp-1", agent="analyst"),
    "failed": ImprovementFailed(improvement_id="imp-1", agent="analyst", error="no"),
    "undone": ImprovementUndone(improvement_id="imp-1", by="ann"),
    "suggested anew": suggestion(action="rm"),
    "of another stream": MonitoringLed(node="n", owner="o"),
    "unknown": Unknown("improvement.approved", 9, b"{}"),
    "erased": Erased("improvement.approved", 1),
}


def is_to_be_allowed(names: tuple[str, ...]) -> bool:
    """Worked out apart: which events behind a suggestion give leave. Evidence may stand between any of them."""
    told = [(version, name) for version, name in enumerate(names, 2) if name != "evidence"]
    if not told or told[0][1] != "approved":
        return False
    return len(told) == 1 or (len(told) == 2 and told[1][1] == f"assigned on {told[0][0]}")


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_of_all_forged_histories_those_alone_give_leave_that_approve_exactly_this_plan(length: int) -> None:
    allowed: set[tuple[str, ...]] = set()
    for names in product(FORGED, repeat=length):
        stream = Stream()
        stream.add(suggestion(), *(FORGED[name] for name in names))
        with contextlib.suppress(SupervisorError):
            leave = permit("imp-1", stream.recorded)
            assert leave.plan == suggestion().implementation_plan
            allowed.add(names)
    assert allowed == {names for names in product(FORGED, repeat=length) if is_to_be_allowed(names)}


class NothingWithoutApproval(RuleBasedStateMachine):
    """Decisions in any order between forged events; those that no history can have are taken out again."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = Stream()
        self.stream.add(suggestion())
        self.leave: ApprovedImprovement | None = None
        self.ends = 0

    @rule(name=st.sampled_from(sorted(DECISIONS)))
    def decide(self, name: str) -> None:
        with contextlib.suppress(SupervisorError):
            self.stream.add(DECISIONS[name](self.stream))

    @rule(name=st.sampled_from(sorted(FORGED)))
    def forge(self, name: str) -> None:
        self.stream.add(FORGED[name])
        try:
            _ = self.stream.state
        except SupervisorError:
            self.stream.recorded.pop()

    @rule(end=st.sampled_from(["complete", "fail"]))
    def finish(self, end: str) -> None:
        if self.leave is None:
            return
        state = self.stream.state
        with contextlib.suppress(SupervisorError):
            if end == "complete":
                self.stream.add(deciding.complete(state, self.leave))
            else:
                self.stream.add(deciding.fail(state, self.leave, "no"))
            self.ends += 1

    @invariant()
    def leave_needs_the_approval_of_exactly_this_plan(self) -> None:
        events = [recorded.event for recorded in self.stream.recorded]
        approvals = [event for event in events if isinstance(event, ImprovementApproved)]
        ends = [event for event in events if isinstance(event, ImprovementCompleted | ImprovementFailed)]
        over = [event for event in events if isinstance(event, ImprovementRejected | ImprovementClosed)]
        assert len(ends) <= 1
        assert self.ends <= 1
        assert not (approvals and over)
        if ends:
            assert [(event.plan_hash, event.by) for event in approvals] == [(RIGHT, "ann")]
        with contextlib.suppress(SupervisorError):
            self.leave = permit("imp-1", self.stream.recorded)
            assert [(event.plan_hash, event.by) for event in approvals] == [(RIGHT, "ann")]
            assert not ends
            assert self.leave.plan == suggestion().implementation_plan


NothingWithoutApproval.TestCase.settings = settings(max_examples=100, stateful_step_count=12, deadline=None)
TestNothingWithoutApproval = NothingWithoutApproval.TestCase


def test_leave_is_as_frozen_as_the_event() -> None:
    _, leave = assigned()
    with pytest.raises(AttributeError):
        leave.plan = ImprovementPlan(action="rm")  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ValidationError):
        leave.plan.action = "rm"  # pyright: ignore[reportAttributeAccessIssue]
