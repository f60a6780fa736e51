"""An agent that stands in for a role: it has the role's tools, and answers what the role can't read by itself."""

from __future__ import annotations

from collections.abc import Sequence

from common.agent_configuration import AgentConfiguration
from common.results import RoleResult
from common.run_context import RunContext
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from roles.prompts import load_prompt

__all__ = ["run_role_agent"]


async def run_role_agent(
    agents: RuntimeAgentFactory, name: str, description: str, tools: Sequence[str], request: str, run: RunContext
) -> RoleResult:
    """What an agent with these tools answers for the role. Raises like `RuntimeAgent.run`."""
    prompt = load_prompt("role")
    configuration = AgentConfiguration(
        plan=request,
        system_prompt=prompt.render(role=name, description=description).text,
        tool_names=tuple(tools),
        metadata={"prompt_version": prompt.version, "role": name},
    )
    agent, _ = agents.create_agent(configuration, run.context)
    result = await agent.run(request, run=run, data=run.inputs)
    return RoleResult(
        result.final_output,
        ok=result.ok,
        partly=result.partly,
        facts=result.facts,
        tools_called=result.tools_called,
        iterations=result.iteration_count,
    )
