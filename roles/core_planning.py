"""The planning role: turns a request into a TaskGraph or into an agent's configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from common.agent_configuration import AgentConfiguration
from common.context import TaskContext
from common.errors import PlanningError
from common.language.formats import CHOICES, PART, PART_ID, PART_ORDER, PART_REFERENCE, PLAN, REQUEST
from common.language.parts import split
from common.language.rules import Rules, parse_rules
from common.run_context import RunContext
from common.task_graph import Task, TaskGraph
from llm_provider.agent_prompt import guideline_text
from llm_provider.factory import LLMFactory
from llm_provider.structured import ask_structured
from llm_provider.tool_registry import ToolRegistry
from roles.planning_expectations import expectation_text, preferring
from roles.planning_rules import guided, ordered, until_stop, with_order
from roles.prompts import load_prompt, situation
from roles.role_registry import RoleRegistry

__all__ = ["PlannerOutput", "PlanningRole", "RoleScores", "TaskGraphOutput"]

_SHORTLIST = 6
_EXAMPLES = 4
_CLOSE = 0.5
"""A tool's likelihood is a match of words: one that has under half of the best one's does something else."""


class RoleScores(Protocol):
    """What the planner asks of the router: how likely each role covers a text."""

    def probabilities(self, text: str) -> Mapping[str, float]:
        """Role name (and "none") -> probability."""
        ...


class PlannerOutput(BaseModel):
    """The planner's structured output for meta-planning."""

    model_config = ConfigDict(extra="ignore")

    analysis: Annotated[str, Field(json_schema_extra={"format": REQUEST}, description="What is asked")] = ""
    plan: Annotated[str, Field(json_schema_extra={"format": PLAN}, description="The numbered steps")]
    selected_tools: list[str] = Field(default_factory=list, description="Names of the tools the plan needs")
    agent_system_prompt: str = Field(default="", description="System prompt of the agent that carries out the plan")
    guidance_notes: str = Field(default="", description="Notes for the agent, may be empty")
    max_iterations: int = Field(default=10, ge=1, description="Model calls the agent may make")


class TaskOutput(BaseModel):
    """One task as the planner writes it."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(json_schema_extra={"format": PART_ID}, description="Short unique id, such as t1")]
    role: str = Field(description="The role that covers the task")
    request: Annotated[str, Field(json_schema_extra={"format": PART}, description="The task, standing by itself")]
    depends_on: list[Annotated[str, Field(json_schema_extra={"format": PART_REFERENCE})]] = Field(
        default_factory=list, description="Ids of the tasks whose result it needs"
    )
    after: list[Annotated[str, Field(json_schema_extra={"format": PART_ORDER})]] = Field(
        default_factory=list, description="Ids of the tasks it merely comes after, whether they succeed or not"
    )


class TaskGraphOutput(BaseModel):
    """The planner's structured output for the TaskGraph engine."""

    model_config = ConfigDict(extra="ignore")

    tasks: list[TaskOutput] = Field(description="One task for each thing that is asked")


