"""The conversation role: it talks through a model where one is configured, and says what it is where none is."""

from __future__ import annotations

from common.agent_configuration import AgentConfiguration
from common.remembered import Remembered
from common.results import RoleResult
from common.run_context import RunContext
from roles.conversation.examples import EXAMPLES
from roles.conversation.small_talk import ABILITIES, answer_small_talk
from roles.domain_role import DomainRole
from roles.prompts import load_prompt
from roles.resources import RoleResources

__all__ = ["ConversationRole", "build"]


class ConversationRole(DomainRole):
    """A role without tools. Offline it knows a few fixed sentences and admits that it knows no more."""

    def __init__(self, resources: RoleResources) -> None:
        super().__init__(
            resources,
            name="conversation",
            description=(
                "Small talk, general questions and everything that needs no tool: greetings, thanks, questions about "
                "the assistant, explanations, writing and ideas."
            ),
            examples=EXAMPLES,
            tools=(),
        )
        self._small_talk = Remembered(answer_small_talk)

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Answer through the model, or with what can be said truly without one."""
        runtime = self._runtime
        if runtime is None or runtime.is_offline:
            return self._answer_offline(request)
        prompt = load_prompt("conversation")
        configuration = AgentConfiguration(
            plan="",
            system_prompt=prompt.render().text,
            metadata={"prompt_version": prompt.version, "role": self.name},
        )
        agent, _ = runtime.create_agent(configuration, run.context)
        result = await agent.run(request, run=run, data=run.inputs)
        return RoleResult(
            result.final_output,
            ok=result.ok,
            facts=result.facts,
            tools_called=result.tools_called,
            iterations=result.iteration_count,
        )

    def _answer_offline(self, request: str) -> RoleResult:
        if (answer := self._small_talk(request)) is not None:
            return RoleResult(answer, iterations=1)
        examples = "; ".join(f"“{example}”" for example in ABILITIES)
        return RoleResult(
            "I can't answer that: no language model is configured, and without one I only do what I have tools for. "
            f"Ask, for example: {examples}.",
            ok=False,
            iterations=1,
        )


def build(resources: RoleResources) -> ConversationRole:
    """The conversation role."""
    return ConversationRole(resources)
