"""A query for each row of another query: one join asks for all of them at once."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, blocks_of, dotted, walk_own

__all__ = ["Queries"]

_OUTER = re.compile(
    r"\s*SELECT\s+(?P<columns>[\w\s,]+?)\s+FROM\s+(?P<table>\w+)(?P<rest>\s+WHERE\s.+?)?(?P<order>\s+ORDER\s+BY\s+[\w\s,]+)?\s*;?\s*",
    re.I | re.S,
)
_INNER = re.compile(
    r"\s*SELECT\s+(?P<columns>[\w\s,]+?)\s+FROM\s+(?P<table>\w+)\s+WHERE\s+(?P<key>\w+)\s*=\s*\?\s*;?\s*", re.I | re.S
)
_SAFE_REST = re.compile(r"\s+WHERE\s+\w+\s*(=|<|>|<=|>=|<>)\s*(\?|\d+|'[^']*')", re.I | re.S)


@dataclass
class _Query:
    """One ``connection.execute("SELECT …", (…))``."""

    connection: str
    text: str
    arguments: ast.expr | None


class Queries(Strategy):
    """``for row in db.execute("SELECT …")`` with ``db.execute("SELECT … WHERE key = ?", (row[i],)).fetchone()`` in it.

    The specification must name both tables, and the key must be a whole number that is unique: then the first row for a
    key is the only one, and a dictionary finds it as the database does.
    """

    kind = "n-plus-one-queries"
    family = Family.SPEED
    aims = frozenset({"latency"})

    def look(self, view: View) -> None:
        """Note queries within loops over rows."""
        done: set[str] = set()
        for node in ast.walk(view.facts.tree):
            function = view.facts.function_at(node)
            if function is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in ("fetchone", "fetchall") or not isinstance(node.func.value, ast.Call):
                continue
            inner = _query(node.func.value)
            loop = view.facts.within(node, (ast.For,))
            if inner is None or inner.arguments is None or not isinstance(loop, ast.For):
                continue
            if any(part is node for part in ast.walk(loop.iter)):
                continue
            with view.site(node, "a query is made for each row of another one"):
                self._change(view, node, inner, loop, function, done)

    def _change(
        self, view: View, node: ast.Call, inner: _Query, loop: ast.For, function: FunctionFacts, done: set[str]
    ) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "fetchall":
            raise Refuse("several rows may come for a key, in an order that the database does not promise")
        outer, statement = self._outer(view, loop, function)
        if outer.connection != inner.connection:
            raise Refuse("the queries go to different connections")
        asked, outside = _INNER.fullmatch(inner.text), _OUTER.fullmatch(outer.text)
        if asked is None or outside is None:
            raise Refuse("the queries are not of a kind that is known")
        if outside["rest"] and not _SAFE_REST.fullmatch(outside["rest"]):
            raise Refuse("the outer query's condition is not of a kind that is known")
        column = self._column(loop, inner, _columns(outside["columns"]))
        self._check_tables(view, asked, outside, column)
        self._check_loop(view, loop, function, outer.connection, node)
        if "row_factory" in view.facts.all_names or "text_factory" in view.facts.all_names:
            raise Refuse("the rows' type is changed")
        self._check_arguments(view, outer, function)
        found = view.facts.fresh_name(f"{asked['table']}_by_{asked['key']}")
        while found in done:
            found += "_"
        done.add(found)
        join = self._join(view, outer, asked, outside, column)
        view.edits.before(
            statement,
            f"{found} = {{\n    found[0]: found[1:]\n    for found in {join}\n}}",
        )
        assert isinstance(inner.arguments, ast.Tuple)  # noqa: S101 - looked at by _column
        view.edits.replace(node, f"{found}.get({view.edits.text_of(inner.arguments.elts[0])})")

    def _join(self, view: View, outer: _Query, asked: re.Match[str], outside: re.Match[str], column: str) -> str:
        selected = ", ".join(f"wanted.{name}" for name in (asked["key"], *_columns(asked["columns"])))
        # all names in it come from the queries in the code, where they matched a pattern of letters
        text = (
            f"SELECT DISTINCT {selected} FROM {asked['table']} AS wanted JOIN {outside['table']} AS known"  # noqa: S608
            f" ON wanted.{asked['key']} = known.{column}"
        )
        if outside["rest"]:
            # the condition is on columns of the outer table alone
            text += re.sub(r"\s+WHERE\s+", " WHERE known.", outside["rest"], flags=re.I).rstrip()
        arguments = f", {view.edits.text_of(outer.arguments)}" if outer.arguments is not None else ""
        quoted = '"' + text.replace('"', "'") + '"'
        return f"{outer.connection}.execute({quoted}{arguments})"

    def _outer(self, view: View, loop: ast.For, function: FunctionFacts) -> tuple[_Query, ast.stmt]:
        """The query whose rows the loop goes through, directly or by a name, and the statement that makes it."""
        rows: ast.expr = loop.iter
        statement: ast.stmt = loop
        if isinstance(rows, ast.Name):
            bindings = function.bindings.get(rows.id, [])
            if len(bindings) != 1 or bindings[0] is None or rows.id in function.parameters:
                raise Refuse("the loop's rows come from more than one place")
            rows = bindings[0]
            statement = view.facts.statement_of(rows)
            block = _block_with(view, statement)
            if block is None or loop not in block or _right_before(view, block, loop) is not statement:
                raise Refuse("something happens between the query and the loop")
        if isinstance(rows, ast.Call) and isinstance(rows.func, ast.Attribute) and rows.func.attr == "fetchall":
            rows = rows.func.value
        if isinstance(rows, ast.Name) and (told := self._told(view, rows.id, statement, function)) is not None:
            if any(isinstance(part, ast.Name) and part.id == rows.id for line in loop.body for part in ast.walk(line)):
                raise Refuse("the loop uses the cursor itself")
            return told
        query = _query(rows) if isinstance(rows, ast.Call) else None
        if query is None:
            raise Refuse("the loop does not go through the rows of a query")
        return query, statement

    def _told(
        self, view: View, name: str, statement: ast.stmt, function: FunctionFacts
    ) -> tuple[_Query, ast.stmt] | None:
        """The query that a cursor of this name was given right before a statement, and where; None for no cursor."""
        bindings = function.bindings.get(name, [])
        made = bindings[0] if len(bindings) == 1 and name not in function.parameters else None
        if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Attribute) or made.func.attr != "cursor":
            return None
        block = _block_with(view, statement)
        given = None if block is None else _right_before(view, block, statement)
        query = _query(given.value) if isinstance(given, ast.Expr) and isinstance(given.value, ast.Call) else None
        if given is None or query is None or query.connection != name or made.args or made.keywords:
            return None
        return _Query(dotted(made.func.value), query.text, query.arguments), given

    def _column(self, loop: ast.For, inner: _Query, columns: list[str]) -> str:
        """The outer query's column whose value the inner one is asked with."""
        if not isinstance(inner.arguments, ast.Tuple) or len(inner.arguments.elts) != 1:
            raise Refuse("the inner query has not one parameter")
        value = inner.arguments.elts[0]
        if isinstance(loop.target, ast.Tuple) and isinstance(value, ast.Name):
            names = [part.id if isinstance(part, ast.Name) else "" for part in loop.target.elts]
            if value.id in names and len(names) == len(columns):
                self._check_unbound(loop, value.id)
                return columns[names.index(value.id)]
        if isinstance(loop.target, ast.Name) and isinstance(value, ast.Subscript):
            index = value.slice.value if isinstance(value.slice, ast.Constant) else None
            if (
                getattr(value.value, "id", "") == loop.target.id
                and isinstance(index, int)
                and 0 <= index < len(columns)
            ):
                self._check_unbound(loop, loop.target.id)
                return columns[index]
        raise Refuse("the inner query's parameter is no column of the outer one")

    def _check_unbound(self, loop: ast.For, name: str) -> None:
        for statement in loop.body:
            if any(
                isinstance(p, ast.Name) and p.id == name and not isinstance(p.ctx, ast.Load)
                for p in ast.walk(statement)
            ):
                raise Refuse(f"{name} is bound again in the loop")

    def _check_tables(self, view: View, asked: re.Match[str], outside: re.Match[str], column: str) -> None:
        inner = view.specification.tables.get(asked["table"])
        outer = view.specification.tables.get(outside["table"])
        if inner is None or outer is None:
            raise Refuse("the specification does not name both tables")
        if inner.key != asked["key"] or inner.columns.get(inner.key) != "integer":
            raise Refuse("the inner query does not ask by a whole-number key")
        if outer.columns.get(column) != "integer":
            raise Refuse(f"{column} is not certain to be a whole number")
        used = {*_columns(asked["columns"])} - set(inner.columns) | (
            {*_columns(outside["columns"])} - set(outer.columns)
        )
        if used:
            raise Refuse(f"the specification does not name the column {sorted(used)[0]}")

    def _check_loop(self, view: View, loop: ast.For, function: FunctionFacts, connection: str, node: ast.Call) -> None:
        """Nothing in the loop may write to the database: all other calls must be known to do no more than compute."""
        for part in walk_own(loop):
            if (
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute)
                and dotted(part.func.value) == connection
            ):
                query = _query(part)
                if query is None or not query.text.lstrip().upper().startswith("SELECT"):
                    raise Refuse("the loop may write to the database")
            elif (
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute)
                and part.func.attr in ("fetchone", "fetchall")
            ):
                continue
            elif isinstance(part, ast.Call):
                told = view.analysis.effects([ast.Expr(part)], function) if not _holds_query(part) else None
                if told is not None and told.unknown:
                    raise Refuse(f"the loop may write to the database: {told.unknown}")

    def _check_arguments(self, view: View, outer: _Query, function: FunctionFacts) -> None:
        if outer.arguments is None:
            return
        if not isinstance(outer.arguments, ast.Tuple) or not all(
            isinstance(part, ast.Name | ast.Constant) for part in outer.arguments.elts
        ):
            raise Refuse("the outer query's parameters are computed")


