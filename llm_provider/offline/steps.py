"""Decides what the offline model does next: which calls to make now, and what to say once none is left."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.language.calls import CallPlan, PlannedCall
from common.language.parts import Part
from common.language.rules import Rules, parse_rules
from common.language.time_words import is_relative_to_fact
from llm_provider.offline.conversation import Asked, Conversation
from llm_provider.offline.wording import Wording

__all__ = ["NextCall", "Step", "next_step"]

_OWN_ID = re.compile(r"offline_\d+_(\d+)_\d+")


@dataclass(frozen=True, slots=True)
class NextCall:
    """A call to make now."""

    call_id: str
    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Step:
    """Calls to make now; without any, the answer's lines and what of the request it leaves undone."""

    calls: tuple[NextCall, ...] = ()
    lines: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


@dataclass(slots=True)
class _Progress:
    """What became of the planned calls so far."""

    plan: CallPlan
    rules: Rules
    attempts: Mapping[int, Sequence[Asked]]
    refused: dict[int, str] = field(default_factory=dict[int, str])

    def done(self, index: int) -> bool:
        """Whether nothing more comes of the call: it succeeded, failed for good, or can't be made."""
        made = self.attempts.get(index, ())
        if index in self.refused:
            return True
        if not made or made[-1].answer is None:
            return False
        return made[-1].answer.ok or len(made) > self.rules.retries(self.plan.calls[index].tool)

    def failed(self, index: int) -> bool:
        """Whether the call is done and did not do what it should."""
        made = self.attempts.get(index, ())
        return self.done(index) and (index in self.refused or made[-1].answer is None or not made[-1].answer.ok)

    def due(self, call: PlannedCall) -> bool:
        """Whether the call is still to be made or settled, and all that it waits for is done."""
        return not self.done(call.index) and all(map(self.done, (*call.waits_for, *self._stops_before(call))))

    def stopped(self, call: PlannedCall) -> bool:
        """Whether a rule rules the call out, because it comes after one that was to be the last."""
        return any(not self.failed(index) for index in self._stops_before(call))

    def _stops_before(self, call: PlannedCall) -> list[int]:
        before = self.plan.calls[: call.index]
        return [other.index for other in before if self.rules.stops_after(other.tool)]


def next_step(conversation: Conversation, guideline: Sequence[str], wording: Wording, plan: CallPlan) -> Step:
    """The calls whose turn it is, or the answer.

    A call waits until those that it needs are done; one whose time counts from what they find is not made without it.
    """
    progress = _Progress(plan, parse_rules(guideline), _attempts(conversation, plan))
    ready: list[NextCall] = []
    waiting = True
    while waiting:  # a call that can't be made may settle what others wait for
        waiting = False
        for call in plan.calls:
            if not progress.due(call):
                continue
            reason = _reason_against(call, progress, wording)
            if reason is not None:
                progress.refused[call.index] = reason
                waiting = True
    for call in plan.calls:
        if progress.due(call):
            made = progress.attempts.get(call.index, ())
            if not made or made[-1].answer is not None:
                ready.append(_next_call(call, conversation, len(made)))
    if ready:
        return Step(calls=tuple(ready))
    return _answer(progress, wording)


def _attempts(conversation: Conversation, plan: CallPlan) -> dict[int, list[Asked]]:
    """The calls that were made, by the planned call that each is an attempt at."""
    attempts: dict[int, list[Asked]] = {}
    for asked in conversation.asked:
        own = _OWN_ID.fullmatch(asked.call_id)
        index = int(own[1]) if own else _first_of(asked.tool, plan, attempts)
        if index is not None:
            attempts.setdefault(index, []).append(asked)
    return attempts


def _first_of(tool: str, plan: CallPlan, attempts: Mapping[int, object]) -> int | None:
    """The first planned call of a tool that nothing was made of; for calls that another model made."""
    return next((call.index for call in plan.calls if call.tool == tool and call.index not in attempts), None)


def _next_call(call: PlannedCall, conversation: Conversation, attempt: int) -> NextCall:
    return NextCall(f"offline_{conversation.length}_{call.index}_{attempt}", call.tool, call.arguments)


def _reason_against(call: PlannedCall, progress: _Progress, wording: Wording) -> str | None:
    """Why a call that is due can't be made, or None."""
    if call.part.condition:
        return wording.condition(call.part)
    if call.missing:
        return wording.missing(call)
    failed = [progress.plan.calls[index].part for index in call.waits_for if progress.failed(index)]
    needed = [part for part in failed if part.index in call.part.depends_on]
    if needed:
        return wording.not_done(call.part, needed[0])
    if call.waits_for and any(
        isinstance(value, str) and is_relative_to_fact(value) for value in call.arguments.values()
    ):
        return wording.no_time(call.part)
    if progress.stopped(call):
        return wording.stopped(call.part)
    return None


def _answer(progress: _Progress, wording: Wording) -> Step:
    lines: list[tuple[int, str]] = []
    unanswered: list[tuple[int, Part]] = []
    for call in progress.plan.calls:
        if call.index in progress.refused:
            lines.append((call.part.index, progress.refused[call.index]))
            unanswered.append((call.part.index, call.part))
            continue
        made = progress.attempts.get(call.index, ())
        answer = made[-1].answer if made else None
        if answer is None:
            lines.append((call.part.index, wording.no_result(call.part)))
            unanswered.append((call.part.index, call.part))
        elif not answer.ok:
            lines.append((call.part.index, answer.text or wording.no_result(call.part)))
        elif not answer.registered:
            lines.append((call.part.index, answer.text))
    if progress.plan.unmatched:
        unmatched = progress.plan.unmatched
        alone = not progress.plan.calls
        lines.append((unmatched[-1].index, wording.unmatched(unmatched, alone=alone)))
        unanswered += [(part.index, part) for part in unmatched]
    ordered = [text for _, text in sorted(lines, key=lambda line: line[0]) if text.strip()]
    missed = [part.text for _, part in sorted(unanswered, key=lambda entry: entry[0])]
    return Step(lines=tuple(ordered), unanswered=tuple(dict.fromkeys(missed)))
