"""A function of a text that remembers: same answers, asked once, bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.remembered import Remembered


@given(st.lists(st.text(max_size=8)), st.integers(1, 4), st.integers(0, 6))
def test_it_answers_as_the_function_does(texts: list[str], size: int, max_chars: int) -> None:
    remembered = Remembered(str.upper, size=size, max_chars=max_chars)
    assert [remembered(text) for text in texts] == [text.upper() for text in texts]


def test_what_was_asked_lately_is_not_worked_out_again_and_long_texts_are_not_kept() -> None:
    asked: list[str] = []

    def note(text: str) -> int:
        asked.append(text)
        return len(asked)

    remembered = Remembered(note, size=2, max_chars=3)
    for text in ("a", "a", "b", "a", "long", "long", "c", "b"):
        remembered(text)
    assert asked == ["a", "b", "long", "long", "c", "b"]
