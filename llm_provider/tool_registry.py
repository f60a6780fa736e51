"""Every tool that roles and hosts brought: looked up by name, ranked by relevance, listed for prompts."""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from common.errors import ToolError
from common.language.encoders import Encoder
from common.language.parts import split
from common.language.relevance import Candidate, Ranker
from common.tool import Tool
from llm_provider.tool_evidence import ToolEvidence
from llm_provider.tool_selection import ToolIndex, ToolProfile
from llm_provider.wire_names import wire_name

__all__ = ["ScoredTool", "ToolRegistry"]

_MAX_DESCRIPTION = 10_000
_NEAR = 0.6
_ENOUGH = 0.25
"""The least relevance at which a tool is taken for a part; below it the part needs no tool."""
_SERVED = 0.3
"""How much of what a tool's relevance lacks is made up for where all that is said speaks for it by past requests."""


@dataclass(frozen=True, slots=True)
class ScoredTool:
    """A tool's name with its relevance, 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class _Rankers:
    """The tools that say what people ask them, and those that are only described."""

    said: Ranker
    described: ToolIndex


class ToolRegistry:
    """Tools by their unique names ``category.name``.

    Registration is checked; everything after it is read-only lookups, so one registry may serve any number of
    requests at once. What past requests were served with is in `evidence`, which may grow meanwhile. An `encoder`
    compares tools that bring no utterances once `encode` has run.
    """

    def __init__(self, tools: Iterable[Tool] = (), *, encoder: Encoder | None = None) -> None:
        self.evidence = ToolEvidence()
        self._encoder = encoder
        self._tools: dict[str, Tool] = {}
        self._by_wire: dict[str, str] = {}
        self._rankers: _Rankers | None = None
        for tool in tools:
            self.register(tool)

    def register(self, tool: Tool) -> None:
        """Add a tool. Raises `ToolError` for a name that is taken and for what no model could be told of."""
        if tool.name in self._tools:
            raise ToolError(
                f"two tools are called {tool.name}",
                where="ToolRegistry.register",
                todo="Give one of them another name or category.",
            )
        _check(tool)
        wire = wire_name(tool.name)
        if wire in self._by_wire:
            raise ToolError(
                f"{tool.name} and {self._by_wire[wire]} would look the same to a model",
                where="ToolRegistry.register",
                todo="Rename one of them.",
            )
        self._tools[tool.name] = tool
        self._by_wire[wire] = tool.name
        self._rankers = None

    def replace(self, category: str, tools: Iterable[Tool]) -> None:
        """Have a category hold exactly these tools from now on. Raises like `register`, and then changes nothing.

        A request that was given one of the earlier tools keeps it.
        """
        others = ToolRegistry(tool for tool in self._tools.values() if tool.category != category)
        for tool in tools:
            others.register(tool)
        self._tools, self._by_wire, self._rankers = others._tools, others._by_wire, None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tools, in the order of registration."""
        return tuple(self._tools)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that have tools, in the order of registration."""
        return tuple(dict.fromkeys(tool.category for tool in self._tools.values()))

    def get_tool(self, name: str) -> Tool:
        """The tool of that name. Raises `ToolError` that names the nearest one where there is none."""
        tool = self._tools.get(name)
        if tool is None:
            near = self.nearest(name)
            raise ToolError(
                f"there is no tool {name[:100]!r}",
                where="ToolRegistry",
                todo=f"Did you mean {near}?" if near else "The registered names are in ToolRegistry.names.",
            )
        return tool

    def get_tools(self, names: Iterable[str]) -> list[Tool]:
        """The tools of these names, in their order, each once. Raises `ToolError` for an unknown one."""
        return [self.get_tool(name) for name in dict.fromkeys(names)]

    def select(self, request: str, k: int = 5) -> list[ScoredTool]:
        """The `k` tools that fit the request best, best first.

        Tools that say what people ask them (`utterances`) are compared by that, the others by name, description and
        arguments.
        """
        rankers = self._ranking()
        said = self._with_evidence(request, rankers.said.rank(request, None if len(self.evidence) else k))
        found = [*said, *rankers.described.rank(request, k)]
        found.sort(key=lambda each: -each[1])
        return [ScoredTool(name, score) for name, score in found[:k]]

    def select_set(self, request: str) -> list[ScoredTool]:
        """The tools the request needs, or none where none fits.

        For each of its parts the one that fits best; where a part's best one is only described, not said, also those
        that explain what it leaves.
        """
        rankers = self._ranking()
        best: dict[str, float] = {}
        for part in split(request):
            ranked = rankers.said.rank(part.standalone, None if len(self.evidence) else 1)
            said = max(self._with_evidence(part.standalone, ranked), key=lambda each: each[1], default=("", 0.0))
            described = rankers.described.choose(part.standalone)
            if said[1] >= _ENOUGH and said[1] >= max((score for _, score in described), default=0.0):
                described = [said]
            for name, score in described:
                best[name] = max(score, best.get(name, 0.0))
        return [ScoredTool(name, score) for name, score in best.items()]

    def format_for_llm(self, names: Sequence[str] | None = None) -> str:
        """A compact listing for a prompt: one line a tool, with its arguments. Raises `ToolError` for unknown names."""
        chosen = self.get_tools(names if names is not None else self.names)
        return "\n".join(f"- {tool.name}: {_one_line(tool.description)}{_arguments(tool)}" for tool in chosen)

    def nearest(self, name: str, among: Collection[str] | None = None) -> str | None:
        """The registered name (one of `among`, where that is given) that a wrong one most likely means, or None."""
        meant = name if name in self._tools else self._by_wire.get(name)
        if meant is not None and (among is None or meant in among):
            return meant
        spellings: dict[str, str] = {}
        for known in self._tools if among is None else among:
            spellings.setdefault(known, known)
            spellings.setdefault(known.partition(".")[2], known)
        wanted = name[:200].lower().replace("__", ".").replace("-", "_")
        close = difflib.get_close_matches(wanted, list(spellings), n=1, cutoff=_NEAR)
        return spellings[close[0]] if close else None

    def wire_name(self, name: str) -> str:
        """The name a model knows the tool by."""
        return wire_name(name)

    def from_wire(self, name: str) -> str | None:
        """The registered name behind a wire name, or None."""
        return self._by_wire.get(name)

    @property
    def encodes(self) -> bool:
        """Whether there is an encoder, so that `encode` has something to do now and then."""
        return self._encoder is not None

    def encode(self) -> None:
        """Have the encoder, if there is one, read the tools that it has not read yet: some milliseconds a tool, so do
        it in a worker thread. Until then words alone are compared."""
        if self._encoder is not None:
            self._ranking().described.encode()

    def _with_evidence(self, request: str, ranked: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """The scores, higher where a tool served such requests before."""
        shares = self.evidence.shares_of(request) if ranked else {}
        return [(name, score + _SERVED * shares.get(name, 0.0) * (1.0 - score)) for name, score in ranked]

    def _ranking(self) -> _Rankers:
        if self._rankers is None:
            tools = self._tools.values()
            self._rankers = _Rankers(
                Ranker({tool.name: _candidate(tool) for tool in tools if tool.utterances}),
                ToolIndex(
                    (
                        ToolProfile(tool.name, tool.name, tool.description, tool.schema)
                        for tool in tools
                        if not tool.utterances
                    ),
                    evidence=self.evidence,
                    encoder=self._encoder,
                ),
            )
        return self._rankers


def _candidate(tool: Tool) -> Candidate:
    arguments = " ".join(cast("dict[str, Any]", tool.schema.get("properties", {}))).replace("_", " ")
    return Candidate(f"{tool.description} {arguments}", tool.utterances, tool.name)


def _check(tool: Tool) -> None:
    """Raise `ToolError` for a tool that can't be described to a model or called."""
    try:
        text = json.dumps(tool.schema, allow_nan=False)
    except Exception as error:  # pydantic raises several kinds for what JSON Schema can't say
        raise ToolError(
            f"the arguments of {tool.name} can't be described as a JSON schema: {error}",
            where=tool.name,
            todo="Use types that JSON knows: text, numbers, lists, objects, dates.",
        ) from error
    if tool.schema.get("type") != "object":
        raise ToolError("the arguments must be an object", where=tool.name, todo="Use a plain pydantic model.")
    if len(tool.description) + len(text) > _MAX_DESCRIPTION * 5 or len(tool.description) > _MAX_DESCRIPTION:
        raise ToolError("the description of a tool is too long for a prompt", where=tool.name)
    if not callable(tool.handler) or not _is_async(tool.handler):
        raise ToolError(
            "the handler of a tool must be an async function", where=tool.name, todo="Use tool_from_function otherwise."
        )
    if tool.timeout <= 0:
        raise ToolError("the timeout of a tool must be more than 0 seconds", where=tool.name)


def _is_async(handler: Any) -> bool:
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _arguments(tool: Tool) -> str:
    properties = cast("dict[str, dict[str, Any]]", tool.schema.get("properties", {}))
    if not properties:
        return ""
    required = set(cast("list[str]", tool.schema.get("required", [])))
    shown = [_argument(name, about, name in required) for name, about in properties.items()]
    return f" Arguments: {'; '.join(shown)}."


def _argument(name: str, about: dict[str, Any], required: bool) -> str:
    plain = [about, *(option for option in about.get("anyOf", ()) if option.get("type") != "null")]
    kind = next((one[key] for one in plain for key in ("format", "type") if key in one), "value")
    description = _one_line(str(about.get("description", ""))).rstrip(".")
    notes = ", ".join(note for note in (str(kind), "" if required else "optional", description) if note)
    return f"{name} ({notes})"
