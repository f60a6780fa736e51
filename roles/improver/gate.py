"""What a changed agent has to keep to before it may run at all, even in a sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from roles.engineering.findings import Finding
from roles.engineering.tools import check_types, lint
from roles.engineering.validation import validate_project
from roles.improver.agent import AgentSource

__all__ = ["Original", "check_change"]


class Original:
    """What ruff and pyright say of an agent as it is; asked once, however many changes are compared with it."""

    def __init__(self, agent: AgentSource) -> None:
        self.agent = agent
        self._lint: Sequence[Finding] | None = None
        self._types: Sequence[Finding] | None = None

    async def lint(self) -> Sequence[Finding]:
        """What ruff says."""
        if self._lint is None:
            self._lint = await lint(self.agent.files) or []
        return self._lint

    async def types(self) -> Sequence[Finding]:
        """What pyright says."""
        if self._types is None:
            self._types = await check_types(self.agent.files) or []
        return self._types


async def check_change(original: Original, files: Mapping[str, str], *, types: bool = True) -> str | None:
    """Why a change is refused, None where it is not.

    A change may touch the agent's own Python files, and nothing else: no test, no further file, no declaration of what
    its code may use. It brings no finding of policy, ruff or pyright that the original does not have.
    """
    agent = original.agent
    if set(files) != set(agent.files):
        odd = sorted(set(files) ^ set(agent.files))
        return f"It adds or removes the file {odd[0]}; only the agent's own files may be changed."
    touched = [path for path in files if files[path] != agent.files[path]]
    if not touched:
        return "It changes nothing."
    if foreign := [path for path in touched if not path.endswith(".py") or path in agent.tests]:
        return f"It changes {foreign[0]}, which is no code of the agent."
    policy = agent.specification.policy
    if new := _new(validate_project(agent.files, policy), validate_project(files, policy)):
        return f"It breaks the policy: {new}"
    if new := _new(await original.lint(), await lint(files) or []):
        return f"It has a new finding: {new}"
    if types and (new := _new(await original.types(), await check_types(files) or [])):
        return f"Its types are wrong: {new}"
    return None


def _new(before: Sequence[Finding], after: Sequence[Finding]) -> Finding | None:
    """The first finding that was not there before, wherever in its file."""
    known = Counter((finding.file, finding.rule, finding.what) for finding in before)
    for finding in after:
        key = (finding.file, finding.rule, finding.what)
        if known[key] == 0:
            return finding
        known[key] -= 1
    return None
