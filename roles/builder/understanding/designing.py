"""The components that requirements call for."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from roles.builder.understanding.requirements import Requirements
from roles.engineering.specification import Component, DataSource

__all__ = ["Architecture", "design"]


class Architecture(BaseModel):
    """The components of an agent, each after those that it builds on, and why they are there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    components: tuple[Component, ...]
    reasons: tuple[str, ...] = ()

    def text(self) -> str:
        """All of it, as JSON."""
        return self.model_dump_json()

    def summary(self) -> str:
        """The design, in a few lines for people."""
        lines = [f"{len(self.components)} components: {', '.join(one.name for one in self.components)}"]
        lines += [f"{one.name}: {one.responsibility}" for one in self.components]
        return "\n".join([*lines, *self.reasons])


def design(requirements: Requirements, sources: Sequence[DataSource] = ()) -> Architecture:
    """The components that serve these requirements; only what they need is there."""
    del sources
    parts = _Parts()
    parts.add("errors", "errors", "The errors that callers meet")
    parts.add("types", "types", "The results, as plain values", "errors")
    parts.add("data", "data", "Asks for rows and checks what callers give", "errors", "types")
    reasons: list[str] = []
    calculating: list[str] = []
    if requirements.figures and not requirements.each:
        library = "library_calculator" if requirements.modes else "library"
        parts.add(library, "library", "The formulas", "errors")
        calculating = _calculators(parts, requirements, library)
        if requirements.rules:
            name = "decision_engine" if requirements.modes else "decision"
            parts.add(name, "decision", "Tells what passes and what fails", "types")
            reasons.append(f"{name} is there for {len(requirements.rules)} rules")
            calculating.append(name)
        if requirements.modes:
            reasons.append(f"the mode detector chooses among {', '.join(one.name for one in requirements.modes)}")
            needed = [one for one in calculating if one != "mode_detector"]
            parts.add("analysis_engine", "analysis", "Explains a result and suggests changes", *needed)
            parts.add("report_generator", "report", "Writes a result as a report", "types")
            calculating += ["analysis_engine", "report_generator"]
    parts.add("agent", "main", "The class that callers use", "data", *calculating)
    return Architecture(components=tuple(parts.made), reasons=tuple(reasons))


class _Parts:
    def __init__(self) -> None:
        self.made: list[Component] = []

    def add(self, name: str, kind: str, responsibility: str, *depends_on: str, mode: str | None = None) -> None:
        given = {"name": name, "kind": kind, "responsibility": responsibility, "depends_on": depends_on, "mode": mode}
        self.made.append(Component.model_validate(given))


def _calculators(parts: _Parts, requirements: Requirements, library: str) -> list[str]:
    if not requirements.modes:
        parts.add("calculator", "calculator", "Computes the figures", library, "types")
        return ["calculator"]
    parts.add("mode_detector", "mode_detector", "Tells from words in which mode to calculate", "errors", "types")
    plain, *others = requirements.modes
    first = f"{plain.name}_calculator"[:48]
    parts.add(first, "calculator", f"Computes in the mode {plain.name}", library, "types", mode=plain.name)
    names = ["mode_detector", first]
    if others:
        custom = next((one for one in others if one.custom), others[-1])
        name = f"{custom.name}_calculator"[:48]
        parts.add(
            name, "calculator", "Computes in all other modes, with what they change", library, "types", mode=custom.name
        )
        names.append(name)
    return names
