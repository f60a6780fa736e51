"""The registry: what may be registered, how tools are found, ranked and told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, RootModel

from common.errors import ToolError
from common.tool import Tool, ToolResult
from llm_provider.tool_registry import ToolRegistry
from tests.llm_provider.made_up_tools import ADD, FIND, REMIND, SKY, TRIP_TOOLS, Nothing, answering, tool


@pytest.fixture
def registry() -> ToolRegistry:
    return ToolRegistry(TRIP_TOOLS)


def test_tools_are_found_by_name(registry: ToolRegistry) -> None:
    assert registry.get_tool("diary.add") is ADD
    assert registry.get_tools(["bell.remind", "sky.outlook", "bell.remind"]) == [REMIND, SKY]
    assert registry.names == ("sky.outlook", "library.find", "diary.add", "bell.remind")
    assert registry.categories == ("sky", "library", "diary", "bell")


def test_an_unknown_name_is_refused_with_the_nearest(registry: ToolRegistry) -> None:
    with pytest.raises(ToolError, match=r"there is no tool 'diary\.ad'.*Did you mean diary\.add\?"):
        registry.get_tools(["diary.ad"])


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("diary.add", "diary.add"),
        ("diary__add", "diary.add"),
        ("Diary.Add", "diary.add"),
        ("diary-add", "diary.add"),
        ("libary.find", "library.find"),
        ("remind", "bell.remind"),
        ("qqqq", None),
        ("", None),
    ],
)
def test_near_misses(registry: ToolRegistry, wrong: str, meant: str | None) -> None:
    assert registry.nearest(wrong) == meant


def test_a_name_is_taken_once(registry: ToolRegistry) -> None:
    with pytest.raises(ToolError, match=r"two tools are called diary\.add"):
        registry.register(tool("diary.add", answering("other")))
    assert registry.get_tool("diary.add") is ADD


class Unspeakable(BaseModel):
    callback: Callable[[int], int]


class ListOfNumbers(RootModel[list[int]]):
    pass


class NotANumber(BaseModel):
    value: float = float("nan")


def sync_handler(arguments: Any, context: Any) -> ToolResult:
    return ToolResult(text="")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (tool("x.a", answering(""), Unspeakable), "can't be described as a JSON schema"),
        (tool("x.a", answering(""), NotANumber), "can't be described as a JSON schema"),
        (tool("x.a", answering(""), ListOfNumbers), "must be an object"),
        (tool("x.a", sync_handler), "must be an async function"),
        (tool("x.a", None), "must be an async function"),
        (tool("x.a", answering(""), timeout=0), "more than 0 seconds"),
        (Tool("x.a", "long " * 5_000, Nothing, answering("")), "too long"),
    ],
)
def test_what_can_not_be_a_tool_is_refused(registry: ToolRegistry, made: Tool, reason: str) -> None:
    with pytest.raises(ToolError, match=reason):
        registry.register(made)
    assert "x.a" not in registry.names


@pytest.mark.parametrize("name", ["noDot", "a.B", "a.b.c", "a b.c", ".a", "a.", "1a.b", "a" * 33 + ".b"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(ToolError, match="no valid tool name"):
        tool(name, answering(""))


@pytest.mark.parametrize(
    ("request_text", "best"),
    [
        ("will there be rain in Oslo tomorrow", "sky.outlook"),
        ("look for a mountain hut", "library.find"),
        ("put dinner with Ann in my calendar", "diary.add"),
        ("remind me to water the plants", "bell.remind"),
    ],
)
def test_selection_ranks_by_relevance(registry: ToolRegistry, request_text: str, best: str) -> None:
    scored = registry.select(request_text, 3)
    assert scored[0].name == best
    assert len(scored) == 3
    assert [item.score for item in scored] == sorted((item.score for item in scored), reverse=True)
    assert all(0 <= item.score <= 1 for item in scored)


def test_a_set_has_one_tool_for_each_part_that_needs_one(registry: ToolRegistry) -> None:
    chosen = registry.select_set("check the weather in Bern and add lunch with Tom to my calendar")
    assert {item.name for item in chosen} == {"sky.outlook", "diary.add"}
    assert registry.select_set("tell me a joke about penguins") == []
    assert registry.select_set("") == []


def test_a_tool_that_comes_later_is_ranked_too(registry: ToolRegistry) -> None:
    registry.select("warm up", 1)
    registry.register(tool("oven.bake", answering(""), utterances=("bake a cake", "heat the oven")))
    assert registry.select("bake a cake", 1)[0].name == "oven.bake"


def test_an_empty_registry_selects_nothing() -> None:
    assert ToolRegistry().select("anything", 3) == []
    assert ToolRegistry().select_set("anything") == []
    assert ToolRegistry().format_for_llm() == ""


def test_the_listing_names_arguments(registry: ToolRegistry) -> None:
    text = registry.format_for_llm(["diary.add", "sky.outlook"])
    assert text == (
        "- diary.add: Adds an event to the user's calendar. Arguments: "
        "title (subject, What the entry is called); when (when, When it starts).\n"
        "- sky.outlook: Tells the weather and the forecast for a place and a time. Arguments: "
        "place (place, optional, Where); when (when, optional, For when)."
    )
    assert registry.format_for_llm() == registry.format_for_llm(registry.names)


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,20}\.[a-z][a-z0-9_]{0,60}", fullmatch=True), unique=True, max_size=20))
def test_wire_names_lead_back(names: list[str]) -> None:
    registry = ToolRegistry(tool(name, answering("")) for name in names)
    for name in names:
        assert registry.from_wire(registry.wire_name(name)) == name
    assert registry.from_wire("no_such_tool") is None


def test_find_is_not_confused_by_the_listing_order() -> None:
    assert ToolRegistry(reversed(TRIP_TOOLS)).select("search my notes", 1)[0].name == FIND.name
