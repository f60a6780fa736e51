from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

import pytest

from common.sandbox import Project, Sandbox, SandboxLimits
from common.sandbox_settings import SandboxSettings
from roles.builder.checking import CheckReport, check_security, check_syntax, checker_version, run_checks, types_key
from roles.builder.checking.reading import policy_findings
from roles.builder.writing import write_component, write_frame, write_tests
from roles.engineering.specification import Constraints, Specification
from roles.engineering.tools import check_types, lint
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.builder import odd_specifications as odd
from tests.roles.builder.example_specifications import property_lookup, simple_dscr, three_modes
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires

ALL: list[Callable[[], Specification]] = [
    simple_dscr, three_modes, property_lookup, *(getattr(odd, name) for name in odd.__all__),
]  # fmt: skip
LIMITS = SandboxLimits(seconds=60.0, memory=512 * 2**20)


@lru_cache(maxsize=16)
def _files(make: Callable[[], Specification]) -> tuple[Specification, dict[str, str]]:
    spec = make()
    files: dict[str, str] = {}
    for component in spec.components:
        files |= write_component(spec, component)
    files |= write_frame(spec) | write_tests(spec)
    if any(component.model for component in spec.components):
        files["written_by_a_model/haiku.py"] = odd.HAIKU
    return spec, files


def written(make: Callable[[], Specification]) -> tuple[Specification, dict[str, str]]:
    spec, files = _files(make)
    return spec, dict(files)


@pytest.fixture
async def sandbox() -> Sandbox:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    return await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))


@pytest.mark.parametrize("make", ALL)
async def test_what_is_written_passes_everything_that_is_run(
    make: Callable[[], Specification], sandbox: Sandbox
) -> None:
    spec, files = written(make)
    report = await run_checks(spec, files, sandbox, LIMITS)
    assert report.failures == ()
    figures = report.figures
    assert isinstance(figures["coverage"], float)
    assert figures["coverage"] >= 0.8
    assert figures["tests"]
    assert figures["operations_checked"]
    assert report.missing == ()


@pytest.mark.parametrize("make", ALL)
async def test_what_is_written_keeps_to_the_policy_and_to_ruff(make: Callable[[], Specification]) -> None:
    spec, files = written(make)
    assert (await check_syntax(spec, files)).ok
    assert policy_findings(spec, files) == []
    assert await lint({path: text for path, text in files.items() if path.endswith(".py")}) == []


async def test_what_is_written_has_its_types_right() -> None:
    files = {path: text for make in ALL for path, text in written(make)[1].items() if not path.startswith("tests/")}
    assert await check_types(files) == []


async def test_its_tests_run_with_pytest_too(sandbox: Sandbox) -> None:
    _, files = written(three_modes)
    project = Project(
        {path: text.encode() for path, text in files.items()},
        arguments=("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"),
        packages=True,
    )
    result = await sandbox.run(project, LIMITS)
    assert result.ok, result.stdout.decode()[-2000:] + result.stderr.decode()[-2000:]


ASK = """
import json
from calc_agent import create


class Source:
    def fetch(self, query, parameters):
        loan = {"loan_amount": 1_000_000.0, "interest_rate": 0.06, "term_years": 30}
        return [{"noi": float(parameters["property_id"]), "property_name": "A", **loan}]


for income, mode in ((80_000, "standard"), (120_000, "standard"), (120_000, "15 % stress on NOI, rates up 200 bps")):
    print(json.dumps(create(Source()).call("calculate_dscr", {"property_id": income, "mode": mode})))
"""


async def test_what_it_suggests_would_turn_the_decision(sandbox: Sandbox) -> None:
    _, files = written(three_modes)
    project = Project({**{path: text.encode() for path, text in files.items()}, "main.py": ASK.encode()})
    result = await sandbox.run(project, LIMITS)
    fails, passes, stressed = (json.loads(line) for line in result.stdout.splitlines())
    enough = f"{1.25 * 71_946.063:,.0f}"
    assert fails["validation_status"] == "FAIL"
    assert f"It would pass with NOI up 12.4% to {enough}." in fails["suggestions"]
    assert "Not met: The DSCR is at least 1.25." in fails["analysis"]
    assert passes["validation_status"] == "PASS"
    assert passes["suggestions"] == []
    assert f"They would no longer hold with NOI down 25.1% to {enough}." in passes["analysis"]
    assert (stressed["mode"], stressed["noi"]) == ("custom", pytest.approx(102_000))
    assert stressed["adjustments"] == ["noi -15 %", "interest rate +0.02"]
    assert stressed["dscr"] == pytest.approx(102_000 / 88_051.749)
    assert "DSCR: 1.1584 x" in stressed["report"]


async def check(sandbox: Sandbox, path: str, old: str, new: str, limits: SandboxLimits = LIMITS) -> CheckReport:
    """The report on the simple agent's files of which one was changed."""
    make = simple_dscr
    spec, files = written(make)
    assert old in files[path]
    files[path] = files[path].replace(old, new)
    return await run_checks(spec, files, sandbox, limits)


