"""The roles of one supervisor."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Sequence
from typing import Any, cast

from common.errors import ConfigurationError, NotFound
from common.hints import AGENT_TYPES
from common.intents import IntentHandler
from common.role import Role
from common.tool import Tool
from events.projection import View

__all__ = ["RESERVED", "RoleRegistry"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
RESERVED = frozenset({"none", *AGENT_TYPES})
"""Names that no role may have, because a routing decision or another agent type uses them."""


class RoleRegistry:
    """Roles by name, in the order they were added. A disabled role stays known, but nothing is routed to it."""

    def __init__(self) -> None:
        self._roles: dict[str, Role] = {}
        self._definitions: dict[str, str] = {}
        self._leaving: dict[str, Role] = {}
        self._disabled: set[str] = set()
        self._enabled: Sequence[Role] | None = None

    def add(self, role: Role) -> None:
        """Add a role.

        Raises `ConfigurationError` for what is no role (it says what is missing), for a bad or taken name, and for a
        tool or an intent type that another role brought already.
        """
        _check(role)
        if role.name in self._roles:
            raise ConfigurationError(
                f"there are two roles called {role.name!r}: "
                f"{_described(self._roles[role.name])} and {_described(role)}",
                where=f"role {role.name}",
                todo="Give one of them another name.",
            )
        self._put(role)

    def replace(self, role: Role) -> None:
        """Have a role stand in the place of the one that has its name, or add it; it is enabled if that one was.

        A request that has the earlier one already goes on with it. Raises like `add`, and then changes nothing.
        """
        _check(role)
        self._put(role)

    def remove(self, name: str) -> None:
        """Take a role out. A request that was routed to it before still finds it by `get`. Raises `NotFound`."""
        role = self._roles.get(name)
        if role is None:
            raise NotFound(f"there is no role called {name!r}", where="roles")
        del self._roles[name]
        self._leaving[name] = role
        self._disabled.discard(name)
        self._enabled = None

    def _put(self, role: Role) -> None:
        self._check_free(role)
        self._definitions[role.name] = _definition(role)
        self._roles[role.name] = role
        self._leaving.pop(role.name, None)
        self._enabled = None

    def get(self, name: str) -> Role:
        """The role of that name, disabled or not. Raises `NotFound`."""
        try:
            return self._roles[name] if name in self._roles else self._leaving[name]
        except KeyError:
            known = ", ".join(self._roles) or "none"
            raise NotFound(f"there is no role called {name!r}", where="roles", todo=f"Known: {known}.") from None

    def all(self) -> Sequence[Role]:
        """Every role, disabled ones too."""
        return tuple(self._roles.values())

    def enabled(self) -> Sequence[Role]:
        """The roles that requests may be routed to; the same object until that changes."""
        if self._enabled is None:
            self._enabled = tuple(role for name, role in self._roles.items() if name not in self._disabled)
        return self._enabled

    @property
    def names(self) -> Sequence[str]:
        """The names of every role."""
        return tuple(self._roles)

    @property
    def disabled(self) -> frozenset[str]:
        """The names of the disabled roles."""
        return frozenset(self._disabled)

    def is_enabled(self, name: str) -> bool:
        """Whether requests may be routed to a role of that name."""
        return name in self._roles and name not in self._disabled

    def disable(self, name: str) -> None:
        """Route nothing to the role any more. Raises `NotFound`."""
        self._disabled.add(self.get(name).name)
        self._enabled = None

    def enable(self, name: str) -> None:
        """Undo `disable`. Raises `NotFound`."""
        self._disabled.discard(self.get(name).name)
        self._enabled = None

    def definition(self, name: str) -> str:
        """A hash of what the role says of itself, taken when it was added: two with one hash behave alike to router
        and planner. Raises `NotFound`."""
        return self._definitions[self.get(name).name]

    def tools(self) -> Sequence[Tool]:
        """The tools of all roles."""
        return tuple(tool for role in self._roles.values() for tool in role.tools)

    def handlers(self) -> Sequence[IntentHandler]:
        """The intent handlers of all roles."""
        return tuple(handler for role in self._roles.values() for handler in role.intent_handlers)

    def views(self) -> Sequence[View]:
        """The views of all roles that keep any."""
        return tuple(
            view for role in self._roles.values() for view in cast("Sequence[View]", getattr(role, "views", ()))
        )

    def _check_free(self, role: Role) -> None:
        others = {name: other for name, other in self._roles.items() if name != role.name}
        tools = {tool.name: name for name, other in others.items() for tool in other.tools}
        handled = {
            handler.intent_type.TYPE: name for name, other in others.items() for handler in other.intent_handlers
        }
        taken = [(tool.name, "tool") for tool in role.tools if tool.name in tools]
        taken += [(h.intent_type.TYPE, "intent handler") for h in role.intent_handlers if h.intent_type.TYPE in handled]
        if taken:
            name, kind = taken[0]
            owner = tools[name] if kind == "tool" else handled[name]
            raise ConfigurationError(
                f"role {role.name!r} brings the {kind} {name!r}, which role {owner!r} brought already",
                where=f"role {role.name}",
                todo="Give it another name, or leave one of the roles out.",
            )


def _described(role: Role) -> str:
    return f"“{role.description[:80]}” ({type(role).__module__}.{type(role).__qualname__})"


def _check(role: Any) -> None:
    where = f"role {getattr(role, 'name', None) or type(role).__qualname__!r}"
    missing = [
        name
        for name in ("name", "description", "examples", "tools", "intent_handlers", "execute")
        if not hasattr(role, name)
    ]
    if missing:
        raise ConfigurationError(
            f"{type(role).__qualname__} is no role: it has no {', '.join(missing)}",
            where=where,
            todo="Give it what common.role.Role names.",
        )
    problem = _problem(role)
    if problem:
        raise ConfigurationError(problem, where=where, todo="See common.role.Role.")


def _problem(role: Any) -> str | None:
    if not isinstance(role.name, str) or not _NAME.fullmatch(role.name):
        return f"{role.name!r} is no role name: it takes up to 32 lower case letters, digits and underscores"
    if role.name in RESERVED:
        return f"a role can't be called {role.name!r}, because the supervisor uses that word"
    if not isinstance(role.description, str) or not role.description.strip():
        return "a role needs a description of a sentence or two"
    if isinstance(role.examples, str) or not all(isinstance(text, str) and text.strip() for text in role.examples):
        return "a role's examples are a sequence of utterances, none of them empty"
    if not all(isinstance(tool, Tool) for tool in role.tools):
        return "a role's tools are common.tool.Tool objects"
    if not inspect.iscoroutinefunction(role.execute):
        return "a role's execute is an async function of request and run"
    return None


def _definition(role: Role) -> str:
    said = {
        "name": role.name,
        "description": role.description,
        "examples": list(role.examples),
        "tools": [[tool.name, tool.description, tool.schema, tool.effect] for tool in role.tools],
        "intents": [[handler.intent_type.TYPE, str(handler.effect)] for handler in role.intent_handlers],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
