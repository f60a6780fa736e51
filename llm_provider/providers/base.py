"""What the providers share: checks of a tier's settings, HTTP clients, probes."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from common.errors import ConfigurationError, ModelError
from common.health import Reached
from common.model_settings import ModelSettings
from llm_provider.fault_reading import safe_words
from llm_provider.faults import AttemptFailed, too_much

if TYPE_CHECKING:
    import httpx
    from strands.models import Model

__all__ = [
    "MAX_ANSWER_BYTES",
    "PROBE_SECONDS",
    "Provider",
    "bound_answers",
    "check_options",
    "find_model",
    "get_json",
    "http_client",
    "http_timeout",
    "idle_seconds",
    "is_local",
    "listed",
    "names_in",
    "needs_model",
    "needs_package",
    "needs_url",
    "secret",
]

PROBE_SECONDS = 5.0
"""The longest a health check may wait for a provider."""

MAX_ANSWER_BYTES = 32_000_000
"""The most one answer may have on the wire: a stream has some 250 bytes around each token."""

_MAX_PROBE_BYTES = 8_000_000
_CONNECT_SECONDS = 10.0
_OURS = frozenset({"model", "model_id", "messages", "tools", "stream", "system"})


@dataclass(frozen=True, slots=True)
class Provider:
    """How models of one provider are made and looked after.

    `check` is cheap, and raises `ConfigurationError` for settings that can't work. `build` imports the provider's
    library, which can take seconds: call it in a worker thread. `endpoint` names what a circuit breaker guards.
    `probe` asks the provider without invoking a model. `marks` tells whether it keeps this model's prompts by marks.
    """

    check: Callable[[ModelSettings, str], None]
    build: Callable[[ModelSettings, str], Model]
    endpoint: Callable[[ModelSettings], str]
    probe: Callable[[ModelSettings, str], Awaitable[Reached]]
    marks: Callable[[ModelSettings], bool] = lambda _: False


def needs_package(package: str, extra: str, where: str) -> None:
    """Raise `ConfigurationError` that names the extra where a package is missing; imports nothing."""
    if find_spec(package) is None:
        raise ConfigurationError(
            f"the package {package} is not installed",
            where=f"{where}.provider",
            todo=f"Install it with: pip install 'agent-supervisor[{extra}]'.",
        )


def needs_model(settings: ModelSettings, where: str, example: str) -> None:
    """Raise `ConfigurationError` for a tier that names no model."""
    if not settings.model.strip():
        raise ConfigurationError(
            f"no model is named for the provider {settings.provider}",
            where=f"{where}.model",
            todo=f"Write the model's id as the provider has it, such as {example}.",
        )


def needs_url(settings: ModelSettings, where: str) -> None:
    """Raise `ConfigurationError` for a `base_url` that is no plain http or https address."""
    if settings.base_url is None:
        return
    problem = _problem_of(settings.base_url)
    if problem:
        raise ConfigurationError(
            f"base_url {problem}", where=f"{where}.base_url", todo="Write it like http://localhost:1234/v1."
        )


def check_options(settings: ModelSettings, where: str) -> None:
    """Raise `ConfigurationError` for options that would replace what a call is made of."""
    taken = sorted(_OURS & settings.options.keys())
    if taken:
        raise ConfigurationError(
            f"options can't set {', '.join(taken)}",
            where=f"{where}.options",
            todo="The tier's own keys and each call say that.",
        )


def secret(settings: ModelSettings) -> str | None:
    """The tier's key, None where it has none."""
    value = settings.api_key.get_secret_value().strip() if settings.api_key is not None else ""
    return value or None


def is_local(url: str | None) -> bool:
    """Whether an address is this machine's own, where no proxy has a place."""
    host = (urlsplit(url).hostname or "") if url else ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def idle_seconds(settings: ModelSettings) -> float:
    """How long the connection may be silent: a call that is not streamed is silent until it is done."""
    return min(settings.idle_timeout, settings.timeout) if settings.streaming else settings.timeout


