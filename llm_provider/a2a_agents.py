"""A2A agents of others, as tools: each is asked one thing at a time in plain words. Needs the extra ``a2a``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC
from types import new_class
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.to_thread
from pydantic import BaseModel, ConfigDict, Field

from common.clock import Clock
from common.ecosystem_settings import A2AAgentSettings
from common.errors import IntentError, ToolError
from common.extras import import_extra
from common.health import HealthCheck, Reached
from common.intents import Effect, Intent, IntentExecution, IntentHandler, IntentResult, Policy
from common.language.formats import PART
from common.redaction import REDACTED
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.foreign_schemas import plain_text
from llm_provider.json_safe import bounded_text

if TYPE_CHECKING:
    from a2a.client.client import Client
    from a2a.types import AgentCard, Message, Task

__all__ = ["A2AAgents", "AskAgent"]

_MAX_ANSWER = 200_000
_SHORTEST_SECRET = 6
_DONE = "completed"
_WAITING = ({"state": "input-required"}, {"state": "auth-required"})
"""It was asked, and has not done it yet."""
_ANSWERED = frozenset({_DONE, "failed", "rejected", "canceled", "input-required", "auth-required"})


class AskAgent(Intent):
    """Ask an agent for something that may change the world; each agent has a type of its own."""

    agent: str
    request: str

    def summary(self) -> str:
        """What a person reads before approving."""
        return plain_text(f"ask the agent {self.agent}: {self.request}", 300)


class A2AAgents:
    """All configured agents."""

    setting = "a2a_agents"

    def __init__(self, settings: Mapping[str, A2AAgentSettings], clock: Clock) -> None:
        self.names = tuple(settings)
        self._agents = [_Agent(name, one) for name, one in settings.items()]
        self._clock = clock

    def tools(self) -> list[Tool]:
        """One tool for each, ``<name>.ask``."""
        return [agent.tool() for agent in self._agents]

    def handlers(self) -> list[IntentHandler]:
        """The handlers of asking those that may change something."""
        return [cast("IntentHandler", _AskHandler(agent, self._clock)) for agent in self._agents]

    def policies(self) -> dict[str, Policy]:
        """The policy of asking each, by its intent's type."""
        return {agent.intent.TYPE: agent.settings.policy for agent in self._agents}

    def health_checks(self) -> list[HealthCheck]:
        """One check for each: whether its card can be read."""
        return [HealthCheck(f"a2a {agent.name}", agent.probe) for agent in self._agents]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    request: str = Field(
        min_length=1,
        max_length=20_000,
        description="What it is asked, standing by itself",
        json_schema_extra={"format": PART},
    )


class _Fault(ToolError):
    """Raised when an agent gave no answer; `certain` tells that it was never asked."""

    def __init__(self, what: str, *, certain: bool, where: str) -> None:
        super().__init__(what, where=where, todo="Look whether the agent runs: agent-supervisor doctor asks it.")
        self.certain = certain


class _Agent:
    """One agent. Each request has a connection of its own."""

    def __init__(self, name: str, settings: A2AAgentSettings) -> None:
        self.name = name
        self.settings = settings
        self.intent = _intent_type(name)
        values = [secret.get_secret_value() for secret in settings.headers.values()]
        self._secrets = [value for value in values if len(value) >= _SHORTEST_SECRET]

    def tool(self) -> Tool:
        """The tool that asks it."""
        settings = self.settings
        return Tool(
            name=f"{self.name}.ask",
            description=settings.description or f"Ask the agent {self.name.replace('_', ' ')}",
            arguments=_Request,
            handler=self._read if settings.reads else self._write,
            utterances=settings.examples,
            effect=not settings.reads,
            timeout=settings.timeout + 1.0,
        )

    async def _read(self, arguments: _Request, _: ToolContext) -> ToolResult:
        return await self.ask(arguments.request, self.settings.timeout, uuid.uuid4().hex)

    async def _write(self, arguments: _Request, context: ToolContext) -> ToolResult:
        await context.register_intent(self.intent(agent=self.name, request=arguments.request))
        return ToolResult(text=f"The agent {self.name} is going to be asked.")

    async def ask(self, request: str, seconds: float, message_id: str) -> ToolResult:
        """What the agent answers within `seconds`. Raises `_Fault`; cancelling it gives the request up."""
        sent = False
        try:
            with anyio.fail_after(seconds):
                async with _Connection(self.settings) as connection:
                    await connection.find()
                    sent = True
                    return self._clean(await connection.ask(request, message_id))
        except TimeoutError:
            raise self._fault(f"it gave no answer within {seconds:g} seconds", certain=not sent) from None
        except Exception as error:  # the SDK's errors have no common base
            raise self._fault(_words(error), certain=not sent) from error

    async def probe(self) -> Reached:
        """Read its card. Raises `ToolError`."""
        try:
            async with _Connection(self.settings) as connection:
                card = await connection.find()
        except Exception as error:
            raise self._fault(_words(error), certain=True) from error
        return Reached(plain_text(f"{card.name} {card.version}", 100), f"{len(card.skills)} skills")

    def _fault(self, what: str, *, certain: bool) -> _Fault:
        return _Fault(self._hide(what), certain=certain, where=f"a2a_agents.{self.name}")

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def _clean(self, result: ToolResult) -> ToolResult:
        return result.model_copy(update={"text": self._hide(result.text)})


