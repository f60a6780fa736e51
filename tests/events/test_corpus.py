"""What any release stored stays readable, and no kind of event changes its shape unnoticed.

A kind whose fields change fails here. Was its version released: raise its SCHEMA_VERSION, give it a step from the
version before, and a case in `STEPS`. Then record the version in work: python -m tests.events.corpus_tools
"""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar

import pytest
from pydantic_core import to_json

from common.errors import StoreError
from events.backend import Head
from events.catalogue import BY_TOPIC, Event
from events.catalogue.log import TenantForgotten
from events.catalogue.timer import TimerCancelled
from events.codec import FORGOTTEN, digest
from events.keyring import TenantKey
from events.keys import DataKey, MemoryKeys
from events.projection import Views
from events.recorded import Erased, Unknown
from events.store import EventStore
from events.transfer import export_lines, import_lines
from events.verify import verify
from events.views.builtin import builtin_views
from tests.events.corpus_tools import KEY, Release, record, releases, schema_of, version_in_work

RELEASES = releases()

STEPS: dict[tuple[str, int], tuple[dict[str, Any], Event]] = {}
"""By topic and old version: a payload of that version, and the event that it is today."""

each_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)


@each_release
async def test_every_event_of_a_release_is_read(release: Release) -> None:
    async with await EventStore.open("memory://") as store:
        await import_lines(store, lambda: release.lines)
        recorded = await store.read_all(limit=100_000)
        assert [entry.id for entry in recorded if isinstance(entry.event, Unknown)] == []
        lines = [json.loads(line) for line in release.lines]
        assert len(recorded) == len([line for line in lines if "position" in line]) > len(release.schemas)
        for blob in [line for line in lines if "blob" in line]:
            assert await store.blob(blob["blob"]) == base64.b64decode(blob["content"])
        assert {entry.topic for entry in recorded} == set(release.schemas)
        assert [line async for line in export_lines(store)] == release.lines
        assert [row[1:] for row in store.backend.page(0, None, 100_000).rows] == release.rows
        report = await verify(store)
        assert (report.problems, report.newer) == ([], 0)


class CorpusKeys(MemoryKeys):
    """The key of the corpus."""

    def get(self, key_id: str) -> DataKey | None:
        return KEY if key_id == KEY.id else super().get(key_id)


@each_release
async def test_every_encrypted_event_of_a_release_is_read_with_its_key(release: Release) -> None:
    for keys, expected in ((CorpusKeys(), Event), (MemoryKeys(), Unknown)):
        async with await EventStore.open("memory://", keys=keys) as store:
            with store.backend.transaction() as transaction:
                transaction.insert(release.encrypted, {row[0]: Head(row[1], digest(*row)) for row in release.encrypted})
            recorded = await store.read_all(limit=100_000)
            assert len(recorded) == len(release.encrypted) > 10
            assert [entry.id for entry in recorded if not isinstance(entry.event, expected)] == []
            assert {entry.tenant for entry in recorded} == {KEY.tenant}
            assert (await verify(store)).ok == (expected is Event)
            await store.append(FORGOTTEN, [TenantForgotten(tenant=KEY.tenant, keys=[KEY.id])])
            *recorded, _ = await store.read_all(limit=100_000)
            assert {type(entry.event) for entry in recorded} == {Erased}
            assert (await verify(store)).ok


def test_names_of_contents_stay_the_same() -> None:
    assert TenantKey(KEY).name(b"content") == "d142e06044af92d3c16a6a23f8b6a943027b429c92671897a26ec5c7806845b4"


@each_release
async def test_views_take_every_event_of_a_release(release: Release) -> None:
    async with await EventStore.open("memory://") as store:
        await import_lines(store, lambda: release.lines)
        views = Views(store, builtin_views())
        assert await views.parked() == []
        assert (await verify(store, views)).ok
        await views.close()


@each_release
def test_a_version_that_was_written_keeps_its_shape(release: Release) -> None:
    for topic, written in release.schemas.items():
        assert topic in BY_TOPIC, f"{topic} stands in logs of {release.name}: its class must stay in the catalogue"
        kind = BY_TOPIC[topic]
        assert written["version"] <= kind.SCHEMA_VERSION, f"{topic} went back to an older version"
        if written["version"] == kind.SCHEMA_VERSION:
            assert schema_of(kind) == written["schema"], (
                f"the fields of {kind.__name__} are not those recorded for {topic} version {kind.SCHEMA_VERSION} "
                f"in {release.name}: see the top of this file"
            )


