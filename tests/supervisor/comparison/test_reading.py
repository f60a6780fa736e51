"""Requests read from lines, and lines that are none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.context import TaskContext
from supervisor.comparison.reading import read_requests

BASE = TaskContext(tenant="acme", location="Bern")


def test_text_and_json_lines() -> None:
    lines = [b"\xef\xbb\xbfturn on the light\r\n", b"\n", b'{"text": "hi", "context": {"location": "Basel"}}\n', b"{"]
    requests, skipped = read_requests(lines, BASE)
    assert [(request.text, request.line) for request in requests] == [("turn on the light", 1), ("hi", 3)]
    assert requests[0].context == BASE
    assert requests[1].context == TaskContext(tenant="acme", location="Basel")
    assert [(entry.line, entry.text) for entry in skipped] == [(4, "{")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b'{"text": 5}', '"text" is no text'),
        (b'{"context": {}}', 'has no "text"'),
        (b'{"text": "x", "colour": 1}', "unknown key 'colour'"),
        (b'{"text": "x", "context": []}', '"context" is no object'),
        (b'{"text": "x", "context": {"user": ""}}', "context.user"),
        (b'{"text": "x", "context": {"colour": 1}}', "context.colour"),
        (b'{"text": "x", "context": {"limits": {"turns": 1e999}}}', "context"),
        (b'{"text": NaN}', "NaN is no JSON"),
        (b'{"text": ' + b"[" * 50_000, "nested too deeply"),
        (b'{"text": ' + b"9" * 10_000 + b"}", "no valid JSON"),
        (b"x" * 1_000_001, "bytes"),
    ],
)
def test_broken_lines_are_named_and_passed_over(line: bytes, problem: str) -> None:
    requests, skipped = read_requests([b"first", line, b"third"], BASE)
    assert [request.text for request in requests] == ["first", "third"]
    (entry,) = skipped
    assert entry.line == 2
    assert problem in entry.problem
    assert len(entry.text) <= 200


@given(st.lists(st.one_of(st.binary(max_size=40), st.text(max_size=40).map(str.encode))))
def test_whatever_the_lines_hold_each_is_a_request_or_named(lines: list[bytes]) -> None:
    requests, skipped = read_requests(lines, BASE)
    numbers = [request.line for request in requests] + [entry.line for entry in skipped]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) <= set(range(1, len(lines) + 1))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip), max_size=9))
def test_what_is_written_as_json_is_read_back(texts: list[str]) -> None:
    requests, skipped = read_requests([json.dumps({"text": text}).encode() for text in texts], BASE)
    assert [request.text for request in requests] == texts
    assert skipped == []


def test_a_limit_stops_the_reading() -> None:
    def lines():  # type: ignore[no-untyped-def]
        yield b"one"
        yield b"two"
        raise AssertionError("not asked for")

    assert [request.text for request in read_requests(lines(), BASE, 1)[0]] == ["one"]
