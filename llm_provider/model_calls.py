"""Makes the model calls of one Strands agent, whatever the provider does wrong. Imported only when one is built.

Every call goes to the first model of the chain that can be asked. What may pass is tried again, within the tier's own
bounds and the request's; what may not, or lasts, leads on to the next model, which then keeps the conversation.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import anyio
from strands import Agent
from strands.middleware import InvokeModelContext, InvokeModelStage
from strands.models import Model
from strands.plugins import Plugin
from typing_extensions import override

from common.errors import LimitExceeded, ModelError
from common.logs import get_logger
from common.updates import ModelReplaced
from events.catalogue.trace import FallbackTaken
from llm_provider.agent_run import AgentRun, Attempt
from llm_provider.breaker import Breaker, Permit
from llm_provider.fault_reading import read_fault
from llm_provider.faults import AttemptFailed, Fault, FaultKind
from llm_provider.links import Link
from llm_provider.retries import seconds_before_retry

__all__ = ["ModelCalls", "Present"]

logger = get_logger(__name__)

Next = Callable[[Any], AsyncGenerator[Any, None]]
Present = Callable[[InvokeModelContext, Link], InvokeModelContext]
"""What a call shows to the model of a link: the offline model reads other schemas and prompts than all others."""

_RESERVE_SECONDS = 5.0
_RESERVE_SHARE = 0.25
_ANSWERED = frozenset({FaultKind.TOO_LONG, FaultKind.TOO_MUCH, FaultKind.UNAUTHORIZED, FaultKind.REFUSED})


class _Failed(Exception):
    """A link could not answer, and there is nothing more to try with it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


