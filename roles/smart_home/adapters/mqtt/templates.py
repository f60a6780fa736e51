"""The few shapes of templates that devices really use, read without a template engine.

What a device announces is foreign text: it is never run. A template is literal text with ``{{ … }}`` in it, each of
them `value` or a path into `value_json`, and filters behind it. Everything else is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

__all__ = ["Payload", "Template", "UnsupportedTemplate", "read_template"]

_MAX_CHARS = 1_000
_HOLE = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>-?\d{1,15}(?:\.\d{1,15})?)"
    r"|'(?P<single>[^'\\]*)'|\"(?P<double>[^\"\\]*)\"|(?P<sign>[.\[\](),|]))"
)
_END = ("end", "")


class UnsupportedTemplate(ValueError):
    """Raised for a template of another shape."""


class Payload:
    """A message's text, with its JSON read when it is first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def json(self) -> Any:
        """What the text holds; None where it is no JSON."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None


_Value = Any
_Filter = Callable[[_Value], _Value]
_MISSING = object()


@dataclass(frozen=True, slots=True)
class _Hole:
    """One ``{{ … }}``: where the value is found, and what is done with it."""

    path: tuple[str | int, ...] | None
    filters: tuple[_Filter, ...] = ()

    def render(self, payload: Payload) -> str | None:
        value: Any = payload.text if self.path is None else _follow(payload.json, self.path)
        for change in self.filters:
            value = change(value)
        return _text(value)


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was understood."""

    parts: tuple[str | _Hole, ...]

    def render(self, payload: Payload) -> str | None:
        """The text it makes of a message; None where the message does not hold the value."""
        texts: list[str] = []
        for part in self.parts:
            text = part if isinstance(part, str) else part.render(payload)
            if text is None:
                return None
            texts.append(text)
        return "".join(texts).strip()


def read_template(text: str) -> Template:
    """Read a template. Raises `UnsupportedTemplate`."""
    if len(text) > _MAX_CHARS:
        raise UnsupportedTemplate("a template that is too long")
    parts: list[str | _Hole] = []
    end = 0
    for hole in _HOLE.finditer(text):
        parts += [text[end : hole.start()], _Reader(hole.group(1)).hole()]
        end = hole.end()
    parts.append(text[end:])
    literal = "".join(part for part in parts if isinstance(part, str))
    if any(sign in literal for sign in ("{%", "{#", "{{", "%}")):
        raise UnsupportedTemplate("a template of a shape that is not supported")
    return Template(tuple(part for part in parts if part != ""))


class _Reader:
    """Reads the inside of one hole."""

    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), _END]
        self._at = 0

    def hole(self) -> _Hole:
        kind, name = self._take()
        if kind != "name" or name not in ("value", "value_json"):
            raise UnsupportedTemplate(f"a template about {name[:40]!r}")
        path = None if name == "value" else self._path()
        filters: list[_Filter] = []
        while self._peek() == ("sign", "|"):
            self._take()
            filters.append(self._filter())
        if self._peek() != _END:
            raise UnsupportedTemplate("a template of a shape that is not supported")
        return _Hole(path, tuple(filters))

    def _path(self) -> tuple[str | int, ...]:
        steps: list[str | int] = []
        while self._peek() in (("sign", "."), ("sign", "[")):
            _, sign = self._take()
            kind, word = self._take()
            if kind == "number" and word.isdecimal():
                steps.append(int(word))
            elif kind == ("name" if sign == "." else "string"):
                steps.append(word)
            else:
                raise UnsupportedTemplate("a template of a shape that is not supported")
            if sign == "[":
                self._expect("]")
        return tuple(steps)

    def _filter(self) -> _Filter:
        kind, name = self._take()
        arguments: list[str | float] = []
        if kind == "name" and self._peek() == ("sign", "("):
            self._take()
            while self._peek() != ("sign", ")"):
                arguments.append(self._argument())
                if self._peek() == ("sign", ","):
                    self._take()
            self._take()
        make = _FILTERS.get(name) if kind == "name" else None
        if make is None or len(arguments) > 2:
            raise UnsupportedTemplate(f"a template with the filter {name[:40]!r}")
        return make(arguments)

    def _argument(self) -> str | float:
        kind, word = self._take()
        if kind == "number":
            return float(word) if "." in word else int(word)
        if kind == "string":
            return word
        if kind == "name" and word.lower() in ("true", "false", "none"):
            return word.capitalize()
        raise UnsupportedTemplate("a template of a shape that is not supported")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _expect(self, sign: str) -> None:
        if self._take() != ("sign", sign):
            raise UnsupportedTemplate("a template of a shape that is not supported")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnsupportedTemplate("a template of a shape that is not supported")
        kind = match.lastgroup or ""
        found.append(("string" if kind in ("single", "double") else kind, match.group(kind)))
        at = match.end()
    return found


def _follow(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = cast("Mapping[str, Any]", value).get(step, _MISSING)
        elif isinstance(step, int) and isinstance(value, list) and step < len(cast("list[Any]", value)):
            value = cast("list[Any]", value)[step]
        else:
            return _MISSING
    return value


def _text(value: Any) -> str | None:
    """A value as a template engine writes it: truth values are True and False."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | int):
        return str(value)
    return str(value) if isinstance(value, float) and math.isfinite(value) else None


def _number(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _int(arguments: Sequence[str | float]) -> _Filter:
    default = arguments[0] if arguments else _MISSING

    def change(value: Any) -> Any:
        number = _number(value)
        return int(number) if number is not None else default

    return change


def _float(arguments: Sequence[str | float]) -> _Filter:
    default = arguments[0] if arguments else _MISSING

    def change(value: Any) -> Any:
        number = _number(value)
        return number if number is not None else default

    return change


def _round(arguments: Sequence[str | float]) -> _Filter:
    digits = int(arguments[0]) if arguments and isinstance(arguments[0], int | float) else 0

    def change(value: Any) -> Any:
        number = _number(value)
        return _MISSING if number is None else round(number, max(-10, min(10, digits)))

    return change


def _default(arguments: Sequence[str | float]) -> _Filter:
    default = arguments[0] if arguments else ""
    also_empty = len(arguments) > 1 and arguments[1] == "True"
    return lambda value: default if value is _MISSING or (also_empty and not value) else value


def _upper(_: Sequence[str | float]) -> _Filter:
    return lambda value: value.upper() if isinstance(value, str) else value


def _lower(_: Sequence[str | float]) -> _Filter:
    return lambda value: (_text(value) or "").lower() if value is not _MISSING else value


def _as_is(_: Sequence[str | float]) -> _Filter:
    return lambda value: value


_FILTERS: Mapping[str, Callable[[Sequence[str | float]], _Filter]] = {
    "int": _int,
    "float": _float,
    "round": _round,
    "default": _default,
    "upper": _upper,
    "lower": _lower,
    "is_defined": _as_is,
}
