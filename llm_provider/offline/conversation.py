"""Reads the messages of a conversation: what is asked, what was called since, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from common.tool import Fact

__all__ = ["Answered", "Asked", "Conversation", "read_conversation"]

_MAX_JSON = 4_000
_REPROMPTS = frozenset({"You must format the previous response as structured output."})
"""What Strands says in the user's name before it forces structured output: never a request."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A tool's result. `registered` marks a change that is carried out, and reported, by somebody else."""

    ok: bool
    text: str
    facts: tuple[Fact, ...] = ()
    registered: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A call made for the current request, with its result once it is there."""

    call_id: str
    tool: str
    answer: Answered | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The current request (the first text of the last message in which the user asks) and what was done for it."""

    request: str
    asked: tuple[Asked, ...]
    length: int

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the results state, in the order of the calls."""
        return tuple(fact for call in self.asked if call.answer is not None for fact in call.answer.facts)


def read_conversation(messages: Sequence[Mapping[str, Any]]) -> Conversation:
    """Read messages in the standard form; what is not understood is passed over."""
    start, request = _last_request(messages)
    order: list[tuple[str, str]] = []
    answers: dict[str, Answered] = {}
    for message in messages[start + 1 :]:
        for block in _blocks(message):
            use, result = block.get("toolUse"), block.get("toolResult")
            if isinstance(use, dict):
                asked = cast("dict[str, Any]", use)
                order.append((str(asked.get("toolUseId")), str(asked.get("name"))))
            elif isinstance(result, dict):
                answered = cast("dict[str, Any]", result)
                answers[str(answered.get("toolUseId"))] = _read_result(answered)
    calls = tuple(Asked(call_id, tool, answers.get(call_id)) for call_id, tool in order)
    return Conversation(request, calls, len(messages))


def _last_request(messages: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].get("role") != "user":
            continue
        for block in _blocks(messages[index]):
            text = block.get("text")
            if isinstance(text, str):
                if text.strip() in _REPROMPTS:
                    break
                return index, text
    return -1, ""


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content: object = message.get("content")
    return cast("list[Mapping[str, Any]]", content) if isinstance(content, list) else []


def _read_result(result: Mapping[str, Any]) -> Answered:
    texts: list[str] = []
    facts: list[Fact] = []
    registered = False
    for block in _blocks(result):
        text, stated = block.get("text"), _statement(block.get("json"))
        if isinstance(text, str):
            texts.append(text)
        elif stated is not None:
            facts += _facts(stated["facts"])
            registered = registered or stated.get("registered") is True
        elif "json" in block:
            texts.append(json.dumps(block["json"], ensure_ascii=False, default=str)[:_MAX_JSON])
    return Answered(result.get("status") != "error", "\n".join(texts), tuple(facts), registered)


def _statement(value: object) -> Mapping[str, Any] | None:
    """A JSON block that states facts, instead of being the answer itself."""
    if not isinstance(value, dict):
        return None
    stated = cast("dict[str, Any]", value)
    return stated if isinstance(stated.get("facts"), list) else None


def _facts(values: Sequence[Any]) -> list[Fact]:
    facts: list[Fact] = []
    for value in values:
        try:
            facts.append(Fact.model_validate(value))
        except ValidationError:
            continue
    return facts
