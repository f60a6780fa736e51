from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ValidationFailed
from roles.engineering.findings import Finding, refuse
from roles.engineering.policy import NEVER, CodePolicy
from roles.engineering.validation import validate_code, validate_project

_GOOD = '''"""Ratios."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ratio:
    """One ratio; see __class__ for nothing."""

    value: float
    at: datetime

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} {self.value:.2f} {'{:>8}'.format(self.value)}>"


def dscr(incomes: Sequence[float], debt: float) -> Ratio:
    if not debt or math.isnan(debt):
        raise ValueError("there is no debt service")
    if not isinstance(debt, (int, float)) or not hasattr(debt, "real"):
        raise TypeError
    return Ratio(sum(incomes) / debt, datetime(2026, 1, 1))


if __name__ == "__main__":
    print(dscr([1.0], 2.0))
'''


def rules(code: str, policy: CodePolicy | None = None) -> list[tuple[int, str]]:
    return [(finding.line, finding.rule) for finding in validate_code(code, policy or CodePolicy())]


def test_code_that_computes_has_no_findings() -> None:
    assert validate_code(_GOOD, CodePolicy()) == []


def test_a_finding_names_line_rule_and_what_to_do() -> None:
    (finding,) = validate_code("x = 1\nimport os\n", CodePolicy(), "part.py")
    assert (finding.file, finding.line, finding.rule) == ("part.py", 2, "import")
    assert str(finding) == (
        "part.py:2: import: the module os is not declared. Declare it in the specification, or do without."
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(:\n", [(1, "syntax")]),
        ("x = 1\nreturn x", [(2, "syntax")]),
        ("x = 1\nbreak", [(2, "syntax")]),
        ("\0", [(0, "syntax")]),
        ("x = '\udc80'", [(0, "syntax")]),
        ("eval('1')", [(1, "dynamic-code")]),
        ("f = exec", [(1, "dynamic-code")]),
        ("__builtins__ = {}", [(1, "dynamic-code")]),
        ("def f():\n    global __builtins__\n", [(2, "dynamic-code")]),
        ("open('x')", [(1, "files")]),
        ("(1).__class__", [(1, "internals")]),
        ("getattr(1, '__class__')", [(1, "internals")]),
        ("getattr(1, 'a' + 'b')", [(1, "dynamic-attribute")]),
        ("g = getattr", [(1, "dynamic-attribute")]),
        ("getattr(*[1, 'x'])", [(1, "dynamic-attribute")]),
        ("match 1:\n    case int(__class__=c): pass", [(2, "internals")]),
        ("'{0._private}'.format(1)", [(1, "internals")]),
        ("import sys\ns = sys", [(2, "member")]),
        ("import sys as s\ns.modules", [(2, "member")]),
        ("from sys import modules", [(1, "member")]),
        ("import statistics as m\nm.sys", [(2, "member")]),
        ("from math import *", [(1, "import")]),
        ("from . import other", [(1, "import")]),
        ("import numpy", [(1, "import")]),
        ("#!x\n# vim: set fileencoding=utf-16 :\n", [(2, "encoding")]),
    ],
)
def test_what_is_refused(code: str, expected: list[tuple[int, str]]) -> None:
    assert sorted(set(rules(code))) == expected


@pytest.mark.parametrize(
    "code",
    [
        "import datetime\ndatetime.datetime.now().time()",
        "import collections.abc\ncollections.abc.Mapping",
        "import sys\nsys.maxsize",
        "a.__class__ is b.__class__ or isinstance(a, b.__class__)",
        "self.__class__(1)",
        "from operator import attrgetter\nattrgetter('a.b')",
        "# coding: utf-8\n",
        '"""How __globals__ are not to be used."""',
        "def f(open_):\n    return open_",
    ],
)
def test_what_is_harmless_passes(code: str) -> None:
    assert rules(code) == []


def test_a_specification_opens_what_it_declares() -> None:
    assert rules("import numpy.linalg\nfrom numpy import random", CodePolicy(imports=frozenset({"numpy"}))) == []
    assert rules("import pathlib\nopen(pathlib.Path('x'))", CodePolicy(files=True)) == []
    assert rules("import socket, httpx", CodePolicy(network=True)) == []
    assert rules("import subprocess", CodePolicy(processes=True)) == []
    assert rules("import os\nos.system('x')", CodePolicy(files=True)) == [(2, "member")]


@given(st.sampled_from(sorted(NEVER)))
def test_some_modules_can_not_be_declared(module: str) -> None:
    policy = CodePolicy(imports=frozenset({module, f"{module}.inner"}), files=True, network=True, processes=True)
    assert (1, "import") in rules(f"import {module}", policy)
    assert (1, "import") in rules(f"from {module}.inner import x", policy)


def test_modules_of_a_project_import_each_other() -> None:
    files = {"main.py": "import helper\nfrom pack.part import f\nfrom pack import part", "helper.py": "x = 1"}
    files |= {"pack/__init__.py": "", "pack/part.py": "from . import other\nfrom pack.other import y\ndef f(): pass"}
    files |= {"pack/other.py": "import os\ny = 1", "notes.md": "import os"}
    assert [(found.file, found.line) for found in validate_project(files, CodePolicy())] == [("pack/other.py", 1)]


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\n" * 40_000,
        "x = " + "[" * 80 + "]" * 80,
        "x" + ".y" * 200,
        "-" * 100_000 + "1",
        "(" * 3_000,
        "é" * 150_000,
    ],
)
def test_size_and_depth_are_bounded(code: str) -> None:
    findings = validate_code(code, CodePolicy())
    assert {finding.rule for finding in findings} <= {"size", "syntax"}
    assert len(findings) == 1


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["x", "=", "(", ")", ".", ":", "\n", "import", "os", "def", "f", "lambda"])).map(
        " ".join
    )
)
def test_any_text_gets_an_answer(text: str) -> None:
    findings = validate_code(text, CodePolicy())
    assert findings == sorted(set(findings))


def test_refusing_names_the_first_findings() -> None:
    refuse([])
    with pytest.raises(ValidationFailed, match=r"main\.py:3: import: x.*and 2 more") as raised:
        refuse([Finding("main.py", 3, "import", "x", "do y")] * 7)
    assert raised.value.where == "main.py:3"
    assert raised.value.todo == "do y"
