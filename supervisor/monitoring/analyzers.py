"""The analyzers of one supervisor: those that are built in, and those that the host adds."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any

import anyio
import anyio.to_thread

from common.errors import ConfigurationError
from common.logs import get_logger
from common.redaction import current_redactor
from supervisor.monitoring.findings import AnalysisContext, Analyzer, Finding

__all__ = ["Analyzers"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,49}")
_AT_MOST = 100
_MAX_FINDINGS = 200

_log = get_logger(__name__)


class Analyzers:
    """Runs each with a time-out; what one of them raises is told, and touches no other."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._known: dict[str, Analyzer] = {}
        self._busy: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all analyzers."""
        return tuple(self._known)

    def register(self, name: str, function: Analyzer) -> None:
        """Add an analyzer, in the place of one of the same name. Raises `ConfigurationError`."""
        problem = ""
        if not _NAME.fullmatch(name):
            problem = "a name is up to 50 small letters, digits, dashes and underscores, and begins with a letter"
        elif not callable(function):
            problem = "it has to be a function that takes an AnalysisContext"
        elif name not in self._known and len(self._known) >= _AT_MOST:
            problem = f"there are {_AT_MOST} already"
        if problem:
            raise ConfigurationError(f"this analyzer can't be added: {problem}", where=f"analyzer {name[:80]!r}")
        self._known[name] = function

    async def run(self, context: AnalysisContext) -> tuple[Mapping[str, list[Finding]], Mapping[str, str]]:
        """What each found, and why those that failed did."""
        found: dict[str, list[Finding]] = {}
        failed: dict[str, str] = {}
        for name, function in list(self._known.items()):
            if name in self._busy:
                failed[name] = "the run before has not ended yet"
                continue
            try:
                with anyio.fail_after(self._timeout):
                    found[name] = await self._one(name, function, context)
            except TimeoutError:
                failed[name] = f"it took more than {self._timeout:g} s"
            except (Exception, SystemExit) as error:  # an analyzer of the host's must not end the analysis
                _log.warning("the analyzer %s failed", name, exc_info=True)
                failed[name] = current_redactor.get().text(f"{type(error).__name__}: {error}")[:500]
        return found, failed

    async def _one(self, name: str, function: Callable[..., Any], context: AnalysisContext) -> list[Finding]:
        if inspect.iscoroutinefunction(function):
            return _checked(await function(context))
        given = await anyio.to_thread.run_sync(partial(self._call, name, function, context), abandon_on_cancel=True)
        return given if isinstance(given, list) else _checked(await given)

    def _call(
        self, name: str, function: Callable[..., Any], context: AnalysisContext
    ) -> list[Finding] | Awaitable[Iterable[Any]]:
        self._busy.add(name)
        try:
            given = function(context)
            return given if inspect.isawaitable(given) else _checked(given)
        finally:
            self._busy.discard(name)


def _checked(given: Iterable[Any]) -> list[Finding]:
    findings = list(islice(given, _MAX_FINDINGS))
    for finding in findings:
        if not isinstance(finding, Finding):
            raise TypeError(f"an analyzer gives findings, not {type(finding).__name__}")
    return findings
