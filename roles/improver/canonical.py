"""Values as JSON data in which all that can be told apart is told apart; used inside the sandbox and outside alike.

It needs the standard library only: inside there is nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["LONG", "TRANSIENT", "brief", "canonical", "describe_error"]

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_DEEP = 30
_MANY = 20_000
LONG = 2_000
"""Letters of a text that are kept."""
TRANSIENT = frozenset({"ConnectionError", "TimeoutError"})
"""Classes of errors that say that a source is out of reach for a moment."""


_class_of: Callable[[Any], Any] = type
"""An object can say that it is of another class; this is what it is."""


def canonical(value: Any, depth: int = 0) -> Any:
    """A value as JSON data in which all that can be told apart is told apart: types, order of keys, bits of floats."""
    kind = _class_of(value)
    if depth > _DEEP:
        return ["deep"]
    if value is None or kind in (bool, int, str):
        return [kind.__name__, str(value)]
    if kind is float:
        return ["float", value.hex()]
    if issubclass(kind, (list, tuple)):
        return [kind.__name__, [canonical(part, depth + 1) for part in value]]
    if issubclass(kind, dict):
        return [
            kind.__name__,
            [[canonical(k, depth + 1), canonical(v, depth + 1)] for k, v in value.items()],
        ]
    if issubclass(kind, (set, frozenset)):
        return [kind.__name__, sorted((canonical(part, depth + 1) for part in value), key=json.dumps)]
    if isinstance(value, BaseException):
        return ["error", *describe_error(value)]
    if hasattr(value, "__next__"):
        return [
            "iterator",
            [canonical(part, depth + 1) for _, part in zip(range(_MANY), value, strict=False)],
        ]
    if kind.__module__ in sys.stdlib_module_names or kind.__module__ == "builtins":
        return [kind.__name__, _ADDRESS.sub("", repr(value))]
    return [kind.__name__, _members(value, depth)]


def _members(value: Any, depth: int) -> Any:
    names: set[str] = set(getattr(value, "__dict__", ()))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        names.update([slots] if isinstance(slots, str) else slots)
    # what a class keeps to itself is its own business
    shown = sorted(name for name in names if not name.startswith("_") and hasattr(value, name))
    return [[name, canonical(getattr(value, name), depth + 1)] for name in shown]


def describe_error(error: BaseException) -> list[Any]:
    """The names of an error's classes, narrowest first, and its text.

    What an interpreter says of calls within calls depends on where it counted one too many: that is no answer's text.
    """
    if isinstance(error, RecursionError):
        return [[kind.__name__ for kind in type(error).__mro__[:-2]], "calls within calls without end"]
    return [[kind.__name__ for kind in type(error).__mro__[:-2]], _ADDRESS.sub("", str(error))[:LONG]]


def brief(form: Any) -> str:
    """A form of `canonical` as text; a long one as its beginning and its digest."""
    text = json.dumps(form)
    return text if len(text) <= LONG else text[:200] + hashlib.sha256(text.encode()).hexdigest()
