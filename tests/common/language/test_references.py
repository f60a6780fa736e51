"""Follow-ups are read when all of their words are understood, and otherwise left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.references import may_refer, read_reference
from common.language.session_things import AskBack, AskedAgain, Found, Turn, find_meant
from common.tool import Fact

READ = [
    ("make it an hour later", "event", "move", "an hour later"),
    ("Please move that to Friday.", "event", "move", "to Friday"),
    ("call it lunch with Ben instead", "event", "rename", "lunch with Ben"),
    ("make it 10 minutes", "timer", "extend", "10 minutes"),
    ("5 more minutes", "timer", "extend", "5 minutes more"),
    ("take 5 minutes off it", "timer", "extend", "take 5 minutes off it"),
    ("how long is left on it?", "timer", "left", "how long is left on it"),
    ("set it to 20 degrees", "device", "switch", "set it to 20 degrees"),
    ("a bit brighter please", "device", "switch", "a bit brighter"),
    ("stop it", "timer", "off", "stop it"),
    ("call it off", "event", "cancel", "call it off"),
]
NOT_READ = [
    "what time is it?", "is it going to rain?", "add it to my calendar", "call it a day", "make it happen", "it",
    "don't cancel it", "cancel it if it rains", "cancel it and call Tom", "move it", "make it later", "never mind",
    "add 2 hours of yoga", "set it up", "put it on my list", "make it 5 pancakes", "", "?!",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "action", "words"), READ)
def test_what_is_done_to_what_by_which_words(text: str, kind: str, action: str, words: str) -> None:
    reading = read_reference(text)
    assert reading is not None
    assert (reading.actions.get(kind), reading.words) == (action, words)


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_not_understood_as_a_whole_is_no_follow_up(text: str) -> None:
    assert read_reference(text) is None


SAID = [
    "cancel", "it", "that", "them", "move", "make", "to", "an hour later", "friday", "call", "off",
    "the second one", "and", "not", "tea", "timer", "add", "5 minutes", "turn", "on", ",", ".", "?", "“",
    "”", "\x00", "again", "instead", "lunch", "yes", "both",
]  # fmt: skip
WORDS = st.sampled_from(SAID)


def things(count: int) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            kind="event",
            name=f"meeting {number}",
            start=f"2026-11-2{number}T09:00:00+01:00",
            data={"id": str(number), "role": "calendar", "words": f"“meeting {number}”"},
        )
        for number in range(count)
    )


@given(text=st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=12).map(" ".join)), count=st.integers(0, 4))
def test_any_text_means_nothing_one_thing_or_is_asked_about(text: str, count: int) -> None:
    """Whatever is said: with several things one is only meant where the words say which."""
    turn = Turn("what's on my calendar tomorrow?", things(count))
    match find_meant(text, [turn]):
        case Found(follow_up=follow_up) if follow_up is not None:
            assert may_refer(text)
            one = count == 1 or len(follow_up.meant) == count
            named = any(word in text.lower() for word in ("second", "one", "both", "all", "them", "first", "last"))
            assert one or named
        case AskBack(question=question, choices=choices):
            assert question.startswith("Which one: ")
            assert choices
        case AskedAgain() | Found() | None:
            pass


@given(text=st.lists(WORDS, max_size=12).map(" ".join))
def test_without_earlier_turns_nothing_is_meant(text: str) -> None:
    assert find_meant(text, []) is None
    assert not isinstance(find_meant(text, [Turn("hello")]), Found | AskBack)
