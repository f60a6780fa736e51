"""Reads that come together share a look, and each is answered as freshly as by one of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import StoreError
from events.shared_reads import SharedReads


class Source:
    """Something that changes; a look at it takes until `open` is set."""

    def __init__(self, at_once: int = 1) -> None:
        self.value = 0
        self.looks: list[list[str]] = []
        self.open = anyio.Event()
        self.open.set()
        self.reads = SharedReads[str, int](self._look, at_once=at_once)

    async def _look(self, questions: Sequence[str]) -> Mapping[str, int]:
        self.looks.append(list(questions))
        value = self.value
        await self.open.wait()
        await anyio.lowlevel.checkpoint()
        if "bad" in questions:
            raise StoreError("no such thing", where="test")
        return dict.fromkeys(questions, value)


async def asked(source: Source, *questions: str) -> list[int]:
    """The answers to questions that are asked at the same time."""
    answers: dict[int, int] = {}

    async def ask(place: int, question: str) -> None:
        answers[place] = await source.reads.ask(question)

    async with anyio.create_task_group() as group:
        for place, question in enumerate(questions):
            group.start_soon(ask, place, question)
    return [answers[place] for place in range(len(questions))]


async def test_what_is_asked_during_a_look_shares_the_next() -> None:
    source = Source()
    assert await asked(source, "a", "b", "b", "c", "a") == [0] * 5
    assert sorted(map(sorted, source.looks)) in ([["a"], ["a", "b", "c"]], [["a", "b", "c"]])


async def test_an_answer_is_of_a_look_that_began_after_the_question() -> None:
    source = Source()
    source.open = anyio.Event()
    got: list[int] = []

    async def ask() -> None:
        got.append(await source.reads.ask("a"))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        source.value = 1
        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        source.open.set()
    assert got == [0, 1]


async def test_a_question_that_fails_fails_nobody_else() -> None:
    source = Source()
    source.open = anyio.Event()
    failed: list[str] = []
    answers: list[int] = []

    async def ask(question: str) -> None:
        try:
            answers.append(await source.reads.ask(question))
        except StoreError as error:
            failed.append(f"{question}: {error.what}")

    async with anyio.create_task_group() as group:
        for question in ("first", "good", "bad", "bad", "other"):
            group.start_soon(ask, question)
        await anyio.wait_all_tasks_blocked()
        source.open.set()
    assert (failed, answers) == (["bad: no such thing"] * 2, [0, 0, 0])


async def test_who_asked_alone_is_told_at_once() -> None:
    source = Source()
    with pytest.raises(StoreError):
        await source.reads.ask("bad")
    assert source.looks == [["bad"]]


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_one_who_goes_away_takes_no_answer_from_the_others(cancelled: int) -> None:
    source = Source()
    source.open = anyio.Event()
    scopes = [anyio.CancelScope() for _ in range(3)]
    answers: list[int] = []

    async def ask(number: int) -> None:
        with scopes[number]:
            await source.reads.ask(f"question {number}")
            answers.append(number)

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(ask, number)
            await anyio.wait_all_tasks_blocked()
        scopes[cancelled].cancel()
        await anyio.wait_all_tasks_blocked()
        source.open.set()
    assert sorted(answers) == [number for number in range(3) if number != cancelled]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=12), st.integers(1, 3))
def test_every_answer_is_as_fresh_as_its_question(questions: list[tuple[str, int]], at_once: int) -> None:
    async def check() -> None:
        source = Source(at_once)

        async def ask(question: str, after: int) -> None:
            for _ in range(after):
                await anyio.lowlevel.checkpoint()
            source.value += 1
            asked_at = source.value
            assert await source.reads.ask(question) >= asked_at

        async with anyio.create_task_group() as group:
            for question, after in questions:
                group.start_soon(ask, question, after)
        assert len(source.looks) <= len(questions)

    anyio.run(check)
