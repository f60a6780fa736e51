"""Guideline lines in the stated grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.rules import Rules, parse_rules, rule_name


def test_reads_each_kind_of_rule() -> None:
    rules = parse_rules(
        [
            "prefer a.find over b.find",
            "* Avoid c.slow.",
            "order a.find before d.write",
            "retry a.find 2 times",
            "stop after d.write",
        ]
    )
    assert rules == Rules(
        prefer=(("a_find", "b_find"),),
        avoid=frozenset({"c_slow"}),
        order=(("a_find", "d_write"),),
        retry=(("a_find", 2),),
        stop_after=frozenset({"d_write"}),
    )


def test_tools_are_known_by_registry_and_wire_name() -> None:
    rules = parse_rules(["retry billing.refund 3", "stop after billing__refund"])
    assert rules.retries("billing.refund") == rules.retries("billing__refund") == 3
    assert rules.stops_after("billing.refund")
    assert rules.retries("other.tool") == 0
    assert rule_name("billing.refund") == rule_name("billing__refund")


def test_names_may_stand_in_quotes() -> None:
    quoted = parse_rules(
        ["prefer “a.find” over “b.find”", 'avoid "c.slow"', "stop after “d.write”", "retry “a.find” 2"]
    )
    assert quoted == parse_rules(["prefer a.find over b.find", "avoid c.slow", "stop after d.write", "retry a.find 2"])
    assert parse_rules(["avoid “c slow”", "avoid “c", "“avoid c”", "avoid “”"]).empty


def test_a_choice_follows_prefer_and_avoid() -> None:
    rules = parse_rules(["prefer a.b over c", "avoid d"])
    assert rules.choose(["d", "c", "a_b"]) == "a_b"
    assert rules.choose(["d", "c"]) == "c"
    assert rules.choose(["d"]) == "d"
    assert parse_rules(["prefer a over b", "prefer b over a"]).choose(["a", "b"]) in {"a", "b"}


def test_retries_are_bounded() -> None:
    assert parse_rules(["retry a.b 400"]).retries("a.b") == 5


def test_rules_may_stand_in_one_text() -> None:
    assert parse_rules(["avoid a.b\navoid c.d"]).avoid == {"a_b", "c_d"}


@pytest.mark.parametrize(
    "line", ["", "be nice", "prefer a.b", "avoid", "order a.b after c.d", "retry a.b", "stop before a.b"]
)
def test_other_lines_are_left_alone(line: str) -> None:
    assert parse_rules([line]).empty


@given(st.lists(st.text(max_size=200), max_size=20))
def test_any_lines_are_survived(lines: list[str]) -> None:
    rules = parse_rules(lines)
    assert len(rules.prefer) + len(rules.avoid) <= 220
