"""A circuit breaker: a provider that keeps failing is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from common.model_settings import BreakerSettings

__all__ = ["Breaker", "Permit"]


class Breaker:
    """Counts the failures of one provider endpoint; used from one event loop.

    Closed, every call goes through. After `settings.failures` failures in a row it opens, and nobody calls for
    `settings.seconds`. Then one call may try (half-open): its success closes the breaker, its failure opens it again.
    `clock` is monotonic seconds.
    """

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None
        self._probe: Permit | None = None

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        if self._opened is None:
            return "closed"
        return "open" if self.seconds_left else "half-open"

    @property
    def failures(self) -> int:
        """Failures in a row so far."""
        return self._failures

    @property
    def seconds_left(self) -> float:
        """Seconds until a call may try again; 0 where the time is over or the breaker closed."""
        if self._opened is None:
            return 0.0
        return max(0.0, self._opened + self._settings.seconds - self._clock())

    def admit(self) -> Permit | None:
        """Leave to make one call now, or None. Whoever gets it tells it once how the call went."""
        if self._opened is None:
            return Permit(self)
        if self._probe is not None or self.seconds_left:
            return None
        self._probe = Permit(self)
        return self._probe

    def end(self, permit: Permit, success: bool | None) -> None:
        """Take note of how a call went; None for one that was given up before it could tell."""
        if self._opened is not None and permit is not self._probe:
            return  # it began before the breaker opened: only the probe counts now
        self._probe = None
        if success:
            self._failures, self._opened = 0, None
        elif success is False:
            self._failures += 1
            if self._opened is not None or self._failures >= self._settings.failures:
                self._opened = self._clock()


class Permit:
    """Leave to make one call."""

    __slots__ = ("_breaker",)

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def succeeded(self) -> None:
        """The provider answered, be it with a refusal of what was asked."""
        self._breaker.end(self, True)

    def failed(self) -> None:
        """The provider failed."""
        self._breaker.end(self, False)

    def abandoned(self) -> None:
        """The call was given up before it could tell anything."""
        self._breaker.end(self, None)
