"""`OfflineModel`, the deterministic model. Imported only when a model is needed, since it loads `strands`."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from strands.models import Model
from strands.types.content import Messages, SystemContentBlock
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec
from typing_extensions import override

from common.language.calls import CallPlanner, ToolShape
from common.language.relevance import similarity
from common.language.structured import fill_structured
from llm_provider.agent_prompt import guideline_lines
from llm_provider.offline.conversation import Conversation, read_conversation
from llm_provider.offline.steps import NextCall, Step, next_step
from llm_provider.offline.tokens import count_chars, count_prompt
from llm_provider.offline.wording import Wording, asks_who

__all__ = ["OfflineModel"]

T = TypeVar("T", bound=BaseModel)

_KEPT_TOOL_SETS = 32
_CLOCK = re.compile(r"^Time: [A-Za-z]+ (\d{4}-\d\d-\d\d \d\d:\d\d)(?: (\S+))?$", re.MULTILINE)


class OfflineModel(Model):
    """A Strands model that needs no LLM: the same messages and tools always give the same answer.

    It splits a request (the first text of the user's message; later texts are data) into its parts, picks a tool for
    each part by relevance, and fills the arguments from the text by their JSON schema. Several calls go out in one
    turn; one whose time counts from another's result ("an hour before") waits for it. The answer joins what the tools
    said, in the order of the parts, leaves out what a result marks as registered (see below), and says what failed
    and what could not be done. Where `tool_choice` forces a tool, the tool's input is filled in from the request.

    It reads these marks, and no names of tools or classes: schema keywords and formats of `common.language.formats`;
    a block ``{"facts": […], "registered": bool}`` in a tool result; guideline lines of a system prompt (a line
    ``Guideline:``, then lines that start with ``- ``, in the grammar of `common.language.rules`); a line
    ``Time: Monday 2026-11-16 10:00 Europe/Zurich`` in the system prompt, for tools that take dates instead of words.

    It can't write free text, judge conditions or know anything by itself, and says so where that is asked. What it
    left undone is listed under ``unanswered`` in the ``additionalModelResponseFields`` of ``messageStop``.
    Token counts are an approximation: characters divided by four.
    """

    def __init__(self, *, model_id: str = "offline") -> None:
        self._config: dict[str, Any] = {"model_id": model_id, "context_window_limit": 1_000_000}
        self._sets: OrderedDict[str, tuple[CallPlanner, Wording]] = OrderedDict()
        self._lock = threading.Lock()

    @override
    def update_config(self, **model_config: Any) -> None:
        """Change the configuration (only `model_id` and `context_window_limit` mean something)."""
        self._config.update(model_config)

    @override
    def get_config(self) -> dict[str, Any]:
        """The configuration."""
        return self._config

    @property
    def config(self) -> dict[str, Any]:
        """The configuration, where Strands looks for the model's id."""
        return self._config

    @override
    async def count_tokens(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        system_prompt_content: list[SystemContentBlock] | None = None,
    ) -> int:
        """The same approximation that is reported as usage."""
        return count_prompt(_as_maps(messages), _as_maps(tool_specs), system_prompt)

    @override
    async def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        """The output filled in from the request; raises pydantic's `ValidationError` where that does not validate."""
        conversation = read_conversation(_as_maps(prompt))
        value, _ = fill_structured(output_model.model_json_schema(), conversation.request, now=_clock(system_prompt))
        yield {"output": output_model.model_validate(value)}

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """One turn: tool calls, or the answer."""
        specs = _as_maps(tool_specs)
        step = self._decide(read_conversation(_as_maps(messages)), specs, system_prompt or "", tool_choice)
        spoken = count_prompt(_as_maps(messages), specs, system_prompt)
        for event in _events(step, spoken):
            yield cast("StreamEvent", event)

    def _decide(
        self,
        conversation: Conversation,
        specs: Sequence[Mapping[str, Any]],
        system_prompt: str,
        tool_choice: ToolChoice | None,
    ) -> Step:
        choice = cast("Mapping[str, Any]", tool_choice or {})
        now = _clock(system_prompt)
        if "tool" in choice:
            return _forced(conversation, specs, str(choice["tool"].get("name")), now)
        planner, wording = self._tools(specs)
        request = conversation.request
        if not request.strip():
            return Step(lines=(wording.empty(),))
        guideline = guideline_lines(system_prompt)
        plan = planner.plan(request, facts=conversation.facts, rules=guideline, now=now)
        if not plan.calls and asks_who(request):
            return Step(lines=(wording.who(),))
        if not plan.calls and "any" in choice and specs and not conversation.asked:
            return _forced(conversation, specs, _likeliest(specs, request), now)
        return next_step(conversation, guideline, wording, plan)

    def _tools(self, specs: Sequence[Mapping[str, Any]]) -> tuple[CallPlanner, Wording]:
        """The planner over these tools; kept, since a run asks with the same tools turn after turn."""
        key = json.dumps(specs, sort_keys=True, default=str)
        with self._lock:
            if (known := self._sets.get(key)) is not None:
                self._sets.move_to_end(key)
                return known
        shapes = [ToolShape(str(spec["name"]), str(spec.get("description") or ""), _schema(spec)) for spec in specs]
        made = CallPlanner(shapes), Wording(shapes)
        with self._lock:
            self._sets[key] = made
            while len(self._sets) > _KEPT_TOOL_SETS:
                self._sets.popitem(last=False)
        return made


def _forced(conversation: Conversation, specs: Sequence[Mapping[str, Any]], name: str, now: datetime | None) -> Step:
    """The one call that the caller insists on, its input read from the request."""
    spec = next((spec for spec in specs if spec.get("name") == name), None)
    if spec is None:
        return Step(lines=("I was told to use a tool that I was not given.",), unanswered=(conversation.request,))
    value, notes = fill_structured(_schema(spec), conversation.request, now=now)
    call_id = f"offline_{conversation.length}_0_{len(conversation.asked)}"
    return Step(calls=(NextCall(call_id, name, value),), unanswered=tuple(notes))


def _likeliest(specs: Sequence[Mapping[str, Any]], request: str) -> str:
    fits = [similarity(request, f"{spec['name']} {spec.get('description', '')}") for spec in specs]
    return str(specs[fits.index(max(fits))]["name"])


def _schema(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    outer = cast("Mapping[str, Any]", spec.get("inputSchema") or {})
    return cast("Mapping[str, Any]", outer.get("json", outer))


def _as_maps(values: Iterable[Any] | None) -> list[Mapping[str, Any]]:
    return [cast("Mapping[str, Any]", value) for value in values or ()]


def _clock(system_prompt: str | None) -> datetime | None:
    """The request's clock, where the prompt tells it with a time zone."""
    said = _CLOCK.findall(system_prompt or "")
    if not said:
        return None
    written, zone = said[-1]
    try:
        return datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
    except (ValueError, KeyError, OSError):
        return None


def _events(step: Step, prompt_tokens: int) -> Iterable[dict[str, Any]]:
    """A turn as the events of the stream."""
    yield {"messageStart": {"role": "assistant"}}
    said = 0
    for number, line in enumerate(step.lines):
        text = line if number == 0 else f"\n{line}"
        said += len(text)
        if number == 0:
            yield {"contentBlockStart": {"start": {}}}
        yield {"contentBlockDelta": {"delta": {"text": text}}}
    if step.lines:
        yield {"contentBlockStop": {}}
    for call in step.calls:
        written = json.dumps(call.arguments, ensure_ascii=False, default=str)
        said += len(written) + len(call.tool)
        yield {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call.call_id, "name": call.tool}}}}
        yield {"contentBlockDelta": {"delta": {"toolUse": {"input": written}}}}
        yield {"contentBlockStop": {}}
    fields = {"additionalModelResponseFields": {"unanswered": list(step.unanswered)}} if step.unanswered else {}
    yield {"messageStop": {"stopReason": "tool_use" if step.calls else "end_turn", **fields}}
    answer_tokens = count_chars(said)
    yield {
        "metadata": {
            "usage": {
                "inputTokens": prompt_tokens,
                "outputTokens": answer_tokens,
                "totalTokens": prompt_tokens + answer_tokens,
            },
            "metrics": {"latencyMs": 0},
        }
    }
