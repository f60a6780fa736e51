"""Earlier turns of a session, read from the log: a bounded summary, and the things that they spoke of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from common.clock import Clock, SystemClock
from common.task_graph import Task, TaskGraph
from events.catalogue.trace import FollowUpRead
from events.projection import Views
from roles.role_registry import RoleRegistry
from roles.router import RoutingDecision
from supervisor.runs import Run
from supervisor.session_turns import SessionTurns

if TYPE_CHECKING:
    from common.language.session_parts import Step
    from common.language.session_things import Turn

__all__ = ["Sessions"]

_TURNS = 5
_WITHIN = timedelta(hours=24)
_CHARS = 400
_ASKED = "Which one: "
_ANSWER_CHARS = 100


class Sessions:
    """Gives a run what was said before in its session: the last 5 turns of the last 24 hours.

    Without `turns` nothing is looked up that a request refers to. `scores` tell how likely each role covers a text, for
    requests of several parts.
    """

    def __init__(
        self,
        views: Views,
        turns: SessionTurns | None = None,
        roles: RoleRegistry | None = None,
        clock: Clock | None = None,
        scores: Callable[[str], Mapping[str, float]] | None = None,
    ) -> None:
        self._views = views
        self._turns = turns
        self._roles = roles
        self._scores = scores
        self._clock = clock or SystemClock()  # the log's, which tells when a turn was

    async def recall(self, run: Run) -> None:
        """Tell a run of a session what was said before in it.

        `recent_log_summary` is filled in where the request brings none of its own. A request that leaves out what it is
        about is completed, decided where it goes, or answered with a question: see `Run.decided` and `Run.ask_back`.
        """
        context = run.context.context
        if context.session is None:
            return
        rows = await self._views.query(
            "trace_index",
            {"tenant": context.tenant, "user": context.user, "session": context.session},
            order_by="-position",
            limit=2 * _TURNS + 1,
        )
        turns = _turns(rows, run, self._clock.now() - _WITHIN)
        if not turns:
            return
        await self._refer(run, turns)
        if context.recent_log_summary is None:
            summary = "\n".join(
                f"User: {str(row['request'])[:_CHARS]}\nAssistant: {str(row['answer'] or '')[:_CHARS]}" for row in turns
            )
            run.context = replace(run.context, context=context.model_copy(update={"recent_log_summary": summary}))

    async def _refer(self, run: Run, rows: Sequence[dict[str, Any]]) -> None:
        """Find what the request means of what was spoken of before."""
        if self._turns is None or not _may_refer(run.request, rows):
            return
        from common.language.session_things import AskBack, AskedAgain, find_meant

        context = run.context.context
        trace_ids = [str(row["trace_id"]) for row in rows]
        turns = await self._turns.read(trace_ids, context.owner, context.now, _WITHIN)
        from common.language.session_parts import has_steps

        if has_steps(run.request) and self._planned(run, turns):
            return
        match find_meant(run.request, turns):
            case None:
                self._planned(run, turns)
            case AskedAgain(request):
                run.request = request
                run.trace.record(FollowUpRead(request=request, action="ask again"))
            case AskBack() as back:
                self._ask(run, back.question, back.choices, back.request)
            case found:
                self._follow(run, found)

    def _planned(self, run: Run, turns: Sequence[Turn]) -> bool:
        """Plan a request of several parts that refers to earlier turns; whether it is planned, or answered."""
        from common.language.session_parts import Steps, find_steps

        if self._roles is None or self._scores is None:
            return False
        touching = frozenset(role.name for role in self._roles.enabled() if role.intent_handlers)
        found = find_steps(run.request, turns, self._likeliest, touching)
        if found is None:
            return False
        if not isinstance(found, Steps):
            self._ask(run, found.question, found.choices, found.request)
            return True
        if not all(self._is_enabled(step.role) for step in found.steps):
            return False
        run.request = found.request
        run.graph = _graph(found.steps)
        actions = [step.follow_up.action for step in found.steps if step.follow_up is not None]
        meant = [thing for step in found.steps for thing in (step.follow_up.meant if step.follow_up else step.facts)]
        run.trace.record(
            FollowUpRead(
                request=run.request,
                action=", ".join(actions),
                meant=[thing.model_dump(mode="json") for thing in meant],
            )
        )
        return True

    def _likeliest(self, text: str) -> str:
        """The role that a part goes to which says itself what it means; empty where there is none."""
        scores: Mapping[str, float] = self._scores(text) if self._scores is not None else {}
        return max((name for name in scores if self._is_enabled(name)), key=lambda name: scores[name], default="")

    def _ask(self, run: Run, question: str, choices: Sequence[Any], request: str) -> None:
        role = str(choices[0].data.get("role"))
        if not self._is_enabled(role):
            return
        run.decided = RoutingDecision("direct", role, 1.0)
        run.ask_back = question
        meant = [choice.model_dump(mode="json") for choice in choices]
        run.trace.record(FollowUpRead(request=request, role=role, meant=meant, question=question))

    def _follow(self, run: Run, found: Any) -> None:
        meant = found.facts if found.follow_up is None else found.follow_up.meant
        if found.follow_up is not None and not self._is_enabled(found.role):
            return
        if found.follow_up is None:
            run.context = replace(run.context, facts=(*run.context.facts, *found.facts))
        else:
            run.context = replace(run.context, follow_up=found.follow_up)
            run.decided = RoutingDecision("direct", found.role, 1.0)
            run.request = found.request or run.request
        run.trace.record(
            FollowUpRead(
                request=run.request,
                role=found.role,
                action="" if found.follow_up is None else found.follow_up.action,
                meant=[thing.model_dump(mode="json") for thing in meant],
            )
        )

    def _is_enabled(self, role: str) -> bool:
        return self._roles is not None and self._roles.is_enabled(role)


def _graph(steps: Sequence[Step]) -> TaskGraph:
    def names(places: Sequence[int]) -> tuple[str, ...]:
        return tuple(f"t{place + 1}" for place in places)

    return TaskGraph(
        tasks=tuple(
            Task(
                id=f"t{step.index + 1}",
                role=step.role,
                request=step.text,
                depends_on=names(step.depends_on),
                after=names(step.after),
                follow_up=step.follow_up,
                facts=step.facts,
            )
            for step in steps
        )
    )


def _turns(rows: Sequence[dict[str, Any]], run: Run, since: datetime) -> list[dict[str, Any]]:
    """The turns before, the oldest first: of each request the last attempt, and none of this one."""
    seen = {run.context.context.request_id}
    turns: list[dict[str, Any]] = []
    for row in rows:
        if row["request_id"] in seen or not row["outcome"] or row["started_at"] < since:
            continue
        seen.add(str(row["request_id"]))
        turns.append(row)
    return turns[:_TURNS][::-1]


def _may_refer(request: str, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether a request may leave something out: it has words that refer, or may answer a question."""
    from common.language.references import may_refer

    asked = str(rows[-1]["answer"] or "").startswith(_ASKED) and len(request) <= _ANSWER_CHARS
    return asked or may_refer(request)
