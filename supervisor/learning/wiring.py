"""Makes learning inside a supervisor: over its log, with its trials, its predictions and its agent types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from pydantic import JsonValue

from common.flags import Flags
from events.catalogue.guideline import GuidelineRule, TrialTerms
from events.projection import Views
from llm_provider.factory import LLMFactory
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from roles.core_planning import PlanningRole
from supervisor.active_guidelines import ActiveGuidelines
from supervisor.comparison.dry import dry_services
from supervisor.guidelines import Guidelines
from supervisor.learning.integration import Learning, LearningHooks, make_learning
from supervisor.learning.prediction_service import Predictions
from supervisor.learning.proposing import BY, Drafted, Improve
from supervisor.learning.trials import Trials
from supervisor.requests import RequestServices

__all__ = ["wire_learning"]

_TIER = "smart"
"""The tier whose model words rules, where it can."""


def wire_learning(
    services: RequestServices,
    planner: PlanningRole,
    agents: RuntimeAgentFactory,
    models: LLMFactory,
    active: ActiveGuidelines,
    guidelines: Guidelines,
    flags: Flags,
    views: Views,
    predictions: Predictions,
) -> Learning:
    """Learning over a supervisor's log; its own agents' requests go through versions, so trials decide on them."""
    settings = services.settings.learning
    trials = Trials(
        services.store, views, guidelines, services.clock, services.notifications, auto=settings.enable_auto_updates,
        share=settings.trial_share,
        terms=TrialTerms(alpha=settings.trial_alpha, most=settings.trial_most, report_wait=settings.trial_report_wait),
    )  # fmt: skip

    async def start(agent_type: str, version: str) -> object:
        return await trials.start(agent_type, version, by=BY, reason="patterns in the traces speak for it")

    async def check(
        agent_type: str, current: Sequence[GuidelineRule], rules: Sequence[GuidelineRule]
    ) -> tuple[str, JsonValue]:
        if agent_type not in guidelines.agent_types:
            return "", "not replayed: no requests go through versions of this agent type here"
        from supervisor.learning.replay import Replayer

        dry = dry_services(services, planner, agents, active, flags, views)
        replayer = Replayer(dry, services.router, models, views, services.store, lambda: active.current)
        report = await replayer.replay(
            agent_type, [rule.text for rule in rules], before=[rule.text for rule in current]
        )
        problem = "" if report.may_be_tried else "recorded requests that succeeded would not succeed under it"
        return problem, cast("JsonValue", report.as_json())

    hooks = LearningHooks(
        improve=_improve(models),
        check=check,
        start_trial=start,
        trials=trials,
        predictions=predictions,
        tell=trials.alerts.tell,
    )
    return make_learning(
        services.store, views, services.clock, services.ownership, guidelines, settings,
        served=guidelines.agent_types, hooks=hooks,
    )  # fmt: skip


def _improve(models: LLMFactory) -> Improve | None:
    from roles.specialists.prompt_engineer import PromptEngineer

    engineer = PromptEngineer(models, tier=_TIER)
    if _TIER not in models.tiers or not engineer.can_write:
        return None

    async def improve(draft: Drafted) -> Drafted:
        from supervisor.learning.guideline_generator import Draft, improve_wording

        return await improve_wording(draft, engineer) if isinstance(draft, Draft) else draft

    return improve
