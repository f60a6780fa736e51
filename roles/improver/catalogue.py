"""All strategies, loaded when they are first needed: the package libcst takes a while to import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from common.extras import import_extra
from roles.improver.agent import AgentSpecification
from roles.improver.sites import Site

if TYPE_CHECKING:
    from roles.improver.strategies.base import Strategy

__all__ = ["find_sites", "load_strategies"]


def load_strategies() -> tuple[Strategy, ...]:
    """One of each kind, in the order in which they are put together.

    Raises `ConfigurationError` that names the extra ``builder`` where libcst is not installed.
    """
    import_extra("libcst", extra="builder", where="the improver")
    from roles.improver.strategies.awaits import Awaits
    from roles.improver.strategies.caching import Caching
    from roles.improver.strategies.compact import Compact
    from roles.improver.strategies.concatenation import Concatenation
    from roles.improver.strategies.conditions import Conditions
    from roles.improver.strategies.errors import Retries, TypedErrors
    from roles.improver.strategies.guards import GuardClauses
    from roles.improver.strategies.inputs import InputValidation
    from roles.improver.strategies.invariants import Invariants
    from roles.improver.strategies.lazy import LazyAttributes, LazyImports
    from roles.improver.strategies.managers import GeneratorContexts
    from roles.improver.strategies.membership import Membership
    from roles.improver.strategies.patterns import Patterns
    from roles.improver.strategies.pooling import Pooling
    from roles.improver.strategies.queries import Queries
    from roles.improver.strategies.slots import Slots
    from roles.improver.strategies.unused import UnusedImports, UnusedNames

    return (
        UnusedImports(),
        UnusedNames(),
        Queries(),
        Invariants(),
        Compact(),
        Membership(),
        Concatenation(),
        Patterns(),
        GeneratorContexts(),
        Caching(),
        Awaits(),
        Pooling(),
        LazyAttributes(),
        Slots(),
        LazyImports(),
        GuardClauses(),
        Conditions(),
        TypedErrors(),
        Retries(),
        InputValidation(),
    )


def find_sites(
    files: Mapping[str, str],
    specification: AgentSpecification | None = None,
    tests: Mapping[str, str] | None = None,
) -> tuple[Site, ...]:
    """All places that a strategy knows, those that it refuses included: the finders are the strategies themselves."""
    found = [site for strategy in load_strategies() for site in strategy.change(files, specification, tests).sites]
    return tuple(sorted(found))
