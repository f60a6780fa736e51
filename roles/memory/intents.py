"""What the memory role wants changed."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from common.intents import Intent

__all__ = ["MAX_FORGOTTEN", "FactReference", "ForgetFacts", "RememberFact"]

MAX_FORGOTTEN = 500


class FactReference(BaseModel):
    """A remembered fact, with its text so that a person who approves sees what goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fact_id: str = Field(min_length=1, max_length=200)
    text: str = Field(max_length=4_000)


class RememberFact(Intent):
    """Keep a fact, word for word."""

    TYPE: ClassVar[str] = "memory.remember_fact"
    text: str = Field(min_length=1, max_length=4_000)

    def summary(self) -> str:
        """See `Intent.summary`."""
        return f"remember “{self.text}”"


class ForgetFacts(Intent):
    """Do not use these facts any more."""

    TYPE: ClassVar[str] = "memory.forget_facts"
    facts: tuple[FactReference, ...] = Field(min_length=1, max_length=MAX_FORGOTTEN)

    def summary(self) -> str:
        """See `Intent.summary`."""
        if len(self.facts) == 1:
            return f"forget “{self.facts[0].text}”"
        return f"forget {len(self.facts)} things you told me, such as “{self.facts[0].text}”"
