"""Makes tools of what hosts have: plain functions, sync or async, and tools written for Strands."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from common.context import TaskContext
from common.errors import ToolError
from common.tool import Choices, Tool, ToolContext, ToolResult
from llm_provider.foreign_agents import agent_tool, is_agent
from llm_provider.json_safe import json_safe
from llm_provider.threads import BoundedThreads

__all__ = ["as_tool", "result_of_function", "tool_from_function"]

_MAX_DATA = 1_000_000
_NOT_ARGUMENTS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)


def as_tool(tool: Any, *, category: str = "host", effect: bool = False) -> Tool:
    """A `Tool` of whatever a host hands over: a `Tool` as it is, a Strands tool or agent, or a function.

    Raises `ToolError` for what can't be a tool.
    """
    if isinstance(tool, Tool):
        return tool
    if hasattr(tool, "tool_spec") and hasattr(tool, "stream"):
        from llm_provider.foreign_tools import tool_from_strands

        return tool_from_strands(tool, category, effect=effect)
    if is_agent(tool):
        return agent_tool(tool, category, effect=effect)
    if callable(tool):
        return tool_from_function(tool, category, effect=effect)
    raise ToolError(
        f"{type(tool).__name__} is no tool",
        where="as_tool",
        todo="Hand over a Tool, a function with type hints, or a Strands tool or agent.",
    )


def tool_from_function(
    function: Callable[..., Any],
    category: str,
    *,
    name: str | None = None,
    description: str | None = None,
    utterances: Sequence[str] = (),
    effect: bool = False,
    timeout: float = 30.0,
    choices: Callable[[TaskContext], Choices] | None = None,
    threads: int = 16,
) -> Tool:
    """A tool whose arguments are the parameters of `function` and whose description is its docstring.

    Every parameter needs a type hint that JSON Schema can express. One that is annotated `ToolContext` is given the
    context and hidden from models. Sync functions run in worker threads, at most `threads` at once: one that hangs
    is given up after `timeout` seconds, but its thread stays busy until it returns. A result may be a `ToolResult`,
    text, a pydantic model, None, or anything that JSON can hold. Raises `ToolError` for a function that can't be
    described.
    """
    own_name = name or getattr(function, "__name__", type(function).__name__)
    where = f"{category}.{own_name}"
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise ToolError("a generator can't be a tool", where=where, todo="Return the whole result at once.")
    docs = _read_docstring(inspect.getdoc(function) or "")
    shape = _read_signature(function, where, docs.parameters)
    about = description or docs.text
    if not about.strip():
        raise ToolError(
            "a tool needs a description", where=where, todo="Give the function a docstring, or pass description=…."
        )
    call = _Call(function, shape, BoundedThreads(threads))
    return Tool(
        name=where,
        description=about,
        arguments=shape.arguments,
        handler=call,
        utterances=tuple(utterances),
        effect=effect,
        timeout=timeout,
        choices=choices,
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    """A function's parameters: those that models fill in, and those that are given the context."""

    arguments: type[BaseModel]
    names: tuple[str, ...]
    context_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Docs:
    text: str
    parameters: Mapping[str, str]


class _Call:
    """The handler of a function's tool."""

    def __init__(self, function: Callable[..., Any], shape: _Shape, threads: BoundedThreads) -> None:
        self._function = function
        self._shape = shape
        self._threads = threads
        self._is_async = inspect.iscoroutinefunction(inspect.unwrap(function)) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004
        )

    async def __call__(self, arguments: BaseModel, context: ToolContext) -> ToolResult:
        values = {name: getattr(arguments, name) for name in self._shape.names}
        values.update(dict.fromkeys(self._shape.context_names, context))
        if self._is_async:
            answer = await self._function(**values)
        else:
            answer = await self._threads.run(lambda: self._function(**values))
            if inspect.isawaitable(answer):
                answer = await answer
        return result_of_function(answer)


def _read_docstring(docstring: str) -> _Docs:
    import docstring_parser

    try:
        parsed = docstring_parser.parse(docstring)
    except docstring_parser.ParseError:
        return _Docs(docstring, {})
    text = "\n\n".join(piece for piece in (parsed.short_description, parsed.long_description) if piece)
    return _Docs(text, {item.arg_name: " ".join((item.description or "").split()) for item in parsed.params})


def _read_signature(function: Callable[..., Any], where: str, descriptions: Mapping[str, str]) -> _Shape:
    try:
        signature = inspect.signature(function)
        hints = _type_hints(function)
    except Exception as error:  # an annotation may name anything
        raise ToolError(
            f"the signature can't be read: {error}", where=where, todo="Import the types that its hints name."
        ) from error
    fields: dict[str, Any] = {}
    context_names: list[str] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind in _NOT_ARGUMENTS or name.startswith("_"):
            raise ToolError(
                f"the parameter {parameter} can't be filled in by name", where=where, todo="Give it a plain name."
            )
        if name not in hints:
            raise ToolError(f"the parameter {name} has no type hint", where=where, todo="Add one, such as str.")
        if hints[name] is ToolContext:
            context_names.append(name)
        else:
            fields[name] = _field(hints[name], parameter, descriptions.get(name))
    try:
        arguments = create_model(f"{function.__name__}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
        arguments.model_json_schema()
    except Exception as error:  # pydantic raises several kinds for types it can't handle
        raise ToolError(
            f"the parameters can't be described as a JSON schema: {error}",
            where=where,
            todo="Use types that JSON knows: text, numbers, lists, objects, dates.",
        ) from error
    return _Shape(arguments, tuple(fields), tuple(context_names))


def _type_hints(function: Callable[..., Any]) -> dict[str, Any]:
    target = function if inspect.isroutine(function) else type(function).__call__
    return typing.get_type_hints(target, include_extras=True)


def _field(hint: Any, parameter: inspect.Parameter, description: str | None) -> tuple[Any, Any]:
    default: Any = ... if parameter.default is inspect.Parameter.empty else parameter.default
    if isinstance(default, FieldInfo):
        return hint, default
    said = any(isinstance(item, FieldInfo) and item.description for item in getattr(hint, "__metadata__", ()))
    return hint, Field(default) if said or not description else Field(default, description=description)


def result_of_function(answer: object) -> ToolResult:
    """What a function returned, as a tool's result."""
    if isinstance(answer, ToolResult):
        return answer
    if isinstance(answer, str):
        return ToolResult(text=answer)
    if answer is None:
        return ToolResult(text="Done; there is nothing to tell.")
    data = json_safe(_dumped(answer), _MAX_DATA)
    return ToolResult(text=json.dumps(data, ensure_ascii=False), data=data)


def _dumped(answer: Any) -> Any:
    try:
        return to_jsonable_python(answer)
    except Exception:  # no type that pydantic knows: shown as its text
        return answer
