"""A set of definitions is checked as a whole: what is wrong is named with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openfeature.evaluation_context import EvaluationContext

from common.errors import ConfigurationError
from common.flags import FlagDeclaration, shipped_flags
from common.flags.declarations import Declarations
from common.flags.flag_set import FlagSet

DECLARED = Declarations(
    [*shipped_flags(("fast", "smart")), FlagDeclaration("share", 0.5), FlagDeclaration("turns", 3)], {}
)


def flag(**changes: Any) -> dict[str, Any]:
    definition = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    return {**definition, **changes}


def read(document: Any) -> FlagSet:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return FlagSet.read(content, "flags.json", DECLARED)


def flags(**definitions: Any) -> dict[str, Any]:
    return {"flags": {key.replace("_", "-"): definition for key, definition in definitions.items()}}


def targeting(rule: Any) -> dict[str, Any]:
    return flags(meta_planning=flag(targeting=rule))


FLAG = "flags.json: flags.meta-planning"
SHARES = {"fractional": [["on", 10], ["off", 90]]}

BAD: list[tuple[str, Any, str, str]] = [
    ("no json", b"{", "no valid JSON", "flags.json:1:2"),
    ("empty", b" \n", "the file is empty", "flags.json"),
    ("not utf-8", b'{"flags": {"\xff": 1}}', "no UTF-8", "flags.json"),
    ("half a character", b'{"flags": {"a": "\\ud800"}}', "surrogate", "flags.json"),
    ("a key twice", b'{"flags": {}, "flags": {}}', "given twice", "flags.json"),
    ("nan", b'{"flags": {}, "metadata": {"a": NaN}}', "NaN is no number", "flags.json"),
    ("deep", b'{"flags": ' + b"[" * 100 + b"]" * 100 + b"}", "nested deeper", "flags.json"),
    ("too deep to parse", b"[" * 200_000, "nested too deep", "flags.json"),
    ("long", b" " * 4_000_001, "more than a set of flags may have", "flags.json"),
    ("an empty object", {}, 'no object "flags"', "flags.json"),
    ("a list", [], "one JSON object", "flags.json"),
    ("flags is no object", {"flags": []}, 'no object "flags"', "flags.json"),
    ("a misspelt part", {"flags": {}, "evaluators": {}}, "did you mean '$evaluators'", "flags.json"),
    ("no definition", flags(a=True), "must be an object", "flags.json: flags.a"),
    ("no state", flags(a={"variants": {"a": 1}}), "state is None", "flags.json: flags.a.state"),
    ("lower case state", flags(a=flag(state="enabled")), "state is 'enabled'", "flags.json: flags.a.state"),
    ("no variants", flags(a={"state": "ENABLED"}), "at least one variant", "flags.json: flags.a.variants"),
    ("null variant", flags(a=flag(variants={"on": None})), "has the value None", "flags.json: flags.a.variants"),
    ("mixed", flags(a=flag(variants={"on": True, "off": "no"})), "different types", "flags.json: flags.a.variants"),
    (
        "bad default",
        flags(meta_planning=flag(defaultVariant="of")),
        "defaultVariant is 'of'",
        f"{FLAG}.defaultVariant",
    ),
    ("empty default", flags(a=flag(defaultVariant="")), "defaultVariant is ''", "flags.json: flags.a.defaultVariant"),
    ("boolean default", flags(a=flag(defaultVariant=True)), "is True", "flags.json: flags.a.defaultVariant"),
    ("a misspelt key", flags(a=flag(defautVariant="on")), "did you mean 'defaultVariant'", "flags.json: flags.a"),
    (
        "another type than declared",
        flags(meta_planning=flag(variants={"on": "yes", "off": "no"})),
        "wants a boolean, got 'yes'",
        f"{FLAG}.variants.on",
    ),
    (
        "no value of this flag",
        flags(router_model=flag(variants={"on": "huge", "off": "off"})),
        "has no value 'huge'; it may be off, fast, smart",
        "flags.json: flags.router-model.variants.on",
    ),
    ("a boolean for a number", flags(turns=flag()), "wants a integer", "flags.json: flags.turns.variants.on"),
    ("bad metadata", flags(a=flag(metadata={"a": []})), "metadata must", "flags.json: flags.a.metadata"),
    ("targeting is a list", targeting([1]), "targeting must be an object", f"{FLAG}.targeting"),
    ("targeting is text", targeting("on"), "targeting must be an object", f"{FLAG}.targeting"),
    ("unknown operator", targeting({"iff": [True, "on"]}), "did you mean 'if'", f"{FLAG}.targeting"),
    ("two operators", targeting({"if": [], "or": []}), "2 keys", f"{FLAG}.targeting"),
    ("printing", targeting({"log": "on"}), "standard output", f"{FLAG}.targeting"),
    (
        "a result that is no variant",
        targeting({"if": [{"==": [{"var": "tenant"}, "beta"]}, "yes", SHARES]}),
        "leads to 'yes', which is none of the variants on, off",
        f"{FLAG}.targeting.if[1]",
    ),
    (
        "a share of no variant",
        targeting({"if": [False, "on", {"fractional": [["onn", 10], ["off", 90]]}]}),
        "leads to 'onn'",
        f"{FLAG}.targeting.if[2].fractional[0][0]",
    ),
    (
        "a comparison that is no variant",
        flags(a=flag(targeting={"==": [{"var": "tenant"}, "beta"]})),
        "leads to 'true'",
        "flags.json: flags.a.targeting.==",
    ),
    (
        "evaluators that double each other",
        {
            **targeting({"$ref": "e0"}),
            "$evaluators": {f"e{n}": {"or": [{"$ref": f"e{n + 1}"}] * 2} for n in range(40)} | {"e40": "on"},
        },
        "grows too large",
        "",
    ),
    ("a first operand", targeting({"or": ["yes", "on"]}), "leads to 'yes'", f"{FLAG}.targeting.or[0]"),
    ("a last operand", targeting({"and": ["on", "no"]}), "leads to 'no'", f"{FLAG}.targeting.and[1]"),
    ("half a percent", targeting({"fractional": [["on", 0.5], ["off", 99.5]]}), "0.5 is no whole number", "[0]"),
    ("a negative share", targeting({"fractional": [["on", -1], ["off", 2]]}), "-1 is no whole number", "[0]"),
    ("no share", targeting({"fractional": [{"var": "user"}]}), "no shares", "fractional"),
    ("shares of nothing", targeting({"fractional": [["on", 0], ["off", 0]]}), "add up to 0", "fractional"),
    ("a share that is no list", targeting({"fractional": [["on", 1], "off"]}), "a share is a list", "fractional[1]"),
    ("no such evaluator", targeting({"$ref": "beta"}), "no evaluator 'beta'", f"{FLAG}.targeting"),
    (
        "a circle",
        {**targeting({"$ref": "a"}), "$evaluators": {"a": {"!": {"$ref": "a"}}}},
        "a → a lead in a circle",
        f"{FLAG}.targeting.!",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("document", "what", "where"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_broken_set_is_refused_with_the_place(document: Any, what: str, where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(document)
    assert what in caught.value.what
    assert caught.value.where.endswith(where)


GOOD = [
    {"flags": {}},
    {"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": {}, "metadata": {"team": "a"}, "_note": "x"},
    targeting({}),
    targeting({"if": [{"in": [{"var": "tenant"}, ["a", "b"]]}, "on"]}),
    targeting({"if": [{"sem_ver": [{"var": "app"}, ">=", "2.0.0"]}, "on", None]}),
    targeting({"fractional": [{"var": "user"}, ["on", {"var": "weight"}], ["off", 1]]}),
    targeting({"fractional": [["on"], ["off"]]}),
    targeting({"or": [{"if": [{"==": [1, 2]}, "on", None]}, "off"]}),
    targeting({"and": ["never comes out", {"or": ["", None, "on"]}]}),
    flags(a=flag(description="why", **{"$comment": "who", "_ticket": 7})),
    flags(share=flag(variants={"few": 1, "half": 0.5}, defaultVariant="few")),
    flags(a=flag(variants={"true": 1, "false": 0}, defaultVariant="true", targeting={"==": [1, 1]})),
    flags(a={"state": "DISABLED", "variants": {"x": {"deep": [1]}}}),
    {**targeting({"$ref": "b\\d"}), "$evaluators": {"b\\d": {"if": [{"$ref": "ü"}, "on"]}, "ü": {"var": "beta\\1"}}},
]


@pytest.mark.parametrize("document", GOOD, ids=json.dumps)
def test_a_good_set_is_taken(document: dict[str, Any]) -> None:
    assert dict(read(document).definitions) == document["flags"]


def test_evaluators_that_lead_to_others_are_followed() -> None:
    found = read(GOOD[-1]).evaluator
    for value, variant in ((True, "on"), (False, "off")):
        context = EvaluationContext("k", {"beta\\1": value})
        assert found.resolve_boolean_value("meta-planning", False, context).variant == variant


def test_remarks_reach_no_evaluator_and_flags_nobody_declared_may_stand_there() -> None:
    found = read({"flags": {"$comment": "ours", "other": flag(comment="x")}})
    assert list(found.definitions) == ["other"]
    assert found.evaluator.resolve_boolean_value("other", True, None).value is False
