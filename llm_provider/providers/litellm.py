"""``litellm``: every provider that the LiteLLM library or a proxy of it knows."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from common.errors import ModelError
from common.extras import import_extra
from common.health import Reached
from common.model_settings import ModelSettings
from llm_provider.providers.base import (
    Provider,
    check_options,
    find_model,
    get_json,
    http_timeout,
    needs_model,
    needs_package,
    needs_url,
    secret,
)

if TYPE_CHECKING:
    from strands.models import Model

__all__ = ["LITELLM"]

_LOCAL_PRICES = "LITELLM_LOCAL_MODEL_COST_MAP"


def _check(settings: ModelSettings, where: str) -> None:
    needs_package("litellm", "litellm", where)
    needs_model(settings, where, "gemini/gemini-2.5-flash")
    needs_url(settings, where)
    check_options(settings, where)


@contextmanager
def _no_download() -> Generator[None]:
    """Keep LiteLLM from fetching a price table while it is imported; ours comes from elsewhere."""
    given = os.environ.get(_LOCAL_PRICES)
    os.environ.setdefault(_LOCAL_PRICES, "True")
    try:
        yield
    finally:
        if given is None:
            os.environ.pop(_LOCAL_PRICES, None)


def _library(where: str) -> Any:
    with _no_download():
        litellm: Any = import_extra("litellm", extra="litellm", where=f"{where}.provider")
    litellm.suppress_debug_info = True  # it prints advice to standard output otherwise
    return litellm


def _build(settings: ModelSettings, where: str) -> Model:
    _library(where)
    with _no_download():
        from llm_provider.providers.litellm_model import LiteLLMServerModel

    client: dict[str, Any] = {"num_retries": 0, "max_retries": 0, "timeout": http_timeout(settings)}
    if settings.base_url is not None:
        client["api_base"] = settings.base_url
    key = secret(settings)
    if key is not None:
        client["api_key"] = key
    if settings.cache_prompts and _keeps_marks(settings):
        client["cache_control_injection_points"] = [{"location": "message", "role": "system"}]
    params: dict[str, Any] = {}
    if settings.temperature is not None:
        params["temperature"] = settings.temperature
    if settings.max_tokens is not None:
        params["max_tokens"] = settings.max_tokens
    return LiteLLMServerModel(
        client_args=client, model_id=settings.model, stream=settings.streaming, params={**params, **settings.options}
    )


def _keeps_marks(settings: ModelSettings) -> bool:
    return "claude" in settings.model.lower()


def _endpoint(settings: ModelSettings) -> str:
    provider = settings.model.partition("/")[0]
    return f"litellm {settings.base_url or provider}"


async def _probe(settings: ModelSettings, where: str) -> Reached:
    if settings.base_url is not None:
        base, key = settings.base_url.rstrip("/"), secret(settings)
        answer = await get_json(f"{base}/models", where, {"authorization": f"Bearer {key}"} if key else None)
        return find_model(answer, settings.model.partition("/")[2] or settings.model, where)
    if secret(settings) is None:
        missing = await anyio.to_thread.run_sync(_missing_keys, settings.model, where, abandon_on_cancel=True)
        if missing:
            raise ModelError(
                f"{settings.model} needs {', '.join(missing)}",
                where=f"{where}.api_key",
                todo="Set api_key, or these variables of the environment.",
            )
    return Reached(detail="a key is there; the provider itself was not asked")


def _missing_keys(model: str, where: str) -> list[str]:
    found: Mapping[str, Any] = _library(where).validate_environment(model)
    return [str(name) for name in found.get("missing_keys") or ()]


LITELLM = Provider(_check, _build, _endpoint, _probe)
