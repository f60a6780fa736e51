"""The flags that are known: what each decides, its type and its default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from common.errors import ConfigurationError

__all__ = [
    "AGENT_VERSION",
    "AUTO_APPLY_IMPROVEMENTS",
    "CURRENT",
    "GUIDELINE_VERSION",
    "IMPROVED",
    "META_PLANNING",
    "OFF",
    "ROUTER_MODEL",
    "SHADOW_COMPARISON",
    "Declarations",
    "FlagDeclaration",
    "FlagValue",
    "shipped_flags",
    "text_of",
    "variant_of",
]

FlagValue = bool | str | int | float

META_PLANNING = "meta-planning"
SHADOW_COMPARISON = "shadow-comparison"
ROUTER_MODEL = "router-model"
GUIDELINE_VERSION = "guideline-version"
AUTO_APPLY_IMPROVEMENTS = "auto-apply-improvements"
AGENT_VERSION = "agent-version"

OFF = "off"
"""The value of `router-model` that asks no model."""

CURRENT, IMPROVED = "current", "improved"
"""Values of `agent-version` that leave nothing to the lot of a trial."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TYPES: Mapping[type, str] = {bool: "boolean", str: "string", int: "integer", float: "float"}


def variant_of(value: FlagValue) -> str:
    """The name of a value that no flag definition names."""
    return text_of(value)


def text_of(value: FlagValue) -> str:
    """A value as it is typed on a command line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


@dataclass(frozen=True, slots=True)
class FlagDeclaration:
    """A flag: its key, its default (which gives its type), what it decides, and the values it may have (empty: any).

    Raises `ConfigurationError` for a key or default that can't be.
    """

    key: str
    default: FlagValue
    description: str = ""
    choices: tuple[FlagValue, ...] = ()

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ConfigurationError(
                f"{self.key!r} can't be the key of a flag",
                where="FlagDeclaration",
                todo="Use up to 100 letters, digits, dots, dashes and underscores.",
            )
        if type(self.default) not in _TYPES:
            raise ConfigurationError(
                f"the default of flag {self.key} is a {type(self.default).__name__}",
                where="FlagDeclaration",
                todo="Flags are booleans, strings, integers or floats.",
            )
        problem = self.problem_with(self.default)
        if problem:
            raise ConfigurationError(problem, where="FlagDeclaration")

    @property
    def type(self) -> str:
        """`boolean`, `string`, `integer` or `float`."""
        return _TYPES[type(self.default)]

    def problem_with(self, value: object) -> str:
        """Why this flag can't have the value; empty where it can. Integers are floats, but booleans are no integers."""
        wanted = type(self.default)
        fits = type(value) in (int, float) if wanted is float else type(value) is wanted
        if not fits:
            return f"flag {self.key} wants a {self.type}, got {value!r}"
        if self.choices and value not in self.choices:
            known = ", ".join(text_of(choice) for choice in self.choices)
            return f"flag {self.key} has no value {value!r}; it may be {known}"
        return ""

    def checked(self, value: FlagValue, where: str) -> FlagValue:
        """The value, as this flag's type. Raises `ConfigurationError` that names `where` it was given."""
        problem = self.problem_with(value)
        if problem:
            todo = "Use true or false." if type(self.default) is bool else ""
            raise ConfigurationError(problem, where=where, todo=todo)
        return float(value) if type(self.default) is float else value


def shipped_flags(tiers: Sequence[str] = (), router_tier: str | None = None) -> tuple[FlagDeclaration, ...]:
    """The flags of every supervisor. `tiers` are the models that `router-model` may name, `router_tier` its default."""
    return (
        FlagDeclaration(
            META_PLANNING, False, "planned requests are handled by one agent made for them, not by a TaskGraph"
        ),
        FlagDeclaration(
            SHADOW_COMPARISON, False, "the other engine works on the request too, dry, and both are compared"
        ),
        FlagDeclaration(
            ROUTER_MODEL,
            router_tier or OFF,
            "the tier of the model that routes what the classifier is unsure of",
            tuple(dict.fromkeys((OFF, *tiers))) if tiers else (),
        ),
        FlagDeclaration(
            GUIDELINE_VERSION,
            "trial",
            "which guideline agents work by: trial (the one in service, or by lot one on trial), active, candidate, "
            "none, or a version such as 1.2.0",
        ),
        FlagDeclaration(AUTO_APPLY_IMPROVEMENTS, False, "improvements are carried out without a person's approval"),
        FlagDeclaration(
            AGENT_VERSION,
            "trial",
            "which version of a built agent serves while one is on trial: trial (by lot, its share of the requests), "
            "current (the one in service), or improved (the one on trial)",
            ("trial", CURRENT, IMPROVED),
        ),
    )


class Declarations:
    """The flags of one supervisor: declared, and those that the settings give a value without a declaration."""

    def __init__(self, declared: Sequence[FlagDeclaration], values: Mapping[str, FlagValue]) -> None:
        self._known: dict[str, FlagDeclaration] = {}
        for declaration in declared:
            self.add(declaration)
        self.values: dict[str, FlagValue] = {}
        for key, value in values.items():
            if key not in self._known:
                self.add(FlagDeclaration(key, value, "named in the settings"))
            self.values[key] = self._known[key].checked(value, f"flags.values.{key}")

    def add(self, declaration: FlagDeclaration) -> None:
        """Declare one more. Raises `ConfigurationError` where the key is taken by another declaration."""
        earlier = self._known.get(declaration.key)
        if earlier is not None and earlier != declaration:
            raise ConfigurationError(
                f"the flag {declaration.key} is declared twice", where="flags", todo="Give one of them another key."
            )
        self._known[declaration.key] = declaration

    def __iter__(self) -> Iterator[FlagDeclaration]:
        return iter(sorted(self._known.values(), key=lambda declaration: declaration.key))

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def find(self, key: str) -> FlagDeclaration | None:
        """The declaration of a key."""
        return self._known.get(key)

    def get(self, key: str) -> FlagDeclaration:
        """The declaration of a key. Raises `ConfigurationError` for a flag nobody declared."""
        declaration = self._known.get(key)
        if declaration is None:
            raise ConfigurationError(
                f"unknown flag {key!r}", where="flags", todo=f"Known flags: {', '.join(sorted(self._known))}."
            )
        return declaration

    def nearest(self, key: str) -> str:
        """The known key most like this one; empty where none is."""
        return next(iter(get_close_matches(key, self._known, n=1)), "")

    def fallback(self, key: str) -> FlagValue:
        """What holds where no provider says otherwise: the settings' value (environment included), else the default."""
        return self.values.get(key, self.get(key).default)

    def fallback_source(self, key: str) -> str:
        """Where `fallback` comes from."""
        return "settings" if key in self.values else "default"
