"""Requests split into parts that stand by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.parts import MAX_PARTS, split
from tests.common.language.part_cases import CASES, ONE_PART, Case


@pytest.mark.parametrize("case", CASES, ids=[case.request[:60] for case in CASES])
def test_splits_into_what_is_asked(case: Case) -> None:
    parts = split(case.request)
    assert tuple(part.standalone for part in parts) == case.parts
    assert {part.index: part.depends_on for part in parts if part.depends_on} == case.depends
    assert {part.index: part.after for part in parts if part.after} == case.after
    assert {part.index: part.condition for part in parts if part.condition} == case.conditions


@pytest.mark.parametrize("request_text", ONE_PART)
def test_one_request_stays_whole(request_text: str) -> None:
    (part,) = split(f"  {request_text} ")
    assert part.standalone == request_text
    assert (part.index, part.id, part.depends_on) == (0, "t1", ())


def test_a_lone_request_keeps_its_condition() -> None:
    (part,) = split("if it rains tomorrow, remind me to take an umbrella")
    assert part.condition == "if it rains tomorrow"
    assert part.action == "remind me to take an umbrella"


@pytest.mark.parametrize("polite", ["if you can", "if possible", "when you can"])
def test_politeness_at_the_end_is_no_condition(polite: str) -> None:
    assert split(f"the current ratio of company 4, {polite}")[0].condition is None


def test_asking_whether_is_no_condition() -> None:
    (part,) = split("let me know if it is going to rain")
    assert part.condition is None


@pytest.mark.parametrize("blank", ["", "   ", "\n\t"])
def test_blank_text_has_no_parts(blank: str) -> None:
    assert split(blank) == ()


def test_parts_are_bounded_and_nothing_is_lost() -> None:
    request = "; ".join(f"set a timer for {n} minutes" for n in range(1, 60))
    parts = split(request)
    assert len(parts) == MAX_PARTS
    assert "set a timer for 59 minutes" in parts[-1].text


_PIECES = st.sampled_from(
    ["check the weather", "and", ",", "then", "if it rains", "remind me", "an hour before", "tomorrow", ":", ";", "it",
     "add it to my calendar", "turn on the light", "'", '"', "1.", "- ", "\n", "at 7", "otherwise", "before that", "."]
)  # fmt: skip


@given(st.one_of(st.text(max_size=400), st.lists(_PIECES, max_size=40).map(" ".join)))
def test_any_text_splits_into_sound_parts(text: str) -> None:
    parts = split(text)
    assert bool(parts) == bool(text.strip())
    assert [part.index for part in parts] == list(range(len(parts)))
    assert len(parts) <= MAX_PARTS
    assert sum(len(part.standalone) for part in parts) <= 20 * len(text) + 200
    for part in parts:
        assert part.standalone.strip()
        assert all(0 <= before < part.index for before in (*part.depends_on, *part.after))
