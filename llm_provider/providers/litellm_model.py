"""Strands' LiteLLM model with ends that are checked. Imported only when a model is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

import litellm
from litellm.exceptions import ContextWindowExceededError
from strands.models.litellm import LiteLLMModel
from strands.types.content import Messages
from strands.types.exceptions import ContextWindowOverflowException
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec
from typing_extensions import override

from llm_provider.faults import AttemptFailed, broke_off, too_much
from llm_provider.providers.base import MAX_ANSWER_BYTES
from llm_provider.providers.openai_model import required_only

__all__ = ["LiteLLMServerModel"]

_EVENT_BYTES = 200
"""About what a piece of a stream costs around its content."""


class LiteLLMServerModel(LiteLLMModel):
    """Takes a stream for complete only when the provider said why it stopped: LiteLLM makes a reason up otherwise."""

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """The answer to one call."""
        request = self.format_request(
            messages,
            tool_specs,
            system_prompt,
            required_only(kwargs.get("tool_choice"), tool_specs),
            system_prompt_content=kwargs.get("system_prompt_content"),
        )
        if not request["tools"]:
            del request["tools"]
        try:
            answer: Any = await litellm.acompletion(**self.client_args, **request)
            chunks = self._pieces(answer) if request["stream"] else self._whole(answer)
            async for chunk in chunks:
                yield chunk
        except ContextWindowExceededError as error:
            raise ContextWindowOverflowException(str(error)) from error

    async def _pieces(self, answer: Any) -> AsyncGenerator[StreamEvent, None]:
        yield self.format_chunk({"chunk_type": "message_start"})
        calls: dict[int, list[Any]] = {}
        kind: str | None = None
        reason: str | None = None
        usage: Any = None
        received = 0
        async for event in cast("AsyncIterator[Any]", answer):
            usage = getattr(event, "usage", None) or usage
            choice = event.choices[0] if getattr(event, "choices", None) else None
            if choice is None:
                continue
            received += _EVENT_BYTES + _length(choice.delta)
            if received > MAX_ANSWER_BYTES:
                raise AttemptFailed(too_much(f"{MAX_ANSWER_BYTES // 1_000_000} MB"))
            for piece, text in _texts(choice.delta):
                switched, kind = self._stream_switch_content(piece, kind)
                for chunk in switched:
                    yield chunk
                yield self.format_chunk({"chunk_type": "content_delta", "data_type": piece, "data": text})
            for call in getattr(choice.delta, "tool_calls", None) or ():
                calls.setdefault(call.index, []).append(call)
            reason = choice.finish_reason or reason
        if not (getattr(answer, "received_finish_reason", reason) or getattr(answer, "intermittent_finish_reason", "")):
            raise AttemptFailed(broke_off())
        if kind is not None:
            yield self.format_chunk({"chunk_type": "content_stop", "data_type": kind})
        async for chunk in self._end(calls, reason, usage):
            yield chunk

    async def _whole(self, answer: Any) -> AsyncGenerator[StreamEvent, None]:
        yield self.format_chunk({"chunk_type": "message_start"})
        choice = answer.choices[0]
        for piece, text in _texts(choice.message):
            for kind in ("content_start", "content_delta", "content_stop"):
                yield self.format_chunk({"chunk_type": kind, "data_type": piece, "data": text})
        calls = {index: [call] for index, call in enumerate(getattr(choice.message, "tool_calls", None) or ())}
        async for chunk in self._end(calls, choice.finish_reason, getattr(answer, "usage", None)):
            yield chunk

    async def _end(
        self, calls: dict[int, list[Any]], reason: str | None, usage: Any
    ) -> AsyncGenerator[StreamEvent, None]:
        async for chunk in self._process_tool_calls(calls):
            yield chunk
        yield self.format_chunk({"chunk_type": "message_stop", "data": reason})
        if usage is not None:
            yield self.format_chunk({"chunk_type": "metadata", "data": usage})


def _texts(message: Any) -> list[tuple[str, str]]:
    said = (("reasoning_content", getattr(message, "reasoning_content", None)), ("text", message.content))
    return [(kind, text) for kind, text in said if isinstance(text, str) and text]


def _length(delta: Any) -> int:
    calls = getattr(delta, "tool_calls", None) or ()
    return sum(len(text) for _, text in _texts(delta)) + sum(len(call.function.arguments or "") for call in calls)
