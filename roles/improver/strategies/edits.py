"""Carries out changes of a file's syntax tree by LibCST, so that comments and formatting stay as they are.

The places are those of `ast` nodes: analysis is plain `ast`, and only what is changed is written anew.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

__all__ = ["OVERLAP", "CantEdit", "Edits"]

OVERLAP = "another change of the same place goes first"

_CLOSED = (
    *(ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript),
    *(ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp),
)
_DEFINITIONS = (cst.FunctionDef, cst.ClassDef)
_Place = tuple[int, int]
_Span = tuple[int, int, int, int]


class CantEdit(Exception):
    """A change that this tool can't carry out without touching more than it was told to."""


class Edits:
    """The changes of one file, collected first and carried out together."""

    def __init__(self, text: str, tree: ast.Module) -> None:
        """The text and its tree as `ast` parsed it."""
        self._text = text
        self._lines = text.splitlines()
        self._tree = tree
        self._expressions: dict[_Span, str] = {}
        self._before: dict[_Place, list[str]] = {}
        self._after: dict[_Place, list[str]] = {}
        self._instead: dict[_Place, list[str]] = {}
        self._ranges: list[tuple[_Place, _Place]] = []
        self._crowded = self._crowded_lines()

    def snapshot(self) -> tuple[object, ...]:
        """What `restore` goes back to."""
        maps = [{key: list(value) for key, value in own.items()} for own in (self._before, self._after, self._instead)]
        return dict(self._expressions), *maps, list(self._ranges)

    def restore(self, saved: tuple[object, ...]) -> None:
        """Forget all changes since a snapshot."""
        self._expressions, self._before, self._after, self._instead, self._ranges = saved  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self._expressions or self._before or self._after or self._instead)

    def text_of(self, node: ast.AST) -> str:
        """The text of a node as it is written."""
        return ast.get_source_segment(self._text, node) or ast.unparse(node)

    def operand(self, node: ast.expr) -> str:
        """The text of a node as it can stand beside an operator or as an argument: in parentheses if need be."""
        text = self.text_of(node)
        spans = isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" in text
        closed = text.startswith("(") and _closes(text)
        return text if (isinstance(node, _CLOSED) and not spans) or closed else f"({text})"

    def replace(self, node: ast.expr, text: str) -> None:
        """Write an expression anew; parentheses around it stay. Raises `CantEdit` where part of it changes already."""
        self._claim(node)
        self._expressions[self._span(node)] = text

    def before(self, node: ast.stmt, text: str) -> None:
        """Put statements before one; its comments stay with it. Raises `CantEdit` where it shares its line."""
        self._before.setdefault(self._place(node), []).append(text)

    def after(self, node: ast.stmt, text: str) -> None:
        """Put statements after one. Raises `CantEdit` where it shares its line."""
        self._after.setdefault(self._place(node), []).append(text)

    def instead(self, node: ast.stmt, text: str) -> None:
        """Put statements (none: leave it out) in a statement's place; its comments stay."""
        self._claim(node)
        self._instead[self._place(node)] = [text] if text else []

    def at_top(self, text: str, user: ast.stmt | None = None) -> None:
        """Put statements at the module's top level: before the one that first uses them, else after the imports."""
        target = user or self._first_after_imports()
        if target is None:
            raise CantEdit("the file has no statement to put it before")
        self._before.setdefault(self._place(target), []).append(text)

    def result(self) -> str:
        """The changed text. Raises `CantEdit` where a place was not found again, which leaves the file as it is."""
        wrapper = MetadataWrapper(cst.parse_module(self._text))
        change = _Change(self._expressions, self._before, self._after, self._instead)
        changed = wrapper.visit(change).code
        if change.left():
            raise CantEdit("the place was not found in the concrete syntax")
        compile(changed, "changed", "exec", dont_inherit=True, flags=ast.PyCF_ONLY_AST)
        return changed

    def _claim(self, node: ast.stmt | ast.expr) -> None:
        start, end = (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0)
        if any(start < other_end and other_start < end for other_start, other_end in self._ranges):
            raise CantEdit(OVERLAP)
        self._ranges.append((start, end))

    def _first_after_imports(self) -> ast.stmt | None:
        last = -1
        for place, node in enumerate(self._tree.body):
            if isinstance(node, ast.Import | ast.ImportFrom) or (
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and place == 0
            ):
                last = place
            elif last >= 0 and any(isinstance(later, ast.Import | ast.ImportFrom) for later in self._tree.body[place:]):
                continue
        return self._tree.body[last + 1] if last + 1 < len(self._tree.body) else None

    def _place(self, node: ast.stmt) -> _Place:
        if node.lineno in self._crowded:
            raise CantEdit("the statement shares its line with another one")
        return node.lineno, self._column(node.lineno, node.col_offset)

    def _span(self, node: ast.expr) -> _Span:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return (
            node.lineno,
            self._column(node.lineno, node.col_offset),
            end_line,
            self._column(end_line, end_column),
        )

    def _column(self, line: int, offset: int) -> int:
        """ast counts bytes of UTF-8, LibCST letters."""
        return len(self._lines[line - 1].encode()[:offset].decode(errors="replace"))

    def _crowded_lines(self) -> set[int]:
        seen: set[int] = set()
        crowded: set[int] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.stmt):
                (crowded if node.lineno in seen else seen).add(node.lineno)
        return crowded


