"""System parts that some tests need and that a package index can't bring."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def requires(program: str | tuple[str, ...], install_command: str, *, everywhere: bool = True) -> str:
    """The path of a program (or of the first of several names); where it is missing the test is skipped.

    The reason names the command that installs it. With CI=true the test fails instead: there, nothing is left out but
    what some machines can't have at all (`everywhere` False).
    """
    names = (program,) if isinstance(program, str) else program
    for name in names:
        if found := shutil.which(name):
            return found
    return missing(f"needs {' or '.join(names)}", install_command, everywhere=everywhere)


def missing(what: str, install_command: str, *, everywhere: bool = True) -> NoReturn:
    """Skip the test that needs what is not there; with CI=true, fail it, but for what some machines can't have."""
    reason = f"{what}; install with: {install_command}"
    if everywhere and os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
