"""Takes answers and corrections into requirements: what was said before stays, what is said now counts more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from roles.builder.understanding.analysis import analyze
from roles.builder.understanding.requirements import Binding, Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.engineering.specification import DataSource

__all__ = ["correct"]

_CALLED = re.compile(
    r"\b(?:call it|name it|its name is|rename it to|named?)\s+[\"']?(?P<name>[A-Za-z][\w -]{0,40}?)[\"']?\s*(?:[.,;]"
    r"|$)",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"^\s*(?:it is|that is|use|the column|column|take)?\s*(?P<place>[A-Za-z_][\w]*\.[A-Za-z_]\w*)\s*\.?\s*$"
)


def correct(requirements: Requirements, text: str, sources: Sequence[DataSource]) -> Requirements:
    """The requirements with an answer or a correction in words.

    A column answers the first question for one; a formula, a limit, a mode or a name is added to the request, and all
    of it is read again. Raises `BuildError` as `analyze` does.
    """
    answered = _column_answer(requirements, text, sources)
    if answered is not None:
        return answered
    given: dict[str, JsonValue] = {}
    if isinstance(requirements.given, Mapping):
        given |= requirements.given
    else:
        given["text"] = requirements.given if isinstance(requirements.given, str) else requirements.request
    rest = text
    if (called := _CALLED.search(text)) is not None:
        given["name"] = called["name"].strip()
        rest = (text[: called.start()] + text[called.end() :]).strip()
    if rest:
        before = given.get("answers")
        known = {str(key): value for key, value in before.items()} if isinstance(before, Mapping) else {}
        question = requirements.missing[0].name if requirements.missing else f"correction_{len(known) + 1}"
        known[question if question not in known else f"{question}_{len(known) + 1}"] = _as_sentence(rest, requirements)
        given["answers"] = known
    return analyze(given, sources)


def _as_sentence(text: str, requirements: Requirements) -> str:
    """A bare formula answers the question for one: it gets the name of the figure that is asked about."""
    asked = next((one for one in requirements.missing if one.name == "formula"), None)
    plain = text.strip().rstrip(".")
    if asked is not None and "=" not in plain:
        figure = re.search(r"formula of the (.+?)\?", asked.text)
        if figure is not None:
            return f"{figure[1]} = {plain}"
    return plain


def _column_answer(requirements: Requirements, text: str, sources: Sequence[DataSource]) -> Requirements | None:
    match = _COLUMN.match(text)
    if match is None or not requirements.missing:
        return None
    table, _, column = match["place"].partition(".")
    tables = Tables(sources)
    if table not in tables.tables or column not in {one.name for one in tables.tables[table].columns}:
        return None
    asked, *others = requirements.missing
    binding = Binding(name=asked.name, place=Place(table=table, column=column), phrases=(asked.name.replace("_", " "),))
    updated = requirements.model_copy(update={"bindings": (*requirements.bindings, binding), "missing": tuple(others)})
    if updated.table:
        return updated
    places = [one.place for one in updated.bindings if one.place is not None]
    base = tables.base([one.table for one in places]) or table
    parents = [join.right_table for join in tables.joins if join.left_table == base]
    return updated.model_copy(update={"table": base, "entity": parents[0] if len(parents) == 1 else base})