class PlanningRole:
    """Plans with whatever model its tier has, over the roles and tools that are registered now."""

    def __init__(
        self,
        roles: RoleRegistry,
        tools: ToolRegistry,
        models: LLMFactory,
        scores: RoleScores,
        *,
        tier: str = "smart",
        iteration_cap: int = 30,
    ) -> None:
        self._roles = roles
        self._tools = tools
        self._models = models
        self._scores = scores
        self._tier = tier
        self._iteration_cap = iteration_cap

    async def plan_and_configure_agent(
        self, request: str, context: TaskContext, run: RunContext | None = None
    ) -> AgentConfiguration:
        """Choose tools and write the plan and prompts for one agent, by the rules of the run's guideline.

        What the agent's own guideline prefers and avoids counts for the choice as well: it can call nothing else.
        Tools that nobody registered are dropped; `metadata["dropped_tools"]` names each with its nearest known name.
        Raises `PlanningError` or `ModelError` when the model gives nothing usable.
        """
        parts = [part.standalone for part in split(request)]
        guideline, rules = _guideline(run, of_agents=True)
        expected = _expected(run)
        shortlist = preferring(self._shortlist(parts), parts, expected)
        prompt = load_prompt("meta_planning")
        agent_prompt = load_prompt("agent")
        output = await ask_structured(
            await self._models.load(self._tier),
            PlannerOutput,
            system_prompt=prompt.render(
                tools=self._tools.format_for_llm(list(shortlist)) or "(none fits)",
                guideline=guideline_text(guideline),
                **situation(context),
            ).followed_by(expectation_text(expected)),
            request=request,
            data=run.inputs if run is not None else (),
            schema_patch=_with_tool_choices(self._tool_choices(shortlist, parts, rules), agent_prompt.template),
            run=run,
            purpose="plan",
        )
        known, dropped = self._known_tools(output.selected_tools)
        return AgentConfiguration(
            plan=output.plan[:20_000],
            system_prompt=(output.agent_system_prompt or agent_prompt.template)[:20_000],
            tool_names=ordered(known, rules),
            guidance=output.guidance_notes[:20_000],
            max_iterations=min(output.max_iterations, self._iteration_cap),
            metadata={
                "analysis": output.analysis[:2_000],
                "dropped_tools": dict(dropped),
                "prompt_version": prompt.version,
                "shortlist": list(shortlist),
            },
        )

    async def create_task_graph(self, request: str, context: TaskContext, run: RunContext | None = None) -> TaskGraph:
        """Split the request into role tasks, by the rules of the run's guideline.

        Raises `PlanningError` for a graph that can't be run.
        """
        prompt = load_prompt("task_graph")
        guideline, rules = _guideline(run)
        expected = _expected(run)
        parts = [part.standalone for part in split(request)]
        roles = "\n".join(f"- {role.name}: {role.description}" for role in self._roles.enabled())
        output = await ask_structured(
            await self._models.load(self._tier),
            TaskGraphOutput,
            system_prompt=prompt.render(
                roles=roles,
                guideline=guideline_text(guideline),
                **situation(context),
            ).followed_by(expectation_text(expected)),
            request=request,
            data=run.inputs if run is not None else (),
            schema_patch=_with_role_choices(self._role_choices(parts, rules, expected)),
            run=run,
            purpose="plan",
            check=self._as_graph,
        )
        graph = self._as_graph(output)
        return graph if rules.empty else with_order(graph, rules)

    def _as_graph(self, output: TaskGraphOutput) -> TaskGraph:
        if not output.tasks:
            raise PlanningError("the planner made no tasks", where="TaskGraph.tasks")
        tasks = tuple(
            Task(
                id=task.id,
                role=task.role,
                request=task.request,
                depends_on=tuple(dict.fromkeys(task.depends_on)),
                after=tuple(dict.fromkeys(task.after)),
            )
            for task in output.tasks
        )
        return TaskGraph(tasks=tasks).checked({role.name for role in self._roles.enabled()})

    def _shortlist(self, parts: Sequence[str]) -> dict[str, dict[str, float]]:
        """Tool -> part -> how likely the part needs it: the tool's own match, weighed by its role's probability."""
        found: dict[str, dict[str, float]] = {}
        for part in parts:
            roles = self._scores.probabilities(part)
            for scored in self._tools.select(part, _SHORTLIST * 2):
                category = scored.name.partition(".")[0]
                weight = roles.get(category)
                prior = scored.score if weight is None else scored.score * (0.2 + 0.8 * weight)
                found.setdefault(scored.name, {})[part] = round(prior, 4)
        best = sorted(found, key=lambda name: max(found[name].values()), reverse=True)
        return {name: found[name] for name in best[: _SHORTLIST + 2 * len(parts)]}

    def _tool_choices(
        self, shortlist: Mapping[str, Mapping[str, float]], parts: Sequence[str], rules: Rules
    ) -> dict[str, Any]:
        return {
            name: {
                "description": self._tools.get_tool(name).description,
                "examples": list(self._tools.get_tool(name).utterances),
                "prior": prior,
            }
            for name, prior in until_stop(guided(shortlist, parts, rules, close=_CLOSE), parts, rules).items()
        }

    def _role_choices(self, parts: Sequence[str], rules: Rules, expected: Mapping[str, float]) -> dict[str, Any]:
        scores = {part: self._scores.probabilities(part) for part in parts}
        roles = self._roles.enabled()
        priors = {role.name: {part: round(_role_score(role.name, scores[part]), 4) for part in parts} for role in roles}
        guided_priors = guided(preferring(priors, parts, expected), parts, rules)
        return {
            role.name: {
                "description": role.description,
                "examples": list(role.examples[:_EXAMPLES]),
                "prior": guided_priors[role.name],
            }
            for role in roles
        }

    def _known_tools(self, names: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
        known: list[str] = []
        dropped: dict[str, str] = {}
        for name in dict.fromkeys(names):
            actual = name if name in self._tools.names else self._tools.from_wire(name)
            if actual is not None and actual in self._tools.names:
                known.append(actual)
            else:
                dropped[name[:200]] = self._tools.nearest(name) or ""
        return tuple(dict.fromkeys(known)), dropped


def _guideline(run: RunContext | None, *, of_agents: bool = False) -> tuple[tuple[str, ...], Rules]:
    """The rules in service for the planner, as said and as they are obeyed; with what agents prefer and avoid."""
    if run is None:
        return (), parse_rules(())
    lines = run.hints.guideline
    if of_agents:
        lines += tuple(line for line in run.hints.agent_guideline if _chooses(line) and line not in lines)
    return lines, parse_rules(lines)


def _chooses(line: str) -> bool:
    rules = parse_rules([line])
    return bool(rules.prefer or rules.avoid)


def _expected(run: RunContext | None) -> Mapping[str, float]:
    """What success is expected of engines and roles, as far as anything is known."""
    return run.hints.expected_success if run is not None else {}


def _role_score(name: str, scores: Mapping[str, float]) -> float:
    """A role's probability; the conversation role stands for what no domain role covers."""
    if name in scores:
        return scores[name]
    return scores.get("none", 0.0) if name == "conversation" else 0.0


def _with_role_choices(choices: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def patch(schema: dict[str, Any]) -> dict[str, Any]:
        role = schema["$defs"]["TaskOutput"]["properties"]["role"]
        role["enum"] = list(choices)
        role[CHOICES] = dict(choices)
        return schema

    return patch


def _with_tool_choices(choices: Mapping[str, Any], agent_prompt: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def patch(schema: dict[str, Any]) -> dict[str, Any]:
        properties = schema["properties"]
        properties["selected_tools"]["items"] = {"type": "string", "enum": list(choices), CHOICES: dict(choices)}
        properties["agent_system_prompt"]["default"] = agent_prompt
        return schema

    return patch
