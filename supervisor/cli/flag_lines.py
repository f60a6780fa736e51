"""Flag definitions as lines for people."""

from __future__ import annotations

from pydantic import JsonValue

from common.flags.rules import FlagRules, UnreadableRules

__all__ = ["definition_text", "rule_lines"]


def definition_text(definition: JsonValue) -> str:
    """What a definition says, on one line."""
    if not isinstance(definition, dict):
        return "not defined"
    try:
        lines = rule_lines(FlagRules.of(definition))
    except (UnreadableRules, KeyError):
        return "targeting written by hand"
    return "; ".join(lines)


def rule_lines(rules: FlagRules) -> list[str]:
    """Who gets what, in the order in which it is looked for."""
    lines = [] if rules.enabled else ["disabled: settings and default hold"]
    lines += [f"{rule.variable} {value_of(rule.value)}: {rule.variant}" for rule in rules.rules]
    by = "" if rules.per == "request" else f" of the {rules.per}s"
    lines += [f"{share:f} %{by}: {variant}" for variant, share in rules.shares]
    if sum(share for _, share in rules.shares) < 100:
        everyone = "everybody else" if lines else "everybody"
        lines.append(f"{everyone}: {rules.default or 'as settings and default say'}")
    return lines


def value_of(value: JsonValue) -> str:
    """A value as one would type it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
