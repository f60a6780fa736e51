"""Trace files: read with suspicion, imported once, written back the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.context import Owner
from common.errors import ConfigurationError
from common.redaction import Redactor
from events.catalogue.collected import TraceCollected
from events.catalogue.request import OutcomeReported
from events.store import EventStore
from supervisor.learning.records import MAX_STEPS, Record
from supervisor.learning.trace_collector import TraceCollector, collected_stream, outcome_stream
from supervisor.learning.trace_files import FileProblem, read_traces
from supervisor.learning.trace_transfer import ImportedTraces, export_traces, import_traces

TRACES = Path(__file__).parents[4] / "shared" / "data" / "traces"
ME = Owner("default", "local")


def row(trace_id: str = "a", **more: Any) -> dict[str, Any]:
    steps = [
        {"type": "thinking", "kind": "think", "text": "Look first"},
        {"type": "tool_call", "tool": "look", "arguments": {"at": "x"}, "ok": True, "response_excerpt": "seen"},
    ]
    return {"trace_id": trace_id, "task_id": "t", "agent": "m", "domain": "d", "success": True, "steps": steps, **more}


def written(folder: Path, rows: Iterable[Any], name: str = "traces.jsonl") -> Path:
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in rows]
    (folder / name).write_bytes(b"\n".join(lines) + b"\n")
    return folder / name


async def records(store: EventStore) -> dict[str, Record]:
    return {record.trace_id: record async for page in TraceCollector(store).read() for record in page.records}


def problems(path: Path) -> list[FileProblem]:
    return [each for each in read_traces(path, "local") if isinstance(each, FileProblem)]


async def test_rows_become_records(tmp_path: Path) -> None:
    path = written(tmp_path, [row(), row("b", success=None, score=0.75, agent_type="k", seconds=2, tokens=9, cost=0.1)])
    async with await EventStore.open("memory://") as store:
        told = await import_traces(store, path, ME)
        found = await records(store)
    assert told == ImportedTraces(traces=2, added=2)
    assert (found["a"].agent_type, found["a"].agent, found["a"].task_id, found["a"].domain) == ("d", "m", "t", "d")
    thought, call = found["a"].steps
    assert (thought.kind, thought.name, thought.text) == ("thinking", "think", "Look first")
    assert (call.kind, call.name, call.ok, call.text) == ("tool", "look", True, "seen")
    assert (found["b"].agent_type, found["b"].success, found["b"].score) == ("k", True, 0.75)
    assert (found["b"].seconds, found["b"].tokens, found["b"].cost) == (2.0, 9, 0.1)


@pytest.mark.parametrize(("bad", "why"), [
    (b'{"trace_id": "a", "steps": [', "it is no JSON"),
    (b"[" * 100_000, "nested too deeply"),
    (b'{"trace_id": "a\xff"}', "no text in UTF-8"),
    (b'{"trace_id": ' + b"9" * 5_000 + b"}", "it is no JSON"),
    (["a"], "a trace is a JSON object, not a list"),
    ({"steps": []}, "it has no trace_id"),
    ({"trace_id": ""}, "1 to 200 printable characters"),
    ({"trace_id": "\ud800"}, "printable"),
    ({"trace_id": {"a": 1}}, "trace_id must be text, not an object"),
    (row(success="yes"), "success must be true, false or null, not text"),
    (row(score=7), "score is over 1"),
    (row(score=float("nan")), "score must be a number"),
    (row(steps="none"), "steps must be a list, not text"),
    (row(steps=[1]), "step 1 must be an object, not a number"),
    (row(steps=[{"type": "dance"}]), "step 1 has the unknown type 'dance'"),
    (row(steps=[{"type": "tool_call"}]), "step 1: it names no tool"),
    (row(steps=[{"type": "tool_call", "tool": "x", "ok": "fine"}]), "step 1: ok must be true, false or null"),
    (row(steps=[{"type": "thinking", "text": 3}]), "step 1: text must be text, not a number"),
])  # fmt: skip
def test_a_row_that_is_no_trace_is_told_by_its_line_and_skipped(tmp_path: Path, bad: Any, why: str) -> None:
    path = written(tmp_path, [row("a"), bad, b"", row("b")])
    found = list(read_traces(path, "local"))
    assert [each.row.trace.trace_id for each in found if not isinstance(each, FileProblem)] == ["a", "b"]
    (problem,) = [each for each in found if isinstance(each, FileProblem)]
    assert (problem.line, problem.skipped) == (2, True)
    assert why in problem.text


def test_what_can_be_kept_of_a_strange_row_is_kept_and_told(tmp_path: Path) -> None:
    long_call = {"type": "tool_call", "tool": "t\ud800", "response_excerpt": "z" * 1_000}
    many = [{**long_call, "arguments": {"n": number, "x": "y" * 1_000}} for number in range(MAX_STEPS + 5)]
    path = written(
        tmp_path, [row("a", success=True, score=0.0), row("b", steps=many), row("c", seconds="long", cost=-1)]
    )
    found = list(read_traces(path, "local"))
    assert [each.text for each in found if isinstance(each, FileProblem) and not each.skipped] == [
        "success is true and the score 0: the outcome counts as unknown",
        "of 10,005 steps the first 10,000 are kept",
    ]
    contradictory, long, odd = [each.row.trace for each in found if not isinstance(each, FileProblem)]
    assert (contradictory.success, contradictory.score) == (None, None)
    assert (len(long.steps), long.left_out["steps"]) == (MAX_STEPS, 5)
    assert len(long.model_dump_json()) < 2 * 1024 * 1024
    assert len({step.digest for step in long.steps}) == MAX_STEPS
    assert long.steps[0].name == "t?"
    assert (odd.seconds, odd.cost) == (None, None)


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps(row(str(n))).encode() + b"\n" for n in range(2_000)))
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    found = list(read_traces(tmp_path / "cut.gz", "local"))
    assert len(found) > 100
    assert "can't be unpacked" in found[-1].text if isinstance(found[-1], FileProblem) else ""
    with pytest.raises(ConfigurationError, match="can't be read"):
        list(read_traces(tmp_path / "none", "local"))
    (tmp_path / "empty").write_bytes(b"")
    assert list(read_traces(tmp_path / "empty", "local")) == []


async def test_a_trace_that_says_something_else_the_second_time_is_told_and_the_first_stays(tmp_path: Path) -> None:
    path = written(tmp_path, [row("a"), row("a"), row("a", success=False)])
    async with await EventStore.open("memory://") as store:
        told = await import_traces(store, path, ME)
        again = await import_traces(store, written(tmp_path, [row("a", agent="other")]), ME)
        assert (await records(store))["a"].success is True
    assert (told.traces, told.added, told.known, told.different) == (3, 1, 2, 1)
    assert [(problem.line, problem.skipped) for problem in told.problems] == [(3, False)]
    assert (again.added, again.different) == (0, 1)


async def test_two_imports_of_the_same_file_at_once_add_each_trace_once(tmp_path: Path) -> None:
    path = written(tmp_path, [row(str(number)) for number in range(1_200)])
    told: list[ImportedTraces] = []
    async with await EventStore.open("memory://") as store:

        async def work() -> None:
            told.append(await import_traces(store, path, ME))

        async with anyio.create_task_group() as group:
            group.start_soon(work)
            group.start_soon(work)
        assert len(await store.read_all(topics={TraceCollected.TOPIC}, limit=5_000)) == 1_200
    assert sum(each.added for each in told) == 1_200
    assert all(each.added + each.known == 1_200 for each in told)


async def test_tenants_do_not_see_each_others_traces(tmp_path: Path) -> None:
    path = written(tmp_path, [row("a")])
    async with await EventStore.open("memory://") as store:
        for tenant in ("acme", "globex"):
            assert (await import_traces(store, path, Owner(tenant, "x"))).added == 1
        assert [each async for each in export_traces(store, Owner("acme", "y"), Redactor())] == []
        assert len([each async for each in export_traces(store, Owner("acme", "x"), Redactor())]) == 1


async def test_an_export_is_redacted_and_tells_the_last_outcome(tmp_path: Path) -> None:
    secret = {"type": "tool_call", "tool": "log_in", "arguments": {"password": "hunter22"}, "ok": True}
    thought = {"type": "thinking", "kind": "think", "text": "use hunter22 again"}
    path = written(tmp_path, [row("a", task="my password is hunter22", steps=[secret, thought])])
    async with await EventStore.open("memory://") as store:
        await import_traces(store, path, ME)
        for score in (1.0, 0.0):
            await store.append(outcome_stream("a"), [OutcomeReported(trace_id="a", score=score, by="me")])
        (exported,) = [each async for each in export_traces(store, ME, Redactor())]
    assert "hunter22" not in json.dumps(exported)
    assert (exported["success"], exported["score"]) == (False, 0.0)


texts = st.text(max_size=400)
names = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)
numbers = st.one_of(st.none(), st.floats(0, 1e6))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=20,
)
thoughts = st.fixed_dictionaries(
    {"type": st.just("thinking"), "kind": st.one_of(st.just("reply"), names), "text": texts}
)
calls = st.fixed_dictionaries(
    {"type": st.just("tool_call"), "tool": names},
    optional={
        "arguments": values, "ok": st.sampled_from([True, False, None]), "response_excerpt": values, "error": texts,
        "seconds": numbers,
    },
)  # fmt: skip
rows = st.fixed_dictionaries(
    {"trace_id": names, "steps": st.lists(st.one_of(thoughts, calls), max_size=6)},
    optional={
        "task_id": names, "agent": texts, "domain": texts, "agent_type": texts, "task": texts, "error": texts,
        "success": st.sampled_from([True, False, None]), "score": st.one_of(st.none(), st.floats(0, 1)),
        "finished": st.booleans(), "seconds": numbers, "tokens": st.integers(0, 10**9), "cost": numbers,
        "guideline_version": texts, "problem": st.dictionaries(texts, values, max_size=3),
    },
)  # fmt: skip


class Nothing(Redactor):
    """Finds no secrets, so that an export says what the log says."""

    def knowing(self, text: str) -> Redactor:
        return self

    def value(self, value: Any) -> Any:
        return value


@given(given_rows=st.lists(rows, max_size=4))
def test_what_is_imported_twice_is_there_once_and_an_export_gives_the_same_records(given_rows: list[Any]) -> None:
    async def work(folder: Path) -> None:
        path = written(folder, given_rows)
        async with await EventStore.open("memory://") as first, await EventStore.open("memory://") as second:
            told = await import_traces(first, path, ME)
            once = await first.head()
            again = await import_traces(first, path, ME)
            assert (await first.head(), again.added) == (once, 0)
            assert once == told.added == len({each["trace_id"] for each in given_rows})
            exported = [each async for each in export_traces(first, ME, Nothing())]
            assert (await import_traces(second, written(folder, exported), ME)).added == told.added
            there, back = await records(first), await records(second)
        assert {name: replace(record, position=0) for name, record in back.items()} == {
            name: replace(record, position=0) for name, record in there.items()
        }

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        anyio.run(work, Path(folder))


@given(value=values, text=st.binary(max_size=200))
def test_no_line_of_a_file_stops_the_reading_of_the_rest(value: Any, text: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = written(
            Path(folder), [row("a"), {"trace_id": "b", "steps": value}, value, text.replace(b"\n", b" "), row("z")]
        )
        found = [each.row.trace.trace_id for each in read_traces(path, "me") if not isinstance(each, FileProblem)]
    assert (found[0], found[-1]) == ("a", "z")


@pytest.mark.parametrize("name", ["react_fever.jsonl.gz", "tau_retail.jsonl.gz"])
async def test_real_traces_are_read_whole(name: str) -> None:
    if not (TRACES / name).is_file():
        pytest.skip("the shared trace files are not here")
    with gzip.open(TRACES / name, "rt") as lines:
        known = {each["trace_id"]: each for each in map(json.loads, lines)}
    async with await EventStore.open("memory://") as store:
        told = await import_traces(store, TRACES / name, ME)
        found = await records(store)
        exported = {str(each["trace_id"]): each async for each in export_traces(store, ME, Nothing())}
    assert (told.added, told.skipped, told.remarks) == (len(known), 0, 0)
    assert {name: record.success for name, record in found.items()} == {
        name: each["success"] for name, each in known.items()
    }
    for trace_id, each in known.items():
        assert {field: exported[trace_id].get(field) for field in each} == each


def test_names_of_streams_stand_for_tenant_and_trace() -> None:
    assert collected_stream("a", "b/c") != collected_stream("a/b", "c")
