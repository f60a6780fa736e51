"""Answers what a specification is asked, by walking its formulas: no code is written, none is run."""

from __future__ import annotations

import difflib
import itertools
import math
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from roles.builder.understanding import read_schema
from roles.engineering.formulas import Undefined, evaluate
from roles.engineering.formulas.quantities import QUANTITIES
from roles.engineering.formulas.scope import is_series, read_formulas, read_rules
from roles.engineering.formulas.stress_words import Target, read_adjustments
from roles.engineering.queries import engine_for, run_query
from roles.engineering.specification import DataSource, Operation, Specification

HERE = Path(__file__).parent


def corpus(name: str) -> dict[str, Any]:
    """A file of requests."""
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


class Databases:
    """The databases of the requests, as SQLite files."""

    def __init__(self, folder: Path, scripts: Mapping[str, str]) -> None:
        self.sources: dict[str, tuple[DataSource, ...]] = {}
        self._folder = folder
        for name, script in scripts.items():
            connection = sqlite3.connect(folder / f"{name}.db")
            connection.executescript(script)
            connection.close()

    async def read(self) -> None:
        """Read the schemas."""
        for file in self._folder.glob("*.db"):
            self.sources[file.stem] = await read_schema(self.url(file.stem))

    def url(self, name: str) -> str:
        """The address of one."""
        return f"sqlite:///{self._folder / name}.db"

    def rows(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        """What a database says itself."""
        connection = sqlite3.connect(self._folder / f"{name}.db")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


def answer(spec: Specification, url: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the first operation, or ``{"error": code}``."""
    operation = spec.operations[0]
    arguments = dict(given)
    mode = str(arguments.pop("mode", ""))
    values: dict[str, Any] = {one.name: one.default for one in operation.inputs} | _named(operation, arguments)
    if operation.query is not None:
        query = spec.query(operation.query)
        wanted = {one.input: values[one.input] for one in query.all_filters if one.input}
        engine = engine_for(url)
        rows = run_query(engine, spec, query.name, wanted)
        engine.dispose()
        if is_series(query):
            values |= {one.name: [row[one.name] for row in rows] for one in query.columns}
            values["row_count"] = len(rows)
        elif not rows:
            return {"error": "not_found"}
        else:
            values |= rows[0]
    _adjust(spec, mode, values)
    try:
        for read in read_formulas(spec, operation):
            values[read.formula.name] = evaluate(read.expression, values)
            if values[read.formula.name] is None:
                return {"error": "missing_value"}
    except Undefined:
        return {"error": "undefined"}
    if rules := read_rules(spec, operation):
        values["validation_status"] = "PASS" if all(evaluate(one, values) for _, one in rules) else "FAIL"
    return {one.name: values.get(one.name) for one in operation.outputs}


def _named(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by the names that the inputs have: the file's names are those that people would think of."""
    found: dict[str, Any] = {}
    for name, value in sorted(given.items(), key=lambda one: one[0] not in {each.name for each in operation.inputs}):
        free = [one.name for one in operation.inputs if one.name not in found]
        best = max(free, key=lambda one: (one == name, len(set(one.split("_")) & set(name.split("_"))),
                                          difflib.SequenceMatcher(None, one, name).ratio()))  # fmt: skip
        found[best] = value
    return found


def _adjust(spec: Specification, mode: str, values: dict[str, Any]) -> None:
    if not spec.modes:
        return
    named = next((one for one in spec.modes if one.name == mode), None)
    if named is None and mode:
        targets = [
            Target(name, QUANTITIES[name].phrases if name in QUANTITIES else (name.replace("_", " "),))
            for name in values
        ]
        changes: Sequence[Any] = read_adjustments(mode, targets)
    else:
        changes = (named or spec.modes[0]).adjustments
    for change in changes:
        before = values[change.target]
        after = {"multiply": before * change.amount, "add": before + change.amount, "set": change.amount}
        values[change.target] = after[change.operation]


def is_right(ask: Mapping[str, Any], found: Mapping[str, Any], *, ordered: bool = True) -> bool:
    """Whether an answer is what the file expects: named outputs by name, else by value; rows in any order if not so."""
    if "error" in ask:
        return found.get("error") == ask["error"]
    if "error" in found:
        return False
    for name, expected in ask["expected"].items():
        if name == "columns":
            if not _has_columns(expected, found, ordered=ordered):
                return False
        elif name == "status":
            if found.get("validation_status") != expected:
                return False
        elif not any(
            _equal(expected, one) for one in ([found[name]] if name in found and name != "value" else found.values())
        ):
            return False
    return True


def _has_columns(expected: Sequence[Sequence[Any]], found: Mapping[str, Any], *, ordered: bool) -> bool:
    """Whether the columns are among the outputs; of rows in any order all columns have the same one."""
    if ordered:
        return all(any(_equal(column, one) for one in found.values()) for column in expected)
    lists: list[list[Any]] = [one for one in found.values() if isinstance(one, list)]  # pyright: ignore[reportUnknownVariableType]
    lists = [one for one in lists if len(one) == len(expected[0])]
    return any(_side_by_side(expected, chosen) for chosen in itertools.permutations(lists, len(expected)))


def _side_by_side(expected: Sequence[Sequence[Any]], chosen: Sequence[Sequence[Any]]) -> bool:
    """Whether the rows of these columns are those that are expected, in any order."""
    left = list(range(len(expected[0])))
    for at in range(len(expected[0])):
        row = next(
            (
                row
                for row in left
                if all(_equal(one[at], other[row]) for one, other in zip(expected, chosen, strict=True))
            ),
            None,
        )
        if row is None:
            return False
        left.remove(row)
    return True


def _equal(expected: Any, found: Any) -> bool:
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(_equal, expected, found))
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=1e-6)
    return expected == found
