"""``openai``: OpenAI itself and every server that speaks its protocol (LM Studio, vLLM, llama.cpp, …)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from common.errors import ConfigurationError
from common.extras import import_extra
from common.health import Reached
from common.model_settings import ModelSettings
from llm_provider.providers.base import (
    Provider,
    check_options,
    find_model,
    get_json,
    http_client,
    needs_model,
    needs_package,
    needs_url,
    secret,
)

if TYPE_CHECKING:
    from strands.models import Model

__all__ = ["OPENAI", "server_key"]

_OWN = "https://api.openai.com/v1"
_NO_KEY = "not-needed"
"""Sent to servers that ask for none, since the library insists on one. A key of the environment is not sent there."""


def _base_url(settings: ModelSettings) -> str | None:
    return settings.base_url or os.environ.get("OPENAI_BASE_URL") or None


def server_key(settings: ModelSettings) -> str:
    """The key for this tier's server. The one of the environment goes to the server of the environment only."""
    own = secret(settings)
    if own is not None:
        return own
    return (os.environ.get("OPENAI_API_KEY", "") if settings.base_url is None else "") or _NO_KEY


def _check(settings: ModelSettings, where: str) -> None:
    needs_package("openai", "openai", where)
    needs_model(settings, where, "gpt-5-mini, or what your server lists under /v1/models")
    needs_url(settings, where)
    check_options(settings, where)
    if _base_url(settings) is None and server_key(settings) == _NO_KEY:
        raise ConfigurationError(
            "OpenAI needs a key",
            where=f"{where}.api_key",
            todo="Set it there or as OPENAI_API_KEY; for a server of your own set base_url.",
        )


def _build(settings: ModelSettings, where: str) -> Model:
    openai = import_extra("openai", extra="openai", where=f"{where}.provider")
    from llm_provider.providers.openai_model import OpenAIServerModel

    base_url = _base_url(settings)
    client = openai.AsyncOpenAI(
        base_url=base_url,
        api_key=server_key(settings),
        max_retries=0,
        http_client=http_client(settings, base_url),
    )
    limit = "max_tokens" if base_url is not None else "max_completion_tokens"
    params: dict[str, Any] = {}
    if settings.temperature is not None:
        params["temperature"] = settings.temperature
    if settings.max_tokens is not None:
        params[limit] = settings.max_tokens
    return OpenAIServerModel(
        client, model_id=settings.model, stream=settings.streaming, params={**params, **settings.options}
    )


def _endpoint(settings: ModelSettings) -> str:
    return f"openai {_base_url(settings) or _OWN}"


async def _probe(settings: ModelSettings, where: str) -> Reached:
    base = (_base_url(settings) or _OWN).rstrip("/")
    answer = await get_json(f"{base}/models", where, {"authorization": f"Bearer {server_key(settings)}"})
    return find_model(answer, settings.model, where)


OPENAI = Provider(_check, _build, _endpoint, _probe)
