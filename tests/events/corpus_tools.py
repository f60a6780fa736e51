"""Records what events look like in the log: the shape of every kind, and a log that holds some of each.

A folder of `tests/events/corpus` is one release. While a release is being made its folder follows the catalogue::

    python -m tests.events.corpus_tools

Once the changelog has the release (``## [0.1.0]``) its folder stays as it is for ever, and so do the shapes in it: a
kind that changes its fields then needs a higher `SCHEMA_VERSION` and a step that leads there from the version before.
"""

from __future__ import annotations

import base64
import json
import sys
import tomllib
import types
import typing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import anyio
from pydantic import JsonValue

from events.backend import NewRow
from events.catalogue import BY_TOPIC, Event
from events.seal import seal_log
from events.store import EventStore, stream_name
from events.transfer import export_lines

__all__ = ["CORPUS", "Release", "record", "releases", "schema_of", "version_in_work"]

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
_START = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


class Release:
    """The folder of one release."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    @property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """By topic: version and shape of the kind as this release wrote it."""
        return json.loads((self.folder / "schemas.json").read_text())

    @property
    def lines(self) -> list[str]:
        """The log as an export has it."""
        return (self.folder / "log.jsonl").read_text().rstrip("\n").split("\n")  # texts may hold other line breaks

    @property
    def rows(self) -> list[NewRow]:
        """The same log as it was stored."""
        rows: list[dict[str, Any]] = [
            json.loads(line) for line in (self.folder / "frames.jsonl").read_text().splitlines()
        ]
        return [(row["stream"], row["version"], row["topic"], base64.b64decode(row["stored"])) for row in rows]


def releases() -> list[Release]:
    """All recorded releases."""
    return [Release(folder) for folder in sorted(CORPUS.iterdir()) if folder.is_dir()]


def version_in_work() -> str:
    """The version that is being made."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """The shape of a kind: its fields with their types and defaults, without descriptions."""
    return _bare(kind.model_json_schema())


def _bare(value: Any) -> Any:
    """Without titles and descriptions; the names of properties stay, whatever they are."""
    if isinstance(value, list):
        return [_bare(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    bare: dict[str, Any] = {}
    for name, inner in cast("dict[str, Any]", value).items():
        if name == "properties":
            bare[name] = {field: _bare(shape) for field, shape in inner.items()}
        elif name not in ("title", "description"):
            bare[name] = _bare(inner)
    return bare


class _Clock:
    """Goes on by a second with every reading, so that every recording has the same times."""

    def __init__(self) -> None:
        self._at = _START

    def now(self) -> datetime:
        self._at += timedelta(seconds=1)
        return self._at


def _value(name: str, annotation: Any) -> Any:
    """A value that says where it stands."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return [_value(f"{name} item", arguments[0])]
    if origin is dict:
        return {f"{name} key": _value(f"{name} value", arguments[1])}
    if origin in (types.UnionType, typing.Union):
        return _value(name, next(argument for argument in arguments if argument is not type(None)))
    if annotation is JsonValue:
        return {"text": f"{name} – ünïcode \u2028", "numbers": [0, -1, 2.5, 10**20], "nothing": None, "yes": True}
    plain: dict[Any, Any] = {str: f"{name} text", int: 7, float: 0.25, bool: True, datetime: _START}
    return plain[annotation]


def _samples(kind: type[Event]) -> list[Event]:
    """The kind with all its fields, and with those alone that it must have."""
    fields = kind.model_fields
    full = {name: _value(name, field.annotation) for name, field in fields.items()}
    least = {name: full[name] for name, field in fields.items() if field.is_required()}
    return [kind(**full), kind(**least)]


async def _log() -> tuple[list[str], list[NewRow]]:
    clock = _Clock()
    async with await EventStore.open("memory://", clock=clock) as store:
        for topic in sorted(BY_TOPIC):
            family = topic.partition(".")[0]
            first, second = _samples(BY_TOPIC[topic])
            await store.append(stream_name(family, "ünï/1"), [first], tenant="acme", correlation="t1")
            await store.append(stream_name(family, "2"), [second], causation=f"{family}/1@1")
        await seal_log(store, clock)
        return [line async for line in export_lines(store)], [
            row[1:] for row in store.backend.page(0, None, 10_000).rows
        ]


def record() -> None:
    """Record the version that is being made. Raises `ValueError` when it was released."""
    version = version_in_work()
    if f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text():
        raise ValueError(f"{version} was released: raise the version in pyproject.toml first")
    folder = CORPUS / version
    folder.mkdir(parents=True, exist_ok=True)
    schemas = {
        topic: {"version": kind.SCHEMA_VERSION, "schema": schema_of(kind)} for topic, kind in sorted(BY_TOPIC.items())
    }
    lines, rows = anyio.run(_log)
    frames = [
        json.dumps({"stream": row[0], "version": row[1], "topic": row[2], "stored": base64.b64encode(row[3]).decode()})
        for row in rows
    ]
    (folder / "schemas.json").write_text(json.dumps(schemas, indent=1) + "\n")
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "frames.jsonl").write_text("\n".join(frames) + "\n")


if __name__ == "__main__":
    try:
        record()
    except ValueError as error:
        sys.exit(str(error))
