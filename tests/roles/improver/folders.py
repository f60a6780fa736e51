"""Agents of several modules that were made inefficient on purpose: one folder an agent.

Its modules carry the marks ``planted: kind`` at lines that waste something, and ``keep: kind`` at lines that look alike
and must stay as they are. `case.py` beside them gives `CALLS` (target and arguments), and where they are needed
`CONSTRUCT` (target of a class, what it is made with), `SPECIFICATION`, and `TESTS`, the text of the agent's own tests.
The marks are taken out before anybody looks at the code.
"""

from __future__ import annotations

import ast
import re
import runpy
from dataclasses import dataclass
from pathlib import Path

from roles.improver.agent import AgentSpecification, PlainAgent, RecordedRequest
from tests.roles.improver.corpus import Case, Planted, function_at

FRESH = Path(__file__).parent / "fresh"
_MARK = re.compile(r"  # (planted|keep): ([a-z-]+(?:, [a-z-]+)*)$", re.MULTILINE)


@dataclass(frozen=True)
class FolderCase(Case):
    """`kept` are the places that look inefficient and must not be changed."""

    kept: tuple[Planted, ...] = ()


def names(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/case.py"))


def load(folder: Path, name: str) -> FolderCase:
    """The agent of that name, without the marks, and what was planted in it."""
    case = runpy.run_path(str(folder / name / "case.py"))
    files: dict[str, str] = {}
    places: dict[str, list[Planted]] = {"planted": [], "keep": []}
    for path in sorted((folder / name).glob("*.py")):
        if path.name == "case.py":
            continue
        marked = path.read_text("utf-8")
        files[path.name] = _MARK.sub("", marked)
        tree = ast.parse(files[path.name])
        for number, line in enumerate(marked.splitlines(), 1):
            for sort, kinds in _MARK.findall(line):
                at = function_at(tree, number)
                places[sort].extend(Planted(path.name, at, number, kind) for kind in kinds.split(", "))
    made = case.get("CONSTRUCT", {})
    requests = [
        RecordedRequest(target, tuple(args), construct=tuple(made.get(target.partition(".")[0], ())))
        for target, args in case["CALLS"]
    ]
    agent = PlainAgent(
        name,
        files,
        {f"test_{name}.py": case["TESTS"]},
        requests,
        case.get("SPECIFICATION", AgentSpecification()),
    )
    return FolderCase(agent, tuple(places["planted"]), tuple(places["keep"]))
