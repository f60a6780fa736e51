"""The role protocol: what the router routes to and the TaskGraph engine gives tasks to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from common.intents import IntentHandler
from common.results import RoleResult
from common.run_context import RunContext
from common.tool import Tool

__all__ = ["Role"]


@runtime_checkable
class Role(Protocol):
    """A specialist for one domain.

    `examples` are utterances that it covers, as real people ask; the router learns it from them. `tools` and
    `intent_handlers` are registered with it.
    """

    @property
    def name(self) -> str:
        """Lower-case identifier, also the category of its tools."""
        ...

    @property
    def description(self) -> str:
        """One or two sentences: what the role covers, and what it does not."""
        ...

    @property
    def examples(self) -> Sequence[str]:
        """Utterances this role covers."""
        ...

    @property
    def tools(self) -> Sequence[Tool]:
        """The tools it brings."""
        ...

    @property
    def intent_handlers(self) -> Sequence[IntentHandler]:
        """The handlers of the intents its tools register."""
        ...

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Answer one request. A thing that can't be done is a result with ``ok=False`` that says why."""
        ...
