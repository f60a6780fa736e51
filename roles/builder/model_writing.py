"""What a configured model does for a build: the specification and the components that no template covers.

It is asked one thing at a time, for a local model serves one caller best, and always within the build's budget. What it
answers is checked like everything else, in the stages that follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from common.errors import ValidationFailed
from common.limits import Budget
from common.run_context import RunContext
from common.telemetry import Telemetry
from llm_provider.factory import LLMFactory
from llm_provider.links import without_offline
from llm_provider.private_run import private_run
from llm_provider.structured import ask_structured
from roles.builder.model_answers import ComponentOutput, OperationOutput, OperationsOutput, OutlineOutput, joined
from roles.engineering.specification import Component, DataSource, Specification
from roles.prompts import load_prompt

if TYPE_CHECKING:
    from strands.models import Model

__all__ = ["ModelWriter", "tokens_of"]

_FENCE = re.compile(r"\A\s*```[a-z]*\n(.*?)\n?```\s*\Z", re.DOTALL)
_OUTLINE_TOKENS, _OPERATION_TOKENS, _COMPONENT_TOKENS = 400, 700, 150
_CHARACTERS = 4
"""Of a token, about: enough to tell a short text from one that a small context can't hold."""
_MAX_CODE = 24_000
_ATTEMPTS = 2


def tokens_of(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text) // _CHARACTERS)


class ModelWriter:
    """Implements `roles.builder.parts.ModelWriting` with the model of one tier, for one build.

    A specification that would have more than `whole_tokens` tokens is asked for operation by operation, and joined.
    The offline model can't write: `label` is empty then.
    """

    def __init__(
        self, models: LLMFactory, tier: str, *, budget: Budget, whole_tokens: int, telemetry: Telemetry | None = None
    ) -> None:
        self._models = models
        self._tier = tier
        self._whole = whole_tokens
        self._run: RunContext = replace(private_run(telemetry=telemetry), budget=budget)

    @property
    def label(self) -> str:
        """Provider and model; empty for the offline model. Raises `ConfigurationError` for an unknown tier."""
        return "" if self._models.is_offline(self._tier) else self._models.describe(self._tier).label

    async def _model(self) -> Model:
        return without_offline(await self._models.load(self._tier))

    async def specify(
        self, text: str, beyond: Sequence[str], sources: Sequence[DataSource], errors: Sequence[str], previous: str
    ) -> Specification:
        """An outline first, then its operations: all at once, or one by one where that would be long.

        Raises `ModelError`, `LimitExceeded`, and `ValidationFailed` for answers that make no specification.
        """
        tables = _tables(sources)
        data = [f"Asked for:\n{text}", *([f"Tables:\n{tables}"] if tables else [])]
        if previous:
            data.append(f"The specification before:\n{previous[:_MAX_CODE]}")
        said = "; ".join(errors)
        prompt = load_prompt("build_outline").render(beyond="; ".join(beyond), errors=said)
        model = await self._model()
        outline = await ask_structured(
            model, OutlineOutput, system_prompt=prompt, request="Design this agent.", data=data, run=self._run,
            purpose="build outline", attempts=_ATTEMPTS, check=_check_outline,
        )  # fmt: skip
        operations = await self._operations(outline, data, said, sources, text)
        return joined(outline, operations, sources, text)

    async def _operations(
        self, outline: OutlineOutput, data: Sequence[str], errors: str, sources: Sequence[DataSource], text: str
    ) -> list[OperationOutput]:
        names = [one.name for one in outline.operations]
        long = self._is_long(outline, data)
        found: list[OperationOutput] = []
        for group in [[name] for name in names] if long else [names]:
            prompt = load_prompt("build_operations").render(operations=", ".join(group), errors=errors)

            def check(answer: OperationsOutput, group: Sequence[str] = group) -> None:
                given = [one.name for one in answer.operations]
                if sorted(given) != sorted(group):
                    raise ValidationFailed(f"these operations were asked for: {', '.join(group)}", where="operations")
                if not long:
                    joined(outline, answer.operations, sources, text)

            answer = await ask_structured(
                await self._model(), OperationsOutput, system_prompt=prompt,
                request=f"Specify {', '.join(group)}.", data=[*data, f"Outline:\n{outline.model_dump_json()}"],
                run=self._run, purpose="build operations", attempts=_ATTEMPTS, check=check,
            )  # fmt: skip
            found += answer.operations
        return found

    def _is_long(self, outline: OutlineOutput, data: Sequence[str]) -> bool:
        expected = _OUTLINE_TOKENS + _OPERATION_TOKENS * len(outline.operations)
        expected += _COMPONENT_TOKENS * len(outline.components) + sum(map(tokens_of, data[1:]))
        return expected > self._whole and len(outline.operations) > 1

    async def component(
        self,
        specification: Specification,
        component: Component,
        files: Mapping[str, str],
        errors: Sequence[str],
        previous: str,
    ) -> str:
        """The code of a component. Raises `ModelError` and `LimitExceeded`."""
        prompt = load_prompt("build_component").render(
            component=component.name, package=specification.name,
            responsibility=component.responsibility or "what its name says", errors="; ".join(errors),
        )  # fmt: skip
        data = [f"Specification:\n{_specified(specification)}"]
        room = _MAX_CODE
        for name in component.depends_on:
            path = f"{specification.name}/{name}.py"
            if path in files and len(files[path]) <= room:
                room -= len(files[path])
                data.append(f"The module {specification.name}.{name}:\n{files[path]}")
        if previous:
            data.append(f"The code before, to be mended:\n{previous[:_MAX_CODE]}")
        answer = await ask_structured(
            await self._model(), ComponentOutput, system_prompt=prompt,
            request=f"Write {component.name}.", data=data, run=self._run, purpose="build component",
            attempts=_ATTEMPTS,
        )  # fmt: skip
        return _without_fence(answer.code)


def _check_outline(outline: OutlineOutput) -> None:
    names = [one.name for one in outline.operations]
    if len(set(names)) != len(names):
        raise ValidationFailed("two operations have one name", where="operations")


def _without_fence(code: str) -> str:
    fenced = _FENCE.match(code)
    return (fenced[1] if fenced else code).rstrip() + "\n"


def _tables(sources: Sequence[DataSource]) -> str:
    lines: list[str] = []
    for source in sources:
        for table in source.tables:
            columns = ", ".join(f"{one.name} {one.type}{'' if one.nullable else ' not null'}" for one in table.columns)
            lines.append(f"{source.name}.{table.name} ({columns})")
        lines += [f"{one.left_table}.{one.left_column} = {one.right_table}.{one.right_column}" for one in source.joins]
    return "\n".join(lines)[:_MAX_CODE]


def _specified(specification: Specification) -> str:
    """What a component's writer has to know of the specification."""
    told = specification.model_dump(mode="json", include={"purpose", "operations", "queries", "errors", "imports"})
    return json.dumps(told, ensure_ascii=False)[:_MAX_CODE]
