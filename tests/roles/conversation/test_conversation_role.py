"""The conversation role without a model, and with one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.conversation.small_talk import ABILITIES, answer_small_talk


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("hi", "Hello."),
        ("Hello there!", "Hello."),
        ("good morning", "Hello."),
        ("hey, how are you?", "Hello. I am a program"),
        ("How's it going?", "I am a program"),
        ("thanks", "You're welcome."),
        ("thank you so much!", "You're welcome."),
        ("ok thanks, bye", "You're welcome. Goodbye."),
        ("thanks for your help", "You're welcome."),
        ("good night", "Good night."),
        ("who are you?", "I am an assistant program."),
        ("What's your name?", "I am an assistant program."),
        ("are you a robot?", "I am an assistant program."),
        ("what can you do?", "I am an assistant program."),
        ("help", "I am an assistant program."),
        ("great, well done", "All right."),
        ("never mind", "All right."),
        ("sorry about that", "No harm done."),
    ],
)
def test_small_talk_has_short_fixed_answers(said: str, start: str) -> None:
    answer = answer_small_talk(said)
    assert answer is not None
    assert answer.startswith(start)


@pytest.mark.parametrize(
    "said",
    [
        "what is the capital of France?",
        "tell me a joke",
        "hi, what is the capital of France?",
        "thanks, and turn on the light",
        "help me write a letter to my landlord",
        "who was Napoleon?",
        "explain photosynthesis",
        "",
        "...",
    ],
)
def test_everything_else_has_none(said: str) -> None:
    assert answer_small_talk(said) is None


def test_what_it_can_do_comes_with_examples() -> None:
    answer = answer_small_talk("what can you do?") or ""
    assert all(f"“{example}”" in answer for example in ABILITIES)


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    answer_small_talk(text)
