"""The parts of a real builder: understanding, writing and checking as they are in this package."""

from __future__ import annotations

from collections.abc import Mapping

import anyio

from common.sandbox import Sandbox
from common.sandbox_settings import SandboxSettings
from roles.builder.parts import BuildParts, Checking, Deploying, Optimise, Understanding
from roles.engineering.specification import Component, Specification

__all__ = ["real_parts"]


def real_parts(
    sandboxes: SandboxSettings, deploying: Deploying | None = None, *, read_values: bool = True
) -> BuildParts:
    """The parts; a sandbox is looked for when one is first needed.

    With `read_values` short texts in a database's rows are looked at, so that requests may name them.
    """
    from roles.builder.optimising import Optimiser
    from roles.builder.real_checks import RealChecks
    from roles.builder.real_understanding import RealUnderstanding

    understanding: Understanding = RealUnderstanding(read_values=read_values)
    find = SandboxFinder(sandboxes)
    checking: Checking = RealChecks(find)
    optimise: Optimise = Optimiser(find)
    return BuildParts(understanding, Templates(), checking, deploying, optimise, find)


class SandboxFinder:
    """Finds the sandbox of the settings once; one that was not there is looked for again."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self._found: Sandbox | None = None
        self._finding: anyio.Lock | None = None

    async def __call__(self) -> Sandbox:
        """The sandbox. Raises `SandboxError` that says how to get one."""
        from roles.sandbox.find import find_sandbox

        if self._finding is None:
            self._finding = anyio.Lock()
        async with self._finding:
            if self._found is None:
                self._found = await find_sandbox(self.settings)
            return self._found


class Templates:
    """Implements `roles.builder.parts.Writing` with the templates of `roles.builder.writing`."""

    def component_hash(self, specification: Specification, component: Component) -> str:
        """What the component is written from."""
        from roles.builder.writing.package import component_hash

        return component_hash(specification, component)

    def component(self, specification: Specification, component: Component) -> Mapping[str, str]:
        """The component's files."""
        from roles.builder.writing.package import write_component

        return write_component(specification, component)

    def frame(self, specification: Specification) -> Mapping[str, str]:
        """The files of no component."""
        from roles.builder.writing.package import write_frame

        return write_frame(specification)

    def tests(self, specification: Specification) -> Mapping[str, str]:
        """Tests of everything."""
        from roles.builder.writing.tests import write_tests

        return write_tests(specification)

    def documents(self, specification: Specification) -> Mapping[str, str]:
        """What people read."""
        from roles.builder.writing.documents import write_documentation

        return write_documentation(specification)
