"""Targeting in the form that `flags set` writes and reads back: rules in order, then shares of the rest.

    {"if": [{"==": [{"var": "tenant"}, "beta"]}, "on",
            {"fractional": [["on", 10], ["off", 90]]}]}

Rules for tenants stand first, then those for users, sessions and attributes of requests; the first that fits counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Literal, cast

from pydantic import JsonValue

__all__ = ["SUBJECTS", "FlagRule", "FlagRules", "Per", "UnreadableRules"]

Per = Literal["request", "tenant", "user", "session"]
"""By what the shares divide: all requests of one user, say, get the same variant."""

SUBJECTS = ("tenant", "user", "session")
_KINDS = (*SUBJECTS, "attribute")
_FLAG_KEY: JsonValue = {"var": "$flagd.flagKey"}
_SESSION: JsonValue = {"if": [{"var": "session"}, {"var": "session"}, {"var": "targetingKey"}]}
_OWNER: tuple[JsonValue, ...] = ({"var": "tenant"}, "/", {"var": "user"})
_BUCKETS: Mapping[Per, JsonValue] = {
    "tenant": {"cat": [_FLAG_KEY, "/", {"var": "tenant"}]},
    "user": {"cat": [_FLAG_KEY, "/", *_OWNER]},
    "session": {"cat": [_FLAG_KEY, "/", *_OWNER, "/", _SESSION]},
}
_DECIMALS = 3


class UnreadableRules(ValueError):
    """Raised for targeting in a form that only its author knows how to change."""


@dataclass(frozen=True, slots=True)
class FlagRule:
    """Who gets a variant: of `kind` tenant, user, session or attribute (then `name` is the attribute's)."""

    kind: str
    value: str | bool | int | float
    variant: str
    name: str = ""

    @property
    def subject(self) -> tuple[int, str, str]:
        """Whom the rule is about, comparable: kinds in their order, then names, then values."""
        return _KINDS.index(self.kind), self.name, json.dumps(self.value)

    @property
    def variable(self) -> str:
        """The name in the evaluation context."""
        return self.name if self.kind == "attribute" else self.kind


@dataclass(frozen=True, slots=True)
class FlagRules:
    """A flag's definition as rules. `shares` are percentages of the requests that no rule fits, in order.

    The rest of them get `default`; where that is None, what the settings or the flag's declaration say.
    """

    variants: Mapping[str, JsonValue]
    default: str | None
    rules: tuple[FlagRule, ...] = ()
    shares: tuple[tuple[str, Decimal], ...] = ()
    per: Per = "request"
    enabled: bool = True
    kept: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    @classmethod
    def of(cls, definition: Mapping[str, JsonValue]) -> FlagRules:
        """The rules in a checked definition. Raises `UnreadableRules`."""
        default = cast("str | None", definition.get("defaultVariant"))
        rules, shares, per = _read_targeting(definition.get("targeting"), default)
        kept = {key: value for key, value in definition.items() if key not in _WRITTEN}
        return cls(
            cast("dict[str, JsonValue]", definition["variants"]),
            default,
            rules,
            shares,
            per,
            definition["state"] == "ENABLED",
            kept,
        )

    def definition(self) -> dict[str, JsonValue]:
        """The definition in flagd's format; `FlagRules.of` reads it back."""
        written: dict[str, JsonValue] = {
            **self.kept,
            "state": "ENABLED" if self.enabled else "DISABLED",
            "variants": dict(self.variants),
        }
        if self.default is not None:
            written["defaultVariant"] = self.default
        targeting = _targeting(self)
        if targeting:
            written["targeting"] = targeting
        return written


_WRITTEN = ("state", "variants", "defaultVariant", "targeting")


def _targeting(rules: FlagRules) -> JsonValue:
    steps: list[JsonValue] = []
    for (kind, name, variant), values in _grouped(rules.rules):
        variable: JsonValue = {"var": name if kind == "attribute" else kind}
        condition: JsonValue = {"===": [variable, values[0]]} if len(values) == 1 else {"in": [variable, values]}
        steps += [condition, variant]
    if rules.shares:
        steps.append({"fractional": _fractional(rules)})
    if not steps:
        return None
    return steps[0] if len(steps) == 1 else {"if": steps}


def _grouped(rules: Sequence[FlagRule]) -> list[tuple[tuple[str, str, str], list[JsonValue]]]:
    groups: dict[tuple[str, str, str], list[JsonValue]] = {}
    for rule in sorted(rules, key=lambda rule: rule.subject):
        groups.setdefault((rule.kind, rule.name, rule.variant), []).append(rule.value)
    return sorted(groups.items(), key=lambda group: (_KINDS.index(group[0][0]), group[0][1]))


def _fractional(rules: FlagRules) -> list[JsonValue]:
    scale = next(
        10**places
        for places in range(_DECIMALS + 1)
        if all((share * 10**places) % 1 == 0 for _, share in rules.shares) or places == _DECIMALS
    )
    weights: list[JsonValue] = [[variant, int(share * scale)] for variant, share in rules.shares]
    rest = 100 * scale - sum(int(share * scale) for _, share in rules.shares)
    if rest:
        weights.append([rules.default, rest])
    bucket = _BUCKETS.get(rules.per)
    return weights if bucket is None else [bucket, *weights]


def _read_targeting(
    targeting: JsonValue, default: str | None
) -> tuple[tuple[FlagRule, ...], tuple[tuple[str, Decimal], ...], Per]:
    if not targeting:
        return (), (), "request"
    operator, arguments = next(iter(cast("dict[str, JsonValue]", targeting).items()))
    if operator == "fractional":
        return (), *_read_shares(arguments, default)
    if operator != "if" or not isinstance(arguments, list):
        raise UnreadableRules(f"its targeting begins with {operator!r}")
    steps, shares, per = arguments, (), cast("Per", "request")
    if len(arguments) % 2:
        steps, last = arguments[:-1], arguments[-1]
        if not isinstance(last, dict) or set(last) != {"fractional"}:
            raise UnreadableRules("its targeting ends with something else than shares")
        shares, per = _read_shares(last["fractional"], default)
    rules: list[FlagRule] = []
    for index in range(0, len(steps), 2):
        rules += _read_rule(steps[index], steps[index + 1])
    subjects = [rule.subject for rule in rules]
    if len(set(subjects)) < len(subjects):
        raise UnreadableRules("two of its rules are about the same one")
    order = [subject[:2] for subject in subjects]
    if order != sorted(order):
        raise UnreadableRules("its rules stand in another order than tenants, users, sessions, attributes")
    return tuple(sorted(rules, key=lambda rule: rule.subject)), shares, per


def _read_rule(condition: JsonValue, variant: JsonValue) -> list[FlagRule]:
    operator, arguments = next(iter(condition.items())) if isinstance(condition, dict) and condition else ("", None)
    match arguments:
        case [{"var": str(variable)}, [*values]] if operator == "in":
            pass
        case [{"var": str(variable)}, value] if operator == "===" or (operator == "==" and _is_same_strictly(value)):
            values = [value]
        case _:
            raise UnreadableRules("one of its conditions is no plain comparison of one attribute")
    if not isinstance(variant, str) or "." in variable or variable in ("", "targetingKey", "$flagd"):
        raise UnreadableRules(f"one of its rules looks at {variable!r} or leads to {variant!r}")
    kind = variable if variable in SUBJECTS else "attribute"
    name = "" if kind == variable else variable
    rules: list[FlagRule] = []
    for value in values:
        if not isinstance(value, (str, bool, int, float)):
            raise UnreadableRules("one of its conditions compares with something else than text, number or boolean")
        rules.append(FlagRule(kind, value, variant, name))
    return rules


def _is_same_strictly(value: JsonValue) -> bool:
    """Whether `==` with this value holds where `===` does: a text that no number equals."""
    if not isinstance(value, str):
        return False
    try:
        float(value or "0")
    except ValueError:
        return True
    return False


def _read_shares(arguments: JsonValue, default: str | None) -> tuple[tuple[tuple[str, Decimal], ...], Per]:
    items = arguments if isinstance(arguments, list) else [arguments]
    per: Per = "request"
    if items and not isinstance(items[0], list):
        per = _divided_by(items[0])
        items = items[1:]
    weights: list[tuple[str, int]] = []
    for item in items:
        match item:
            case [str(variant), int(weight)] if not isinstance(weight, bool):
                weights.append((variant, weight))
            case _:
                raise UnreadableRules("its shares are computed")
    total = sum(weight for _, weight in weights)
    variants = [variant for variant, _ in weights]
    if len(set(variants)) < len(variants) or default in variants[:-1]:
        raise UnreadableRules("its shares name a variant twice, or the default before the others")
    named = weights[:-1] if variants[-1] == default else weights
    return tuple((variant, _percentage(weight, total)) for variant, weight in named), per


def _divided_by(bucket: JsonValue) -> Per:
    for per, known in _BUCKETS.items():
        if bucket == known:
            return per
    raise UnreadableRules("its shares divide by something of its author's own")


def _percentage(weight: int, total: int) -> Decimal:
    with localcontext(prec=30):
        share = Decimal(weight) * 100 / Decimal(total)
        rounded = round(share, _DECIMALS)
    if share != rounded:
        raise UnreadableRules(f"one of its shares is no percentage with {_DECIMALS} decimals")
    return rounded.normalize()