def _right_before(view: View, block: list[ast.stmt], statement: ast.stmt) -> ast.stmt | None:
    """What comes before a statement, but for names that are bound to something empty or constant."""
    for before in reversed(block[: block.index(statement)]):
        value = before.value if isinstance(before, ast.Assign | ast.AnnAssign) else None
        if value is None or isinstance(value, ast.Call) or not view.analysis.makes_new(value) or _calls(value):
            return before
    return None


def _calls(value: ast.expr) -> bool:
    return any(isinstance(part, ast.Call | ast.comprehension | ast.Name) for part in ast.walk(value))


def _holds_query(part: ast.Call) -> bool:
    return any(isinstance(p, ast.Attribute) and p.attr in ("fetchone", "fetchall", "execute") for p in ast.walk(part))


def _query(call: ast.Call) -> _Query | None:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "execute" or call.keywords:
        return None
    connection = dotted(call.func.value)
    if not connection or not 1 <= len(call.args) <= 2:
        return None
    text = call.args[0]
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return None
    return _Query(connection, text.value, call.args[1] if len(call.args) == 2 else None)


def _columns(text: str) -> list[str]:
    return [column.strip() for column in text.split(",")]


def _block_with(view: View, statement: ast.stmt) -> list[ast.stmt] | None:
    return next((block for block in blocks_of(view.facts.parents[statement]) if statement in block), None)
