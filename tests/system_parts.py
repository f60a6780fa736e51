"""System parts that some tests need and that a package index can't bring."""

from __future__ import annotations

import os
import shutil

import pytest


def requires(program: str | tuple[str, ...], install_command: str) -> str:
    """The path of a program (or of the first of several names); where it is missing the test is skipped.

    The reason names the command that installs it. With CI=true the test fails instead: there, nothing is left out.
    """
    names = (program,) if isinstance(program, str) else program
    for name in names:
        if found := shutil.which(name):
            return found
    reason = f"needs {' or '.join(names)}; install with: {install_command}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
