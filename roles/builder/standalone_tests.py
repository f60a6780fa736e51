"""The tests of a built agent as single modules, for whoever runs them one by one and from nowhere on the disk."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["standalone_tests"]

_FUTURE = "from __future__ import annotations\n"
_SUPPORT = re.compile(r"^from \.support import (?:\([^)]*\)|[^\n(]*)\n", re.MULTILINE)


def standalone_tests(files: Mapping[str, str]) -> dict[str, str]:
    """The test modules among an agent's files, by path, each with what they share put into it."""
    shared = files.get("tests/support.py", "").replace(_FUTURE, "")
    tests = {
        path: text.replace(_FUTURE, "")
        for path, text in files.items()
        if path.startswith("tests/test_") and path.endswith(".py")
    }
    return {path: f"{_FUTURE}{shared}\n{_SUPPORT.sub('', text)}" for path, text in tests.items()}
