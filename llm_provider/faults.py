"""What goes wrong with a model call, in one vocabulary for all providers, and what is to be done about each kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["AttemptFailed", "Fault", "FaultKind", "broke_off", "too_much"]


class FaultKind(StrEnum):
    """Kinds of faults; `Fault.passing` and `Fault.counts` say how each is treated."""

    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken_off"
    GARBLED = "garbled"
    UNAUTHORIZED = "unauthorized"
    REFUSED = "refused"
    TOO_LONG = "too_long"
    TOO_MUCH = "too_much"
    LEFT_ALONE = "left_alone"
    NOT_USABLE = "not_usable"
    FAILED = "failed"


_PASSING = frozenset(
    {
        FaultKind.BUSY,
        FaultKind.UNAVAILABLE,
        FaultKind.UNREACHABLE,
        FaultKind.TIMEOUT,
        FaultKind.BROKEN_OFF,
        FaultKind.GARBLED,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed attempt.

    `what` is a sentence for people, without secrets; `retry_after` is in seconds, as the provider asked for;
    `blames` is False where the time that ran out was the request's and says nothing about the provider.
    """

    kind: FaultKind
    what: str
    todo: str = ""
    status: int | None = None
    retry_after: float | None = None
    blames: bool = True

    @property
    def passing(self) -> bool:
        """Whether the same call may well succeed a little later."""
        return self.kind in _PASSING

    @property
    def counts(self) -> bool:
        """Whether the provider's circuit breaker is to count it."""
        return self.passing and self.blames


class AttemptFailed(Exception):
    """Raised inside an attempt by our own checks of it; never leaves `llm_provider`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


def broke_off() -> Fault:
    """The fault of an answer whose end never came."""
    return Fault(FaultKind.BROKEN_OFF, "the model's answer broke off before its end")


def too_much(bound: str) -> Fault:
    """The fault of an answer that does not end."""
    return Fault(
        FaultKind.TOO_MUCH,
        f"the model's answer was cut off, because it was longer than {bound}",
        "Ask for less, or set the tier's max_tokens.",
    )
