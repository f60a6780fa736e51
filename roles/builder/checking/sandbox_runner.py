"""Runs inside a sandbox beside a built package: imports it, tests it, compares its answers, measures what it costs.

It is copied there as a file and never imported by the supervisor. It needs the standard library only. What is to be
done stands in ``cases.json``, what came of it goes to ``results.json``.
"""

from __future__ import annotations

import importlib
import io
import json
import math
import os
import statistics
import sys
import threading
import time
import traceback
import tracemalloc
import unittest

TYPE_CHECKING = False  # as typing has it, without the time that its import takes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import CodeType, FrameType
    from typing import Any

_HERE = os.getcwd()
_RELATIVE = 1e-6
_INSTANCES = 1_000
_ROUNDS = 5
_MAX_SHOWN = 3
_MAX_TEXT = 1_500
_MAX_WAY = 6


class _Rows:
    """A source of data that gives the same rows to every query."""

    def __init__(self, rows: Sequence[Mapping[str, object]]) -> None:
        self.rows = rows

    def fetch(self, query: str, parameters: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
        return self.rows


class _Blame:
    """Tells which file of the package an error came from.

    That is the innermost one; before files of the frame, which are the same for every agent, come all others, and
    before these the suspects: files that no template wrote.
    """

    def __init__(self, cases: dict[str, Any]) -> None:
        self.package: str = cases["package"]
        self.frame = frozenset[str](cases["frame"])
        self.suspects = frozenset[str](cases["suspects"])

    def fault(self, error: BaseException) -> dict[str, str]:
        """The file, and the error with the way that it took."""
        frames = [
            (os.path.relpath(one.filename, _HERE), one.lineno) for one in traceback.extract_tb(error.__traceback__)
        ]
        mine = [one for one in frames if one[0].startswith(self.package + os.sep)]
        if not mine and isinstance(error, SyntaxError) and error.filename:
            return {"file": os.path.relpath(error.filename, _HERE), "error": str(error)[:_MAX_TEXT]}
        way = " > ".join(f"{file.rpartition(os.sep)[2]}:{line}" for file, line in mine[-_MAX_WAY:])
        text = f"{way}: {type(error).__name__}: {error}".removeprefix(": ")[:_MAX_TEXT]
        files = [file for file, _ in mine]
        likely = [one for one in files if one in self.suspects] or [one for one in files if one not in self.frame]
        return {"file": (likely or files or [""])[-1], "error": text}


def _lines_of(code: CodeType) -> Iterator[int]:
    for _, _, line in code.co_lines():
        if line:
            yield line
    for constant in code.co_consts:
        if hasattr(constant, "co_lines"):
            yield from _lines_of(constant)


class _Coverage:
    """Which lines of the package's files ran, by a trace function for these files only."""

    def __init__(self, files: Sequence[str]) -> None:
        self.hit: dict[str, set[int]] = {os.path.join(_HERE, file): set() for file in files}

    def _enter(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        lines = self.hit.get(frame.f_code.co_filename)
        if lines is None:
            return None
        lines.add(frame.f_lineno)

        def inside(inner: FrameType, event: str, argument: object) -> Callable[..., Any]:
            lines.add(inner.f_lineno)
            return inside

        return inside

    def start(self) -> None:
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]

    def counted(self) -> dict[str, list[int]]:
        """Lines that ran, and lines that there are, by file."""
        found: dict[str, list[int]] = {}
        for path, hit in self.hit.items():
            with open(path, encoding="utf-8") as file:
                text = file.read()
            there = set(_lines_of(compile(text, path, "exec")))
            source = text.split("\n")
            # the body of a protocol's method and a function's own first line say nothing about tests
            there = {line for line in there if source[line - 1].strip() not in ("...", "pass")}
            found[os.path.relpath(path, _HERE)] = [len(there & hit), len(there)]
        return found


class _Result(unittest.TestResult):
    """Keeps what failed, with the errors themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[str, Any]] = []

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802 - the name is unittest's
        self.faults.append((test.id(), err))

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802 - the name is unittest's
        self.faults.append((test.id(), err))

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        if err is not None:
            self.faults.append((subtest.id(), err))


def _test(blame: _Blame, coverage: _Coverage) -> dict[str, Any]:
    """Run the generated tests while coverage is counted."""
    result = _Result()
    begun = time.perf_counter()
    coverage.start()
    try:
        suite = unittest.TestLoader().discover("tests", pattern="test_*.py", top_level_dir=_HERE)
        suite.run(result)
    finally:
        coverage.stop()
    faults: list[dict[str, str]] = []
    for name, (_, error, _) in result.faults:
        fault = blame.fault(error)
        faults.append({"file": fault["file"], "error": f"{name.rpartition('.')[2]}: {fault['error']}"})
    return {
        "run": result.testsRun,
        "skipped": len(result.skipped),
        "failed": len({name for name, _ in result.faults}),
        "faults": faults[:_MAX_SHOWN],
        "seconds": time.perf_counter() - begun,
    }


def _equal(found: Any, wanted: Any) -> bool:
    if type(wanted) in (list, tuple):
        if type(found) not in (list, tuple) or len(found) != len(wanted):
            return False
        return all(_equal(one, other) for one, other in zip(found, wanted, strict=True))
    if type(wanted) not in (int, float) or type(found) not in (int, float):
        return bool(found == wanted)
    return math.isclose(found, wanted, rel_tol=_RELATIVE, abs_tol=1e-9)


def _compare(calls: Sequence[dict[str, Any]], act: Callable[[dict[str, Any]], Any], blame: _Blame) -> dict[str, Any]:
    """Compare each call's answer, or the code of its error, with what there must be."""
    faults: list[dict[str, str]] = []
    wrong = 0
    for one in calls:
        told = json.dumps(one["given"])[:300]
        try:
            found: Any = act(one)
            code = ""
        except Exception as error:
            code = str(getattr(error, "code", "")) or type(error).__name__
            found = None
            fault = blame.fault(error)
        else:
            fault = {"file": "", "error": ""}
        wanted: Any = one["wanted"]
        if one["error"] or code:
            good = code == one["error"]
            shown = f"{told}: the error {one['error'] or 'none'} was expected, there was {fault['error'] or found!r}"
        elif hasattr(wanted, "items"):
            bad: list[str] = [name for name, value in wanted.items() if not _equal(found.get(name), value)]
            bad += [name for name in one["told"] if type(found.get(name)) not in (str, list)]
            good = not bad
            shown = f"{told}: " + "; ".join(f"{name} is {found.get(name)!r}, not {wanted.get(name)!r}" for name in bad)
        else:
            good = _equal(found, wanted)
            shown = f"{told}: {found!r}, not {wanted!r}"
        if not good:
            wrong += 1
            if len(faults) < _MAX_SHOWN:
                faults.append({"file": one["file"] or fault["file"], "error": shown[:_MAX_TEXT]})
    return {"run": len(calls), "failed": wrong, "faults": faults}


def _measure(make: Callable[[], object]) -> dict[str, float]:
    """The median time of making an instance, and what one that lives takes."""
    for _ in range(_INSTANCES):
        make()
    clock = time.perf_counter_ns
    medians: list[float] = []
    for _ in range(_ROUNDS):
        times: list[int] = []
        for _ in range(_INSTANCES):
            begun = clock()
            make()
            times.append(clock() - begun)
        medians.append(statistics.median(times) / 1_000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    held = [make() for _ in range(_INSTANCES)]
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"instantiation_us": min(medians), "memory_kib": (after - before) / len(held) / 1024}


def _main() -> None:
    with open("cases.json", encoding="utf-8") as file:
        cases: dict[str, Any] = json.load(file)
    package: str = cases["package"]
    blame = _Blame(cases)
    sys.path.insert(0, _HERE)
    results: dict[str, Any] = {}
    shown, sys.stdout = sys.stdout, io.StringIO()
    try:
        for name in cases["before"]:
            try:
                importlib.import_module(name)
            except ImportError:
                results.setdefault("missing", []).append(name)
        coverage = _Coverage([one for one in cases["covered"] if one not in cases["skipped"]])
        coverage.start()
        try:
            module: Any = importlib.import_module(package)
            for name in cases["modules"]:
                importlib.import_module(f"{package}.{name}")
        finally:
            coverage.stop()
        results["tests"] = _test(blame, coverage)
        results["coverage"] = coverage.counted()
        libraries = {name: importlib.import_module(f"{package}.{name}") for name in cases["libraries"]}
        results["formulas"] = _compare(
            cases["formulas"], lambda one: getattr(libraries[one["module"]], one["name"])(**one["given"]), blame
        )
        results["operations"] = _compare(
            cases["operations"],
            lambda one: module.create(_Rows(one["rows"])).call(one["name"], one["given"]),
            blame,
        )
        source, create = _Rows([]), getattr(module, cases["class_name"])
        results["cost"] = _measure(lambda: create(source))
    except BaseException as error:
        results["import"] = blame.fault(error)
    finally:
        sys.stdout = shown
    with open("results.json", "w", encoding="utf-8") as file:
        json.dump(results, file)


if __name__ == "__main__":
    _main()
