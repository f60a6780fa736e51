"""Records what events look like in the log: the shape of every kind, and a log that holds some of each.

A folder of `tests/events/corpus` is one release. While a release is being made its folder follows the catalogue::

    python -m tests.events.corpus_tools

Once the changelog has the release (``## [0.1.0]``) its folder stays as it is for ever, and so do the shapes in it: a
kind that changes its fields then needs a higher `SCHEMA_VERSION` and a step that leads there from the version before.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tomllib
import types
import typing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import anyio
from pydantic import BaseModel, JsonValue

from common.blob import Blob
from events.backend import NewRow
from events.catalogue import BY_TOPIC, Event
from events.catalogue.trace import ToolCalled
from events.codec import Codec, HeaderMaker, seal
from events.keyring import NONCE_BYTES, TenantKey
from events.keys import DataKey
from events.seal import seal_log
from events.store import EventStore, stream_name
from events.transfer import export_lines

__all__ = ["CORPUS", "KEY", "Release", "record", "releases", "schema_of", "version_in_work"]

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
_WHOLE = '{"text":"a full result, ünïcode","data":[1,2]}'.encode()
_START = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
KEY = DataKey("corpus-key", "acme", bytes(range(32)), _START)
"""What the encrypted events of every release can be read with."""


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
        return _rows(self.folder / "frames.jsonl")

    @property
    def encrypted(self) -> list[NewRow]:
        """One event of each kind that is about people, as it is stored under `KEY`."""
        return _rows(self.folder / "encrypted.jsonl")


def _rows(file: Path) -> list[NewRow]:
    rows: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
    return [(row["stream"], row["version"], row["topic"], base64.b64decode(row["stored"])) for row in rows]


def _dump(rows: list[NewRow]) -> str:
    lines = [
        json.dumps({"stream": row[0], "version": row[1], "topic": row[2], "stored": base64.b64encode(row[3]).decode()})
        for row in rows
    ]
    return "\n".join(lines) + "\n"


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
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {inner: _value(f"{name} {inner}", field.annotation) for inner, field in annotation.model_fields.items()}
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
        whole = Blob(_WHOLE)
        called = ToolCalled(call_id="c1", tool="pets.feed", ok=True, whole=whole.reference)
        await store.append(stream_name("trace", "whole"), [called], tenant="acme", blobs=[whole])
        await seal_log(store, clock)
        return [line async for line in export_lines(store)], [
            row[1:] for row in store.backend.page(0, None, 10_000).rows
        ]


def _encrypted() -> list[NewRow]:
    """With nonces that are no secret here, so that every recording has the same."""
    clock, codec, key = _Clock(), Codec(), TenantKey(KEY)
    heads: dict[str, tuple[int, str | None]] = {}
    rows: list[NewRow] = []
    for topic in sorted(topic for topic, kind in BY_TOPIC.items() if kind.PERSONAL):
        stream = stream_name(topic.partition(".")[0], "ünï/1")
        version, previous = heads.get(stream, (0, None))
        draft = codec.draft(_samples(BY_TOPIC[topic])[0])
        header = HeaderMaker(clock.now(), KEY.tenant, "t1", None).make(draft.schema_version, previous, key=key)
        nonce = hashlib.sha256(topic.encode()).digest()[:NONCE_BYTES]
        stored, digest = seal(stream, version + 1, topic, header, draft.payload, key, nonce)
        rows.append((stream, version + 1, topic, stored))
        heads[stream] = (version + 1, digest)
    return rows


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
    (folder / "schemas.json").write_text(json.dumps(schemas, indent=1) + "\n")
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "frames.jsonl").write_text(_dump(rows))
    (folder / "encrypted.jsonl").write_text(_dump(_encrypted()))


if __name__ == "__main__":
    try:
        record()
    except ValueError as error:
        sys.exit(str(error))