class _Connection:
    """An HTTP client for one agent, and the SDK's client over it."""

    def __init__(self, settings: A2AAgentSettings) -> None:
        self._settings = settings

    async def __aenter__(self) -> _Connection:
        await anyio.to_thread.run_sync(lambda: import_extra("a2a.client", extra="a2a", where="a2a_agents"))
        import httpx

        from llm_provider.bounded_http import http_client

        headers = {name: value.get_secret_value() for name, value in self._settings.headers.items()}
        seconds = self._settings.timeout
        self._http = http_client(httpx, self._settings.url, headers, connect=seconds, read=seconds)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def find(self) -> AgentCard:
        """Read the agent's card."""
        from a2a.client import A2ACardResolver, ClientConfig, ClientFactory

        card = await A2ACardResolver(self._http, self._settings.url).get_agent_card()
        config = ClientConfig(httpx_client=self._http, streaming=False)
        self._client: Client = ClientFactory(config).create(card)
        return card

    async def ask(self, request: str, message_id: str) -> ToolResult:
        """Send a message and wait for the end of its task."""
        from a2a.types import Message, Part, Role, TextPart

        message = Message(role=Role.user, parts=[Part(root=TextPart(text=request))], message_id=message_id)
        last: Any = None
        async for event in self._client.send_message(message):
            last = event
        if last is None:
            raise ToolError("it ended without an answer")
        return _as_result(cast("Any", last[0]) if isinstance(last, tuple) else last)


def _as_result(found: Message | Task) -> ToolResult:
    from a2a.types import Message

    if isinstance(found, Message):
        return ToolResult(text=_text([found.parts]) or "It answered without words.")
    state = found.status.state.value
    if state not in _ANSWERED:
        raise ToolError(f"its task has not ended: it is {state}")
    said = _text([artifact.parts for artifact in found.artifacts or ()])
    status = _text([found.status.message.parts]) if found.status.message is not None else ""
    text = "\n".join(part for part in (said, status) if part)
    if state == _DONE:
        return ToolResult(text=text or "Done; it had nothing to say.")
    shown = f"It is {state.replace('-', ' ')}: {text or 'it did not say why'}"
    return ToolResult(text=shown, data={"state": state}, ok=False)


def _text(groups: Any) -> str:
    pieces: list[str] = []
    for part in (part for parts in groups for part in parts):
        root: Any = part.root
        text = getattr(root, "text", None)
        pieces.append(text if isinstance(text, str) else f"[{root.kind}: can't be shown as text]")
    return bounded_text("\n".join(pieces), _MAX_ANSWER)


def _words(error: BaseException) -> str:
    if isinstance(error, ToolError):
        return error.what
    return plain_text(f"{type(error).__name__}: {error}", 500)


def _intent_type(name: str) -> type[AskAgent]:
    def fill(namespace: dict[str, Any]) -> None:
        namespace |= {"__module__": __name__, "__doc__": AskAgent.__doc__, "TYPE": f"{name}.ask"}

    return cast("type[AskAgent]", new_class("AskAgent", (AskAgent,), {}, fill))


class _AskHandler:
    """Asks once; without an answer it is uncertain what became of it."""

    effect = Effect.AT_MOST_ONCE

    def __init__(self, agent: _Agent, clock: Clock) -> None:
        self.intent_type = agent.intent
        self._agent = agent
        self._clock = clock

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        request = cast("AskAgent", intent).request
        left = (execution.not_after - self._clock.now().astimezone(UTC)).total_seconds() * 0.95
        try:
            result = await self._agent.ask(request, min(left, self._agent.settings.timeout), execution.key)
        except _Fault as fault:
            if fault.certain:
                raise IntentError(fault.what, where=intent.TYPE, todo=fault.todo) from fault
            raise
        if not (result.ok or result.data in _WAITING):
            raise IntentError(f"{self._agent.name} says: {plain_text(result.text, 1_000)}", where=intent.TYPE)
        return IntentResult(bounded_text(result.text, 2_000))

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        raise IntentError(f"{self._agent.name} can't be asked whether it happened", where=intent.TYPE)
