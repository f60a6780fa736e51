"""Real modules that compute: how many of them the policy refuses, with nothing declared but numpy."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from roles.engineering.findings import Finding
from roles.engineering.policy import CodePolicy
from roles.engineering.validation import validate_code

_STANDARD = (
    *("bisect", "colorsys", "fractions", "graphlib", "heapq", "html/__init__", "html/entities", "html/parser"),
    *("json/decoder", "json/encoder", "json/scanner", "keyword", "numbers", "nturl2path", "stat", "statistics"),
    *("string", "stringprep", "struct", "textwrap"),
)

# whole folders of modules, without those that test, plot or declare interfaces
_FOLDERS = {
    "numpy/polynomial": "[a-z]*.py",
    "scipy/special": "_*.py",
    "scipy/integrate": "_*.py",
    "scipy/linalg": "_*.py",
    "scipy/spatial": "_*.py",
    "icalendar/prop": "*.py",
    "markdown_it/rules_inline": "*.py",
    "markdown_it/rules_block": "*.py",
}
_OTHER_KINDS = ("__init__", "test", "plot", "newdocs")
_AT_LEAST, _SHARE = 50, 0.10


def _refusals() -> dict[str, list[Finding]]:
    standard, installed = (Path(sysconfig.get_paths()[kind]) for kind in ("stdlib", "purelib"))
    modules = [(standard / f"{name}.py", CodePolicy()) for name in _STANDARD]
    for folder, pattern in _FOLDERS.items():
        package = CodePolicy(imports=frozenset({"numpy"}), local=frozenset({folder.partition("/")[0]}))
        found = sorted((installed / folder).glob(pattern))
        modules += [(path, package) for path in found if not any(kind in path.name for kind in _OTHER_KINDS)]
    return {
        str(path): validate_code(path.read_text("utf-8"), policy, path.name)
        for path, policy in modules
        if path.is_file()
    }


def test_at_most_a_tenth_of_harmless_modules_is_refused() -> None:
    refusals = _refusals()
    refused = {path: findings[0] for path, findings in refusals.items() if findings}
    print(f"{len(refused)} of {len(refusals)} harmless modules are refused")
    assert len(refusals) >= _AT_LEAST
    assert len(refused) <= _SHARE * len(refusals), refused