def http_timeout(settings: ModelSettings) -> httpx.Timeout:
    """How long a connection may take to come about and to be silent."""
    import httpx

    idle = idle_seconds(settings)
    return httpx.Timeout(idle, connect=min(idle, _CONNECT_SECONDS), pool=settings.timeout)


def http_client(settings: ModelSettings, base_url: str | None) -> httpx.AsyncClient:
    """A client of a tier's own: silent connections are given up, answers without end are cut, proxies as usual.

    Making one reads the certificates of the machine, which takes some 50 ms.
    """
    import httpx

    return httpx.AsyncClient(
        timeout=http_timeout(settings),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        trust_env=not is_local(base_url),
        follow_redirects=True,
        event_hooks={"response": [bound_answers]},
    )


async def bound_answers(response: httpx.Response) -> None:
    """A hook for HTTP clients: bounds what a response may bring, however it is read."""
    import httpx

    stream = response.stream

    class Bounded(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            received = 0
            async for chunk in cast("httpx.AsyncByteStream", stream):
                received += len(chunk)
                if received > MAX_ANSWER_BYTES:
                    raise AttemptFailed(too_much(f"{MAX_ANSWER_BYTES // 1_000_000} MB"))
                yield chunk

        async def aclose(self) -> None:
            await cast("httpx.AsyncByteStream", stream).aclose()

    response.stream = Bounded()


async def get_json(url: str, where: str, headers: Mapping[str, str] | None = None) -> Any:
    """What a provider answers to a GET, as JSON; None where that is no JSON.

    Raises `ModelError` that says what to do where it can't be reached or refuses.
    """
    import httpx

    try:
        async with (
            httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=not is_local(url)) as client,
            client.stream("GET", url, headers=dict(headers or {})) as response,
        ):
            body = await _read(response)
    except httpx.HTTPError as error:
        said = safe_words(f"{type(error).__name__}: {error}".rstrip(": "))
        raise ModelError(
            f"{url} can't be reached: {said}", where=where, todo="Look whether the server runs, and at base_url."
        ) from None
    if response.status_code in (401, 403):
        raise ModelError(
            f"{url} refused the key with status {response.status_code}", where=where, todo="Look at api_key."
        )
    if response.status_code >= 400:
        raise ModelError(
            f"{url} answered with status {response.status_code}: {safe_words(body.decode(errors='replace'))}",
            where=where,
            todo="Look at base_url and model.",
        )
    return _as_json(body)


def find_model(answer: Any, model: str, where: str) -> Reached:
    """Whether a list of models, as OpenAI's and Anthropic's servers give it, has the one that is named."""
    return listed(names_in(answer, "data", "id", where), model)


def names_in(answer: Any, key: str, name: str, where: str) -> list[str]:
    """The names in a server's list of models. Raises `ModelError` where that is none."""
    entries = cast("Mapping[str, Any]", answer).get(key) if isinstance(answer, Mapping) else None
    if not isinstance(entries, list):
        raise ModelError("the server's list of models can't be read", where=where, todo="Look at base_url.")
    rows = [cast("Mapping[str, Any]", row) for row in cast("list[Any]", entries) if isinstance(row, Mapping)]
    return [str(row.get(name)) for row in rows]


def listed(known: list[str], model: str) -> Reached:
    """What there is to tell of a server that was reached and lists these models."""
    if model in known:
        return Reached(detail=f"{model} is there")
    some = ", ".join(safe_words(name) for name in known[:5]) or "none"
    return Reached(detail=f"reached, but {model} is not among its {len(known)} models (such as {some})")


async def _read(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_PROBE_BYTES:
            break
    return body


def _as_json(body: bytes) -> Any:
    import json

    try:
        return json.loads(body)
    except ValueError:
        return None


def _problem_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no http or https address"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password; a key goes into api_key"
    if port == 0 or any(char.isspace() or not char.isprintable() for char in url):
        return "is no address"
    if parts.query or parts.fragment:
        return "holds a query, which addresses of models don't have"
    return ""
