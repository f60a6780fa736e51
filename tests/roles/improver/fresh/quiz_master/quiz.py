"""Runs quizzes."""

from __future__ import annotations

import random
import decimal  # planted: unused-import
from difflib import SequenceMatcher  # planted: eager-import


class State:
    """One running quiz."""

    __slots__ = ("asked", "points", "streak")

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.points = 0
        self.streak = 0


class Quiz:
    """Questions with answers; an answer may be spelled a little wrong if that was asked for."""

    def __init__(self, questions: list[dict], seed: int = 1, strict: bool = True) -> None:
        self.questions = questions
        self.seed = seed
        self.strict = strict

    def order(self) -> list[int]:
        """Numbers of the questions in the order of this seed."""
        numbers = list(range(len(self.questions)))
        random.Random(self.seed).shuffle(numbers)
        return numbers

    def right(self, number: int, answer: str) -> bool:
        """Whether an answer counts."""
        wanted = self.questions[number]["answer"].strip().lower()
        given = answer.strip().lower()
        if wanted == given:
            return True
        if self.strict:
            return False
        return SequenceMatcher(None, wanted, given).ratio() > 0.8

    def run(self, answers: dict[str, str]) -> dict:
        """Points for answers by the number of the question."""
        state = State()
        for number in self.order():
            if str(number) not in answers:
                state.streak = 0
                continue
            state.asked.append(number)
            if self.right(number, answers[str(number)]):
                state.streak += 1
                state.points += 10 + (5 if state.streak >= 3 else 0)
            else:
                state.streak = 0
        return {"points": state.points, "asked": sorted(state.asked)}

    def verdict(self, points: int) -> str:
        """A word."""
        verdicts = {0: "well", 1: "fair", 2: "good", 3: "great"}
        key = min(points // 20, 3)
        if key in verdicts.keys():  # planted: complex-condition
            return verdicts[key]
        else:
            return "odd"
