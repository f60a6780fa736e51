"""The improver on agents that were made inefficient on purpose, and on changes that do nothing.

    python -m benchmarks.bench_improver [--only corpus | noops] [--folder FOLDER] [--attempts 2]
        [--agents NAME …] [--types] [--trials 200] [--first 0] [--final-alone]

Needs a sandbox. Of the agents in tests/roles/improver/inefficient (or those in a folder of the shape that
tests/roles/improver/folders.py states, such as tests/roles/improver/fresh) it tells how many planted places were found
where they are, how many were mended by an accepted change, and whether an accepted change behaves differently on
requests that the improver did not see. An agent that became better is tried once more, as cycles of evolution do it,
up to so many `attempts`. Of changes without effect it tells how many were accepted; they can be tried in pieces, and
the final test alone, which is quicker.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from common.sandbox import Sandbox
from common.sandbox_settings import SandboxSettings
from roles.improver.acceptance import AcceptanceRules, Acceptor, Candidate, Verdict, describe
from roles.improver.behaviour import compare_behaviour, variants
from roles.improver.catalogue import load_strategies
from roles.improver.improver import ServiceImprover
from roles.improver.measure import Workbench
from roles.improver.places import figure_at, functions_of
from roles.improver.sites import Allowance, Site
from roles.sandbox.find import find_sandbox
from tests.roles.improver import corpus, folders
from tests.roles.improver.corpus import Case, Planted
from tests.roles.improver.folders import FolderCase
from tests.roles.improver.noops import noop_of

UNSEEN_SEED = 977
_PLACE_AIMS = frozenset({"latency", "first_pass"})


@dataclass
class Tally:
    """What came of all agents so far; `first` counts the places that were mended at the first attempt."""

    planted: int = 0
    found: int = 0
    first: int = 0
    mended: int = 0
    improved: int = 0
    different: int = 0
    wrong: int = 0

    def told(self, agents: int) -> str:
        share = [f"{part / max(self.planted, 1):.1%}" for part in (self.found, self.first, self.mended)]
        return (
            f"planted {self.planted}, found {self.found} ({share[0]}), mended at the first attempt {self.first} "
            f"({share[1]}), in all {self.mended} ({share[2]}),\n"
            f"agents improved {self.improved} of {agents}, accepted changes that behave differently {self.different},\n"
            f"look-alikes that a strategy would change: {self.wrong}"
        )


async def run_corpus(sandbox: Sandbox, cases: list[Case], *, types: bool, attempts: int) -> None:
    tally = Tally()
    for case in cases:
        await run_case(ServiceImprover(sandbox, types=types), Workbench(sandbox), case, attempts, tally)
    print(tally.told(len(cases)))


async def run_case(improver: ServiceImprover, bench: Workbench, case: Case, attempts: int, tally: Tally) -> None:
    """Improve one agent, and while something planted is left what came of that once more, as cycles of evolution do."""
    started = time.monotonic()
    agent, better, told = case.agent, set[tuple[str, str, str]](), list[str]()
    allowances = frozenset[Allowance]()
    certain = set[tuple[str, str, int, str]]()
    places = [(one.file, one.function, one.line, one.kind) for one in case.planted]
    hits: list[tuple[str, str, int, str]] = []
    for attempt in range(attempts):
        result = await improver.improve_agent(agent)
        if not attempt:
            known = {(site.file, site.function, site.line, site.kind): not site.refused for site in result.sites}
            hits = [place for place in places if place in known]
            certain = {place for place in hits if known[place]}
            tally.wrong += sum((one.file, one.line, one.kind) in changeable(result.sites) for one in kept_of(case))
        verdict = result.accepted
        if verdict is None:
            told.append("stays: " + "; ".join(f"{one.candidate.name} {one.code}" for one in result.verdicts))
            break
        better |= mended_places(case.planted, verdict)
        allowances |= verdict.candidate.allowances
        told.append(f"{verdict.candidate.name}: {verdict.reason}")
        unseen = replace(case.agent, requests=variants(case.agent.requests, 200, UNSEEN_SEED))
        behaviour = await compare_behaviour(bench, unseen, result.files, allowances, seed=UNSEEN_SEED)
        if behaviour.difference is not None:
            tally.different += 1
            told.append(f"BUT {behaviour.difference}")
        tally.improved += not attempt
        agent = replace(agent, files=result.files)
        if not attempt:
            tally.first += sum((place[0], place[1], place[3]) in better for place in certain)
        if all((place[0], place[1], place[3]) in better for place in places):
            break
    good = [place for place in certain if (place[0], place[1], place[3]) in better]
    tally.planted, tally.found = tally.planted + len(places), tally.found + len(hits)
    tally.mended += len(good)
    seconds = time.monotonic() - started
    print(f"{agent.name:20} {len(hits)}/{len(places)} found {len(good)} mended {seconds:5.1f} s  {' | '.join(told)}")
    for place in places:
        if place not in good:
            print(f"    not {'mended' if place in hits else 'found'}: {place[0]}:{place[2]} {place[1]} {place[3]}")


def kept_of(case: Case) -> tuple[Planted, ...]:
    """The places of a case that look inefficient and have to stay."""
    return case.kept if isinstance(case, FolderCase) else ()


def changeable(sites: Sequence[Site]) -> set[tuple[str, int, str]]:
    return {(site.file, site.line, site.kind) for site in sites if not site.refused}


def mended_places(planted: Sequence[Planted], verdict: Verdict) -> set[tuple[str, str, str]]:
    """Places (file, function, kind) of which an accepted candidate made a figure better that their kind aims at.

    The figure is that of the place's own function where it could be measured there, else that of the whole agent; it
    gained enough, for certain.
    """
    aims = {strategy.kind: strategy.aims for strategy in load_strategies()}
    changed = {site.kind for site in verdict.candidate.sites}
    gained = {figure.measure: figure.estimate.gain > 0.05 and figure.estimate.high < 0 for figure in verdict.figures}
    found = set[tuple[str, str, str]]()
    for one in planted:
        own = [name for aim in aims[one.kind] if (name := figure_at(aim, (one.file, one.function))) in gained]
        if one.kind in changed and any(gained.get(name, False) for name in own or aims[one.kind]):
            found.add((one.file, one.function, one.kind))
    return found


async def run_noops(sandbox: Sandbox, trials: range, *, final_alone: bool) -> None:
    """Changes without effect that say that they aim at each function, which is then timed by itself.

    `final_alone`: without the short run, where most of them would be out: whatever is accepted after it is accepted by
    the final test, so what that accepts alone is at least as much.
    """
    acceptor = Acceptor(Workbench(sandbox), AcceptanceRules(), types=False)
    names = corpus.names()
    accepted = forced = 0
    for trial in trials:
        agent = corpus.load(names[trial % len(names)]).agent
        files = noop_of(agent.files, random.Random(trial))
        places = {(path, name): _PLACE_AIMS for path, text in agent.files.items() for name in functions_of(text)}
        candidate = Candidate("nothing", files, place_aims=places)
        if final_alone:
            verdict = await acceptor.final(agent, candidate, seed=10_000 + trial)
        else:
            verdict = (await acceptor.judge(agent, [candidate], trial))[0]
        accepted += verdict.accepted
        # past the first look, too: the final test alone has to hold
        if verdict.code == "no_gain" and "first run" in verdict.reason:
            final = await acceptor.final(agent, candidate, seed=10_000 + trial)
            forced += final.accepted
            verdict = final
        if verdict.accepted:
            print(f"accepted: {agent.name}: {'; '.join(map(describe, verdict.figures))}")
        if (trial + 1) % 20 == 0:
            print(f"to trial {trial + 1}: {accepted} accepted, {forced} more by the final test alone", flush=True)
    print(f"of {len(trials)} changes without effect {accepted} accepted, {forced} more by the final test alone")


def cases_of(folder: Path | None, names: list[str]) -> Iterator[Case]:
    """The agents of that folder (None: the corpus's own), or those of them that are named."""
    if folder is None:
        yield from map(corpus.load, names or corpus.names())
    else:
        yield from (folders.load(folder, name) for name in names or folders.names(folder))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["corpus", "noops"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--attempts", type=int, default=2)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first trial")
    parser.add_argument("--final-alone", action="store_true", help="trials without the short run before the final test")
    parser.add_argument("--agents", nargs="*", default=[])
    parser.add_argument("--types", action="store_true")
    options = parser.parse_args()
    sandbox = await find_sandbox(SandboxSettings())
    if options.only != "noops":
        await run_corpus(
            sandbox, list(cases_of(options.folder, options.agents)), types=options.types, attempts=options.attempts
        )
    if options.only != "corpus":
        trials = range(options.first, options.first + options.trials)
        await run_noops(sandbox, trials, final_alone=options.final_alone)


if __name__ == "__main__":
    anyio.run(main)
