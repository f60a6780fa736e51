"""What a call to an MCP server answered, as a tool's result. Imported only with a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from common.tool import ToolResult
from llm_provider.foreign_schemas import plain_text
from llm_provider.json_safe import bounded_text, json_safe

__all__ = ["as_tool_result"]

_MAX_CHARS = 1_000_000
_MAX_BLOCKS = 200
_MAX_NAME = 200

_Hide = Callable[[str], str]


def as_tool_result(result: CallToolResult, schema: Mapping[str, Any] | None, hide: _Hide) -> ToolResult:
    """Text and data of an answer; what is neither is named in its place. `hide` takes secrets out of texts.

    Data that does not have the shape that the server promised (`schema`) is a failed result.
    """
    texts: list[str] = []
    sources: list[str] = []
    room = _MAX_CHARS
    for block in result.content[:_MAX_BLOCKS]:
        text, source = _read(block)
        text = bounded_text(text, max(0, room))
        room -= len(text)
        texts.append(text)
        if source:
            sources.append(source)
    if len(result.content) > _MAX_BLOCKS:
        texts.append(f"[{len(result.content) - _MAX_BLOCKS} more blocks]")
    data = None if result.structured_content is None else json_safe(result.structured_content, _MAX_CHARS)
    wrong = None if result.is_error or schema is None else _wrong(result.structured_content, schema)
    if wrong is not None:
        return ToolResult(text=f"The answer does not have the shape that the tool promises: {wrong}.", ok=False)
    text = hide("\n".join(text for text in texts if text))
    if not text:
        text = "It failed and did not say why." if result.is_error else _bare(data)
    return ToolResult(text=text, data=_hidden(data, hide), sources=tuple(sources), ok=not result.is_error)


def _bare(data: Any) -> str:
    return "Done; it had nothing to say." if data is None else "The answer is data."


def _read(block: object) -> tuple[str, str]:
    """A block as text, and the address of what it stands for."""
    match block:
        case TextContent():
            return block.text, ""
        case ImageContent() | AudioContent():
            return _named(block.type, block.mime_type, block.data), ""
        case ResourceLink():
            address = plain_text(block.uri, _MAX_NAME)
            return f"[resource {plain_text(block.title or block.name, _MAX_NAME)}: {address}]", address
        case EmbeddedResource(resource=TextResourceContents() as inner):
            address = plain_text(inner.uri, _MAX_NAME)
            return f"[resource {address}]\n{inner.text}", address
        case EmbeddedResource(resource=BlobResourceContents() as inner):
            address = plain_text(inner.uri, _MAX_NAME)
            return f"[resource {address}] {_named('file', inner.mime_type, inner.blob)}", address
        case _:
            return f"[{type(block).__name__}: can't be shown as text]", ""


def _named(kind: str, mime_type: str | None, encoded: str) -> str:
    about = plain_text(mime_type, 60) or "of an unknown type"
    return f"[{kind}, {about}, {len(encoded) * 3 // 4:,} bytes: can't be shown as text]"


def _wrong(data: Any, schema: Mapping[str, Any]) -> str | None:
    """What is wrong with data by a schema that was rebuilt from safe keywords."""
    if data is None:
        return "it holds no data"
    validator: Any = Draft202012Validator(dict(schema))
    problem = next(iter(validator.iter_errors(data)), None)
    if problem is None:
        return None
    place = ".".join(str(key) for key in problem.absolute_path) or "the data"
    return plain_text(f"{place} does not meet {problem.validator}", _MAX_NAME)


def _hidden(value: Any, hide: _Hide) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {hide(str(key)): _hidden(inner, hide) for key, inner in value.items()}  # type: ignore[misc]
    if isinstance(value, Sequence):
        return [_hidden(inner, hide) for inner in value]  # type: ignore[misc]
    return value
