"""Serves a handler of requests to other agents by A2A. Imported only where that is wanted; needs the extra ``a2a``.

Strands' own `A2AServer` wants a Strands agent and keeps each conversation with it; here a request goes the same way as
every other, so the protocol's executor stands directly over the handler. Tasks are kept in memory, a bounded number of
them, each visible to its owner only.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import anyio
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.apps.jsonrpc import A2AStarletteApplication
from a2a.server.apps.jsonrpc.jsonrpc_app import CallContextBuilder
from a2a.server.context import ServerCallContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import TaskStore, TaskUpdater
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentSkill,
    HTTPAuthSecurityScheme,
    Part,
    SecurityScheme,
    Task,
    TaskState,
    TextPart,
)
from a2a.utils import new_task
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH, PREV_AGENT_CARD_WELL_KNOWN_PATH
from pydantic import SecretStr
from starlette.requests import Request

from common.context import Owner
from common.errors import Overloaded, RequestRejected, SupervisorError
from common.logs import get_logger
from llm_provider.serving import Answer, AsgiApp, BearerTokens, ServedApp

__all__ = ["AskAgent", "Skill", "a2a_application"]

_log = get_logger(__name__)
_MAX_TASKS = 1_000
_MAX_BODY = 1_000_000
_EXAMPLES = 5
_STATES = {
    "success": "completed",
    "partial": "completed",
    "awaiting_approval": "input_required",
    "cancelled": "canceled",
}

AskAgent = Callable[[str, Mapping[str, str]], AsyncGenerator[str | Answer, None]]
"""Handles a text within a context (tenant, user, session, request_id): words of progress, at last an `Answer` whose
data has the outcome."""


@dataclass(frozen=True, slots=True)
class Skill:
    """One thing that the agent card says the agent can do."""

    name: str
    description: str
    examples: Sequence[str]


def a2a_application(
    name: str,
    version: str,
    description: str,
    url: str,
    skills: Sequence[Skill],
    ask: AskAgent,
    tokens: Sequence[tuple[SecretStr, Owner]],
) -> ServedApp:
    """An ASGI application with the agent card at its well-known path, which anybody may read, and the rest by token."""
    card = AgentCard(
        name=name,
        version=version,
        description=description,
        url=url,
        capabilities=AgentCapabilities(streaming=True, push_notifications=False),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[
            AgentSkill(
                id=skill.name,
                name=skill.name.replace("_", " "),
                description=skill.description,
                tags=[skill.name],
                examples=list(skill.examples[:_EXAMPLES]),
            )
            for skill in skills
        ],
        security_schemes={"bearer": SecurityScheme(root=HTTPAuthSecurityScheme(scheme="bearer"))},
        security=[{"bearer": []}],
    )
    executor = _Executor(ask)
    handler = DefaultRequestHandler(executor, _OwnedTasks())
    application = A2AStarletteApplication(card, handler, context_builder=_Context(), max_content_length=_MAX_BODY)
    guarded = BearerTokens(
        cast("AsgiApp", application.build()), tokens, (AGENT_CARD_WELL_KNOWN_PATH, PREV_AGENT_CARD_WELL_KNOWN_PATH)
    )
    return ServedApp(guarded, executor.running)


class _Context(CallContextBuilder):
    def build(self, request: Request) -> ServerCallContext:
        return ServerCallContext(state={"owner": request.scope["state"]["owner"]})


def _owner(context: ServerCallContext | None) -> Owner:
    if context is None:
        raise SupervisorError("a call without an owner", where="a2a")
    return cast("Owner", context.state["owner"])


class _OwnedTasks(TaskStore):
    """The latest tasks; one that is somebody else's is as if it did not exist."""

    def __init__(self) -> None:
        self._tasks: dict[str, tuple[Owner, Task]] = {}

    async def save(self, task: Task, context: ServerCallContext | None = None) -> None:
        owner = _owner(context)
        known = self._tasks.pop(task.id, None)
        self._tasks[task.id] = (owner if known is None else known[0], task)
        while len(self._tasks) > _MAX_TASKS:
            del self._tasks[next(iter(self._tasks))]

    async def get(self, task_id: str, context: ServerCallContext | None = None) -> Task | None:
        owner, task = self._tasks.get(task_id, (None, None))
        return task if owner == _owner(context) else None

    async def delete(self, task_id: str, context: ServerCallContext | None = None) -> None:
        if await self.get(task_id, context) is not None:
            del self._tasks[task_id]


class _Executor(AgentExecutor):
    """Has one message handled; the protocol's context is a session, its message id the request's id."""

    def __init__(self, ask: AskAgent) -> None:
        self._ask = ask
        self._scopes: set[anyio.CancelScope] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Whatever is still handled at the end is cancelled."""
        try:
            yield
        finally:
            for scope in tuple(self._scopes):
                scope.cancel()

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Handle a message; every fault is a state of its task."""
        if context.current_task is None and context.message is not None:
            task = new_task(context.message)
            task.id, task.context_id = str(context.task_id), str(context.context_id)
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, str(context.task_id), str(context.context_id))
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                await self._handle(context, updater)
            except SupervisorError as error:
                state = TaskState.rejected if isinstance(error, (RequestRejected, Overloaded)) else TaskState.failed
                await _settle(updater, state, str(error), {"error": error.code})
            except Exception as error:
                _log.exception("a message failed by a fault of ours")
                await _settle(updater, TaskState.failed, f"internal error: {type(error).__name__}", {})
            except BaseException:  # cancelled, by the caller or at the end: who listens to this task is told here
                with anyio.CancelScope(shield=True):
                    await _settle(updater, TaskState.canceled, "it was cancelled", {})
                raise
            finally:
                self._scopes.discard(scope)

    async def _handle(self, context: RequestContext, updater: TaskUpdater) -> None:
        owner = _owner(context.call_context)
        text = context.get_user_input()
        within = {"tenant": owner.tenant, "user": owner.user, "session": str(context.context_id)[:200]}
        if context.message is not None:
            within["request_id"] = context.message.message_id[:200]
        await updater.start_work()
        async with aclosing(self._ask(text, within)) as steps:
            async for step in steps:
                if isinstance(step, Answer):
                    await _finish(updater, step)
                else:
                    await updater.update_status(TaskState.working, _message(updater, step))

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Say that it is cancelled; the protocol's handler then cancels the task that runs `execute`."""
        await TaskUpdater(event_queue, str(context.task_id), str(context.context_id)).cancel()


async def _finish(updater: TaskUpdater, answer: Answer) -> None:
    outcome = str(answer.data.get("outcome", ""))
    state = TaskState(_STATES.get(outcome, "failed").replace("_", "-"))
    data = dict(answer.data)
    if state is TaskState.completed:
        await updater.add_artifact([Part(root=TextPart(text=answer.text))], name="answer", metadata=data)
        await updater.update_status(state, final=True, metadata={"outcome": outcome})
    else:
        await _settle(updater, state, answer.text, data)


async def _settle(updater: TaskUpdater, state: TaskState, text: str, data: dict[str, Any]) -> None:
    await updater.update_status(state, _message(updater, text), final=True, metadata=data)


def _message(updater: TaskUpdater, text: str) -> Any:
    return updater.new_agent_message([Part(root=TextPart(text=text))])
