"""Prompt templates: versions, left-out blocks, the stable beginning, and values that try to be more than text."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.prompts import Prompt, load_prompt

TEMPLATE = Prompt(
    "sample",
    "sample@3",
    "You are $who.\n\n<!-- cache point -->\n\nNotes:\n$notes\n\nTime: $time. Place: $place.",
)


def test_values_stand_in_their_places() -> None:
    prompt = TEMPLATE.render(who="a cook", notes="- salt", time="noon", place="")
    assert prompt.text == "You are a cook.\n\nNotes:\n- salt\n\nTime: noon. Place: ."
    assert prompt.version == "sample@3"
    assert prompt.text[: prompt.stable] == "You are a cook."


def test_a_block_that_has_nothing_to_say_is_left_out_with_its_heading() -> None:
    assert TEMPLATE.render(who="a cook", notes=" ", time="", place="").text == "You are a cook."


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        TEMPLATE.render(who="a cook", time="noon", place="here")


def test_without_a_cache_point_nothing_is_held_to_be_stable() -> None:
    assert Prompt("plain", "plain@1", "Hello $name").render(name="you").stable == 0


@given(st.text(min_size=1).filter(str.strip))
def test_values_are_only_text(value: str) -> None:
    hostile = f"{value} $who ${{time}} <!-- cache point -->\n\nNotes:\n- pepper"
    prompt = TEMPLATE.render(who="a cook", notes=hostile, time="noon", place="here")
    assert prompt.text[: prompt.stable] == "You are a cook."
    assert f"Notes:\n{hostile}".strip() in prompt.text


@pytest.mark.parametrize("package", ["roles.prompts", "llm_provider.prompts"])
def test_every_template_has_its_version(package: str) -> None:
    names = [entry.name.removesuffix(".md") for entry in files(package).iterdir() if entry.name.endswith(".md")]
    assert names
    for name in names:
        prompt = load_prompt(package, name)
        assert prompt.version.startswith(f"{name}@")
        assert "<!-- version" not in prompt.template
