"""The view that the guard goes by: one row a watched flag, folded from the ends of requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from common.rollout_settings import GuardSettings
from events.catalogue.flag import FlagChanged
from events.catalogue.system import AlertRaised
from events.catalogue.trace import TraceEnded
from events.projection import Column, RecordedEvent, Row
from supervisor.guard.record import FlagRecord, Slowness

__all__ = ["ALERT_KIND", "TURNED_OFF", "VariantWatch"]

ALERT_KIND = "flag-guard"
TURNED_OFF = "turned_off"
"""The key in an alert's evidence that tells whether the guard could turn the variant off."""

_FINE = frozenset({"success", "partial", "awaiting_approval"})
_NOBODYS_FAULT = frozenset({"cancelled", "interrupted"})


class VariantWatch:
    """View `variant_watch`: for each watched flag how requests ended under its variants, since it was last changed.

    The log decides: whoever folds it, here, elsewhere or after a restart, comes to the same evidence. Settings that
    make another record of the same events make another version of the view. Holds nothing about people.
    """

    name = "variant_watch"
    key = (Column("flag", "text"),)
    columns = (Column("record", "json"), Column("flag_version", "integer"), Column("last_at", "time"))
    indexes = ()
    topics = frozenset({TraceEnded.TOPIC, FlagChanged.TOPIC, AlertRaised.TOPIC})

    def __init__(self, settings: GuardSettings) -> None:
        self._references = settings.flags
        self._slowness = Slowness(settings.slow_factor, settings.slow_seconds)
        told = json.dumps([settings.flags, settings.slow_factor, settings.slow_seconds], sort_keys=True)
        self.version = int.from_bytes(hashlib.sha256(f"2 {told}".encode()).digest()[:6])

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The watched flags that the event is about."""
        match event.event:
            case TraceEnded(variants=variants, outcome=outcome) if outcome not in _NOBODYS_FAULT:
                return [(flag,) for flag in variants if flag in self._references]
            case FlagChanged(key=key) if key in self._references:
                return ((key,),)
            case AlertRaised(kind=kind, subject=subject) if kind == ALERT_KIND and subject in self._references:
                return ((subject,),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The record after the event."""
        record = FlagRecord() if row is None else FlagRecord.load(row["record"])
        version = 0 if row is None else row["flag_version"]
        match event.event:
            case TraceEnded() as ended:
                variant = ended.variants[key[0]]
                milliseconds = ended.response.get("duration_ms")
                seconds = milliseconds / 1000 if isinstance(milliseconds, int | float) else 0.0
                is_reference = variant == self._references[key[0]]
                record.count(variant, is_reference, _has_failed(ended, is_reference), seconds, self._slowness)
            case FlagChanged():
                record.begin_anew()
                version = event.version
            case AlertRaised(evidence=evidence):
                record.is_told = evidence.get(TURNED_OFF) is False
            case _:
                pass
        return {"record": record.dump(), "flag_version": version, "last_at": event.recorded_at}


def _has_failed(ended: TraceEnded, is_reference: bool) -> bool:
    """A request that another engine had to answer counts as failed, too: the variant did not do it."""
    if ended.outcome not in _FINE:
        return True
    metadata = ended.response.get("metadata")
    return not is_reference and isinstance(metadata, dict) and metadata.get("fallback") is not None
