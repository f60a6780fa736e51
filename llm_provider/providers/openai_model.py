"""Strands' OpenAI model, made fit for servers that are not OpenAI's. Imported only when a model is made."""

from __future__ import annotations

from typing import Any

from strands.models.openai import OpenAIModel
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec
from typing_extensions import override

from llm_provider.faults import AttemptFailed, broke_off

__all__ = ["OpenAIServerModel", "required_only"]

_INVENTED = "end_turn"
"""What Strands reports as the reason to stop where the server gave none; OpenAI's protocol has no such reason."""


class OpenAIServerModel(OpenAIModel):
    """One client for all calls, none of which is taken for complete before the server said so.

    A tool that must be called is asked for as ``required`` where it is the only one: LM Studio and older llama.cpp
    refuse or ignore the form that names it. Without tools the key is left out, which several servers insist on.
    """

    def __init__(self, client: Any, **config: Any) -> None:
        super().__init__(client=client, **config)
        self._server = client

    @override
    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The request as OpenAI's protocol has it."""
        choice = required_only(tool_choice, tool_specs)
        request = super().format_request(messages, tool_specs, system_prompt, choice, **kwargs)
        if not request["tools"]:
            del request["tools"]
        return request

    @override
    def format_chunk(self, event: dict[str, Any], **kwargs: Any) -> StreamEvent:
        """A chunk of the answer. Raises `AttemptFailed` for the end of a stream that broke off."""
        if event["chunk_type"] == "message_stop" and event["data"] in (None, _INVENTED):
            raise AttemptFailed(broke_off())
        return super().format_chunk(event, **kwargs)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.close()


def required_only(tool_choice: ToolChoice | None, tool_specs: list[ToolSpec] | None) -> ToolChoice | None:
    """The choice in its plainest form: to have to call the only tool there is needs no name."""
    if tool_choice is not None and "tool" in tool_choice and len(tool_specs or ()) == 1:
        return {"any": {}}
    return tool_choice