def test_the_version_in_work_is_recorded() -> None:
    (mine,) = [release for release in RELEASES if release.name == version_in_work()]
    recorded = {topic: written["version"] for topic, written in mine.schemas.items()}
    assert recorded == {topic: kind.SCHEMA_VERSION for topic, kind in BY_TOPIC.items()}, (
        "record the catalogue: python -m tests.events.corpus_tools"
    )


def test_every_step_has_its_case() -> None:
    older = {(topic, version) for topic, kind in BY_TOPIC.items() for version in range(1, kind.SCHEMA_VERSION)}
    assert set(STEPS) == older
    for (topic, version), (payload, event) in STEPS.items():
        kind = BY_TOPIC[topic]
        assert kind.model_validate_json(to_json(kind.upcast(payload, version))) == event


def test_recording_again_gives_the_same_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.events.corpus_tools.CORPUS", tmp_path)
    record()
    (mine,) = [release for release in RELEASES if release.name == version_in_work()]
    for file in ("schemas.json", "log.jsonl", "frames.jsonl", "encrypted.jsonl"):
        assert (tmp_path / mine.name / file).read_text() == (mine.folder / file).read_text(), (
            "record the catalogue: python -m tests.events.corpus_tools"
        )


def test_a_released_version_is_not_recorded_again(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CHANGELOG.md").write_text(f"## [{version_in_work()}] - 2026-12-01\n")
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{version_in_work()}"\n')
    monkeypatch.setattr("tests.events.corpus_tools.ROOT", tmp_path)
    with pytest.raises(ValueError, match="was released"):
        record()


class Plain(Event):
    """For comparison."""

    TOPIC: ClassVar[str] = "test.plain"
    name: str
    number: int = 1


def variant(**fields: Any) -> type[Event]:
    """A kind that differs from Plain in these fields; None takes one away."""
    types = {"name": (str, ...), "number": (int, 1)} | fields
    namespace: dict[str, Any] = {"TOPIC": "test.plain", "__annotations__": {}}
    for name, shape in types.items():
        if shape is not None:
            namespace["__annotations__"][name] = shape[0]
            if shape[1] is not ...:
                namespace[name] = shape[1]
    return type("Plain", (Event,), namespace)


def test_the_shape_of_a_kind() -> None:
    assert schema_of(variant()) == schema_of(Plain)
    changes: list[dict[str, Any]] = [
        {"more": (str, "")},
        {"number": None},
        {"number": (int, 2)},
        {"number": (float, 1)},
        {"number": (int | None, 1)},
        {"number": (int, ...)},
        {"title": (str, ...)},
        {"description": (str, ...)},
    ]
    for change in changes:
        assert schema_of(variant(**change)) != schema_of(Plain), change


@pytest.mark.parametrize(
    ("version", "steps", "problem"),
    [
        (2, (), "lacks upcast_v1_v2"),
        (3, ("upcast_v1_v2",), "lacks upcast_v2_v3"),
        (2, ("upcast_v1_v2", "upcast_v2_v3"), "has upcast_v2_v3, which leads nowhere"),
        (1, ("upcast_v0_v1",), "has upcast_v0_v1"),
    ],
)
def test_steps_must_lead_from_the_first_version_to_the_last(version: int, steps: tuple[str, ...], problem: str) -> None:
    namespace: dict[str, Any] = {"TOPIC": "test.steps", "SCHEMA_VERSION": version, "__annotations__": {}}
    namespace |= {step: staticmethod(dict[str, Any]) for step in steps}
    with pytest.raises(TypeError, match=problem):
        type("Stepping", (Event,), namespace)


async def test_a_topic_that_is_no_longer_known_is_carried() -> None:
    release = RELEASES[0]
    fewer = {topic: kind for topic, kind in BY_TOPIC.items() if not topic.startswith("timer.")}
    async with await EventStore.open("memory://", catalogue=fewer) as store:
        await import_lines(store, lambda: release.lines)
        assert [line async for line in export_lines(store)] == release.lines
        report = await verify(store)
        assert report.ok
        assert report.newer == sum('"topic": "timer.' in line for line in release.lines)
        with pytest.raises(StoreError, match="not an event of the catalogue"):
            await store.append("timer/1", [TimerCancelled(timer_id="1")])
