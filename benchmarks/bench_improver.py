"""The improver on agents that were made inefficient on purpose, and on changes that do nothing.

    python -m benchmarks.bench_improver [--only corpus | noops] [--trials 200] [--agents NAME …] [--types]

Needs a sandbox. Of the agents in tests/roles/improver/inefficient it tells how many planted places were found where
they are, how many were mended by an accepted change, and whether an accepted change behaves differently on requests
that the improver did not see. Of changes without effect it tells how many were accepted.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace

import anyio

from common.sandbox import Sandbox
from common.sandbox_settings import SandboxSettings
from roles.improver.acceptance import AcceptanceRules, Acceptor, Candidate, Verdict, describe
from roles.improver.behaviour import compare_behaviour, variants
from roles.improver.catalogue import load_strategies
from roles.improver.improver import ServiceImprover
from roles.improver.measure import Workbench
from roles.sandbox.find import find_sandbox
from tests.roles.improver import corpus
from tests.roles.improver.noops import noop_of

UNSEEN_SEED = 977


async def run_corpus(sandbox: Sandbox, names: list[str], *, types: bool) -> None:
    improver = ServiceImprover(sandbox, types=types)
    bench = Workbench(sandbox)
    planted = found = mended = accepted = different = 0
    for name in names:
        case = corpus.load(name)
        started = time.monotonic()
        result = await improver.improve_agent(case.agent)
        known = {(site.file, site.function, site.line, site.kind) for site in result.sites}
        verdict = result.accepted
        changed = set() if verdict is None else mended_kinds(verdict)
        places = [(one.file, one.function, one.line, one.kind) for one in case.planted]
        hits = [place for place in places if place in known]
        good = [place for place in hits if place[3] in changed]
        planted, found, mended = planted + len(places), found + len(hits), mended + len(good)
        told = "kept as it is: " + result.reason if verdict is None else f"{verdict.candidate.name}: {verdict.reason}"
        if verdict is not None:
            accepted += 1
            unseen = replace(case.agent, requests=variants(case.agent.requests, 200, UNSEEN_SEED))
            behaviour = await compare_behaviour(
                bench, unseen, result.files, verdict.candidate.allowances, seed=UNSEEN_SEED
            )
            if behaviour.difference is not None:
                different += 1
                told += f" BUT {behaviour.difference}"
        print(
            f"{name:20} {len(hits)}/{len(places)} found {len(good)} mended {time.monotonic() - started:5.1f} s  {told}"
        )
    print(f"planted {planted}, found {found} ({found / planted:.1%}), mended {mended} ({mended / planted:.1%}),")
    print(f"agents improved {accepted} of {len(names)}; accepted changes that behave differently: {different}")


def mended_kinds(verdict: Verdict) -> set[str]:
    """Kinds of changes in an accepted candidate of which a figure that they aim at gained enough, for certain."""
    gained = {figure.measure for figure in verdict.figures if figure.estimate.gain > 0.05 and figure.estimate.high < 0}
    aims = {strategy.kind: strategy.aims for strategy in load_strategies()}
    return {site.kind for site in verdict.candidate.sites if aims[site.kind] & gained}


async def run_noops(sandbox: Sandbox, trials: int) -> None:
    acceptor = Acceptor(Workbench(sandbox), AcceptanceRules(), types=False)
    draw = random.Random(5)
    names = corpus.names()
    accepted = forced = 0
    for trial in range(trials):
        agent = corpus.load(names[trial % len(names)]).agent
        candidate = Candidate("nothing", noop_of(agent.files, draw))
        # past the first look, too, where most of them would be out: the final test alone has to hold
        verdict = (await acceptor.judge(agent, [candidate], trial))[0]
        accepted += verdict.accepted
        if verdict.code == "no_gain" and "first run" in verdict.reason:
            final = await acceptor.final(agent, candidate, seed=10_000 + trial)
            forced += final.accepted
            verdict = final
        if verdict.accepted:
            print(f"accepted: {agent.name}: {'; '.join(map(describe, verdict.figures))}")
        if (trial + 1) % 20 == 0:
            print(f"{trial + 1} trials: {accepted} accepted, {forced} more by the final test alone", flush=True)
    print(f"of {trials} changes without effect {accepted} accepted, {forced} more by the final test alone")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["corpus", "noops"])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--agents", nargs="*", default=[])
    parser.add_argument("--types", action="store_true")
    options = parser.parse_args()
    sandbox = await find_sandbox(SandboxSettings())
    if options.only != "noops":
        await run_corpus(sandbox, options.agents or corpus.names(), types=options.types)
    if options.only != "corpus":
        await run_noops(sandbox, options.trials)


if __name__ == "__main__":
    anyio.run(main)
