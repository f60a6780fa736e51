"""Between events and stored bytes: everything comes back as it went in, and what was changed is found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from pydantic_core import from_json, to_json

from common.context import TaskContext
from common.errors import StoreError
from common.intents import IntentStatus
from common.limits import Limits
from common.results import IntentReport, RequestMetadata, Response
from events.catalogue import BY_TOPIC, Event
from events.catalogue.memory import FactRemembered
from events.catalogue.trace import ToolCalled, TraceEnded, TraceStarted
from events.codec import (
    MAX_PAYLOAD_BYTES,
    Codec,
    DamagedFrame,
    HeaderMaker,
    StoredRow,
    digest,
    dump_header,
    frame,
    unframe,
)
from events.recorded import RecordedEvent, Unknown
from tests.events.samples import MOMENT, any_event, fact, names

CODEC = Codec()


def stored(
    event: Event,
    *,
    codec: Codec = CODEC,
    stream: str = "s",
    version: int = 1,
    tenant: str = "default",
    correlation: str | None = None,
    previous: str | None = None,
) -> StoredRow:
    draft = codec.draft(event)
    header = HeaderMaker(MOMENT, tenant, correlation, None).make(draft.schema_version, previous)
    return (1, stream, version, draft.topic, frame(stream, version, draft.topic, header, draft.payload))


def decoded(row: StoredRow, codec: Codec = CODEC) -> RecordedEvent:
    return codec.decode(row)


@given(
    st.text(),
    st.sampled_from(["success", "partial", "limit:turns"]),
    st.floats(0, 1),
    st.lists(names),
    st.dictionaries(names, st.recursive(st.none() | st.booleans() | st.text(), st.lists)),
)
def test_models_within_an_event_are_stored_as_their_json_is(
    text: str, outcome: str, confidence: float, tools: list[str], attributes: dict[str, Any]
) -> None:
    report = IntentReport(id="i", type="timer.set", status=IntentStatus.PROCESSED)
    metadata = RequestMetadata(confidence=confidence, tools_used=tuple(tools), plan=attributes)
    response = Response(trace_id="t", text=text, outcome=outcome, metadata=metadata, intents=(report,))
    as_model = TraceEnded.of(response, outcome=outcome, error=None)
    as_values = TraceEnded(outcome=outcome, response=response.model_dump(mode="json"))
    assert CODEC.draft(as_model) == CODEC.draft(as_values)
    context = TaskContext(current_time=MOMENT, attributes=attributes, limits=Limits(turns=3))
    told: dict[str, Any] = {"request": text, "user": "ann", "request_id": "r", "owner": "p"}
    begun = TraceStarted.of(context, **told)
    assert CODEC.draft(begun) == CODEC.draft(TraceStarted(**told, context=context.model_dump(mode="json")))
    assert decoded(stored(begun)).event == TraceStarted(**told, context=context.model_dump(mode="json"))


@given(any_event, names, names, st.none() | names)
def test_every_event_comes_back_as_it_was(event: Event, stream: str, tenant: str, correlation: str | None) -> None:
    recorded = decoded(stored(event, stream=stream, version=7, tenant=tenant, correlation=correlation))
    assert recorded.event == event
    assert type(recorded.event) is type(event)
    assert (recorded.id, recorded.tenant, recorded.correlation) == (f"{stream}@7", tenant, correlation)
    assert recorded.recorded_at == MOMENT


@given(any_event)
def test_a_payload_read_and_written_again_has_the_same_bytes(event: Event) -> None:
    payload = CODEC.draft(event).payload
    assert to_json(from_json(payload)) == payload


@given(names, st.none() | names, st.none() | names, st.booleans())
def test_a_header_read_and_written_again_has_the_same_bytes(
    tenant: str, correlation: str | None, causation: str | None, first: bool
) -> None:
    previous = None if first else digest("s", 1, "t", b"")
    header = HeaderMaker(MOMENT, tenant, correlation, causation).make(3, previous)
    read = unframe("s", 1, "t", frame("s", 1, "t", header, b"{}"))
    assert dump_header(read.header) == header
    assert (read.schema_version, read.previous, read.payload) == (3, previous, b"{}")


@given(any_event, st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_is_found(event: Event, place: int, change: int) -> None:
    _, stream, version, topic, whole = stored(event)
    place %= len(whole)
    changed = whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :]
    with pytest.raises(DamagedFrame):
        unframe(stream, version, topic, changed)


@given(any_event, st.integers(min_value=0))
def test_cut_bytes_are_found(event: Event, length: int) -> None:
    _, stream, version, topic, whole = stored(event)
    with pytest.raises(DamagedFrame):
        unframe(stream, version, topic, whole[: length % len(whole)])


@pytest.mark.parametrize("place", [("other", 1, "memory.remembered"), ("s", 2, "memory.remembered"), ("s", 1, "x")])
def test_bytes_moved_to_another_place_are_found(place: tuple[str, int, str]) -> None:
    *_, whole = stored(fact(1))
    with pytest.raises(DamagedFrame, match="checksum"):
        unframe(*place, whole)


def test_damaged_bytes_are_carried_and_named() -> None:
    recorded = decoded((4, "s", 1, "memory.remembered", b"nonsense"))
    assert isinstance(recorded.event, Unknown)
    assert recorded.event.problem
    assert recorded.event.payload == b"nonsense"
    assert recorded.tenant == ""


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_has_not_are_refused(number: float) -> None:
    data: JsonValue = {"deep": [1.0, {"er": number}]}
    event = ToolCalled.model_construct(call_id="1", tool="t", ok=True, data=data)
    with pytest.raises(StoreError, match=r"NaN|infinity|encoded"):
        CODEC.draft(event)


def test_text_that_reads_like_such_a_number_is_taken() -> None:
    event = ToolCalled(call_id="NaN", tool="Infinity", ok=True, data=["NaN", "-Infinity"])
    assert decoded(stored(event)).event == event


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(StoreError, match="encoded"):
        CODEC.draft(FactRemembered.model_construct(fact_id="1", text="\ud800", user="ann"))


def test_values_of_another_type_are_refused() -> None:
    with pytest.raises(StoreError, match="encoded"):
        CODEC.draft(FactRemembered.model_construct(fact_id=1, text="x", user="ann"))  # type: ignore[arg-type]


def test_payloads_are_bounded() -> None:
    assert CODEC.draft(fact(1, "x" * (MAX_PAYLOAD_BYTES - 100)))
    with pytest.raises(StoreError, match="at most"):
        CODEC.draft(fact(1, "x" * MAX_PAYLOAD_BYTES))


class Impostor(Event):
    TOPIC: ClassVar[str] = FactRemembered.TOPIC
    fact_id: str


class Stranger(Event):
    TOPIC: ClassVar[str] = "test.stranger"


@pytest.mark.parametrize("event", [Impostor(fact_id="1"), Stranger()])
def test_only_events_of_the_catalogue_are_taken(event: Event) -> None:
    with pytest.raises(StoreError, match="not an event of the catalogue"):
        CODEC.draft(event)


class FactV2(Event):
    """The third shape of a fact: `text` was `words` once, and `weight` came later."""

    TOPIC: ClassVar[str] = "test.fact"
    SCHEMA_VERSION: ClassVar[int] = 3
    text: str
    weight: float

    @staticmethod
    def upcast_v1_v2(payload: dict[str, Any]) -> dict[str, Any]:
        return {"text": payload["words"]}

    @staticmethod
    def upcast_v2_v3(payload: dict[str, Any]) -> dict[str, Any]:
        return payload | {"weight": 1.0}


NEWER = Codec({"test.fact": FactV2})


def raw(schema_version: int, payload: bytes, topic: str = "test.fact") -> StoredRow:
    header = HeaderMaker(MOMENT, "default", None, None).make(schema_version, None)
    return (1, "s", 1, topic, frame("s", 1, topic, header, payload))


@pytest.mark.parametrize(
    ("version", "payload", "weight"),
    [(1, b'{"words":"a"}', 1.0), (2, b'{"text":"a"}', 1.0), (3, b'{"text":"a","weight":2.5}', 2.5)],
)
def test_payloads_of_every_older_version_are_read(version: int, payload: bytes, weight: float) -> None:
    assert NEWER.decode(raw(version, payload)).event == FactV2(text="a", weight=weight)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (raw(4, b'{"new":1}'), ""),
        (raw(1, b"{}", "test.unheard_of"), ""),
        (raw(0, b"{}"), "no upcaster"),
        (raw(1, b"{}"), "KeyError"),
        (raw(3, b'{"text":1,"weight":1}'), "text"),
        (raw(3, b"no json"), "not valid"),
        (raw(3, b'{"text":"a","weight":1,"more":1}'), "more"),
    ],
)
def test_what_can_not_be_read_is_carried_as_unknown(row: StoredRow, problem: str) -> None:
    event = NEWER.decode(row).event
    assert isinstance(event, Unknown)
    assert problem in event.problem
    assert bool(event.problem) == bool(problem)
    assert event.payload == unframe("s", 1, row[3], row[4]).payload


def test_a_stored_topic_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "planted_module.py").write_text("class Event: pass")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for topic in ("planted_module:Event", "planted_module", "planted_module.Event"):
        assert isinstance(CODEC.decode(raw(1, b"{}", topic)).event, Unknown)
    assert "planted_module" not in sys.modules


def test_topics_are_unique_and_stable_names() -> None:
    assert all(topic == event.TOPIC for topic, event in BY_TOPIC.items())
    assert len({event.__name__ for event in BY_TOPIC.values()}) == len(BY_TOPIC)


def test_the_digest_depends_on_every_part() -> None:
    parts = {digest("s", 1, "t", b"x"), digest("r", 1, "t", b"x"), digest("s", 2, "t", b"x")}
    assert len(parts | {digest("s", 1, "u", b"x"), digest("s", 1, "t", b"y")}) == 5
