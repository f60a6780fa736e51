"""The class that strategies put beside lists, so that looking for a value takes no longer in a long one."""

from __future__ import annotations

import ast
from functools import cache

__all__ = ["HELPER", "NAME", "TYPES", "is_helper"]

HELPER = '''class _Lookup:
    """Answers whether a list holds a value as the list itself does, and faster where all it holds is plain."""

    __slots__ = ("_plain", "_values")

    def __init__(self, values):
        self._values = values
        known = type(values) in (list, tuple) and all(type(value) in _PLAIN_TYPES for value in values)
        self._plain = set(values) if known else None

    def add(self, value):
        """Note what was appended to the list."""
        if self._plain is not None and type(value) in _PLAIN_TYPES:
            self._plain.add(value)
        else:
            self._plain = None

    def __contains__(self, value):
        if self._plain is not None and type(value) in _PLAIN_TYPES:
            return value in self._plain
        return value in self._values
'''
TYPES = "_PLAIN_TYPES = frozenset((int, str, bool, type(None)))\n"
NAME = "_Lookup"


@cache
def _written() -> str:
    return ast.dump(ast.parse(HELPER).body[0])


def is_helper(node: ast.ClassDef) -> bool:
    """Whether a class is that one, word for word."""
    return node.name == NAME and ast.dump(node) == _written()
