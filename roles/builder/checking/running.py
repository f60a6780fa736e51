"""Checks that run the files, in a sandbox only: import, tests, formulas, answers, cost, coverage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files as resource_files
from typing import Any

import anyio
from pydantic import JsonValue

from common.errors import SandboxError
from common.sandbox import KilledBy, Project, Sandbox, SandboxLimits, SandboxResult
from roles.builder.checking.cases import formula_cases, operation_cases
from roles.builder.checking.report import CheckReport, Failure
from roles.builder.writing.package import component_file, component_of_file
from roles.builder.writing.plan import Plan
from roles.builder.writing.planning import plan_of
from roles.engineering.specification import Specification

__all__ = ["MIN_COVERAGE", "run_checks"]

MIN_COVERAGE = 0.8
"""The part of the package's lines that the generated tests must run."""

_FORMULA_CASES = 60
_OPERATION_CASES = 24
_RUNNER = "run_checks.py"
_RESULTS = "results.json"
_DATABASE = "database.py"
_SETTINGS = {KilledBy.TIME: "sandbox.timeout", KilledBy.MEMORY: "sandbox.memory"}


async def run_checks(
    spec: Specification, files: Mapping[str, str], sandbox: Sandbox, limits: SandboxLimits | None = None
) -> CheckReport:
    """Run everything that there is to run of an agent, in one sandbox; None: the sandbox's own limits.

    `files` are the package and its tests, by path. Raises `SandboxError` where there is no sandbox for it.
    """
    plan = plan_of(spec)
    code = {path: text for path, text in files.items() if path.endswith(".py")}
    cases = await anyio.to_thread.run_sync(_cases, plan, code)
    runner = resource_files("roles.builder.checking").joinpath("sandbox_runner.py").read_bytes()
    project = Project(
        {
            **{path: text.encode() for path, text in code.items()},
            "cases.json": json.dumps(cases).encode(),
            _RUNNER: runner,
        },
        arguments=(_RUNNER,),
        outputs=(_RESULTS,),
        packages=_has_sqlalchemy(),
    )
    result = await sandbox.run(project, limits)
    return _judged(spec, plan, result)


def _has_sqlalchemy() -> bool:
    from importlib.util import find_spec

    return find_spec("sqlalchemy") is not None


def _cases(plan: Plan, code: Mapping[str, str]) -> dict[str, JsonValue]:
    package = [path for path in sorted(code) if path.startswith(f"{plan.package}/")]
    database = f"{plan.package}/{_DATABASE}"
    modules = [path.removeprefix(f"{plan.package}/").removesuffix(".py") for path in package]
    with_database = _has_sqlalchemy()
    skipped: list[JsonValue] = [] if with_database else [database]
    return {
        "package": plan.package,
        "class_name": plan.spec.class_name,
        "before": ["sqlalchemy", "asyncio"] if with_database and database in code else ["asyncio"],
        "covered": list[JsonValue](package),
        "skipped": skipped,
        "modules": [name for name in modules if name not in ("__init__", "database", "aio")],
        "frame": [path for path in package if component_of_file(plan.spec, path) == "frame"],
        "suspects": [component_file(plan.spec, one) for one in plan.spec.components if one.model],
        "libraries": [plan.modules.of_kind["library"]] if plan.formulas else [],
        "formulas": formula_cases(plan, _FORMULA_CASES),
        "operations": operation_cases(plan, _OPERATION_CASES),
    }


def _judged(spec: Specification, plan: Plan, result: SandboxResult) -> CheckReport:
    figures: dict[str, JsonValue] = {"seconds": round(result.wall, 3), "peak_memory": result.peak_memory}
    told = result.outputs.get(_RESULTS)
    if told is None:
        said = result.stderr.decode(errors="replace").strip()[-600:]
        ended = str(result.killed_by) if result.killed_by else f"exit status {result.exit_status}"
        setting = _SETTINGS.get(result.killed_by) if result.killed_by else None
        if setting:
            ended += f"; a slow or small machine needs more {setting}"
        return CheckReport((Failure("sandbox", "frame", f"the checks ended early ({ended}): {said}"),), figures)
    try:
        found: dict[str, Any] = json.loads(told)
        return _read(spec, plan, found, figures)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise SandboxError("what the checks wrote in the sandbox can't be read", todo="Don't trust this run.") from None


def _read(spec: Specification, plan: Plan, found: dict[str, Any], figures: dict[str, JsonValue]) -> CheckReport:
    if "import" in found:
        fault = found["import"]
        return CheckReport((_failure(spec, "import", fault),), figures)
    failures = [_failure(spec, "tests", one) for one in found["tests"]["faults"]]
    for stage in ("formulas", "operations"):
        failures += [_failure(spec, stage, one) for one in found[stage]["faults"]]
        figures[f"{stage}_checked"] = int(found[stage]["run"])
        figures[f"{stage}_failed"] = int(found[stage]["failed"])
    figures["tests"] = int(found["tests"]["run"])
    figures["tests_failed"] = int(found["tests"]["failed"])
    ran = sum(int(one[0]) for one in found["coverage"].values())
    there = sum(int(one[1]) for one in found["coverage"].values())
    figures["coverage"] = round(ran / there, 4) if there else 0.0
    if ran < MIN_COVERAGE * there:
        worst = min(found["coverage"], key=lambda path: found["coverage"][path][0] / max(1, found["coverage"][path][1]))
        text = f"the tests run {ran / there:.0%} of the lines, {MIN_COVERAGE:.0%} are wanted; least in {worst}"
        failures.append(Failure("coverage", "tests", text))
    time_us, memory = float(found["cost"]["instantiation_us"]), float(found["cost"]["memory_kib"])
    figures |= {"instantiation_us": round(time_us, 4), "memory_kib": round(memory, 4)}
    main = next((one.name for one in plan.spec.components if one.kind == "main"), "frame")
    limits = spec.constraints
    if time_us >= limits.instantiation_us:
        text = f"making an instance takes {time_us:.2f} µs, {limits.instantiation_us:g} µs are allowed"
        failures.append(Failure("constraints", main, text, constraint=True))
    if memory > limits.memory_kib:
        text = f"an instance takes {memory:.2f} KiB, {limits.memory_kib:g} KiB are allowed"
        failures.append(Failure("constraints", main, text, constraint=True))
    return CheckReport(tuple(failures), figures, tuple(str(name) for name in found.get("missing", ())))


def _failure(spec: Specification, stage: str, fault: Mapping[str, Any]) -> Failure:
    path = str(fault["file"])
    component = component_of_file(spec, path) if path else "tests" if stage == "tests" else "frame"
    return Failure(stage, component, f"{path}: {fault['error']}" if path else str(fault["error"]))
