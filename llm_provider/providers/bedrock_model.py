"""Strands' Bedrock model, whose thread ends with its call. Imported only when a model is made."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

import anyio.to_thread
from strands.models.bedrock import BedrockModel
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec
from typing_extensions import override

__all__ = ["BedrockServerModel"]


class BedrockServerModel(BedrockModel):
    """A call that is given up, whatever for, stops the thread that reads its stream at the stream's next piece."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.client = _ClosingClient(cast("Any", self).client)

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """The answer to one call."""
        ended = threading.Event()
        kwargs["cancel_signal"] = ended
        chunks = super().stream(messages, tool_specs, system_prompt, **kwargs)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            ended.set()
            await chunks.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await anyio.to_thread.run_sync(self.client.close)


class _ClosingClient:
    """A client whose streams are closed however their reading ends; the library leaves that to the collector."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def converse_stream(self, **request: Any) -> dict[str, Any]:
        """The answer, as the library gives it."""
        answer: dict[str, Any] = self._client.converse_stream(**request)
        return {**answer, "stream": _ClosingStream(answer["stream"])}


class _ClosingStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._stream
        finally:
            self._stream.close()

    def close(self) -> None:
        self._stream.close()
