"""A tool's full result, kept beside the record of its call where that holds an excerpt, and read back."""

from __future__ import annotations

from typing import Any, cast

from pydantic import JsonValue
from pydantic_core import PydanticSerializationError, from_json, to_json

from common.blob import MAX_BLOB_BYTES, Blob
from common.tool import ToolResult
from llm_provider.json_safe import clean_text, json_safe

__all__ = ["read_whole", "whole_result"]


def whole_result(result: ToolResult) -> Blob | None:
    """Text and data of a result as a blob; None where they are too large to be kept."""
    if not _may_fit(result):
        return None
    content = _encoded(clean_text(result.text), result.data)
    return Blob(content) if len(content) <= MAX_BLOB_BYTES else None


def read_whole(content: bytes) -> tuple[str, JsonValue]:
    """Text and data of a result that was kept. Raises `ValueError` for content that is none."""
    kept = from_json(content)
    fields = cast("dict[str, Any]", kept) if isinstance(kept, dict) else {}
    text = fields.get("text")
    if not isinstance(text, str):
        raise ValueError("it is no result of a tool")
    return text, fields.get("data")


def _may_fit(result: ToolResult) -> bool:
    """Whether it may fit once it is encoded; looks at no more of it than would fit."""
    room = MAX_BLOB_BYTES - len(result.text)
    waiting: list[Any] = [result.data]
    while waiting and room >= 0:
        value = waiting.pop()
        if isinstance(value, str):
            room -= len(value)
        elif isinstance(value, (list, dict)):
            entries = cast("list[Any]", value)
            room -= 2 * len(entries)
            if room >= 0:
                waiting.extend(entries)
                waiting.extend(cast("dict[str, Any]", value).values() if isinstance(value, dict) else ())
    return room >= 0


def _encoded(text: str, data: Any) -> bytes:
    try:
        return to_json({"text": text, "data": data}, inf_nan_mode="strings")
    except (PydanticSerializationError, UnicodeEncodeError, ValueError):  # what is no JSON is told in its place
        return to_json({"text": text, "data": json_safe(data, MAX_BLOB_BYTES)})
