"""The supervisor as an A2A agent: its card from its roles, its requests the same way as all others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import anyio.to_thread

from common.extras import import_extra
from common.updates import Completed
from llm_provider.serving import Answer, ServedApp
from supervisor.serving import NAME, abilities, own_version, progress_words, tokens_of

if TYPE_CHECKING:
    from pydantic import JsonValue

    from supervisor.facade import Supervisor

__all__ = ["a2a_app"]

_WHERE = "agent-supervisor a2a"


async def a2a_app(supervisor: Supervisor, *, host: str | None = None, port: int | None = None) -> ServedApp:
    """An ASGI application that serves a running supervisor by A2A to the owners of `serving.token` and `tokens`.

    `host` and `port` are what the agent card names where `serving.public_url` is empty. Raises `ConfigurationError`
    where the settings name no token or the extra ``a2a`` is not installed.
    """
    serving = supervisor.settings.serving
    tokens = tokens_of(supervisor.settings)
    await anyio.to_thread.run_sync(lambda: import_extra("a2a.server.apps.jsonrpc", extra="a2a", where=_WHERE))
    from llm_provider.a2a_serving import Skill, a2a_application

    redactor = supervisor.settings.redaction.redactor()

    async def ask(text: str, context: Mapping[str, str]) -> AsyncGenerator[str | Answer, None]:
        async with aclosing(supervisor.stream_request(text, context)) as updates:
            async for update in updates:
                if isinstance(update, Completed):
                    response = update.response
                    data = response.model_dump(mode="json", include={"trace_id", "outcome", "intents"})
                    clean = cast("Mapping[str, JsonValue]", redactor.value(data))
                    yield Answer(redactor.text(response.text), clean, ok=response.outcome != "failure")
                elif words := progress_words(update):
                    yield redactor.text(words)

    return a2a_application(
        NAME,
        own_version(),
        abilities(supervisor),
        serving.public_url or f"http://{host or serving.host}:{port or serving.port}/",
        [Skill(role.name, role.description, role.examples) for role in supervisor.roles()],
        ask,
        tokens,
    )
