"""How tools are called, as it was tuned: their time-outs, answers that are kept, tools that are left alone."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel

from common.context import TaskContext
from common.model_settings import BreakerSettings
from common.settings import RequestSettings
from common.tool import Tool, ToolResult
from llm_provider.breaker import Breaker, Permit

__all__ = ["BREAKER_FAILURES", "ToolPolicy", "ToolTuning"]

BREAKER_FAILURES = 5
"""Failed calls in a row after which a tool with a breaker is left alone."""
_MOST_ANSWERS = 500
_LARGEST_ANSWER = 100_000
"""Characters of text and data; what is longer is not kept."""


@dataclass(frozen=True, slots=True)
class ToolTuning:
    """What was tuned of one tool, in seconds.

    `timeout`: what a call may take (None: as configured). `cache`: for how long an answer may be given again (0:
    never). `breaker`: for how long the tool is left alone after `BREAKER_FAILURES` failures in a row (0: it is not).
    """

    timeout: float | None = None
    cache: float = 0.0
    breaker: float = 0.0


_AS_CONFIGURED = ToolTuning()


class ToolPolicy:
    """A `common.call_policy.CallPolicy` over tuned values; used from one event loop. `clock` is monotonic seconds."""

    def __init__(self, requests: RequestSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._configured = requests
        self._requests = requests
        self._clock = clock
        self._tools: dict[str, ToolTuning] = {}
        self._breakers: dict[str, Breaker] = {}
        self._permits: dict[str, list[Permit]] = {}
        self._answers: OrderedDict[tuple[str, str], tuple[float, ToolResult]] = OrderedDict()

    @property
    def requests(self) -> RequestSettings:
        """The bounds of requests as they are now."""
        return self._requests

    def tune_requests(self, **values: float | int) -> None:
        """Have these bounds of requests hold from now on instead of the configured ones, and no others."""
        self._requests = self._configured.model_copy(update=values)

    def tune(self, tool: str, tuning: ToolTuning) -> None:
        """Have this hold for a tool from its next call on; answers that were kept are dropped with their cache."""
        before = self._tools.get(tool, _AS_CONFIGURED)
        self._tools[tool] = tuning
        if tuning.cache != before.cache:
            for key in [key for key in self._answers if key[0] == tool]:
                del self._answers[key]
        if tuning.breaker != before.breaker:
            self._breakers.pop(tool, None)
            self._permits.pop(tool, None)

    def tuning(self, tool: str) -> ToolTuning:
        """What holds for a tool."""
        return self._tools.get(tool, _AS_CONFIGURED)

    def timeout(self, tool: Tool, given: float) -> float:
        """A tuned time-out of the tool wins over everything, a tuned one of all tools over the configured one."""
        own = self.tuning(tool.name).timeout
        if own is not None:
            return own
        if self._requests.tool_timeout != self._configured.tool_timeout:
            return min(tool.timeout, self._requests.tool_timeout)
        return given

    def refusal(self, tool: Tool) -> str | None:
        """Why the tool is left alone now, or None."""
        seconds = self.tuning(tool.name).breaker
        if not seconds:
            return None
        breaker = self._breakers.get(tool.name)
        if breaker is None:
            settings = BreakerSettings(failures=BREAKER_FAILURES, seconds=seconds)
            breaker = self._breakers[tool.name] = Breaker(settings, self._clock)
        permit = breaker.admit()
        if permit is None:
            left = breaker.seconds_left
            when = f"for {left:.3g} seconds more" if left else "until a call that is under way tells how it does"
            return f"{tool.name} kept failing, so it is left alone {when}"
        self._permits.setdefault(tool.name, []).append(permit)
        return None

    def ended(self, tool: Tool, ok: bool | None) -> None:
        """How a call went that was not refused."""
        permits = self._permits.get(tool.name)
        if not permits:
            return
        permit = permits.pop()  # which of them is the same to the breaker but for a probe, which is alone
        if ok is None:
            permit.abandoned()
        elif ok:
            permit.succeeded()
        else:
            permit.failed()

    def remembered(self, tool: Tool, arguments: BaseModel, context: TaskContext) -> ToolResult | None:
        """An answer to the same arguments, of the same owner at the same place on the same day, that is fresh."""
        seconds = self._kept_for(tool)
        if not seconds:
            return None
        key = (tool.name, _key(arguments, context))
        kept = self._answers.get(key)
        if kept is None:
            return None
        if self._clock() - kept[0] >= seconds:
            del self._answers[key]
            return None
        return kept[1]

    def remember(self, tool: Tool, arguments: BaseModel, context: TaskContext, result: ToolResult) -> None:
        """Keep an answer of a tool that allows it; a failure is never kept, nor is what is very long."""
        if not self._kept_for(tool) or not result.ok:
            return
        if len(result.text) > _LARGEST_ANSWER or len(str(result.data)) > _LARGEST_ANSWER:
            return
        self._answers[tool.name, _key(arguments, context)] = (self._clock(), result)
        while len(self._answers) > _MOST_ANSWERS:
            self._answers.popitem(last=False)

    def _kept_for(self, tool: Tool) -> float:
        return min(self.tuning(tool.name).cache, tool.cacheable_for)


def _key(arguments: BaseModel, context: TaskContext) -> str:
    day = context.current_time.date().isoformat() if context.current_time is not None else ""
    parts = [
        context.tenant, context.user, context.location, context.timezone, day, context.attributes,
        arguments.model_dump(mode="json"),
    ]  # fmt: skip
    return json.dumps(parts, sort_keys=True, default=str)
