"""Makes the improver of agents for whoever needs one: evolution, and the specialist for code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from common.settings import Settings
from common.telemetry import Telemetry
from llm_provider.factory import LLMFactory

if TYPE_CHECKING:
    from roles.improver.improver import ServiceImprover

__all__ = ["improver_maker"]


def improver_maker(
    settings: Settings, models: LLMFactory, telemetry: Telemetry
) -> Callable[[], Awaitable[ServiceImprover]]:
    """What makes an improver over the sandbox that this machine has; where a model can write, it proposes, too.

    What is returned raises `SandboxError` where there is no sandbox.
    """

    async def make() -> ServiceImprover:
        from roles.improver.improver import ServiceImprover
        from roles.improver.model_proposer import ModelProposer
        from roles.sandbox.find import find_sandbox

        tier = settings.builder.tier
        writer = None if models.is_offline(tier) else ModelProposer(models, tier, telemetry=telemetry)
        return ServiceImprover(await find_sandbox(settings.sandbox), proposer=writer)

    return make
