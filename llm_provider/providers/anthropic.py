"""``anthropic``: Claude models, and servers that speak Anthropic's protocol."""

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

__all__ = ["ANTHROPIC"]

_OWN = "https://api.anthropic.com"
_VERSION = "2023-06-01"
_MAX_TOKENS = 4_096
"""The protocol wants a bound; this one every model takes."""


def _base_url(settings: ModelSettings) -> str | None:
    return settings.base_url or os.environ.get("ANTHROPIC_BASE_URL") or None


def _key(settings: ModelSettings) -> str | None:
    """The tier's key, or a stand-in for a server of one's own; None: the library looks into the environment."""
    own = secret(settings)
    if own is not None or settings.base_url is None:
        return own
    return "not-needed"


def _check(settings: ModelSettings, where: str) -> None:
    needs_package("anthropic", "anthropic", where)
    needs_model(settings, where, "claude-sonnet-4-5")
    needs_url(settings, where)
    check_options(settings, where)
    found = _key(settings) or os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN")
    if not found:
        raise ConfigurationError(
            "Anthropic needs a key", where=f"{where}.api_key", todo="Set it there or as ANTHROPIC_API_KEY."
        )


def _build(settings: ModelSettings, where: str) -> Model:
    import_extra("anthropic", extra="anthropic", where=f"{where}.provider")
    from strands.models import CacheConfig

    from llm_provider.providers.anthropic_model import AnthropicServerModel

    base_url = _base_url(settings)
    client: dict[str, Any] = {"max_retries": 0, "http_client": http_client(settings, base_url)}
    if base_url is not None:
        client["base_url"] = base_url
    key = _key(settings)
    if key is not None:
        client["api_key"] = key
    params: dict[str, Any] = {} if settings.temperature is None else {"temperature": settings.temperature}
    config: dict[str, Any] = {"cache_config": CacheConfig(tools_ttl=True)} if settings.cache_prompts else {}
    return AnthropicServerModel(
        client_args=client,
        model_id=settings.model,
        max_tokens=settings.max_tokens or _MAX_TOKENS,
        params={**params, **settings.options},
        **config,
    )


def _endpoint(settings: ModelSettings) -> str:
    return f"anthropic {_base_url(settings) or _OWN}"


async def _probe(settings: ModelSettings, where: str) -> Reached:
    base = (_base_url(settings) or _OWN).rstrip("/")
    headers = {"anthropic-version": _VERSION}
    key = _key(settings) or os.environ.get("ANTHROPIC_API_KEY")
    if key:
        headers["x-api-key"] = key
    else:
        headers["authorization"] = f"Bearer {os.environ.get('ANTHROPIC_AUTH_TOKEN', '')}"
    answer = await get_json(f"{base}/v1/models?limit=1000", where, headers)
    return find_model(answer, settings.model, where)


ANTHROPIC = Provider(_check, _build, _endpoint, _probe, marks=lambda _: True)
