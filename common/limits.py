"""The bounds of one request and the budget that counts against them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from common.errors import LimitExceeded

__all__ = ["Budget", "Limits", "Usage"]


class Limits(BaseModel):
    """Bounds of one request, all in force at once; None leaves the configured default in place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_clock: float | None = Field(default=None, gt=0, description="seconds from admission to answer")
    turns: int | None = Field(default=None, gt=0, le=200, description="model calls")
    tokens: int | None = Field(default=None, gt=0, description="input and output tokens together")
    tool_calls: int | None = Field(default=None, gt=0, description="tool calls, retries included")
    cost: float | None = Field(default=None, gt=0, description="US dollars by the public price table")

    def over(self, defaults: Limits) -> Limits:
        """These limits, with `defaults` where one is None."""
        mine = self.model_dump(exclude_none=True)
        return Limits(**{**defaults.model_dump(), **mine})


@dataclass(slots=True)
class Usage:
    """What a request has used so far; cost in US dollars, None where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    cost: float | None = 0.0


@dataclass(slots=True)
class Budget:
    """Counts a request's use and raises `LimitExceeded` at the bound.

    `clock` is monotonic seconds. The wall clock is enforced by a cancel scope around the whole request as well;
    `check_time` lets long steps stop at a clean place before that.
    """

    limits: Limits
    clock: Callable[[], float] = time.monotonic
    usage: Usage = field(default_factory=Usage)
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def elapsed(self) -> float:
        """Seconds since the budget was made."""
        return self.clock() - self.started

    def remaining(self) -> float | None:
        """Seconds left on the wall clock, None without a bound; never negative."""
        limit = self.limits.wall_clock
        return None if limit is None else max(0.0, limit - self.elapsed())

    def check_time(self) -> None:
        """Raise `LimitExceeded` once the wall clock has run out."""
        if self.remaining() == 0.0:
            raise self._exceeded("wall_clock", self.limits.wall_clock, "seconds")

    def spend_turn(self) -> None:
        """Count a model call that is about to start."""
        self.check_time()
        limit = self.limits.turns
        if limit is not None and self.usage.model_calls >= limit:
            raise self._exceeded("turns", limit, "model calls")
        self.usage.model_calls += 1

    def spend_tool_call(self) -> None:
        """Count a tool call that is about to start."""
        self.check_time()
        limit = self.limits.tool_calls
        if limit is not None and self.usage.tool_calls >= limit:
            raise self._exceeded("tool_calls", limit, "tool calls")
        self.usage.tool_calls += 1

    def spend_tokens(self, input_tokens: int, output_tokens: int, cost: float | None) -> None:
        """Count a finished model call's tokens and cost; raises when that went over a bound."""
        used = self.usage
        used.input_tokens += input_tokens
        used.output_tokens += output_tokens
        used.cost = None if cost is None or used.cost is None else used.cost + cost
        if self.limits.tokens is not None and used.input_tokens + used.output_tokens > self.limits.tokens:
            raise self._exceeded("tokens", self.limits.tokens, "tokens")
        if self.limits.cost is not None and used.cost is not None and used.cost > self.limits.cost:
            raise self._exceeded("cost", self.limits.cost, "US dollars")

    @staticmethod
    def _exceeded(limit: str, bound: float | None, unit: str) -> LimitExceeded:
        return LimitExceeded(
            limit,
            f"the request reached its limit of {bound} {unit}",
            where=f"limits.{limit}",
            todo="Raise the limit in config.yaml or in TaskContext.limits, or ask for less at once.",
        )
