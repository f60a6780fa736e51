"""JSON as a person edits it: what would quietly mean something else is refused, with its place."""

from __future__ import annotations

import json
from typing import Any

from pydantic import JsonValue

from common.errors import ConfigurationError

__all__ = ["read_json"]

MAX_BYTES = 4_000_000
MAX_DEPTH = 60


def read_json(content: bytes, name: str) -> JsonValue:
    """The document in `content`; `name` is the file's, for messages.

    Raises `ConfigurationError` for what is no JSON in UTF-8, and for keys given twice, NaN, lone surrogates, and
    documents that are nested or long beyond any use.
    """
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"{len(content)} bytes are more than a set of flags may have", where=name)
    if not content.strip():
        raise ConfigurationError("the file is empty", where=name, todo='A set without flags is {"flags": {}}.')
    try:
        text = content.decode("utf-8-sig")
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        text.encode()
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"no valid JSON: {error.msg}", where=f"{name}:{error.lineno}:{error.colno}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"byte {error.start + 1} is no UTF-8", where=name) from None
    except UnicodeEncodeError:
        raise ConfigurationError("a text holds half a character (a lone surrogate)", where=name) from None
    except (ValueError, RecursionError) as error:
        said = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ConfigurationError(f"no usable JSON: {said}", where=name) from None
    if _deeper_than(document, MAX_DEPTH):
        raise ConfigurationError(f"nested deeper than {MAX_DEPTH} levels", where=name)
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is given twice in one object")
        found[key] = value
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _deeper_than(value: JsonValue, levels: int) -> bool:
    """Whether values are nested deeper; looks level by level, for recursion is what is to be kept away."""
    level: list[JsonValue] = [value]
    for _ in range(levels):
        inner: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return False
        level = inner
    return True
