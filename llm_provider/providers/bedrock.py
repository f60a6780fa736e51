"""``bedrock``: the models of Amazon Bedrock through its Converse API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from common.errors import ConfigurationError, ModelError
from common.extras import import_extra
from common.health import Reached
from common.model_settings import ModelSettings
from llm_provider.fault_reading import safe_words
from llm_provider.providers.base import (
    PROBE_SECONDS,
    Provider,
    check_options,
    idle_seconds,
    is_local,
    needs_model,
    needs_package,
    needs_url,
    secret,
)

if TYPE_CHECKING:
    from strands.models import Model

__all__ = ["BEDROCK"]

_POOL = 64
_KEEPS_MARKS = ("anthropic", "claude", "amazon.nova")
_BEARER = "AWS_BEARER_TOKEN_BEDROCK"


def _check(settings: ModelSettings, where: str) -> None:
    needs_package("boto3", "bedrock", where)
    needs_model(settings, where, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")
    needs_url(settings, where)
    check_options(settings, where)


def _region(settings: ModelSettings, session: Any, where: str) -> str:
    region = settings.region or session.region_name or os.environ.get("AWS_REGION")
    if not region:
        raise ConfigurationError(
            "no AWS region is known", where=f"{where}.region", todo="Set it there or as AWS_REGION, such as eu-west-1."
        )
    return str(region)


def _build(settings: ModelSettings, where: str) -> Model:
    boto3 = import_extra("boto3", extra="bedrock", where=f"{where}.provider")
    from botocore.config import Config
    from strands.models import CacheConfig

    from llm_provider.providers.bedrock_model import BedrockServerModel

    idle = idle_seconds(settings)
    options: dict[str, Any] = {
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "connect_timeout": min(idle, 10.0),
        "read_timeout": idle,
        "max_pool_connections": _POOL,
    }
    if is_local(settings.base_url):
        options["proxies"] = {}
    session = boto3.Session()
    config: dict[str, Any] = {"cache_config": CacheConfig(tools_ttl=True)} if settings.cache_prompts else {}
    return BedrockServerModel(
        region_name=_region(settings, session, where),
        boto_client_config=Config(**options),
        endpoint_url=settings.base_url,
        api_key=secret(settings),
        model_id=settings.model,
        streaming=settings.streaming,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        additional_args=dict(settings.options),
        **config,
    )


def _endpoint(settings: ModelSettings) -> str:
    return f"bedrock {settings.base_url or settings.region or ''}".rstrip()


def _marks(settings: ModelSettings) -> bool:
    return any(name in settings.model.lower() for name in _KEEPS_MARKS)


async def _probe(settings: ModelSettings, where: str) -> Reached:
    """Credentials are there and the endpoint answers; whether the model may be used only a call would tell."""
    import httpx

    url, method = await anyio.to_thread.run_sync(_look_around, settings, where, abandon_on_cancel=True)
    try:
        async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=not is_local(url)) as client:
            await client.get(url)
    except httpx.HTTPError as error:
        said = safe_words(f"{type(error).__name__}: {error}".rstrip(": "))
        raise ModelError(
            f"{url} can't be reached: {said}", where=where, todo="Look at region, base_url and the network."
        ) from None
    return Reached(detail=f"answers; credentials from {method}; the model itself was not asked")


def _look_around(settings: ModelSettings, where: str) -> tuple[str, str]:
    """The endpoint's address and where the credentials come from."""
    boto3 = import_extra("boto3", extra="bedrock", where=f"{where}.provider")
    session = boto3.Session()
    url = settings.base_url or f"https://bedrock-runtime.{_region(settings, session, where)}.amazonaws.com"
    if secret(settings) is not None:
        return url, "api_key"
    if os.environ.get(_BEARER):
        return url, _BEARER
    credentials = session.get_credentials()
    if credentials is None:
        raise ModelError(
            "there are no AWS credentials",
            where=f"{where}.api_key",
            todo="Set api_key to a Bedrock API key, or give credentials in one of the ways that the AWS CLI knows.",
        )
    return url, str(credentials.method)


BEDROCK = Provider(_check, _build, _endpoint, _probe, _marks)
