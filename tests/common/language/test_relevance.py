"""How well texts fit candidates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.relevance import Candidate, Ranker, similarity
from tests.common.language.made_up_tools import HOME, HOST

TOOLS = HOME + HOST
RANKER = Ranker({tool.name: Candidate(tool.description, tool.utterances, tool.name) for tool in TOOLS})


@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
def test_an_example_ranks_its_own_candidate_first_and_high(tool: object) -> None:
    for utterance in tool.utterances:  # type: ignore[attr-defined]
        name, score = RANKER.rank(utterance, 1)[0]
        assert (name, score > 0.8) == (tool.name, True)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    ["the quick brown fox", "asdf qwer", "who wrote Faust", "", "!!!", "the of and", "colourless green ideas sleep"],
)
def test_unrelated_text_scores_near_nothing(text: str) -> None:
    assert all(score < 0.25 for _, score in RANKER.rank(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plese swich the kitchn light on", "house.switch"),
        ("tommorows wether forcast", "sky.outlook"),
        ("cancle my dentist appointmet", "dates.strike"),
    ],
)
def test_misspelled_words_still_count(text: str, name: str) -> None:
    assert RANKER.rank(text, 1)[0][0] == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("will there be thunderstorms on Sunday", "sky.outlook"),
        ("reimburse the client for bill 9", "billing.pay_back"),
        ("scrap the appointment with the dentist", "dates.strike"),
    ],
)
def test_words_of_the_same_meaning_count(text: str, name: str) -> None:
    assert RANKER.rank(text, 1)[0][0] == name


def test_names_numbers_and_times_do_not_decide() -> None:
    first = RANKER.rank("remind me to call Sarah at 5", 1)[0]
    second = RANKER.rank("remind me to call Xaver tomorrow at half past nine", 1)[0]
    assert first[0] == second[0] == "clock.nudge"
    assert first[1] == pytest.approx(second[1], abs=0.15)


def test_a_description_alone_will_do() -> None:
    ranker = Ranker(
        {
            "convertTemperature": Candidate("Convert a temperature between Celsius and Fahrenheit."),
            "get_stock_price": Candidate("Get the current price of a company's shares."),
            "mortgage.rate": Candidate("Calculate the monthly payment of a mortgage."),
        }
    )
    assert ranker.rank("what does a share of Acme cost", 1)[0][0] == "get_stock_price"
    assert ranker.rank("how much is 20 celsius in fahrenheit", 1)[0][0] == "convertTemperature"
    assert ranker.rank("monthly rate for a mortgage of 300000", 1)[0][0] == "mortgage.rate"


def test_ranks_all_best_first_and_breaks_ties_by_order() -> None:
    same, other = Candidate("common phrases", name=" "), Candidate("something else", name=" ")
    ranked = Ranker({"b": same, "a": same, "c": other}).rank("common phrases")
    assert [name for name, _ in ranked] == ["b", "a", "c"]
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
    assert Ranker({}).rank("anything") == []


@given(st.text(max_size=300))
def test_scores_stay_between_nothing_and_one(text: str) -> None:
    assert all(0.0 <= score <= 1.0 for _, score in RANKER.rank(text))


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_bounded_and_symmetric(first: str, second: str) -> None:
    value = similarity(first, second)
    assert 0.0 <= value <= 1.0
    assert value == pytest.approx(similarity(second, first))


def test_similarity_orders_texts_as_people_would() -> None:
    same = similarity("dentist appointment", "Dentist appointments")
    near = similarity("dentist appointment", "appointment at the dentist's")
    far = similarity("dentist appointment", "mountain trip")
    assert same > near > 0.5 > far
    assert far < 0.1
