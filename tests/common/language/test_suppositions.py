"""Values that a question is to be answered with are no circumstance that somebody has to check."""

from __future__ import annotations

import pytest

from common.language.parts import split


@pytest.mark.parametrize(
    "said",
    [
        "if NOI is 90k and debt service 60k, what is the DSCR?",
        "what would the DSCR be if the NOI were 90,000 and the debt service 60,000?",
        "If the price is 25 and the cost 10, calculate the margin",
        "how high is the payment if the rate rises to 5 %",
    ],
)
def test_what_is_supposed_is_part_of_the_question(said: str) -> None:
    (part,) = split(said)
    assert (part.condition, part.action) == (None, said)


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        ("if the temperature is 5 degrees, turn on the heating", "if the temperature is 5 degrees"),
        ("what is the plan if it is above 30 degrees?", "if it is above 30 degrees"),
        ("if it rains, what is the plan?", "if it rains"),
        ("could you turn on the fan if it is 30 degrees", "if it is 30 degrees"),
        ("unless the NOI is 90k, what is the DSCR?", "unless the NOI is 90k"),
    ],
)
def test_what_is_to_be_checked_stays_a_condition(said: str, condition: str) -> None:
    assert split(said)[0].condition == condition


def test_of_several_questions_each_has_what_is_supposed() -> None:
    parts = split("if NOI is 90k and debt service 60k, what is the DSCR? And set a timer for 5 minutes")
    assert [part.condition for part in parts] == [None, None]
    assert "NOI is 90k" in parts[0].standalone
    assert parts[1].standalone == "set a timer for 5 minutes"
