"""What Bedrock's ConverseStream sends, for the raw server: frames of Amazon's event streams, and its errors."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any
from zlib import crc32

from tests.services.raw_model_server import Act, Writer

__all__ = ["aws_refuses", "converse", "converse_calls", "converse_drips", "converse_says"]

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nconnection: close\r\n\r\n"


def frame(kind: str, payload: dict[str, Any], message_type: str = "event") -> bytes:
    """One message of an event stream."""
    name = ":exception-type" if message_type == "exception" else ":event-type"
    headers = b"".join(
        struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for key, value in ((":message-type", message_type), (name, kind), (":content-type", "application/json"))
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + headers + body
    return message + struct.pack("!I", crc32(message))


def converse(*frames: bytes) -> Act:
    """A stream of exactly these frames."""

    async def act(writer: Writer) -> None:
        writer.write(_HEAD + b"".join(frames))

    return act


def _text(*pieces: str) -> list[bytes]:
    deltas = [frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}) for piece in pieces]
    return [frame("messageStart", {"role": "assistant"}), *deltas]


def _end(reason: str) -> list[bytes]:
    usage = {"inputTokens": 20, "outputTokens": 7, "totalTokens": 127, "cacheReadInputTokens": 100}
    return [
        frame("messageStop", {"stopReason": reason}),
        frame("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}),
    ]


def converse_says(text: str, *, whole: bool = True) -> Act:
    """An answer in words; not `whole`: the stream ends before its end."""
    stop = frame("contentBlockStop", {"contentBlockIndex": 0})
    return converse(*_text(*(f"{word} " for word in text.split())), stop, *(_end("end_turn") if whole else []))


def converse_calls(*wanted: tuple[str, dict[str, Any]]) -> Act:
    """An answer that calls tools."""
    frames = [frame("messageStart", {"role": "assistant"})]
    for index, (name, given) in enumerate(wanted):
        use = {"toolUse": {"toolUseId": f"tooluse_{index}", "name": name}}
        frames.append(frame("contentBlockStart", {"contentBlockIndex": index, "start": use}))
        written = {"toolUse": {"input": json.dumps(given)}}
        frames.append(frame("contentBlockDelta", {"contentBlockIndex": index, "delta": written}))
        frames.append(frame("contentBlockStop", {"contentBlockIndex": index}))
    return converse(*frames, *_end("tool_use"))


def converse_drips() -> Act:
    """Words for ever."""

    async def act(writer: Writer) -> None:
        writer.write(_HEAD)
        while True:
            writer.write(b"".join(_text("word ")[1:]))
            await writer.drain()
            await asyncio.sleep(0.02)

    return act


def aws_refuses(status: int, kind: str, message: str, *, in_stream: bool = False) -> Act:
    """An error as Amazon's services tell it, at once or inside a stream."""

    async def act(writer: Writer) -> None:
        if in_stream:
            writer.write(_HEAD + b"".join(_text("Well, ")) + frame(kind, {"message": message}, "exception"))
            return
        body = json.dumps({"message": message}).encode()
        head = f"HTTP/1.1 {status} No\r\ncontent-length: {len(body)}\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}x-amzn-errortype: {kind}\r\nconnection: close\r\n\r\n".encode() + body)

    return act
