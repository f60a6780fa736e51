"""What is to be remembered, recalled or forgotten, taken out of the words around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.memory.words import fact_in, is_everything, is_everything_about, is_question, topic_in


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("remember that my sister's birthday is on 3 May", "my sister's birthday is on 3 May"),
        ("Remember my locker code is 4711.", "my locker code is 4711"),
        ("please remember that I am allergic to nuts", "I am allergic to nuts"),
        ("Could you please remember that the plumber is called Rossi?", "the plumber is called Rossi"),
        ("note that the spare key is under the blue pot", "the spare key is under the blue pot"),
        ("keep in mind that I don't eat meat", "I don't eat meat"),
        ("don't forget that Anna likes jazz", "Anna likes jazz"),
        ("don’t forget that Anna likes jazz", "Anna likes jazz"),
        ("make a note that the car needs winter tyres", "the car needs winter tyres"),
        ("memorize my shoe size: 43", "my shoe size: 43"),
        ("save this: the gate code is 9921", "the gate code is 9921"),
        ("store the fact that my passport expires in 2029", "my passport expires in 2029"),
        ("for the record, my employee number is 5521", "my employee number is 5521"),
        ("I want you to remember that we moved to Basel", "we moved to Basel"),
        ("remember: bins go out on Tuesdays", "bins go out on Tuesdays"),
        ("my wifi password is sunflower12", "my wifi password is sunflower12"),
        ("remember I like my tea with milk, please", "I like my tea with milk"),
        ("remember that that bakery closes at noon", "that bakery closes at noon"),
        ("store opens at nine on Sundays", "store opens at nine on Sundays"),
        ("so far I have read 12 of the 20 books", "so far I have read 12 of the 20 books"),
        ("remember", ""),
        ("please remember that", ""),
    ],
)
def test_the_fact_is_kept_word_for_word(said: str, fact: str) -> None:
    assert fact_in(said) == fact


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("what did I tell you about the car?", "the car"),
        ("do you remember where I parked?", "where I parked"),
        ("what do you know about Anna?", "Anna"),
        ("remind me what my employee number is", "what my employee number is"),
        ("forget what I said about my sister", "my sister"),
        ("forget everything about the plumber", "the plumber"),
        ("delete what you know about the car", "the car"),
        ("please forget my wifi password", "my wifi password"),
        ("forget the fact that I am allergic to nuts", "that I am allergic to nuts"),
        ("my wifi password", "my wifi password"),
    ],
)
def test_the_topic_is_what_remains(said: str, topic: str) -> None:
    assert topic_in(said) == topic


@pytest.mark.parametrize(
    "said",
    [
        "forget everything",
        "forget everything you know about me",
        "please forget all I told you",
        "delete everything that you remember",
        "erase your memory",
        "everything",
    ],
)
def test_everything_is_everything(said: str) -> None:
    assert is_everything(said)


@pytest.mark.parametrize(
    "said", ["forget everything about the car", "forget my code", "forget what I said", "forget everything bagels"]
)
def test_everything_of_a_topic_is_not_everything(said: str) -> None:
    assert not is_everything(said)


def test_a_whole_topic_differs_from_a_single_fact() -> None:
    assert is_everything_about("forget what I said about my sister")
    assert is_everything_about("forget everything about my sister")
    assert not is_everything_about("forget my sister's birthday")
    assert not is_everything_about("forget that I am allergic to nuts")


@pytest.mark.parametrize(
    "said",
    [
        "who is my plumber?",
        "what was the gate code again?",
        "where's the key",
        "what time is my flight?",
        "when does my passport expire",
        "am I allergic to nuts?",
        "do you remember where I parked?",
    ],
)
def test_questions_are_told_from_what_they_name(said: str) -> None:
    assert is_question(said)


@pytest.mark.parametrize(
    "said",
    [
        "what I said about my sister",
        "where I parked",
        "what I am allergic to",
        "forget who my plumber is",
        "Can you remember that the plumber is called Rossi?",
        "my sister is called Clara",
        "Isabel likes jazz",
    ],
)
def test_statements_are_no_questions(said: str) -> None:
    assert not is_question(said)


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    fact = fact_in(text)
    assert len(fact) <= len(text)
    topic_in(text)
    is_everything(text)
