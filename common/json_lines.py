"""Reads files of JSON lines, packed by gzip or not: labelled rows, registries of tools."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from common.errors import ConfigurationError

__all__ = ["read_models", "read_objects"]

_PACKED = b"\x1f\x8b"
_TODO = "Give a file with one JSON object a line (.jsonl), packed by gzip or not."

Model = TypeVar("Model", bound=BaseModel)


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every object of the file with the number of its line, from 1; empty lines are left out.

    Raises `ConfigurationError` that names file and line for what can't be read or is no JSON object.
    """
    number = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    value = json.loads(line)
                    if not isinstance(value, dict):
                        raise ConfigurationError("this is no JSON object", where=f"{path}:{number}", todo=_TODO)
                    yield number, cast("dict[str, Any]", value)
    except (ValueError, EOFError, zlib.error, RecursionError) as error:
        raise ConfigurationError(f"this can't be read: {error}", where=f"{path}:{number or 1}", todo=_TODO) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(f"the file can't be read: {reason}", where=str(path), todo=_TODO) from None


def read_models(path: Path, model: type[Model]) -> Iterator[Model]:
    """Every object of the file as `model`. Raises `ConfigurationError` that names file, line and field."""
    for number, value in read_objects(path):
        try:
            yield model.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            raise ConfigurationError(
                f"{field}: {first['msg']}" if field else first["msg"], where=f"{path}:{number}", todo=_TODO
            ) from None


def _opened(path: Path) -> IO[str]:
    with path.open("rb") as file:
        packed = file.read(len(_PACKED)) == _PACKED
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open("rt", encoding="utf-8-sig")
