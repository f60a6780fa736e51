"""Builds the memory role."""

from __future__ import annotations

from roles.domain_role import DomainRole
from roles.memory.examples import EXAMPLES
from roles.memory.handlers import ForgetHandler, RememberHandler
from roles.memory.tools import MemoryTools
from roles.memory.view import MemoryView
from roles.memory.words import is_question
from roles.resources import RoleResources

__all__ = ["build"]


def build(resources: RoleResources) -> DomainRole:
    """The memory role over the log."""
    views = resources.views
    return DomainRole(
        resources,
        name="memory",
        description=(
            "Keeps facts that the user states about themselves and their life, answers questions about them, and "
            "forgets them on request. It does not search documents."
        ),
        examples=EXAMPLES,
        tools=MemoryTools(views).tools(),
        intent_handlers=(RememberHandler(views), ForgetHandler(views)),
        views=(MemoryView(),),
        fallback=lambda part: ("memory.recall", {"query": part}) if is_question(part) else None,
    )
