"""Reads requests to be compared from lines: plain text, or JSON objects with ``text`` and, if wanted, ``context``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn, cast

from pydantic import ValidationError

from common.context import TaskContext
from supervisor.comparison.comparer import ComparisonRequest, Skipped

__all__ = ["read_requests"]

_MAX_BYTES = 1_000_000
_KEYS = ("text", "context")


class _BrokenLine(ValueError):
    """What is wrong with a line."""


def read_requests(
    lines: Iterable[bytes], context: TaskContext, limit: int | None = None
) -> tuple[list[ComparisonRequest], list[Skipped]]:
    """The requests, and the lines that are none; `context` is what lines build on, `limit` the most requests.

    A line that begins with ``{`` is a JSON object. Lines without anything are passed over.
    """
    requests: list[ComparisonRequest] = []
    skipped: list[Skipped] = []
    for number, line in enumerate(lines, 1):
        if limit is not None and len(requests) >= limit:
            break
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not line.strip():
            continue
        try:
            requests.append(_request(line, number, context))
        except _BrokenLine as problem:
            skipped.append(Skipped(number, line[:200].decode(errors="replace").strip(), str(problem)))
    return requests, skipped


def _request(line: bytes, number: int, context: TaskContext) -> ComparisonRequest:
    if len(line) > _MAX_BYTES:
        raise _BrokenLine(f"it has {len(line):,} bytes, at most {_MAX_BYTES:,} are read")
    try:
        text = line.decode().strip()
    except UnicodeDecodeError as error:
        raise _BrokenLine(f"it is not UTF-8 (byte {error.start + 1})") from None
    if not text.startswith("{"):
        return ComparisonRequest(text, context, number)
    found = _object(text)
    said = found.get("text")
    if not isinstance(said, str):
        raise _BrokenLine('it has no "text"' if said is None else '"text" is no text')
    unknown = [key for key in found if key not in _KEYS]
    if unknown:
        raise _BrokenLine(f"unknown key {unknown[0][:100]!r}; known are {', '.join(_KEYS)}")
    return ComparisonRequest(said, _context(found.get("context"), context), number)


def _object(text: str) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(text, parse_constant=_refuse))
    except RecursionError:
        raise _BrokenLine("its JSON is nested too deeply") from None
    except ValueError as error:
        raise _BrokenLine(f"it is no valid JSON: {error}") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _context(given: object, context: TaskContext) -> TaskContext:
    if given is None:
        return context
    if not isinstance(given, dict):
        raise _BrokenLine('"context" is no object')
    own = {**context.model_dump(mode="json", exclude_defaults=True), **cast("dict[str, Any]", given)}
    try:
        return TaskContext.model_validate_json(json.dumps(own))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise _BrokenLine(f"context.{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
    except ValueError as error:
        raise _BrokenLine(f"context: {error}") from None