@pytest.mark.parametrize(
    ("path", "old", "new", "stage", "component", "error"),
    [
        ("library.py", "divide(noi, annual_debt_service)", "divide(annual_debt_service, noi)", "formulas", "library",
         "noi"),
        ("calculator.py", "noi = values.noi", "noi = None", "operations", "library", "MissingValue"),
        ("decision.py", "dscr >= 1.25", "dscr >= 1.0", "operations", "frame", "validation_status is 'PASS'"),
        ("agent.py", "class DscrAgent:", "import nothing_there\nclass DscrAgent:", "import", "agent", "nothing_there"),
        ("agent.py", "self._source = source", "self._source = source\n        self.more = 1", "import", "agent",
         "no attribute 'more'"),
        ("calculator.py", "noi = values.noi", "raise SystemExit(3)", "import", "calculator", "SystemExit"),
        ("library.py", "from . import", "import sys\nsys.exit(0)\nfrom . import", "import", "library", "SystemExit"),
    ],
)  # fmt: skip
async def test_a_fault_is_found_and_blamed(
    sandbox: Sandbox, path: str, old: str, new: str, stage: str, component: str, error: str
) -> None:
    report = await check(sandbox, f"dscr_agent/{path}", old, new)
    assert not report.ok
    found = [one for one in report.failures if (one.stage, one.component) == (stage, component)]
    assert found, report.failures
    assert error in found[0].error


async def test_an_endless_loop_ends_the_checks(sandbox: Sandbox) -> None:
    limits = SandboxLimits(seconds=3.0, memory=512 * 2**20)
    report = await check(sandbox, "dscr_agent/calculator.py", "noi = values.noi", "while True: pass", limits)
    assert [(one.stage, one.component) for one in report.failures] == [("sandbox", "frame")]
    assert "ended early (time;" in report.failures[0].error


async def test_the_way_of_an_error_is_told(sandbox: Sandbox) -> None:
    report = await check(sandbox, "dscr_agent/calculator.py", "noi = values.noi", "noi = None")
    assert "agent.py:" in report.failures[0].error
    assert " > calculator.py:" in report.failures[0].error
    assert "MissingValue" in report.failures[0].error


async def test_an_agent_that_costs_too_much_violates_its_constraints(sandbox: Sandbox) -> None:
    costly = "self._source = source\n        sum(range(1_500))\n        _KEPT.append('x' * 8_000 + str(len(_KEPT)))"
    spec, files = written(simple_dscr)
    path = "dscr_agent/agent.py"
    files[path] = (
        files[path]
        .replace("self._source = source", costly, 1)
        .replace("class DscrAgent:", "_KEPT: list[str] = []\n\n\nclass DscrAgent:")
    )
    report = await run_checks(spec, files, sandbox, LIMITS)
    over = [one for one in report.failures if one.constraint]
    assert [one.component for one in over] == ["agent", "agent"]
    assert "3 µs are allowed" in over[0].error
    assert "6.5 KiB are allowed" in over[1].error
    generous = spec.model_copy(update={"constraints": Constraints(instantiation_us=1e6, memory_kib=1e4)})
    assert (await run_checks(generous, files, sandbox, LIMITS)).ok


async def test_tests_that_run_too_little_are_not_enough(sandbox: Sandbox) -> None:
    spec, files = written(simple_dscr)
    few = {path: text for path, text in files.items() if not path.startswith("tests/test_") or "package" in path}
    report = await run_checks(spec, few, sandbox, LIMITS)
    assert [(one.stage, one.component) for one in report.failures] == [("coverage", "tests")]
    assert "80% are wanted" in report.failures[0].error


async def test_a_wrong_test_is_the_tests_fault(sandbox: Sandbox) -> None:
    report = await check(sandbox, "tests/test_package.py", '"It is not defined. Ask', '"It is not so. Ask')
    assert [(one.stage, one.component) for one in report.failures] == [("tests", "tests")]


async def test_syntax_is_blamed_on_its_component() -> None:
    spec, files = written(simple_dscr)
    files["dscr_agent/decision.py"] = "def decide(:\n"
    files["tests/test_package.py"] = "return 1\n"
    report = await check_syntax(spec, files)
    assert [(one.stage, one.component) for one in report.failures] == [("syntax", "decision"), ("syntax", "tests")]
    assert "decision.py:1" in report.failures[0].error


@pytest.mark.parametrize(
    ("path", "more", "component", "error"),
    [
        ("dscr_agent/calculator.py", "import os\n", "calculator", "the module os is not declared"),
        ("dscr_agent/library.py", "eval('1')\n", "library", "eval is not allowed"),
        ("dscr_agent/database.py", "import subprocess\n", "frame", "the file was changed"),
        ("dscr_agent/aio.py", "x = 1\n", "frame", "the file was changed"),
        ("dscr_agent/more.py", "import socket\n", "frame", "the module socket is not declared"),
        ("tests/test_more.py", "import subprocess\n", "tests", "the module subprocess is not declared"),
        ("dscr_agent/decision.py", "print(undefined_name)\n", "decision", "F821"),
    ],
)
async def test_what_reaches_out_is_refused_before_types_are_looked_at(
    path: str, more: str, component: str, error: str
) -> None:
    spec, files = written(simple_dscr)
    files[path] = files.get(path, "") + more
    report = await check_security(spec, files, types=False)
    assert [one.component for one in report.failures] == [component]
    assert error in report.failures[0].error


async def test_wrong_types_are_found() -> None:
    spec, files = written(simple_dscr)
    path = "dscr_agent/calculator.py"
    files[path] = files[path].replace("noi = values.noi", "noi = str(values.noi)")
    report = await check_security(spec, files)
    assert {(one.stage, one.component) for one in report.failures} == {("types", "calculator")}
    assert (await check_security(spec, files, types=False)).ok


def test_the_answer_about_types_is_known_by_the_package_alone() -> None:
    _, files = written(simple_dscr)
    key = types_key(files)
    assert types_key({**files, "tests/test_more.py": "x = 1", "README.md": "x"}) == key
    assert types_key({**files, "dscr_agent/errors.py": "x = 1"}) != key
    assert len(checker_version()) == 64
