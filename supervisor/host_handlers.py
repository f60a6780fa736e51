"""Makes an intent handler of what a host hands over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from common.errors import ConfigurationError
from common.intents import Effect, Intent, IntentExecution, IntentHandler, IntentResult

__all__ = ["host_handler"]


_Function = Callable[[Any, IntentExecution], Awaitable[IntentResult | str]]


@dataclass(frozen=True, slots=True)
class _FunctionHandler:
    """A plain async function as a handler."""

    intent_type: type[Intent]
    effect: Effect
    function: _Function

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        result = await self.function(intent, execution)
        return result if isinstance(result, IntentResult) else IntentResult(str(result))

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        raise ConfigurationError(
            "a plain function can't be asked whether it happened",
            where=intent.TYPE,
            todo=f"Hand over an object with carry_out and happened (intent {execution.intent_id}).",
        )


@dataclass(frozen=True, slots=True)
class _ObjectHandler:
    """An object with `carry_out` and `happened` as a handler."""

    intent_type: type[Intent]
    effect: Effect
    target: Any

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        return await self.target.carry_out(intent, execution)

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        return await self.target.happened(intent, execution)


def host_handler(intent_type: Any, handler: Any, effect: Effect | str) -> IntentHandler:
    """A handler for `intent_type`. Raises `ConfigurationError` for what can't be one."""
    if not (isinstance(intent_type, type) and issubclass(intent_type, Intent) and hasattr(intent_type, "TYPE")):
        raise ConfigurationError(
            "an intent type is a subclass of common.intents.Intent with a TYPE",
            where=f"add_intent_handler({intent_type!r})",
        )
    try:
        kind = Effect(effect)
    except ValueError:
        raise ConfigurationError(
            f"unknown effect {effect!r}", where=intent_type.TYPE, todo=f"Use one of {', '.join(Effect)}."
        ) from None
    if hasattr(handler, "carry_out"):
        if kind is Effect.QUERYABLE and not hasattr(handler, "happened"):
            raise ConfigurationError("a queryable handler needs 'happened'", where=intent_type.TYPE)
        return _ObjectHandler(intent_type, kind, handler)
    if not callable(handler) or kind is Effect.QUERYABLE:
        raise ConfigurationError(
            "a handler is an async function, or an object with carry_out (and happened, if queryable)",
            where=intent_type.TYPE,
        )
    return _FunctionHandler(intent_type, kind, cast("_Function", handler))
