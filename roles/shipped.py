"""The roles that come with the project."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import cast

from roles.domain_role import DomainRole
from roles.resources import RoleResources

__all__ = ["SHIPPED", "shipped_roles"]

SHIPPED = ("weather", "timer", "calendar", "smart_home", "search", "memory", "conversation")


def shipped_roles(resources: RoleResources) -> Sequence[DomainRole]:
    """Build every shipped role."""
    return [cast("DomainRole", import_module(f"roles.{name}").build(resources)) for name in SHIPPED]
