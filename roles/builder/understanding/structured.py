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
    for key, value in given.items():
        parts += [part.rstrip(".") for part in _said_of(key.strip().lower().replace(" ", "_"), value)]
    text = ". ".join(part for part in parts if part)
    answers = given.get("answers")
    told = answers.items() if isinstance(answers, Mapping) else ()
    said = [_answer(str(name), str(answer).strip().rstrip(".")) for name, answer in told if answer]
    # a line of its own: what is said later stays apart from what it corrects, be it written small
    return "".join(f"{part}.\n" for part in (text, *said) if part).rstrip("\n")


def _said_of(key: str, value: JsonValue) -> list[str]:
    """The sentences of one entry besides the text; what is known of no form is said as it stands."""
    if key in _TEXTS or key in _ASIDE or value in (None, "", [], {}):
        return []
    kind = next((kind for kind, names in _KINDS.items() if key in names), "")
    if kind in ("formulas", "rules"):
        return _pairs(value, "{} = {}" if kind == "formulas" else "{} {}")
    if kind == "inputs":
        return _inputs(value)
    if kind == "modes":
        return _modes(value)
    said = ", ".join(str(one).replace("_", " ") for one in value) if isinstance(value, list) else str(value)
    if isinstance(value, Mapping):
        said = ", ".join(f"{name} {one}" for name, one in value.items())
    return [f"{_LEADS.get(kind, key.replace('_', ' ') + ':')} {said}"]


def _answer(name: str, said: str) -> str:
    """An answer as a sentence that can be read by itself: one about a mode names it."""
    if name.startswith("correction"):
        return f"Instead: {said}"
    mode = re.fullmatch(r"mode_([a-z_]+?)(?:_\d+)?", name)
    if mode is None or re.search(r"\bmodes?\b", said, re.IGNORECASE):
        return said
    return f"Modes: {mode[1].replace('_', ' ')} with {said}"


_ASIDE = ("name", "answers", "version")
_KINDS: Mapping[str, tuple[str, ...]] = {
    "formulas": ("formulas", "formula", "calculation", "calculations", "definition", "definitions", "figures"),
    "rules": ("rules", "rule", "limits", "limit", "thresholds", "threshold", "criteria", "criterion", "pass",
              "pass_rule", "pass_rules", "checks", "constraints"),
    "inputs": ("inputs", "input", "parameters", "arguments", "given"),
    "modes": ("modes", "mode", "scenarios", "scenario"),
    "show": ("outputs", "output", "columns", "fields", "show", "returns", "return"),
    "where": ("filter", "filters", "where", "condition", "conditions"),
    "groups": ("group", "groups", "group_by", "grouping", "per", "by"),
    "order": ("sort", "sort_by", "order", "order_by", "sorted_by", "ranked_by"),
    "top": ("top", "top_n", "count", "max_rows"),
    "table": ("table", "tables", "entity", "source", "about", "of"),
}  # fmt: skip
_LEADS = {"show": "Show", "where": "Only where", "groups": "By", "order": "Sorted by", "top": "Only the top",
          "table": "It is about"}  # fmt: skip


def _pairs(given: JsonValue, form: str) -> list[str]:
    if isinstance(given, Mapping):
        return [form.format(str(name).replace("_", " "), value) for name, value in given.items()]
    if isinstance(given, list):
        return [str(one) for one in given]
    return [str(given)]


def _inputs(given: JsonValue) -> list[str]:
    names = list(given) if isinstance(given, Mapping | list) else [given] if isinstance(given, str) else []
    return [f"Inputs are {', '.join(str(one).replace('_', ' ') for one in names)}"] if names else []


def _modes(given: JsonValue) -> list[str]:
    if isinstance(given, Mapping):
        return [f"{name} mode: {about}" for name, about in given.items()]
    if isinstance(given, list):
        return [f"Modes: {', '.join(str(one) for one in given)}"] if given else []
    return [f"Modes: {given}"]
