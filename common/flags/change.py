"""What `flags set` and `flags reset` do to a document of flag definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import cast

from pydantic import JsonValue

from common.errors import ConfigurationError
from common.flags.declarations import Declarations, FlagDeclaration, FlagValue, text_of, variant_of
from common.flags.rules import SUBJECTS, FlagRule, FlagRules, Per, UnreadableRules

__all__ = ["FlagChange", "changed_definition", "percentage"]

_RESERVED = frozenset({*SUBJECTS, "targetingKey", "$flagd", ""})


@dataclass(frozen=True, slots=True)
class FlagChange:
    """A change of one flag. What is not named stays as it is.

    `variant` is what everybody gets whom no rule and no share covers; naming it without `shares` ends the shares that
    stood there. `shares` are percentages by variant, 0 to end one. `rules` give variants, or None to drop a rule.
    `define` adds variants. `only` drops all rules and shares that stood there, in whatever form.
    """

    variant: str | None = None
    shares: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    rules: tuple[tuple[FlagRule, bool], ...] = ()
    """Rules, each with whether it is to stand (True) or to be dropped."""
    per: Per | None = None
    define: Mapping[str, FlagValue] = field(default_factory=dict[str, FlagValue])
    only: bool = False
    enabled: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return self == FlagChange()


def percentage(value: str | float | Decimal, where: str) -> Decimal:
    """A percentage from 0 to 100 with at most three decimals. Raises `ConfigurationError` that names `where`."""
    try:
        share = Decimal(str(value).strip().removesuffix("%"))
    except InvalidOperation:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 100 or share * 1000 % 1:
        raise ConfigurationError(f"{value} is no percentage from 0 to 100 with at most three decimals", where=where)
    return share.normalize() + 0


def changed_definition(
    key: str, before: dict[str, JsonValue] | None, change: FlagChange, declared: Declarations, name: str
) -> dict[str, JsonValue]:
    """The definition of a flag after a change; `name` is the file's, for messages. Raises `ConfigurationError`."""
    rules = _current(key, before, change, declared, name)
    variants = _with_defined(rules.variants, change, f"flag {key}")
    for variant in _named(change):
        if variant not in variants:
            raise ConfigurationError(
                f"flag {key} has no variant {variant!r}",
                where=f"flag {key}",
                todo=f"It has {', '.join(variants)}; --define NAME=VALUE adds one.",
            )
    default = change.variant if change.variant is not None else rules.default
    shares = _shares(rules, change, default)
    if shares and default is None:
        default = _variant_with(variants, declared.fallback(key)) if key in declared else None
    _check_shares(key, shares, default)
    changed = replace(
        rules,
        variants=variants,
        default=default,
        rules=_rules(rules, change),
        shares=shares,
        per=change.per or rules.per,
        enabled=rules.enabled if change.enabled is None else change.enabled,
    )
    if not changed.enabled and change.enabled is None:
        raise ConfigurationError(
            f"flag {key} is disabled, so this would change nothing", where=f"flag {key}", todo="Add --enable."
        )
    return changed.definition()


def _current(
    key: str, before: dict[str, JsonValue] | None, change: FlagChange, declared: Declarations, name: str
) -> FlagRules:
    """The rules to start from: what stands in the file, or what the flag's declaration says."""
    if before is None:
        variants = _declared_variants(declared.get(key), declared.fallback(key))
        return FlagRules(variants, variant_of(declared.fallback(key)))
    if change.only:
        return FlagRules.of({part: value for part, value in before.items() if part != "targeting"})
    try:
        return FlagRules.of(before)
    except UnreadableRules as problem:
        raise ConfigurationError(
            f"the targeting of flag {key} was written by hand, and {problem}; it is not overwritten",
            where=f"{name}: flags.{key}.targeting",
            todo="Change it in the file, or add --only to put what you say now in place of it.",
        ) from None


def _declared_variants(declaration: FlagDeclaration, fallback: FlagValue) -> dict[str, JsonValue]:
    if isinstance(declaration.default, bool):
        return {"on": True, "off": False}
    values = (*declaration.choices, declaration.default, fallback)
    return {variant_of(value): value for value in values}


def _with_defined(variants: Mapping[str, JsonValue], change: FlagChange, where: str) -> dict[str, JsonValue]:
    for name, value in change.define.items():
        if name in variants and (variants[name] != value or type(variants[name]) is not type(value)):
            raise ConfigurationError(
                f"the variant {name} is {text_of(cast('FlagValue', variants[name]))} already", where=where
            )
    return {**variants, **change.define}


def _named(change: FlagChange) -> list[str]:
    of_rules = [rule.variant for rule, stands in change.rules if stands]
    return [*([] if change.variant is None else [change.variant]), *change.shares, *of_rules]


def _shares(rules: FlagRules, change: FlagChange, default: str | None) -> tuple[tuple[str, Decimal], ...]:
    if not change.shares:
        return () if change.variant is not None else rules.shares
    kept = {variant: share for variant, share in rules.shares if variant != default}
    shares = kept | dict(change.shares)
    return tuple((variant, share) for variant, share in shares.items() if share)


def _check_shares(key: str, shares: tuple[tuple[str, Decimal], ...], default: str | None) -> None:
    total = sum(share for _, share in shares)
    if total > 100:
        told = ", ".join(f"{variant} {share:f} %" for variant, share in shares)
        raise ConfigurationError(f"the shares of flag {key} add up to {total:f} %: {told}", where="--percent")
    if total < 100 and shares and default is None:
        raise ConfigurationError(
            f"nothing says what the other {100 - total:f} % get", where=f"flag {key}", todo="Name it with --variant."
        )
    if default in dict(shares) and total < 100:
        raise ConfigurationError(
            f"everybody else gets {default} as well, so that a share of {default} divides nothing",
            where=f"flag {key}",
            todo="Name with --variant what the others get.",
        )


def _rules(rules: FlagRules, change: FlagChange) -> tuple[FlagRule, ...]:
    found = {rule.subject: rule for rule in rules.rules}
    for rule, stands in change.rules:
        if rule.kind == "attribute" and (rule.name in _RESERVED or "." in rule.name):
            raise ConfigurationError(
                f"{rule.name!r} can't be looked up as an attribute of a request", where=f"--attribute {rule.name}"
            )
        if stands:
            found[rule.subject] = rule
        elif found.pop(rule.subject, None) is None:
            raise ConfigurationError(f"there is no rule for {rule.variable} {rule.value}", where=f"--{rule.kind}")
    return tuple(found.values())


def _variant_with(variants: Mapping[str, JsonValue], value: FlagValue) -> str | None:
    return next((name for name, held in variants.items() if type(held) is type(value) and held == value), None)
