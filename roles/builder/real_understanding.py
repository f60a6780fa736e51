"""Understanding, as the pipeline sees it, by the functions of `roles.builder.understanding`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue

from roles.builder.parts import Needs, Plan
from roles.engineering.findings import Finding
from roles.engineering.specification import DataSource, Specification

if TYPE_CHECKING:
    from roles.builder.understanding import Architecture, Requirements

__all__ = ["RealUnderstanding"]


class RealUnderstanding:
    """Implements `roles.builder.parts.Understanding`; what it needs is imported when it is called.

    With `read_values` short texts in a database's rows are looked at, so that requests may name them.
    """

    def __init__(self, *, read_values: bool = True) -> None:
        self._read_values = read_values

    async def read_schema(self, url: str) -> tuple[DataSource, ...]:
        """The tables of a database."""
        from roles.builder.understanding import read_schema

        return await read_schema(url, values=self._read_values)

    def analyze(self, given: str | Mapping[str, JsonValue], sources: Sequence[DataSource]) -> Needs:
        """What is asked for."""
        from roles.builder.understanding import analyze

        return analyze(given, sources)

    def correct(self, needs: Needs, text: str, sources: Sequence[DataSource]) -> Needs:
        """With a correction taken in."""
        from roles.builder.understanding import correct

        return correct(cast("Requirements", needs), text, sources)

    def needs_of(self, text: str) -> Needs:
        """Stored requirements."""
        from roles.builder.understanding import Requirements

        return Requirements.model_validate_json(text)

    def design(self, needs: Needs, sources: Sequence[DataSource]) -> Plan:
        """The components."""
        from roles.builder.understanding import design

        return design(cast("Requirements", needs), sources)

    def plan_of(self, text: str) -> Plan:
        """A stored design."""
        from roles.builder.understanding import Architecture

        return Architecture.model_validate_json(text)

    def specify(self, needs: Needs, plan: Plan, sources: Sequence[DataSource]) -> Specification:
        """The specification."""
        from roles.builder.understanding import specify

        return specify(cast("Requirements", needs), cast("Architecture", plan), sources)

    def check(self, specification: Specification) -> Sequence[Finding]:
        """What is wrong with it."""
        from roles.builder.understanding import check_specification

        return check_specification(specification)

    def to_yaml(self, specification: Specification) -> str:
        """As people read it."""
        from roles.builder.understanding import to_yaml

        return to_yaml(specification)

    def from_yaml(self, text: str) -> Specification:
        """From YAML."""
        from roles.builder.understanding import from_yaml

        return from_yaml(text)
