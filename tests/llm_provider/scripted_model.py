"""A Strands model that plays given turns: what a provider may do to us, well-behaved or not."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
from strands.models import Model
from strands.types.streaming import StreamEvent

Chunk = dict[str, Any]
Turn = Callable[[], AsyncIterable[Chunk]]


@dataclass(frozen=True)
class Seen:
    """What the model was given in one call."""

    messages: list[Any]
    tool_specs: list[Any]
    system_prompt: str | None
    tool_choice: Any

    @property
    def last_texts(self) -> list[str]:
        """The texts of the last message, those of tool results included."""
        texts: list[str] = []
        for block in self.messages[-1]["content"]:
            inner = block["toolResult"]["content"] if "toolResult" in block else [block]
            texts += [item["text"] for item in inner if "text" in item]
        return texts


class ScriptedModel(Model):
    """Plays one turn a call; with `endless` the last turn is played again and again."""

    def __init__(self, *turns: Turn, endless: bool = False, model_id: str = "scripted-1") -> None:
        self.turns = list(turns)
        self.endless = endless
        self.calls: list[Seen] = []
        self.config: dict[str, Any] = {"model_id": model_id, "context_window_limit": 100_000}

    def update_config(self, **model_config: Any) -> None:
        self.config.update(model_config)

    def get_config(self) -> dict[str, Any]:
        return self.config

    async def structured_output(self, output_model: Any, prompt: Any, system_prompt: Any = None, **kwargs: Any) -> Any:
        raise NotImplementedError
        yield

    async def stream(
        self,
        messages: Any,
        tool_specs: Any = None,
        system_prompt: str | None = None,
        *,
        tool_choice: Any = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        number = len(self.calls)
        self.calls.append(Seen(copy.deepcopy(messages), tool_specs or [], system_prompt, tool_choice))
        if number >= len(self.turns) and not self.endless:
            raise AssertionError(f"the script has no turn {number + 1}")
        turn = self.turns[min(number, len(self.turns) - 1)]
        async for chunk in turn():
            yield chunk  # type: ignore[misc]


def usage(input_tokens: int = 10, output_tokens: int = 5) -> Chunk:
    return {
        "metadata": {
            "usage": {
                "inputTokens": input_tokens,
                "outputTokens": output_tokens,
                "totalTokens": input_tokens + output_tokens,
            },
            "metrics": {"latencyMs": 1},
        }
    }


def chunks(*items: Chunk) -> Turn:
    """A turn of exactly these chunks."""

    async def turn() -> AsyncGenerator[Chunk]:
        for item in items:
            yield item

    return turn


def text_block(text: str) -> list[Chunk]:
    return [
        {"contentBlockStart": {"start": {}}},
        {"contentBlockDelta": {"delta": {"text": text}}},
        {"contentBlockStop": {}},
    ]


def thinking_block(text: str) -> list[Chunk]:
    return [
        {"contentBlockStart": {"start": {}}},
        {"contentBlockDelta": {"delta": {"reasoningContent": {"text": text}}}},
        {"contentBlockStop": {}},
    ]


def tool_block(name: str, arguments: Any, call_id: str) -> list[Chunk]:
    raw = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return [
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call_id, "name": name}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": raw}}}},
        {"contentBlockStop": {}},
    ]


def message(blocks: Iterable[Sequence[Chunk]], stop: str, counted: Chunk | None = None) -> Turn:
    inner = [chunk for block in blocks for chunk in block]
    return chunks(
        {"messageStart": {"role": "assistant"}}, *inner, {"messageStop": {"stopReason": stop}}, counted or usage()
    )


def says(text: str, *, thinking: str = "", counted: Chunk | None = None) -> Turn:
    """A turn that answers."""
    return message([*([thinking_block(thinking)] if thinking else []), text_block(text)], "end_turn", counted)


def calls(*wanted: tuple[str, Any], first_id: int = 1, ids: Sequence[str] = ()) -> Turn:
    """A turn that asks for tools: (wire name, arguments or raw text), in order."""
    names = list(ids) or [f"call_{first_id + index}" for index in range(len(wanted))]
    blocks = [tool_block(name, arguments, call_id) for (name, arguments), call_id in zip(wanted, names, strict=True)]
    return message(blocks, "tool_use")


def hangs() -> Turn:
    """A turn that starts and never goes on."""

    async def turn() -> AsyncGenerator[Chunk]:
        yield {"messageStart": {"role": "assistant"}}
        await anyio.sleep_forever()

    return turn


def fails(error: Exception) -> Turn:
    """A turn that raises."""

    async def turn() -> AsyncGenerator[Chunk]:
        yield {"messageStart": {"role": "assistant"}}
        raise error

    return turn


def truncated(text: str = "", *, closed: bool = False) -> Turn:
    """A stream that was cut off before its end: inside its text, or once the text was `closed`."""
    said = text_block(text) if text else []
    return chunks({"messageStart": {"role": "assistant"}}, *(said if closed else said[:2]))