class ModelCalls(Plugin):
    """One agent's calls along a chain. Register it before the recorder, which then sees every attempt."""

    def __init__(self, state: AgentRun, links: Sequence[Link], present: Present) -> None:
        super().__init__()
        self._state = state
        self._links = links
        self._present = present
        self._at = 0
        self._failed: list[tuple[Link, Fault]] = []

    @property
    @override
    def name(self) -> str:
        """The plugin's name, for Strands."""
        return "supervisor-model-calls"

    @override
    def init_agent(self, agent: Agent) -> None:
        """Stand around every model call of the agent."""
        agent.add_middleware(InvokeModelStage, self._invoke_model)

    async def _invoke_model(self, context: InvokeModelContext, call_model: Next) -> AsyncGenerator[Any, None]:
        while True:
            link = self._links[self._at]
            try:
                async for event in self._ask(link, context, call_model):
                    yield event
            except _Failed as failed:
                self._go_on(link, failed.fault)
            else:
                return

    async def _ask(self, link: Link, context: InvokeModelContext, call_model: Next) -> AsyncGenerator[Any, None]:
        """Ask one link until it answers. Raises `_Failed` when it is to be asked no more."""
        self._state.model = link.description
        given = self._present(context, link).replace(model=await self._load(link))
        number = 0
        while True:
            permit = self._admit(link)
            self._state.attempt = self._attempt(link)
            started = anyio.current_time()
            try:
                async for event in call_model(given):
                    yield event
            except LimitExceeded:
                _end(permit, None)
                raise
            except Exception as error:
                fault = self._read(error, link)
                _end(permit, _was_there(fault))
                took = anyio.current_time() - started if fault.kind is FaultKind.TIMEOUT else 0.0
                await self._wait(link, fault, number, took)
            except BaseException:
                _end(permit, None)
                raise
            else:
                _end(permit, True)
                return
            number += 1

    async def _load(self, link: Link) -> Model:
        try:
            return await link.load()
        except Exception as error:
            raise _Failed(read_fault(error)) from error

    def _admit(self, link: Link) -> Permit | None:
        """Leave to make a call, None where no breaker guards the link. Raises `_Failed` where it is open."""
        if link.breaker is None:
            return None
        permit = link.breaker.admit()
        if permit is None:
            raise _Failed(_left_alone(link, link.breaker))
        return permit

    def _attempt(self, link: Link) -> Attempt:
        """How long the attempt may take: where others could still be asked, some time is kept for them."""
        remaining = self._time_left() if self._is_followed(link) else None
        if remaining is None or remaining >= link.settings.timeout:
            return Attempt(link.tier, link.settings.timeout)
        return Attempt(link.tier, remaining, whole=False)

    async def _wait(self, link: Link, fault: Fault, number: int, took: float) -> None:
        """Wait until the next attempt. Raises `_Failed` where there is to be none."""
        wait = seconds_before_retry(link.settings, number, fault.retry_after) if fault.passing else None
        if wait is None or (link.breaker is not None and link.breaker.state == "open"):
            raise _Failed(fault)
        remaining = self._time_left() if self._is_followed(link) else self._state.run.budget.remaining()
        needed = wait + took if self._is_followed(link) else wait
        if remaining is not None and needed >= remaining:
            raise _Failed(fault)
        await anyio.sleep(wait)

    def _time_left(self) -> float | None:
        """Seconds of the request that this link may use; the rest is for those after it."""
        remaining = self._state.run.budget.remaining()
        return None if remaining is None else remaining - min(_RESERVE_SECONDS, remaining * _RESERVE_SHARE)

    def _is_followed(self, link: Link) -> bool:
        return link is not self._links[-1]

    def _read(self, error: Exception, link: Link) -> Fault:
        fault = read_fault(error)
        if not isinstance(error, AttemptFailed):
            logger.info("model %s failed", link.description.label, exc_info=error)
        return fault

    def give_up(self, reason: str) -> bool:
        """Leave the model that was asked last, whose answers are of no use; False where nobody else is left."""
        link = self._links[self._at]
        if not self._is_followed(link):
            return False
        self._go_on(link, Fault(FaultKind.FAILED, reason))
        return True

    def _go_on(self, link: Link, fault: Fault) -> None:
        """Turn to the next link. Raises `ModelError` where there is none."""
        self._failed.append((link, fault))
        if not self._is_followed(link):
            raise _error_of(self._failed)
        self._at += 1
        follower, reason, run = self._links[self._at].tier, _reason(link, fault), self._state.run
        source, target = f"model {link.tier}", f"model {follower}"
        run.trace.record(FallbackTaken(source=source, target=target, reason=reason))
        run.telemetry.metrics.fallbacks.labels(source, target).inc()
        run.emit(ModelReplaced(link.tier, follower, reason, run.task))


def _error_of(failed: Sequence[tuple[Link, Fault]]) -> ModelError:
    """The error when nobody is left: the last fault, with those before it."""
    link, last = failed[-1]
    before = "; ".join(f"{earlier.tier}: {fault.what}" for earlier, fault in failed[:-1])
    what = f"{last.what} (before that {before})" if before else last.what
    return ModelError(what, where=f"model {link.description.label}", todo=last.todo)


def _was_there(fault: Fault) -> bool | None:
    """Whether the fault shows the provider to be there, or not; None where it tells neither."""
    if fault.counts:
        return False
    return True if fault.status is not None or fault.kind in _ANSWERED else None


def _end(permit: Permit | None, success: bool | None) -> None:
    """Tell the breaker how a call went; None for one that told nothing about the provider."""
    if permit is None:
        return
    if success is None:
        permit.abandoned()
    elif success:
        permit.succeeded()
    else:
        permit.failed()


def _left_alone(link: Link, breaker: Breaker) -> Fault:
    what = (
        f"{link.description.provider} failed {breaker.failures} times in a row and is left alone "
        f"for {max(1, round(breaker.seconds_left))} s more"
    )
    return Fault(FaultKind.LEFT_ALONE, what, "Look whether the provider is there: agent-supervisor doctor.")


def _reason(link: Link, fault: Fault) -> str:
    return f"{link.description.provider} {link.description.model}: {fault.what}"
