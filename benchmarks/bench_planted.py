"""Agents as the builder writes them, made inefficient on purpose: what the improver finds, and what it mends.

    python -m benchmarks.bench_planted [--only NAME …] [--plants 4] [--attempts 2] [--requests 6] [--seed 1] [--types]

In every agent of `bench_agent_improvements` so many inefficiencies are planted, of other kinds in each, in other files
and functions of it. Told is how many were found where they are, how many mended by an accepted change, and whether an
accepted change behaves differently on 200 further variants of its requests. Needs a sandbox and the extra `builder`.
"""

from __future__ import annotations

import argparse

import anyio

from benchmarks.bench_agent_improvements import agent_of, specifications
from benchmarks.bench_improver import Tally, run_case
from common.sandbox_settings import SandboxSettings
from roles.improver.improver import ServiceImprover
from roles.improver.measure import Workbench
from roles.sandbox.find import find_sandbox
from tests.roles.improver.planting import KINDS, plant


async def main() -> None:
    """Plant, improve and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--plants", type=int, default=4)
    parser.add_argument("--attempts", type=int, default=2)
    parser.add_argument("--requests", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--types", action="store_true")
    given = parser.parse_args()
    sandbox = await find_sandbox(SandboxSettings())
    tally, agents = Tally(), 0
    for number, specification in enumerate(specifications()):
        if given.only and specification.name not in given.only:
            continue
        agent = agent_of(specification, given.requests)
        first = number * given.plants + given.seed
        kinds: list[str] = [KINDS[(first + step) % len(KINDS)] for step in range(given.plants)]
        case = plant(agent, kinds, given.seed)
        improver = ServiceImprover(sandbox, types=given.types)
        await run_case(improver, Workbench(sandbox), case, given.attempts, tally)
        agents += 1
        print(tally.told(agents), flush=True)


if __name__ == "__main__":
    anyio.run(main)
