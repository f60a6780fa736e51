"""What is given as NAME=VALUE to the commands about flags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.errors import ConfigurationError
from common.flags import FlagValue
from common.yaml_document import value_from_text

__all__ = ["attribute_rules", "shares", "values", "variants"]


def _plain_value(text: str, option: str) -> FlagValue:
    """A boolean (on, off, true, …), a number, or else the text. Raises `ConfigurationError` that names the option."""
    value = value_from_text(text)
    if not isinstance(value, (bool, str, int, float)):
        raise ConfigurationError(f"{text!r} is no text, number or boolean", where=option)
    return value


def values(given: Sequence[str], option: str, example: str) -> dict[str, FlagValue]:
    """``NAME=VALUE``: attributes of a request, or variants. Raises `ConfigurationError`."""
    return {name: _plain_value(value, f"{option} {name}") for name, value in _pairs(given, option, example)}


def variants(given: Sequence[str], option: str) -> dict[str, str | None]:
    """``WHO=VARIANT``; an empty variant drops the rule. Raises `ConfigurationError`."""
    return {who: variant or None for who, variant in _pairs(given, option, "beta=on")}


def attribute_rules(given: Sequence[str]) -> dict[str, dict[FlagValue, str | None]]:
    """``NAME=VALUE=VARIANT``; an empty variant drops the rule. Raises `ConfigurationError`."""
    found: dict[str, dict[FlagValue, str | None]] = {}
    for name, rest in _pairs(given, "--attribute", "plan=pro=on"):
        value, equals, variant = rest.rpartition("=")
        if not equals:
            raise ConfigurationError(
                "a rule for an attribute is given as NAME=VALUE=VARIANT",
                where=f"--attribute {name}={rest}",
                todo="For example --attribute plan=pro=on.",
            )
        found.setdefault(name, {})[_plain_value(value, f"--attribute {name}")] = variant or None
    return found


def shares(given: Sequence[str]) -> dict[str, str] | str | None:
    """One plain percentage, or ``VARIANT=PERCENT`` for several variants. Raises `ConfigurationError`."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    return dict(_pairs(given, "--percent", "careful=10"))


def _pairs(given: Sequence[str], option: str, example: str) -> Iterator[tuple[str, str]]:
    """Each ``NAME=REST``, split at its first equals sign; a name must not come twice."""
    seen: set[str] = set()
    for item in given:
        name, equals, rest = item.partition("=")
        if not name or not equals:
            raise ConfigurationError(f"{item!r} is no pair", where=option, todo=f"For example {option} {example}.")
        whole = item.rpartition("=")[0] if rest.count("=") else name
        if whole in seen:
            raise ConfigurationError(f"{whole} is named twice", where=option)
        seen.add(whole)
        yield name, rest
