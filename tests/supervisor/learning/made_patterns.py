"""Patterns as an analysis gives them, made by hand."""

from __future__ import annotations

import hashlib
from typing import Any

from supervisor.learning.candidates import Key, family_kind
from supervisor.learning.patterns import Analysis, Counts, HeldOut, Pattern
from supervisor.learning.wording import describe, recommend, rule_for, rules_of_preference

TYPE = "diagnosis"


def pattern(*key: str | int, effect: float = 0.2, **fields: Any) -> Pattern:
    made: Key = key
    kind: Any = family_kind(made)
    given: dict[str, Any] = {
        "id": hashlib.blake2b(repr((TYPE, made)).encode("utf-8", "replace"), digest_size=8).hexdigest(),
        "key": made,
        "kind": kind,
        "agent_type": TYPE,
        "description": describe(made),
        "support": 100,
        "traces": 400,
        "compared": 390,
        "effect": effect,
        "low": effect - 0.1,
        "high": effect + 0.1,
        "crude": effect,
        "confidence": 0.9,
        "p": 0.0001,
        "q": 0.001,
        "replication": 0.8,
        "strata": "runs of the same agent, guideline version, domain and kind of end",
        "caution": "",
        "held_out": HeldOut(40, 80, 1.0, 0.9),
        "trace_ids": ("t1", "t2"),
        "recommendations": recommend(made, effect, caution=""),
        "rule": rule_for(made, effect),
        **fields,
    }
    return Pattern(**given)


def analysis(*patterns: Pattern, traces: int = 400) -> Analysis:
    preferences = rules_of_preference({one.key: one.effect for one in patterns})
    ruled = [one if one.rule else _with(one, preferences.get(one.key, "")) for one in patterns]
    ordered = sorted(ruled, key=lambda one: (-one.confidence, one.id))
    return Analysis(TYPE, Counts(traces=traces, successes=traces // 2, tested=50), tuple(ordered), (), (), ())


def _with(one: Pattern, rule: str) -> Pattern:
    from dataclasses import replace

    return replace(one, rule=rule)
