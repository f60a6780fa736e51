"""Puts agents as the builder writes them through the improver: what it finds, what is accepted, what behaves otherwise.

    python -m benchmarks.bench_agent_improvements [--only NAME …] [--older] [--requests 12] [--no-types]

The agents are those of specs/ and of the builder's tests; with `--older` they are written with some templates of
before, as agents are that were built before the templates got better. Their requests are calls such as the builder
checks its code with, in every mode, plausible and at the edges, with rows as a database would give them. What is
accepted is compared with the original once more, on 300 further variants of its requests. Needs a sandbox and the extra
`builder`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import anyio

from benchmarks.older_templates import older_templates
from common.sandbox_settings import SandboxSettings
from roles.builder.checking.cases import operation_cases
from roles.builder.standalone_tests import standalone_tests
from roles.builder.understanding import from_yaml
from roles.builder.writing.package import write_component, write_frame
from roles.builder.writing.planning import plan_of
from roles.builder.writing.tests import write_tests
from roles.engineering.policy import CodePolicy
from roles.engineering.specification import Specification
from roles.improver.agent import AgentSpecification, PlainAgent, RecordedRequest, RecordedRows
from roles.improver.behaviour import compare_behaviour
from roles.improver.improver import ServiceImprover
from roles.improver.measure import Workbench
from roles.sandbox.find import find_sandbox
from supervisor.evolution.source import input_rules
from tests.roles.builder import example_specifications as example
from tests.roles.builder import odd_specifications as odd

SPECS = Path(__file__).parents[1] / "specs"
NOT_RUN = ("database.py", "aio.py")


def specifications() -> Iterator[Specification]:
    """Those that ship, and those of the builder's tests."""
    for path in sorted(SPECS.glob("*.yaml")):
        yield from_yaml(path.read_text(encoding="utf-8"), path.name)
    yield from (example.property_lookup(), odd.hidden_names(), odd.by_rows(), odd.many_functions())
    yield from (odd.only_fixed_modes(), odd.no_rules())


def agent_of(specification: Specification, count: int) -> PlainAgent:
    """The agent that the builder writes, with calls of each operation and rows for them."""
    name = specification.name
    files: dict[str, str] = dict(write_frame(specification))
    for component in specification.components:
        files |= write_component(specification, component)
    plan = plan_of(specification)
    queries = {one.name: one.query for one in specification.operations}
    target = f"{name}.agent:{specification.class_name}.call"
    cases: list[Any] = operation_cases(plan, count)
    requests = [
        RecordedRequest(target, (case["name"], case["given"]), rows=_rows(queries[case["name"]], case), lenient=True)
        for case in cases
    ]
    own = {
        path: text for path, text in files.items()
        if path.startswith(f"{name}/") and path.endswith(".py") and path.partition("/")[2] not in NOT_RUN
    }  # fmt: skip
    policy = CodePolicy(imports=frozenset(specification.imports), local=frozenset({name}))
    promised = AgentSpecification(inputs=input_rules(specification), policy=policy)
    return PlainAgent(name, own, standalone_tests(write_tests(specification)), requests[:40], promised)


def _rows(query: str | None, case: Mapping[str, Any]) -> tuple[RecordedRows, ...]:
    return () if query is None else (RecordedRows(query, {}, case["rows"]),)


async def measure(only: list[str], count: int, *, types: bool, older: bool) -> list[dict[str, Any]]:
    """A row for each agent."""
    sandbox = await find_sandbox(SandboxSettings())
    improver = ServiceImprover(sandbox, types=types)
    bench = Workbench(sandbox)
    rows: list[dict[str, Any]] = []
    for specification in specifications():
        if only and specification.name not in only:
            continue
        started = time.perf_counter()
        with older_templates() if older else nullcontext():
            agent = agent_of(specification, count)
        result = await improver.improve_agent(agent)
        otherwise: str | None = None
        if result.accepted is not None:
            candidate = result.accepted.candidate
            for seed in range(1, 6):
                told = await compare_behaviour(bench, agent, candidate.files, candidate.allowances, seed)
                otherwise = otherwise or told.difference
        rows.append({
            "agent": specification.name,
            "requests": len(agent.requests),
            "latency_us": round(sum(result.measurement.latency) / max(1, len(agent.requests)) * 1e6, 1),
            "sites": [f"{one.kind} {one.file}:{one.line}{' (refused)' if one.refused else ''}" for one in result.sites],
            "verdicts": {one.candidate.name: one.code for one in result.verdicts},
            "accepted": None if result.accepted is None else result.accepted.candidate.name,
            "reason": result.reason,
            "behaves_otherwise": otherwise,
            "seconds": round(time.perf_counter() - started, 1),
        })  # fmt: skip
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--requests", type=int, default=12)
    parser.add_argument("--older", action="store_true", help="written with templates of an earlier version")
    parser.add_argument("--no-types", action="store_true")
    given = parser.parse_args()
    rows = anyio.run(lambda: measure(given.only, given.requests, types=not given.no_types, older=given.older))
    accepted = sum("accepted" in row["verdicts"].values() for row in rows)
    differ = sum(row["behaves_otherwise"] is not None for row in rows)
    refused = sum(list(row["verdicts"].values()).count("answers_differ") for row in rows)
    print(
        f"{len(rows)} agents: {accepted} improved, {differ} of them behave otherwise; {refused} changes refused for it"
    )


if __name__ == "__main__":
    main()