class _Change(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(
        self,
        expressions: dict[_Span, str],
        before: dict[_Place, list[str]],
        after: dict[_Place, list[str]],
        instead: dict[_Place, list[str]],
    ) -> None:
        super().__init__()
        self._expressions = dict(expressions)
        self._before, self._after, self._instead = dict(before), dict(after), dict(instead)

    def left(self) -> bool:
        """Whether something was not carried out."""
        return bool(self._expressions or self._before or self._after or self._instead)

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> object:  # type: ignore[override]
        """Change the node where that was asked for."""
        changed: object = super().on_leave(original_node, updated_node)
        if isinstance(original_node, cst.BaseExpression) and isinstance(changed, cst.BaseExpression):
            return self._expression(original_node, changed)
        if isinstance(original_node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            return self._statement(original_node, cast("cst.BaseStatement", changed))
        return changed

    def _expression(self, original: cst.BaseExpression, updated: cst.BaseExpression) -> cst.BaseExpression:
        if not self._expressions:
            return updated
        where = self.get_metadata(PositionProvider, original, None)
        if not isinstance(where, CodeRange):
            return updated
        start, end = where.start, where.end
        text = self._expressions.pop((start.line, start.column, end.line, end.column), None)
        if text is None and isinstance(original, cst.Tuple) and original.lpar:
            # ast counts a tuple's parentheses as part of it
            text = self._expressions.pop((start.line, start.column - 1, end.line, end.column + 1), None)
            return updated if text is None else cst.parse_expression(text)
        if text is None:
            return updated
        new = cst.parse_expression(text)
        if original.lpar and not new.lpar:
            return new.with_changes(lpar=original.lpar, rpar=original.rpar)
        return new

    def _statement(self, original: cst.CSTNode, updated: cst.BaseStatement) -> object:
        where = self.get_metadata(PositionProvider, original, None)
        if not isinstance(where, CodeRange):
            return updated
        place = (where.start.line, where.start.column)
        before, after = self._before.pop(place, []), self._after.pop(place, [])
        gone = place in self._instead
        own = _with_comments(updated, self._instead.pop(place)) if gone else [updated]
        if not (before or after or gone):
            return updated
        first, last = _statements(before), _statements(after)
        if first and own and isinstance(original, cst.FunctionDef | cst.ClassDef):
            first[0] = first[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        blank = 2 if where.start.column == 0 else 1
        whole: list[cst.BaseStatement] = [*_spaced(first, blank), *own, *last]
        return cst.FlattenSentinel(whole) if whole else cst.RemoveFromParent()


def _closes(text: str) -> bool:
    """Whether the parenthesis that a text begins with is closed by its last letter."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _statements(texts: Sequence[str]) -> list[cst.BaseStatement]:
    return [statement for text in texts for statement in _parse(text)]


def _spaced(statements: list[cst.BaseStatement], blank: int) -> list[cst.BaseStatement]:
    """Statements with blank lines around functions and classes, but for those above the first of them."""
    spaced = statements[:1]
    for before, statement in pairwise(statements):
        whole = isinstance(before, _DEFINITIONS) or isinstance(statement, _DEFINITIONS)
        above: Sequence[cst.EmptyLine] = getattr(statement, "leading_lines", ())
        if whole and not above:
            lines = [cst.EmptyLine(indent=False)] * blank
            statement = statement.with_changes(leading_lines=lines)
        spaced.append(statement)
    return spaced


def _parse(text: str) -> list[cst.BaseStatement]:
    return [*cst.parse_module(text.rstrip("\n") + "\n").body]


def _with_comments(old: cst.BaseStatement, texts: list[str]) -> list[cst.BaseStatement]:
    """New statements, the first of them with the comments that stood above and beside the old one."""
    above: Sequence[cst.EmptyLine] = getattr(old, "leading_lines", ())
    beside = getattr(old, "trailing_whitespace", None)
    comment = getattr(beside, "comment", None)
    new = _statements(texts)
    if not new:
        return []
    lines = [*above]
    if comment is not None and isinstance(new[0], cst.SimpleStatementLine) and len(new) == 1:
        new[0] = new[0].with_changes(trailing_whitespace=beside)
    elif comment is not None:
        lines.append(cst.EmptyLine(comment=comment))
    new[0] = new[0].with_changes(leading_lines=[*lines, *getattr(new[0], "leading_lines", ())])
    return new
