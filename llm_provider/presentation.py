"""What a model is shown in one call: prompt, tools, and whether it has to use one. Imported only with an agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from strands.middleware import InvokeModelContext

from common.prompts import PromptText
from llm_provider.links import Link
from llm_provider.model_calls import Present
from llm_provider.schemas import Schema

__all__ = ["forced_output", "system_prompt", "with_tools"]


def with_tools(prompt: PromptText, schemas: Callable[[bool], Mapping[str, Schema]]) -> Present:
    """For agents with tools: `schemas` are the input schemas by wire name, for the offline model or for others."""

    def present(context: InvokeModelContext, link: Link) -> InvokeModelContext:
        known = schemas(link.offline)
        specs = [
            _with_schema(spec, known[spec["name"]]) if spec["name"] in known else spec for spec in context.tool_specs
        ]
        return context.replace(tool_specs=cast("Any", specs), system_prompt=system_prompt(prompt, link))

    return present


def forced_output(prompts: Callable[[bool], PromptText], schemas: Callable[[bool], Schema]) -> Present:
    """For structured output: shows this call's schema in place of the class's own, and has the model fill it in.

    Strands would offer the output as one tool among others and force it only afterwards, at the price of another
    call; and it keeps the specification of every output class for ever, so a class for each request would leak.
    """

    def present(context: InvokeModelContext, link: Link) -> InvokeModelContext:
        (spec,) = context.tool_specs
        return context.replace(
            tool_specs=cast("Any", [_with_schema(spec, schemas(link.offline))]),
            tool_choice=cast("Any", {"tool": {"name": spec["name"]}}),
            system_prompt=system_prompt(prompts(link.offline), link),
        )

    return present


def system_prompt(prompt: PromptText, link: Link) -> Any:
    """The prompt, with a mark after what stays the same from request to request where the provider keeps that."""
    stable, rest = prompt.text[: prompt.stable], prompt.text[prompt.stable :]
    if not link.marks or not stable.strip() or not rest.strip():
        return prompt.text
    return [{"text": stable}, {"cachePoint": {"type": "default"}}, {"text": rest}]


def _with_schema(spec: Mapping[str, Any], schema: Schema | None) -> dict[str, Any]:
    return {**spec, "inputSchema": {"json": schema}} if schema is not None else {**spec}
