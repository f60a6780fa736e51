"""Has a model decide where a request goes when the classifier is unsure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from common.context import TaskContext
from common.flags import OFF, ROUTER_MODEL
from common.language.formats import CHOICES
from common.language.rules import parse_rules
from common.run_context import RunContext
from llm_provider.agent_prompt import guideline_text
from llm_provider.factory import LLMFactory
from llm_provider.structured import ask_structured
from roles.planning_rules import guided
from roles.prompts import load_prompt, situation
from roles.role_registry import RoleRegistry
from roles.router import PLANNING

__all__ = ["RouteByModel", "RouteOutput"]

_EXAMPLES = 4


class RouteOutput(BaseModel):
    """The model's decision."""

    model_config = ConfigDict(extra="ignore")

    route: Annotated[str, Field(description="the one role that covers the whole request, else planning")]


class RouteByModel:
    """Implements `roles.router.AskModel` with structured output of one tier.

    Which tier, or whether any, the flag `router-model` decides for each request; outside of requests it is `tier`.
    `within` names the run that is under way, so that the call counts against its budget and stands in its trace.
    """

    def __init__(self, roles: RoleRegistry, models: LLMFactory, tier: str | None = None) -> None:
        self._roles = roles
        self._models = models
        self._tier = tier
        self._run: ContextVar[RunContext | None] = ContextVar("supervisor_routing_run", default=None)

    @contextmanager
    def within(self, run: RunContext) -> Generator[None]:
        """Count what is asked inside the block as part of this run."""
        token = self._run.set(run)
        try:
            yield
        finally:
            self._run.reset(token)

    async def __call__(self, request: str, context: TaskContext, probabilities: Mapping[str, float]) -> str | None:
        """The name of a role, "planning", or None where no model is to be asked.

        Raises `ModelError` and `LimitExceeded`.
        """
        run = self._run.get()
        tier = await self._tier_for(run)
        if tier is None:
            return None
        roles = self._roles.enabled()
        guideline = run.hints.guideline if run is not None else ()
        prompt = load_prompt("route")
        output = await ask_structured(
            await self._models.load(tier),
            RouteOutput,
            system_prompt=prompt.render(
                roles="\n".join(f"- {role.name}: {role.description}" for role in roles),
                guideline=guideline_text(guideline),
                **situation(context),
            ),
            request=request,
            schema_patch=_with_choices(self._choices(request, probabilities, guideline)),
            run=run,
            purpose="route",
        )
        return output.route

    async def _tier_for(self, run: RunContext | None) -> str | None:
        if run is None or run.flags is None:
            return self._tier
        tier = str((await run.flags.read(ROUTER_MODEL)).value)
        return None if tier == OFF else tier

    def _choices(self, request: str, probabilities: Mapping[str, float], guideline: Sequence[str]) -> dict[str, Any]:
        roles = self._roles.enabled()
        priors = {role.name: {request: round(probabilities.get(role.name, 0.0), 4)} for role in roles}
        guided_priors = guided(priors, (request,), parse_rules(guideline))
        choices: dict[str, Any] = {
            role.name: {
                "description": role.description,
                "examples": list(role.examples[:_EXAMPLES]),
                "prior": guided_priors[role.name],
            }
            for role in roles
        }
        choices[PLANNING] = {"description": "several things at once, or none of the roles", "prior": {request: 0.5}}
        return choices


def _with_choices(choices: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def patch(schema: dict[str, Any]) -> dict[str, Any]:
        route = schema["properties"]["route"]
        route["enum"] = list(choices)
        route[CHOICES] = dict(choices)
        return schema

    return patch
