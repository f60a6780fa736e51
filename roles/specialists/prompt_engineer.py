"""Words the rules of a drafted guideline with a model: the same rules, one by one, in clearer sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from common.errors import GuidelineError, ModelError
from common.rule_writing import MAX_WORDING, RuleBrief, RuleWording, accept
from common.run_context import RunContext
from llm_provider.factory import LLMFactory
from llm_provider.structured import ask_structured
from roles.prompts import load_prompt

__all__ = ["PromptEngineer", "RulesOutput"]

_MOST_RULES = 40
_MAX_TEXT = 2_000
_REQUEST = "Word these rules."


class RuleOutput(BaseModel):
    """One rule as the model words it."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(description="The rule's id, as given", max_length=100)
    text: str = Field(description="The rule in other words", max_length=_MAX_TEXT)


class RulesOutput(BaseModel):
    """The model's answer."""

    model_config = ConfigDict(extra="ignore")

    rules: list[RuleOutput] = Field(description="The rules that were worded, each once", max_length=_MOST_RULES)


class PromptEngineer:
    """Implements `common.rule_writing.RuleWriter` with the model of one tier.

    An answer with wordings that can't be taken is asked for once more, with the reasons; what is returned is the
    model's last one, for whoever asked to check. The offline model can't write: it is never asked.
    """

    def __init__(self, models: LLMFactory, *, tier: str = "smart", run: RunContext | None = None) -> None:
        self._models = models
        self._tier = tier
        self._run = run

    @property
    def can_write(self) -> bool:
        """Whether a model is configured that can. Raises `ConfigurationError` for an unknown tier."""
        return not self._models.is_offline(self._tier)

    async def word(self, agent_type: str, rules: Sequence[RuleBrief]) -> Sequence[RuleWording]:
        """What the model writes for the rules; at most 40 are shown to it. Raises `ModelError`, `LimitExceeded`."""
        if not rules or not self.can_write:
            return ()
        shown = rules[:_MOST_RULES]
        last: list[RuleWording] = []

        def check(output: RulesOutput) -> None:
            last[:] = [RuleWording(rule.id, rule.text) for rule in output.rules]
            refused = accept(shown, last).refused
            if refused:
                said = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
                raise GuidelineError(said[:_MAX_TEXT], where="rules")

        prompt = load_prompt("prompt_engineer")
        try:
            await ask_structured(
                await self._models.load(self._tier),
                RulesOutput,
                system_prompt=prompt.render(most=str(MAX_WORDING), agent_type=_plain(agent_type)),
                request=_REQUEST,
                data=[_as_data(shown)],
                run=self._run,
                purpose="word rules",
                check=check,
            )
        except (GuidelineError, ModelError):
            if not last:
                raise
        return tuple(last)


def _as_data(rules: Sequence[RuleBrief]) -> str:
    rows = [{"id": rule.id, "rule": rule.text, "seen": rule.about} for rule in rules]
    return json.dumps(rows, ensure_ascii=False, indent=1)


def _plain(agent_type: str) -> str:
    return re.sub(r"[^\w.\- ]", "_", agent_type)[:64]
