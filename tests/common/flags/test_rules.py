"""Rules that are written as targeting read back the same, and mean what they say."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openfeature.evaluation_context import EvaluationContext

from common.errors import ConfigurationError
from common.flags.change import FlagChange, changed_definition, percentage
from common.flags.declarations import Declarations, shipped_flags
from common.flags.flag_set import FlagSet
from common.flags.rules import SUBJECTS, FlagRule, FlagRules, UnreadableRules

DECLARED = Declarations(shipped_flags(("fast", "smart")), {})
VARIANTS = ("off", "on", "careful", "bold")
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8)
PLAIN = NAMES.filter(lambda name: "." not in name and name not in (*SUBJECTS, "targetingKey", "$flagd"))
VALUES = st.one_of(NAMES, st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def rule(draw: st.DrawFn) -> FlagRule:
    variant = draw(st.sampled_from(VARIANTS))
    if draw(st.booleans()):
        return FlagRule(draw(st.sampled_from(SUBJECTS)), draw(NAMES), variant)
    return FlagRule("attribute", draw(VALUES), variant, draw(PLAIN))


@st.composite
def flag_rules(draw: st.DrawFn) -> FlagRules:
    found = draw(st.lists(rule(), max_size=8, unique_by=lambda one: one.subject))
    others = draw(st.permutations(VARIANTS[1:]))[: draw(st.integers(0, 3))]
    left, shares = 100_000, list[tuple[str, Decimal]]()
    for variant in others:
        share = draw(st.integers(0, left))
        left -= share
        shares.append((variant, Decimal(share).scaleb(-3).normalize() + 0))
    some = any(share for _, share in shares)
    return FlagRules(
        {name: name for name in VARIANTS},
        "off",
        tuple(sorted(found, key=lambda one: one.subject)),
        tuple(shares) if some else (),
        draw(st.sampled_from(("request", "tenant", "user", "session"))) if some else "request",
        draw(st.booleans()),
        {"$comment": "kept"},
    )


def read(definition: dict[str, Any], key: str = "tone") -> FlagSet:
    return FlagSet.read(json.dumps({"flags": {key: definition}}).encode(), "flags.json", DECLARED)


@given(flag_rules())
def test_what_is_written_reads_back_the_same_through_the_file(rules: FlagRules) -> None:
    found = read(rules.definition())
    assert FlagRules.of(found.definitions["tone"]) == rules


@given(flag_rules(), st.data())
def test_the_evaluator_goes_by_the_rules(rules: FlagRules, data: st.DataObject) -> None:
    evaluator = read(rules.definition()).evaluator
    context: dict[str, Any] = dict.fromkeys(SUBJECTS, "nobody at all")
    if rules.rules:
        chosen = data.draw(st.sampled_from(rules.rules))
        context[chosen.variable] = chosen.value
    details = evaluator.resolve_string_value("tone", "default", EvaluationContext("k", context))
    if not rules.enabled:
        assert details.reason == "DISABLED"
        return
    fitting = [one for one in rules.rules if context.get(one.variable) == one.value]
    shared = {name for name, share in rules.shares if share} | {"off"}
    assert details.variant in ({fitting[0].variant} if fitting else shared)


@pytest.mark.parametrize("percent", ["0.5", "10", "50", "99.9"])
@pytest.mark.parametrize("per", ["request", "tenant", "user", "session"])
def test_the_share_of_many_keys_is_the_wanted_one(percent: str, per: Any) -> None:
    rules = FlagRules({"on": True, "off": False}, "off", (), (("on", Decimal(percent)),), per)
    evaluator = read(rules.definition(), "meta-planning").evaluator
    keys = 3_000
    hits = 0
    for index in range(keys):
        attributes = {"tenant": f"tenant {index}" if per == "tenant" else "t", "user": f"user {index}"}
        if per == "session":
            attributes["session"] = f"s{index}"
        context = EvaluationContext(f"key {index}", attributes)
        hits += evaluator.resolve_boolean_value("meta-planning", False, context).value
    assert hits / keys == pytest.approx(float(percent) / 100, abs=0.03)


def test_who_is_in_stays_in_when_the_share_grows() -> None:
    within: set[int] = set()
    for percent in ("0.5", "10", "12.5", "50", "100"):
        rules = FlagRules({"on": True, "off": False}, "off", (), (("on", Decimal(percent)),))
        evaluator = read(rules.definition(), "meta-planning").evaluator
        now = {
            index
            for index in range(1_000)
            if evaluator.resolve_boolean_value("meta-planning", False, EvaluationContext(f"k{index}")).value
        }
        assert within <= now
        within = now
    assert len(within) == 1_000


def test_per_user_all_requests_of_one_get_the_same_and_users_of_two_tenants_are_two() -> None:
    rules = FlagRules({"on": True, "off": False}, "off", (), (("on", Decimal(50)),), "user")
    evaluator = read(rules.definition(), "meta-planning").evaluator

    def value(tenant: str, user: str, key: str) -> bool:
        context = EvaluationContext(key, {"tenant": tenant, "user": user})
        return evaluator.resolve_boolean_value("meta-planning", False, context).value

    assert all(len({value("t", f"u{user}", f"k{key}") for key in range(20)}) == 1 for user in range(20))
    assert any(value("t", f"u{user}", "k") != value("s", f"u{user}", "k") for user in range(20))


def test_requests_without_a_session_each_have_their_own_side_of_a_share_per_session() -> None:
    rules = FlagRules({"on": True, "off": False}, "off", (), (("on", Decimal(50)),), "session")
    evaluator = read(rules.definition(), "meta-planning").evaluator
    context = {"tenant": "t", "user": "u"}
    values = {
        evaluator.resolve_boolean_value("meta-planning", False, EvaluationContext(f"k{key}", context)).value
        for key in range(50)
    }
    assert values == {True, False}


IS_BETA = {"==": [{"var": "tenant"}, "beta"]}
IS_EVA = {"===": [{"var": "user"}, "eva"]}


@pytest.mark.parametrize(
    ("targeting", "why"),
    [
        ({"or": ["on", "off"]}, "begins with 'or'"),
        ({"if": [{"and": [IS_BETA, IS_EVA]}, "on"]}, "no plain comparison"),
        ({"if": [{"!=": [{"var": "tenant"}, "beta"]}, "on"]}, "no plain comparison"),
        ({"if": [{"==": [{"var": "age"}, "5"]}, "on"]}, "no plain comparison"),
        ({"if": [{"in": ["bet", {"var": "tenant"}]}, "on"]}, "no plain comparison"),
        ({"if": [{"===": [{"var": "targetingKey"}, "r1"]}, "on"]}, "targetingKey"),
        ({"if": [{"===": [{"var": "a.b"}, "r1"]}, "on"]}, "a.b"),
        ({"if": [IS_BETA, {"var": "variant"}]}, "leads to"),
        ({"if": [IS_BETA, "on", "off"]}, "ends with something else"),
        ({"if": [IS_EVA, "on", IS_BETA, "off"]}, "another order"),
        ({"if": [IS_BETA, "on", IS_BETA, "off"]}, "the same one"),
        ({"fractional": [{"var": "email"}, ["on", 1], ["off", 1]]}, "divide by something"),
        ({"fractional": [["on", {"var": "w"}], ["off", 1]]}, "computed"),
        ({"fractional": [["on", 1], ["off", 2]]}, "no percentage"),
        ({"fractional": [["off", 90], ["on", 10]]}, "the default before the others"),
    ],
    ids=json.dumps,
)
def test_targeting_of_another_form_is_not_taken_over(targeting: dict[str, Any], why: str) -> None:
    definition = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    definition["targeting"] = targeting
    assert read(definition).definitions
    with pytest.raises(UnreadableRules, match=why):
        FlagRules.of(definition)


def changed(change: FlagChange, before: dict[str, Any] | None = None, key: str = "meta-planning") -> FlagRules:
    return FlagRules.of(changed_definition(key, before, change, DECLARED, "flags.json"))


def share(**shares: float) -> dict[str, Decimal]:
    return {name: Decimal(str(value)) for name, value in shares.items()}


def test_what_is_not_named_stays() -> None:
    beta = FlagRule("tenant", "beta", "on")
    first = changed(FlagChange(shares=share(on=10), rules=((beta, True),)))
    assert (first.default, first.rules, first.shares) == ("off", (beta,), (("on", Decimal(10)),))
    second = changed(FlagChange(shares=share(on=50), per="user"), first.definition())
    assert (second.rules, second.shares, second.per) == ((beta,), (("on", Decimal(50)),), "user")
    third = changed(FlagChange(rules=((FlagRule("tenant", "beta", ""), False),)), second.definition())
    assert (third.rules, third.shares) == ((), second.shares)
    for_all = changed(FlagChange(variant="on"), second.definition())
    assert (for_all.default, for_all.rules, for_all.shares) == ("on", (beta,), ())
    alone = changed(FlagChange(variant="off", only=True), for_all.definition())
    assert (alone.default, alone.rules, alone.shares) == ("off", (), ())
    ended = changed(FlagChange(shares=share(on=0)), second.definition())
    assert (ended.shares, ended.rules) == ((), (beta,))


def test_a_definition_written_by_hand_is_replaced_only_on_demand() -> None:
    by_hand: dict[str, Any] = {
        "$comment": "mine",
        "state": "ENABLED",
        "variants": {"yes": True, "no": False},
        "targeting": {"or": ["yes", "no"]},
    }
    with pytest.raises(ConfigurationError, match="written by hand") as caught:
        changed(FlagChange(variant="no"), by_hand)
    assert "--only" in caught.value.todo
    assert changed(FlagChange(variant="no", only=True), by_hand).definition() == {
        "$comment": "mine",
        "state": "ENABLED",
        "variants": {"yes": True, "no": False},
        "defaultVariant": "no",
    }


def test_a_disabled_flag_is_changed_only_together_with_enabling_it() -> None:
    off = changed(FlagChange(enabled=False)).definition()
    assert off["state"] == "DISABLED"
    with pytest.raises(ConfigurationError, match="disabled, so this would change nothing"):
        changed(FlagChange(variant="on"), off)
    assert changed(FlagChange(variant="on", enabled=True), off).enabled


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (FlagChange(variant="yes"), "no variant 'yes'"),
        (FlagChange(shares=share(on=60, off=60)), "add up to 120 %"),
        (FlagChange(shares=share(off=10)), "everybody else gets off as well"),
        (FlagChange(rules=((FlagRule("tenant", "beta", ""), False),)), "no rule for tenant beta"),
        (FlagChange(rules=((FlagRule("attribute", "x", "on", "a.b"), True),)), "can't be looked up"),
        (FlagChange(rules=((FlagRule("attribute", "x", "on", "tenant"), True),)), "can't be looked up"),
        (FlagChange(define={"on": False}), "the variant on is on already"),
    ],
)
def test_a_change_that_can_not_be_meant_is_refused(change: FlagChange, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        changed(change)


def test_nobody_knows_a_flag_that_is_neither_declared_nor_defined() -> None:
    with pytest.raises(ConfigurationError, match="unknown flag 'tone'"):
        changed(FlagChange(variant="x"), key="tone")


def test_the_models_of_the_router_are_variants_by_their_names() -> None:
    rules = changed(FlagChange(shares=share(fast=20, smart=5)), key="router-model")
    assert (rules.default, rules.shares) == ("off", (("fast", Decimal(20)), ("smart", Decimal(5))))
    assert rules.variants == {"off": "off", "fast": "fast", "smart": "smart"}


@pytest.mark.parametrize(("text", "value"), [("10", "10"), ("10%", "10"), ("0.125", "0.125"), (100, "100"), ("0", "0")])
def test_a_percentage(text: str | float, value: str) -> None:
    assert percentage(text, "--percent") == Decimal(value)


@pytest.mark.parametrize("text", ["-1", "101", "0.0001", "ten", "", "nan", "inf", "1e400"])
def test_no_percentage(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no percentage"):
        percentage(text, "--percent")
