"""Strands' Ollama model: ends that are checked, outputs that are forced. Imported only when a model is made."""

from __future__ import annotations

import copy
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

from strands.models.ollama import OllamaModel
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec
from typing_extensions import override

from llm_provider.faults import AttemptFailed, broke_off

__all__ = ["OllamaServerModel"]


class OllamaServerModel(OllamaModel):
    """Forces a tool's input by Ollama's structured outputs, for its protocol knows no choice of tools.

    An answer counts as complete only when the server said ``done``.
    """

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
        """The answer to one call."""
        forced = tool_specs[0] if tool_specs and _forces(tool_choice) and len(tool_specs) == 1 else None
        if forced is None:
            async for chunk in super().stream(messages, tool_specs, system_prompt, **kwargs):
                yield chunk
            return
        constrained = self._with_format(forced["inputSchema"]["json"])
        task = f"{system_prompt or ''}\n\n{forced['description']} Answer with one JSON object and nothing else.".strip()
        async for chunk in _as_call(OllamaModel.stream(constrained, messages, None, task), forced["name"]):
            yield chunk

    @override
    def format_chunk(self, event: dict[str, Any]) -> StreamEvent:
        """A chunk of the answer. Raises `AttemptFailed` at the end of a stream that broke off."""
        if event["chunk_type"] == "content_delta" and event["data_type"] == "text":
            return {"contentBlockDelta": {"delta": {"text": event["data"] or ""}}}
        if event["chunk_type"] != "metadata":
            return super().format_chunk(event)
        last = event["data"]
        if not last.done:
            raise AttemptFailed(broke_off())
        read, written = last.prompt_eval_count or 0, last.eval_count or 0  # left out where a prompt was kept whole
        usage = {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}
        latency = int((last.total_duration or 0) / 1e6)
        return cast("StreamEvent", {"metadata": {"usage": usage, "metrics": {"latencyMs": latency}}})

    def _with_format(self, schema: Any) -> OllamaServerModel:
        """This model for one call whose answer has to fit a schema."""
        constrained = copy.copy(self)
        further = {**(self.config.get("additional_args") or {}), "format": schema}
        constrained.config = cast("Any", {**self.config, "additional_args": further})
        return constrained


def _forces(tool_choice: ToolChoice | None) -> bool:
    return tool_choice is not None and ("tool" in tool_choice or "any" in tool_choice)


async def _as_call(chunks: AsyncIterator[StreamEvent], name: str) -> AsyncGenerator[StreamEvent, None]:
    """A text that is a tool's input, as the call of that tool."""
    async for chunk in chunks:
        event = cast("dict[str, Any]", chunk)
        if "contentBlockStart" in event:
            call = {"toolUseId": f"call_{uuid.uuid4().hex[:24]}", "name": name}
            yield cast("StreamEvent", {"contentBlockStart": {"start": {"toolUse": call}}})
        elif "contentBlockDelta" in event:
            text = event["contentBlockDelta"]["delta"].get("text") or ""
            yield cast("StreamEvent", {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}})
        elif event.get("messageStop", {}).get("stopReason") == "end_turn":
            yield cast("StreamEvent", {"messageStop": {"stopReason": "tool_use"}})
        else:
            yield chunk
