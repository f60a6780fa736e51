"""``ollama``: models that an Ollama server runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from common.errors import ModelError
from common.extras import import_extra
from common.health import Reached
from common.model_settings import ModelSettings
from llm_provider.providers.base import (
    Provider,
    bound_answers,
    check_options,
    get_json,
    http_timeout,
    is_local,
    listed,
    names_in,
    needs_model,
    needs_package,
    needs_url,
    secret,
)

if TYPE_CHECKING:
    from strands.models import Model

__all__ = ["OLLAMA"]

_PORT = 11434


def _host(settings: ModelSettings) -> str:
    """The server's address: the tier's, else OLLAMA_HOST as Ollama's own programs read it, else this machine."""
    if settings.base_url is not None:
        return settings.base_url.rstrip("/")
    given = os.environ.get("OLLAMA_HOST", "").strip() or "127.0.0.1"
    parts = urlsplit(given if "://" in given else f"http://{given}")
    name = parts.hostname or "127.0.0.1"
    if name == "0.0.0.0":  # noqa: S104 - where a server listens; a client calls this machine
        name = "127.0.0.1"
    host = f"[{name}]" if ":" in name else name
    port = parts.port or (_PORT if parts.scheme == "http" else 443)
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"


def _check(settings: ModelSettings, where: str) -> None:
    needs_package("ollama", "ollama", where)
    needs_model(settings, where, "qwen3:8b (see: ollama list)")
    needs_url(settings, where)
    check_options(settings, where)


def _build(settings: ModelSettings, where: str) -> Model:
    import_extra("ollama", extra="ollama", where=f"{where}.provider")
    import httpx

    from llm_provider.providers.ollama_model import OllamaServerModel

    host = _host(settings)
    client: dict[str, Any] = {
        "timeout": http_timeout(settings),
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=0),
        "trust_env": not is_local(host),
        "verify": httpx.create_ssl_context(),
        "event_hooks": {"response": [bound_answers]},
    }
    key = secret(settings)
    if key is not None:
        client["headers"] = {"authorization": f"Bearer {key}"}
    further = dict(settings.options)
    parameters = further.pop("options", None)
    return OllamaServerModel(
        host,
        ollama_client_args=client,
        model_id=settings.model,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        options=parameters if isinstance(parameters, dict) else None,
        additional_args=further,
    )


def _endpoint(settings: ModelSettings) -> str:
    return f"ollama {_host(settings)}"


async def _probe(settings: ModelSettings, where: str) -> Reached:
    host = _host(settings)
    headers = {"authorization": f"Bearer {key}"} if (key := secret(settings)) is not None else {}
    answer = await get_json(f"{host}/api/tags", where, headers)
    known = names_in(answer, "models", "name", where)
    name = settings.model if ":" in settings.model else f"{settings.model}:latest"
    found = listed(known, name)
    version = await _version(host, where, headers)
    todo = "" if name in known else f"; get it with: ollama pull {settings.model}"
    return Reached(version, found.detail + todo)


async def _version(host: str, where: str, headers: Mapping[str, str]) -> str:
    try:
        answer = await get_json(f"{host}/api/version", where, headers)
    except ModelError:
        return ""
    return str(cast("Mapping[str, Any]", answer).get("version", ""))[:50] if isinstance(answer, Mapping) else ""


OLLAMA = Provider(_check, _build, _endpoint, _probe)
