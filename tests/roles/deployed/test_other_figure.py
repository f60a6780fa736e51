"""A built agent answers what it calculates, and not what merely sounds alike."""

from __future__ import annotations

import pytest

from roles.deployed.other_figure import other_figure
from tests.roles.deployed import sample_agent


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("what is the DSCR of property 5?", ""),
        ("the debt service coverage ratio for property 5, please", ""),
        ("how is property 5 doing?", ""),
        ("DSCR and cap rate of property 5", ""),
        ("what is the cap rate of property 5?", "cap rate"),
        ("loan-to-value of property 5", "loan to value"),
        ("Altman Z-score of company 6", "altman z score"),
    ],
)
def test_another_figure_is_told_from_its_own(said: str, other: str) -> None:
    assert other_figure(said, sample_agent.specification()) == other


def test_what_its_own_words_name_is_its_own() -> None:
    made = sample_agent.specification()
    made = made.model_copy(update={"examples": (*made.examples, "what is the adjusted cap rate of property 5?")})
    assert other_figure("adjusted cap rate of property 6", made) == ""


def test_a_figure_whose_name_is_part_of_its_own_is_another() -> None:
    made = sample_agent.specification()
    made = made.model_copy(update={"title": "Contribution margin ratio of products"})
    assert other_figure("contribution margin of product 3", made) == "contribution margin"
    assert other_figure("contribution margin ratio of product 3", made) == ""
