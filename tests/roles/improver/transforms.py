"""Helpers to look at what a strategy makes of a piece of code, and to run both versions.

The code here is that of the tests themselves; an agent's code runs in the sandbox alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from roles.improver.agent import AgentSpecification
from roles.improver.inside import canonical
from roles.improver.sites import Changed
from roles.improver.strategies.base import Strategy


def change(
    strategy: Strategy,
    code: str,
    specification: AgentSpecification | None = None,
    others: Mapping[str, str] | None = None,
) -> Changed:
    return strategy.change({"agent.py": dedent(code).lstrip()}, specification, others)


def text_of(strategy: Strategy, code: str, specification: AgentSpecification | None = None) -> str:
    """The changed code; the change must be there, and be idempotent."""
    changed = change(strategy, code, specification)
    assert changed.changed, [site.refused for site in changed.sites] or "nothing was found"
    again = strategy.change(changed.files, specification)
    assert again.files == changed.files, "not idempotent"
    return changed.files["agent.py"]


def refusal(
    strategy: Strategy,
    code: str,
    specification: AgentSpecification | None = None,
    others: Mapping[str, str] | None = None,
) -> str:
    """Why the only place is refused; the code must be as it was. Empty where no place was found."""
    changed = change(strategy, code, specification, others)
    assert changed.files["agent.py"] == dedent(code).lstrip()
    return " ".join(site.refused for site in changed.sites)


def outcome(code: str, name: str, *args: Any) -> Any:
    """What a function of the code gives or raises, and what becomes of its arguments."""
    namespace: dict[str, Any] = {"__name__": "agent"}
    exec(compile(code, "agent.py", "exec", dont_inherit=True), namespace)
    given = [list(value) if isinstance(value, list) else value for value in args]
    try:
        answer = canonical(namespace[name](*given))
    except Exception as error:
        answer = ["raised", type(error).__name__, str(error)]
    return answer, canonical(given)


def same(before: str, after: str, name: str, *args: Any) -> None:
    """Both versions answer alike."""
    assert outcome(dedent(before), name, *args) == outcome(after, name, *args)
