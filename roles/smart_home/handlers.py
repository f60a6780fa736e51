"""How the smart home role's intents take effect: through the house's backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from pydantic import JsonValue

from common.context import Owner
from common.errors import IntentError
from common.intents import Effect, Intent, IntentExecution, IntentResult, StreamAppend
from roles.smart_home.backend import HouseBackend, HouseError, States
from roles.smart_home.intents import ActivateScene, SetDevice
from roles.smart_home.words import are_words, sentence

__all__ = ["ActivateSceneHandler", "SetDeviceHandler"]


class _Handler:
    """What both share: a change of several devices at once, checked against what the house is now."""

    def __init__(self, backend: HouseBackend) -> None:
        self._backend = backend

    @property
    def effect(self) -> Effect:
        """How the effect may be tried again."""
        return self._backend.effect

    async def _apply(self, states: States, execution: IntentExecution) -> Sequence[StreamAppend]:
        for name, state in states.items():
            if problem := self._backend.house.problem(name, state):
                raise IntentError(problem, where="smart_home", todo="Look at smart_home.devices.")
        try:
            return await self._backend.apply(
                execution.context.owner, states, key=execution.key, not_after=execution.not_after
            )
        except HouseError as error:
            raise IntentError(error.what, where=error.where, todo=error.todo) from error

    async def _same(self, owner: Owner, states: States) -> bool:
        return await self._backend.applied(owner, states)


def _data(states: States) -> dict[str, JsonValue]:
    return {name: dict(state) for name, state in states.items()}


class SetDeviceHandler(_Handler):
    """Gives devices the states of the intent."""

    intent_type: type[Intent] = SetDevice

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(SetDevice, intent)
        appends = await self._apply(wanted.states, execution)
        already = self.effect is Effect.LOG and not appends
        return self._result(wanted, appends, already=already)

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """See `IntentHandler`."""
        wanted = cast(SetDevice, intent)
        return self._result(wanted, ()) if await self._same(execution.context.owner, wanted.states) else None

    @staticmethod
    def _result(wanted: SetDevice, appends: Sequence[StreamAppend], *, already: bool = False) -> IntentResult:
        words = are_words(wanted.states, "already" if already else "")
        return IntentResult(sentence(words), data={"states": _data(wanted.states)}, appends=appends)


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
        return self._result(wanted, ()) if await self._same(execution.context.owner, wanted.states) else None

    @staticmethod
    def _result(wanted: ActivateScene, appends: Sequence[StreamAppend]) -> IntentResult:
        return IntentResult(
            f"The scene “{wanted.scene}” is on: {are_words(wanted.states)}.",
            data={"scene": wanted.scene, "states": _data(wanted.states)},
            appends=appends,
        )
