"""Asks an OpenFeature provider without ever waiting long, blocking the event loop, or failing a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import anyio
import anyio.to_thread
from openfeature.exception import ErrorCode
from openfeature.provider import AbstractProvider, FeatureProvider
from openfeature.provider.in_memory_provider import InMemoryProvider

from common.flags.declarations import FlagDeclaration, FlagValue
from common.flags.provider import SOURCE, EmbeddedProvider
from common.logs import get_logger

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient
    from openfeature.evaluation_context import EvaluationContext
    from openfeature.flag_evaluation import FlagEvaluationDetails

__all__ = ["Answer", "Asking"]

_log = get_logger(__name__)
_THREADS = 8

_Way = Literal["at once", "async", "thread"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said. `value` is None where it has no such flag (`error` is empty) or where it failed."""

    value: FlagValue | None
    variant: str | None
    reason: str
    provider: str
    error: str = ""


class Asking:
    """Asks providers, each for at most `timeout` seconds.

    A provider that answers from memory is called directly, one with async methods of its own is awaited, and any
    other, which may block, is called in a worker thread.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._limiter: anyio.CapacityLimiter | None = None

    async def ask(
        self,
        client: OpenFeatureClient,
        declaration: FlagDeclaration,
        default: FlagValue,
        context: EvaluationContext,
        *,
        local: bool = False,
    ) -> Answer:
        """Evaluate a flag. `local` says that the provider is known to answer from memory. Raises nothing."""
        provider = client.provider
        name = "provider"
        try:
            name = provider.get_metadata().name
            way = "at once" if local else _way(provider, declaration.type)
            if way == "at once":
                details = getattr(client, f"get_{declaration.type}_details")(declaration.key, default, context)
                return _read(details, declaration, name)
            return await self._within(way, client, declaration, default, context, name)
        except Exception as error:  # a host's provider, or one of its hooks
            _log.warning("the flag provider %s failed: %s: %s", name, type(error).__name__, error)
            return Answer(None, None, "ERROR", name, f"{type(error).__name__}: {error}")

    async def _within(
        self,
        way: _Way,
        client: OpenFeatureClient,
        declaration: FlagDeclaration,
        default: FlagValue,
        context: EvaluationContext,
        name: str,
    ) -> Answer:
        with anyio.move_on_after(self._timeout):
            try:
                if way == "async":
                    ask = getattr(client, f"get_{declaration.type}_details_async")
                    details = await ask(declaration.key, default, context)
                else:
                    ask = getattr(client, f"get_{declaration.type}_details")
                    if self._limiter is None:
                        self._limiter = anyio.CapacityLimiter(_THREADS)
                    details = await anyio.to_thread.run_sync(
                        ask, declaration.key, default, context, abandon_on_cancel=True, limiter=self._limiter
                    )
            except UnboundLocalError as error:
                # openfeature-sdk 0.10 turns a cancellation inside an evaluation into this; turn it back.
                if isinstance(error.__context__, anyio.get_cancelled_exc_class()):
                    raise error.__context__ from None
                raise
            else:
                return _read(details, declaration, name)
        return Answer(None, None, "ERROR", name, f"no answer within {self._timeout:g} seconds")


def _read(details: FlagEvaluationDetails[Any], declaration: FlagDeclaration, name: str) -> Answer:
    if details.error_code is ErrorCode.FLAG_NOT_FOUND:
        return Answer(None, None, "DEFAULT", name)
    error = details.error_message or str(details.error_code or "")
    problem = "" if details.error_code is not None else declaration.problem_with(details.value)
    if details.error_code is not None or problem:
        return Answer(None, None, "ERROR", name, problem or error)
    source = details.flag_metadata.get(SOURCE)
    return Answer(
        details.value, details.variant, str(details.reason or "UNKNOWN"), name if source is None else str(source)
    )


def _way(provider: FeatureProvider, kind: str) -> _Way:
    method = f"resolve_{kind}_details_async"
    given = getattr(type(provider), method, None)
    if isinstance(provider, EmbeddedProvider) or given is getattr(InMemoryProvider, method):
        return "at once"
    if given is None or given in (getattr(AbstractProvider, method), getattr(FeatureProvider, method)):
        return "thread"
    return "async"
