"""Reads that come at the same time share one look at the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio

from common.errors import StoreError

__all__ = ["SharedReads"]

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Look(Generic[Question, Answer]):
    """One look that is about to be taken: what it is to answer, once each, and what came out."""

    questions: dict[Question, None]
    answers: Mapping[Question, Answer] = field(default_factory=dict[Question, Answer])
    over: anyio.Event = field(default_factory=anyio.Event)


class SharedReads(Generic[Question, Answer]):
    """Answers questions by `look`, at most `at_once` looks at a time; what is asked meanwhile waits for the next.

    A look begins after everything that it answers was asked, so each answer is as fresh as one of its own.
    """

    def __init__(
        self, look: Callable[[Sequence[Question]], Awaitable[Mapping[Question, Answer]]], *, at_once: int
    ) -> None:
        self._look = look
        self._turns = anyio.Semaphore(at_once)
        self._next: _Look[Question, Answer] | None = None

    async def ask(self, question: Question) -> Answer:
        """The answer to one question. Raises what `look` raises for it."""
        look = self._next
        if look is None:
            look = self._next = _Look[Question, Answer]({question: None})
            await self._take(look)
        else:
            look.questions[question] = None
            await look.over.wait()
        if question in look.answers:
            return look.answers[question]
        return (await self._look([question]))[question]  # it may have failed of another's question

    async def _take(self, look: _Look[Question, Answer]) -> None:
        """Look for all who ask until its turn has come; who asked alone is told why it failed."""
        try:
            async with self._turns:
                self._next = None
                look.answers = await self._look(list(look.questions))
        except StoreError:
            if len(look.questions) == 1:
                raise
        finally:
            if self._next is look:
                self._next = None
            look.over.set()
