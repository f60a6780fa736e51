"""Checks, as the pipeline sees them, by the functions of `roles.builder.checking`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from common.sandbox import Sandbox
from roles.builder.parts import Checked, Failed
from roles.builder.stage_context import FRAME, TESTS
from roles.engineering.specification import Specification

if TYPE_CHECKING:
    from roles.builder.checking.report import CheckReport

__all__ = ["RealChecks"]


class RealChecks:
    """Implements `roles.builder.parts.Checking`; what it needs is imported when it is called."""

    def __init__(self, find: Callable[[], Awaitable[Sandbox]]) -> None:
        self._find = find

    @property
    def version(self) -> str:
        """A hash of the checks' source and of the versions of their tools."""
        from roles.builder.checking.version import checker_version

        return checker_version()

    async def syntax(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        """Whether all files can be parsed."""
        from roles.builder.checking.reading import check_syntax

        return _checked(specification, await check_syntax(specification, files), "all files can be parsed")

    async def security(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        """Policy, ruff and types. Raises `ValidationFailed` where a tool gives no usable answer."""
        from roles.builder.checking.reading import check_security

        report = await check_security(specification, files)
        told = f"nothing found (without {', '.join(report.missing)})" if report.missing else "nothing found"
        return _checked(specification, report, told)

    async def tests(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        """What has to be run, in the sandbox of the settings. Raises `SandboxError` where there is none."""
        from roles.builder.checking.running import run_checks

        sandbox = await self._find()
        report = await run_checks(specification, files, sandbox)
        return _checked(specification, report, f"all passed in {sandbox.name}")


def _checked(specification: Specification, report: CheckReport, passed: str) -> Checked:
    written = [one.name for one in specification.components if one.model]

    def blamed(component: str) -> str:
        # what shows in answers only: templates are known to work, so it is the model's code
        return written[0] if written and component in (FRAME, TESTS) else component

    failures = tuple(
        Failed(blamed(one.component), f"{one.stage}: {one.error}", constraint=one.constraint) for one in report.failures
    )
    return Checked(failures, report.figures, f"{len(failures)} failures" if failures else passed)
