"""How the memory role's intents take effect: as events, appended together with `IntentProcessed`."""

from __future__ import annotations

from typing import cast

from common.context import Owner
from common.errors import IntentError
from common.intents import Effect, Intent, IntentExecution, IntentResult, StreamAppend
from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Views
from events.store import stream_name
from roles.memory.intents import ForgetFacts, RememberFact
from roles.memory.view import facts_of, is_remembered

__all__ = ["ForgetHandler", "RememberHandler"]


def _stream(owner: Owner) -> str:
    return stream_name("memory", owner.tenant, owner.user)


class RememberHandler:
    """Keeps a fact; one that is kept already, word for word, is not kept twice."""

    intent_type: type[Intent] = RememberFact
    effect = Effect.LOG

    def __init__(self, views: Views) -> None:
        self._views = views

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(RememberFact, intent)
        owner = execution.context.owner
        for fact in await facts_of(self._views, owner):
            if fact.text.casefold() == wanted.text.casefold():
                return IntentResult(f"I knew that already: “{fact.text}”.", data={"fact": fact.fact_id})
        event = FactRemembered(fact_id=execution.intent_id, text=wanted.text, user=owner.user)
        return IntentResult(
            f"I will remember: “{wanted.text}”.",
            data={"fact": execution.intent_id},
            appends=[StreamAppend(_stream(owner), [event])],
        )

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """Never asked: the effect is in the log or it is not."""
        return None


class ForgetHandler:
    """Forgets facts of the owner; others it does not know of, whatever the intent says."""

    intent_type: type[Intent] = ForgetFacts
    effect = Effect.LOG

    def __init__(self, views: Views) -> None:
        self._views = views

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(ForgetFacts, intent)
        owner = execution.context.owner
        there = [fact for fact in wanted.facts if await is_remembered(self._views, owner, fact.fact_id)]
        if not there:
            raise IntentError(
                "there is nothing left to forget", where=wanted.TYPE, todo="It was forgotten before; nothing to do."
            )
        events = [FactForgotten(fact_id=fact.fact_id, user=owner.user) for fact in there]
        what = f"“{there[0].text}”" if len(there) == 1 else f"{len(there)} things you told me"
        return IntentResult(
            f"Forgotten: {what}.",
            data={"facts": [fact.fact_id for fact in there]},
            appends=[StreamAppend(_stream(owner), events)],
        )

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """Never asked: the effect is in the log or it is not."""
        return None
