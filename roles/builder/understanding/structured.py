"""Requirements given as a mapping, brought into the form in which requests are read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

__all__ = ["as_text"]

_TEXTS = ("text", "request", "requirements", "purpose", "description", "summary")


def as_text(given: Mapping[str, JsonValue]) -> str:
    """The sentences of a mapping: its text, its formulas, rules, modes and inputs, and the answers to questions."""
    parts = [str(given[key]).strip().rstrip(".") for key in _TEXTS if isinstance(given.get(key), str) and given[key]]
    parts += _pairs(given.get("formulas"), "{} = {}")
    parts += _pairs(given.get("rules"), "{} {}")
    parts += _inputs(given.get("inputs"))
    parts += _modes(given.get("modes"))
    text = ". ".join(part for part in parts if part)
    answers = given.get("answers")
    told = answers.items() if isinstance(answers, Mapping) else ()
    said = [_answer(str(name), str(answer).strip().rstrip(".")) for name, answer in told if answer]
    # a line of its own: what is said later stays apart from what it corrects, be it written small
    return "".join(f"{part}.\n" for part in (text, *said) if part).rstrip("\n")


def _answer(name: str, said: str) -> str:
    """An answer as a sentence that can be read by itself: one about a mode names it."""
    mode = re.fullmatch(r"mode_([a-z_]+?)(?:_\d+)?", name)
    if mode is None or re.search(r"\bmodes?\b", said, re.IGNORECASE):
        return said
    return f"Modes: {mode[1].replace('_', ' ')} with {said}"


def _pairs(given: JsonValue, form: str) -> list[str]:
    if isinstance(given, Mapping):
        return [form.format(str(name).replace("_", " "), value) for name, value in given.items()]
    if isinstance(given, list):
        return [str(one) for one in given]
    return []


def _inputs(given: JsonValue) -> list[str]:
    names = list(given) if isinstance(given, Mapping | list) else []
    return [f"Inputs are {', '.join(str(one).replace('_', ' ') for one in names)}"] if names else []


def _modes(given: JsonValue) -> list[str]:
    if isinstance(given, Mapping):
        return [f"{name} mode: {about}" for name, about in given.items()]
    if isinstance(given, list):
        return [f"Modes: {', '.join(str(one) for one in given)}"] if given else []
    return []
