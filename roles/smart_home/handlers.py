"""How the smart home role's intents take effect: through the house's backend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from pydantic import JsonValue

from common.errors import ConfigurationError, IntentError
from common.intents import Effect, Intent, IntentExecution, IntentResult
from common.tool import Fact
from roles.smart_home.backend import Applied, HouseBackend, HouseError, States
from roles.smart_home.intents import ActivateScene, SetDevice
from roles.smart_home.things import device_things
from roles.smart_home.words import are_words, moving_words, sentence, told_words

__all__ = ["ActivateSceneHandler", "SetDeviceHandler", "applied_words"]


class _Handler:
    """What both share: a change of several devices at once, checked against what the house is now."""

    def __init__(self, backend: HouseBackend) -> None:
        self._backend = backend

    @property
    def effect(self) -> Effect:
        """How the effect may be tried again."""
        return self._backend.effect

    @property
    def lasts(self) -> float | None:
        """Seconds after which an attempt can no longer reach a device."""
        return self._backend.lasts

    async def _apply(self, states: States, execution: IntentExecution) -> Applied:
        """Raises `IntentError` for what was definitely not done, or not done of all devices; it says which are."""
        try:
            applied = await self._backend.apply(
                execution.context.owner, states, key=execution.key, not_after=execution.not_after
            )
        except (HouseError, ConfigurationError) as error:
            raise IntentError(error.what, where=error.where, todo=error.todo) from error
        if applied.failed:
            raise IntentError(_partly(states, applied))
        return applied

    async def _applied(self, states: States, execution: IntentExecution) -> Applied | None:
        return await self._backend.applied(execution.context.owner, states, key=execution.key)


def _partly(states: States, applied: Applied) -> str:
    failures = "; ".join(applied.failed.values())
    done = {name: state for name, state in states.items() if name not in applied.failed}
    return f"only in part: {applied_words(done, applied)}; {failures}" if done else failures


def applied_words(states: States, applied: Applied, *, already: bool = True) -> str:
    """What became of each device, as clauses; `already` tells apart what was so before."""

    def these(names: Iterable[str]) -> States:
        return {name: states[name] for name in states if name in names}

    before = applied.already if already else frozenset[str]()
    done = frozenset(states) - before - applied.moving - applied.told
    clauses = (
        are_words(these(done)),
        are_words(these(before), "already"),
        moving_words(these(applied.moving)),
        told_words(these(applied.told)),
    )
    return "; ".join(filter(None, clauses))


def _data(states: States) -> dict[str, JsonValue]:
    return {name: dict(state) for name, state in states.items()}


class SetDeviceHandler(_Handler):
    """Gives devices the states of the intent."""

    intent_type: type[Intent] = SetDevice

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(SetDevice, intent)
        return self._result(wanted, await self._apply(wanted.states, execution))

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """See `IntentHandler`."""
        wanted = cast(SetDevice, intent)
        applied = await self._applied(wanted.states, execution)
        return self._result(wanted, applied, tried=True) if applied is not None else None

    @staticmethod
    def _result(wanted: SetDevice, applied: Applied, *, tried: bool = False) -> IntentResult:
        already = not tried and len(applied.already) == len(wanted.states)
        words = applied_words(wanted.states, applied, already=already)
        return IntentResult(sentence(words), data={"states": _data(wanted.states)}, appends=applied.appends)

    def things(self, intent: Intent, data: JsonValue) -> Sequence[Fact]:
        """See `IntentHandler`."""
        return device_things(cast(SetDevice, intent).states)


class ActivateSceneHandler(_Handler):
    """Gives all devices of a scene the states it stood for when it was asked for."""

    intent_type: type[Intent] = ActivateScene

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(ActivateScene, intent)
        return self._result(wanted, await self._apply(wanted.states, execution))

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """See `IntentHandler`."""
        wanted = cast(ActivateScene, intent)
        applied = await self._applied(wanted.states, execution)
        return self._result(wanted, applied) if applied is not None else None

    @staticmethod
    def _result(wanted: ActivateScene, applied: Applied) -> IntentResult:
        return IntentResult(
            f"The scene “{wanted.scene}” is on: {applied_words(wanted.states, applied, already=False)}.",
            data={"scene": wanted.scene, "states": _data(wanted.states)},
            appends=applied.appends,
        )
