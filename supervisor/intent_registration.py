"""How a collected intent enters the log: its id, its registration, and the first decision of policy."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime

from common.context import Owner
from common.intent_collector import CollectedIntent
from common.intents import Policy
from common.settings import IntentSettings
from events.catalogue.base import Event
from events.catalogue.intent import IntentApprovalRequested, IntentDenied, IntentRegistered
from events.state.intent import arguments_hash
from supervisor.holding import hold_back
from supervisor.runs import Run

__all__ = ["drafts", "first_decision", "intent_id_for", "registration"]

_NAMESPACE = uuid.UUID("7f0c4f0a-4f5e-4f0e-9d50-6f2c6f1f8a11")


def intent_id_for(owner: Owner, request_id: str, ordinal: int) -> str:
    """The id of a request's n-th intent; the same for every attempt at the request, so registering twice conflicts."""
    name = json.dumps([owner.tenant, owner.user, request_id, ordinal])
    return uuid.uuid5(_NAMESPACE, name).hex


def registration(run: Run, ordinal: int, entry: CollectedIntent, now: datetime) -> IntentRegistered:
    """The registration of a run's intent at this place."""
    context = run.context.context
    intent_id = intent_id_for(context.owner, context.request_id or run.trace.trace_id, ordinal)
    lifetime = entry.intent.EXPIRES_AFTER
    return IntentRegistered(
        intent_id=intent_id,
        type=entry.intent.TYPE,
        arguments=entry.intent.model_dump(mode="json"),
        summary=entry.intent.summary(),
        key=intent_id,
        trace_id=run.trace.trace_id,
        task=entry.task,
        call_id=entry.call_id,
        ordinal=ordinal,
        user=context.user,
        expires_at=now + lifetime if lifetime is not None else None,
        context=context.model_dump(mode="json"),
    )


def drafts(
    run: Run, collected: Iterable[CollectedIntent], now: datetime, settings: IntentSettings
) -> list[tuple[IntentRegistered, list[Event]]]:
    """The registrations of all that a run collected, each with what policy says of it at once."""
    drafted: list[tuple[IntentRegistered, list[Event]]] = []
    for ordinal, entry in enumerate(collected, run.first_ordinal):
        registered = registration(run, ordinal, entry, now)
        drafted.append((registered, first_decision(settings, registered)))
    kept = hold_back(run, drafted)
    return [(registered, decision) for registered, (_, decision) in zip(kept, drafted, strict=True)]


def first_decision(settings: IntentSettings, registered: IntentRegistered) -> list[Event]:
    """What policy says of it at once: denied, to be approved, or nothing, which lets it through."""
    policy = settings.policies.get(registered.type, settings.default_policy)
    if policy is Policy.DENY:
        return [IntentDenied(intent_id=registered.intent_id, by="policy", reason="the policy of its type is deny")]
    if policy is Policy.ASK:
        digest = arguments_hash(registered.type, registered.arguments)
        return [IntentApprovalRequested(intent_id=registered.intent_id, arguments_hash=digest)]
    return []
