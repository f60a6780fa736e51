"""Changes of agents that a configured model writes; they go through the same gate as all others."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from common.errors import LimitExceeded, ModelError, ValidationFailed
from common.limits import Budget, Limits
from common.logs import get_logger
from common.telemetry import Telemetry
from llm_provider.factory import LLMFactory
from llm_provider.links import without_offline
from llm_provider.private_run import private_run
from llm_provider.structured import ask_structured
from roles.improver.agent import AgentSource
from roles.improver.bottlenecks import Bottleneck
from roles.prompts import load_prompt

if TYPE_CHECKING:
    from common.run_context import RunContext

__all__ = ["PROPOSAL_LIMITS", "ModelProposer"]

_log = get_logger(__name__)
PROPOSAL_LIMITS = Limits(wall_clock=600.0, turns=8, tokens=80_000)
"""What one attempt to improve one agent may use of a model."""
_FENCE = re.compile(r"\A\s*```[a-z]*\n(.*?)\n?```\s*\Z", re.DOTALL)
_MAX_CODE = 32_000
_MAX_ANSWER = 100_000
_MAX_FILES = 4
_BOTTLENECKS = 8
_ATTEMPTS = 2


class ChangedFile(BaseModel):
    """One file, whole."""

    model_config = ConfigDict(extra="ignore")

    path: str = Field(description="as it is named in the data")
    code: str = Field(min_length=1, max_length=_MAX_ANSWER, description="the whole file as it is to be")


class ChangeOutput(BaseModel):
    """A change of an agent."""

    model_config = ConfigDict(extra="ignore")

    files: list[ChangedFile] = Field(min_length=1, max_length=_MAX_FILES)
    why: str = Field(default="", max_length=1_000, description="one sentence")


class ModelProposer:
    """Implements `roles.improver.improver.Proposer` with the model of one tier.

    It is asked once for each of the worst places, `proposals` times at the most, within `limits` for one agent. The
    offline model can't write: nothing is proposed then. `model_calls` is what all attempts of this proposer used.
    """

    def __init__(
        self,
        models: LLMFactory,
        tier: str,
        *,
        proposals: int = 2,
        limits: Limits = PROPOSAL_LIMITS,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._models = models
        self._tier = tier
        self._proposals = proposals
        self._limits = limits
        self._telemetry = telemetry
        self.model_calls = 0

    async def propose(self, agent: AgentSource, bottlenecks: Sequence[Bottleneck]) -> Sequence[Mapping[str, str]]:
        """Whole versions of the agent's files, fewer than asked for where the model or its budget gave out.

        Raises `ModelError` where it can't be asked at all.
        """
        if self._models.is_offline(self._tier) or sum(map(len, agent.files.values())) > _MAX_CODE:
            return []
        run = replace(private_run(telemetry=self._telemetry), budget=Budget(self._limits))
        told = [_told(one) for one in bottlenecks[:_BOTTLENECKS]] or ["the time of a request, and the memory it takes"]
        found: list[Mapping[str, str]] = []
        before: list[str] = []
        try:
            for number in range(self._proposals):
                aim = told[number % len(told)]
                answer = await self._ask(agent, aim, before, told, run)
                before.append(answer.why or aim)
                files = {**agent.files, **{one.path: _without_fence(one.code) for one in answer.files}}
                if files != dict(agent.files) and files not in found:
                    found.append(files)
        except (ValidationFailed, LimitExceeded) as error:
            _log.info("a model wrote no further change of %s: %s", agent.name, error)
        except ModelError:
            if not found:
                raise
        finally:
            self.model_calls += run.budget.usage.model_calls
        return found

    async def _ask(
        self, agent: AgentSource, aim: str, before: Sequence[str], told: Sequence[str], run: RunContext
    ) -> ChangeOutput:
        prompt = load_prompt("improve_agent").render(aim=aim, before="; ".join(before))
        data = ["Figures and places:\n" + "\n".join(told), *_specified(agent)]
        data += [f"The file {path}:\n{agent.files[path]}" for path in sorted(agent.files)]

        def check(answer: ChangeOutput) -> None:
            _check(agent, answer)

        model = without_offline(await self._models.load(self._tier))
        return await ask_structured(
            model, ChangeOutput, system_prompt=prompt, request=f"Improve the agent {agent.name}.", data=data, run=run,
            purpose="improve agent", attempts=_ATTEMPTS, check=check,
        )  # fmt: skip


def _check(agent: AgentSource, answer: ChangeOutput) -> None:
    """Raise `ValidationFailed` for what the gate would refuse at once, so that the model can mend it."""
    for one in answer.files:
        if one.path not in agent.files:
            raise ValidationFailed(f"the agent has no file {one.path[:80]!r}", where="files")
        try:
            ast.parse(_without_fence(one.code))
        except (SyntaxError, ValueError) as error:
            raise ValidationFailed(f"{one.path} is no Python: {error}", where="files") from None


def _told(one: Bottleneck) -> str:
    at = f" ({one.file}, {one.function or 'module'}, line {one.line})" if one.file else ""
    figure = f", {one.value:.3g} where {one.threshold:.3g} is usual" if one.threshold else ""
    return f"{one.measure}: {one.what}{figure}{at}"


def _specified(agent: AgentSource) -> list[str]:
    """What of the specification a writer may rely on."""
    told = agent.specification
    lines = [f"{target} is given {', '.join(rules)}" for target, rules in told.inputs.items()]
    lines += [f"the table {name} has the unique column {table.key}" for name, table in told.tables.items()]
    if told.transient:
        lines.append(f"these only read, and may fail for a moment: {', '.join(sorted(told.transient))}")
    return ["Specified:\n" + "\n".join(lines)] if lines else []


def _without_fence(code: str) -> str:
    fenced = _FENCE.match(code)
    return (fenced[1] if fenced else code).rstrip() + "\n"
