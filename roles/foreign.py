"""Roles made of what is not ours: a host's functions and Strands agents, and tools that come and go."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from common.errors import ConfigurationError
from common.intents import IntentHandler
from common.results import RoleResult
from common.role import Role
from common.run_context import RunContext
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.foreign_agents import ForeignAgent
from llm_provider.function_tools import result_of_function
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.threads import BoundedThreads
from llm_provider.tool_registry import ToolRegistry
from roles.role_agent import run_role_agent

__all__ = ["ToolsRole", "agent_role", "function_role"]

RoleFunction = Callable[..., Any] | Callable[..., Awaitable[Any]]


def agent_role(name: str, description: str, examples: Sequence[str], agent: Any) -> Role:
    """A role whose work a Strands agent does: `agent` is one, or a function that makes one for each run.

    Prefer the function, which may take the request's `TaskContext`: an agent that is handed over as it is answers one
    request at a time, without any memory of those before. Its model calls and tool calls count against the request's
    bounds and are in its trace. Raises `ToolError` for what is no agent.
    """
    return _AgentRole(name, description, examples, ForeignAgent(agent, f"role {name}"))


def function_role(
    name: str, description: str, examples: Sequence[str], function: RoleFunction, *, acts: bool = False
) -> Role:
    """A role whose work a function does, sync (in a worker thread) or async.

    It is given the request's text and, in a second parameter, a `ToolContext` by which it knows who asks and registers
    intents. It answers with text, a `ToolResult` or a `RoleResult`. One that changes something by itself `acts`: it is
    not called where nothing may take effect. Raises `ConfigurationError` for a function that
    can't be called like that.
    """
    return _FunctionRole(name, description, examples, function, acts)


class _ForeignRole:
    """What a role says of itself."""

    def __init__(self, name: str, description: str, examples: Sequence[str]) -> None:
        self.name = name
        self.description = description
        self.examples = tuple(examples)
        self.tools: tuple[Tool, ...] = ()
        self.intent_handlers: tuple[IntentHandler, ...] = ()


class _AgentRole(_ForeignRole):
    def __init__(self, name: str, description: str, examples: Sequence[str], agent: ForeignAgent) -> None:
        super().__init__(name, description, examples)
        self._agent = agent

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Have the agent answer. Raises `LimitExceeded` and `ModelError`."""
        if run.dry:  # what its own tools do is not ours to know
            return RoleResult(f"(Dry run: {self.name} was not asked, for its tools would take effect at once.)")
        answer = await self._agent.run(request, run, speaks=True, data=run.inputs)
        called = tuple(dict.fromkeys(answer.tools_called))
        return RoleResult(answer.text, ok=answer.ok, tools_called=called, iterations=max(answer.iterations, 1))


class _FunctionRole(_ForeignRole):
    def __init__(
        self, name: str, description: str, examples: Sequence[str], function: RoleFunction, acts: bool
    ) -> None:
        super().__init__(name, description, examples)
        if not callable(function):
            raise ConfigurationError(f"{type(function).__name__} is no function", where=f"role {name}")
        self._function = function
        self._acts = acts
        self._takes_context = _parameters(function, name) > 1
        self._is_async = inspect.iscoroutinefunction(inspect.unwrap(function)) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004
        )
        self._threads = BoundedThreads(16)

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Call the function; what it raises is the answer's failure, told by the engine."""
        if run.dry and self._acts:
            return RoleResult(f"(Dry run: {self.name} was not called, for it would take effect at once.)", iterations=1)
        context = ToolContext(run.context, run.collector, f"{run.task}-1", run.task, run.facts, run=run)
        run.collector.expect_call(context.call_id)
        arguments = (request, context) if self._takes_context else (request,)
        if self._is_async:
            answer = await self._function(*arguments)
        else:
            answer = await self._threads.run(lambda: self._function(*arguments))
            if inspect.isawaitable(answer):
                answer = await answer
        if isinstance(answer, RoleResult):
            return answer
        result: ToolResult = result_of_function(answer)
        return RoleResult(result.text, ok=result.ok, facts=result.facts, iterations=1)


class ToolsRole(_ForeignRole):
    """A role whose tools are those of a category in the registry at the time, such as those of an MCP server."""

    def __init__(
        self, name: str, description: str, examples: Sequence[str], registry: ToolRegistry, agents: RuntimeAgentFactory
    ) -> None:
        super().__init__(name, description, examples)
        self._registry = registry
        self._agents = agents

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Have an agent answer with the tools that are there now. Raises like `RuntimeAgent.run`."""
        names = tuple(name for name in self._registry.names if name.partition(".")[0] == self.name)
        if not names:
            return RoleResult(f"The tools of {self.name} can't be reached at the moment.", ok=False)
        return await run_role_agent(self._agents, self.name, self.description, names, request, run)


def _parameters(function: Callable[..., Any], name: str) -> int:
    """How many values the function is called with: the request, or the request and the context."""
    where, todo = f"role {name}", "It takes the request's text and, if it wants it, a ToolContext."
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise ConfigurationError("the function's parameters can't be read", where=where, todo=todo) from None
    for count in (2, 1):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return count
    raise ConfigurationError("the function can't be called with a request", where=where, todo=todo)
