"""Patterns: do they come back, are they found in noise, and how long does it take?

python -m benchmarks.bench_patterns FILE…       trace files (JSON lines, gzip too): halves of the tasks, shuffled labels
python -m benchmarks.bench_patterns --simulated  sets whose truth is known (difficulty, agents, true effects)
python -m benchmarks.bench_patterns --speed      100,000 traces of 10 steps: time, memory, and a cycle after 100 more
Options: --splits N (100), --shuffles N (200), --sets N (100)
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import random
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from supervisor.learning.pattern_analyzer import Analysis, PatternAnalyzer
from supervisor.learning.records import MAX_TEXT, Record, Step, argument_digest

AGENT_TYPE = "agent"


def read(path: Path) -> Iterator[Record]:
    """Records of a trace file."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row: dict[str, Any] = json.loads(line)
            yield Record(
                trace_id=row["trace_id"],
                agent_type=AGENT_TYPE,
                task_id=row["task_id"],
                success=row["success"],
                score=row.get("score"),
                steps=tuple(_step(step) for step in row["steps"]),
                agent=row.get("agent", ""),
                domain=row.get("domain", ""),
                position=number,
            )


def _step(step: dict[str, Any]) -> Step:
    if step["type"] == "tool_call":
        return Step("tool", step["tool"], step.get("ok"), arguments=argument_digest(step.get("arguments")))
    kind = step.get("kind", "think")
    return Step("reply" if kind == "reply" else "thinking", kind, text=step.get("text", "")[:MAX_TEXT])


def analyzed(records: Sequence[Record]) -> tuple[PatternAnalyzer, Analysis]:
    """The analyzer and what it says of these records."""
    analyzer = PatternAnalyzer()
    analyzer.add(records)
    return analyzer, analyzer.analyze(AGENT_TYPE)


def halves(records: Sequence[Record], seed: int) -> tuple[list[Record], list[Record]]:
    """The records of one random half of the tasks, and of the other."""
    tasks = sorted({record.task_id for record in records})
    random.Random(seed).shuffle(tasks)
    chosen = set(tasks[: len(tasks) // 2])
    return [r for r in records if r.task_id in chosen], [r for r in records if r.task_id not in chosen]


def replicated(records: Sequence[Record], splits: int) -> tuple[int, int, int, list[float]]:
    """Accepted on one half, of these borne out on the other, splits with any, and the share in each of those."""
    accepted = held = 0
    shares: list[float] = []
    for seed in range(splits):
        one, other = halves(records, seed)
        patterns = analyzed(one)[1].patterns
        if not patterns:
            continue
        unseen = PatternAnalyzer()
        unseen.add(other)
        weights = unseen.weigh(AGENT_TYPE, [pattern.key for pattern in patterns])
        good = sum(p.key in weights and weights[p.key].bears_out(p.effect) for p in patterns)
        accepted, held = accepted + len(patterns), held + good
        shares.append(good / len(patterns))
    return accepted, held, len(shares), shares


def shuffled(records: Sequence[Record], times: int) -> int:
    """In how many shuffles of the outcomes anything is accepted."""
    found = 0
    for seed in range(times):
        outcomes = [record.success for record in records]
        random.Random(seed).shuffle(outcomes)
        mixed = [dataclasses.replace(r, success=s) for r, s in zip(records, outcomes, strict=True)]
        found += bool(analyzed(mixed)[1].patterns)
    return found


def turned(analysis: Analysis, records: Sequence[Record]) -> int:
    """Accepted patterns whose crude sign is another in some agent (ten runs with and without it)."""
    count = 0
    by_agent: dict[str, list[Record]] = {}
    for record in records:
        by_agent.setdefault(record.agent, []).append(record)
    for pattern in analysis.patterns:
        shown = set(pattern.trace_ids)
        for part in by_agent.values():
            hits = [r.success for r in part if r.trace_id in shown]
            rest = [r.success for r in part if r.trace_id not in shown]
            if min(len(hits), len(rest)) >= 10:
                difference = sum(map(bool, hits)) / len(hits) - sum(map(bool, rest)) / len(rest)
                if difference * pattern.effect < 0:
                    count += 1
                    break
    return count


def largest_overlap(analysis: Analysis) -> float:
    """The largest Jaccard of two patterns' traces."""
    sets = [set(pattern.trace_ids) for pattern in analysis.patterns]
    return max((len(a & b) / len(a | b) for i, a in enumerate(sets) for b in sets[:i]), default=0.0)


def of_file(path: Path, splits: int, shuffles: int) -> None:
    """Print the figures of one file."""
    records = list(read(path))
    start = time.perf_counter()
    analysis = analyzed(records)[1]
    seconds = time.perf_counter() - start
    counts = analysis.counts
    print(f"\n{path.name}: {counts.traces} traces, {counts.tasks} tasks, {counts.agents} agents, {seconds:.2f} s")
    print(f"  candidates {counts.candidates}, tested {counts.tested}, accepted {len(analysis.patterns)}", end="")
    print(f", largest Jaccard {largest_overlap(analysis):.2f}, sign turned in an agent {turned(analysis, records)}")
    for p in analysis.patterns:
        print(
            f"    {p.effect:+.2f} [{p.low:+.2f}, {p.high:+.2f}] of {p.support:4} confidence {p.confidence:.2f} "
            f"q {p.q:.4f} {p.kind}: {p.description}" + (f"  => {p.rule}" if p.rule else "")
        )
    accepted, held, some, shares = replicated(records, splits)
    if accepted:
        share, mean = held / accepted, sum(shares) / len(shares)
        print(
            f"  {splits} halvings: {accepted} accepted ({some} halvings with any), {held} hold on the other half",
            end="",
        )
        print(f" = {share:.3f}; mean share of a halving {mean:.3f}")
    else:
        print(f"  {splits} halvings: nothing accepted in any, so nothing to hold")
    print(f"  labels shuffled: accepted anything in {shuffled(records, shuffles)} of {shuffles}")


def simulate(seed: int, *, tasks: int, runs: int, agents: int, effect: float, confounded: bool) -> list[Record]:
    """Traces of an agent whose truth is known.

    "probe" has the effect; "detour" none, but is called on hard tasks and by weak agents when confounded; six more
    tools come and go by chance.
    """
    chance = random.Random(seed)
    found: list[Record] = []
    for task in range(tasks):
        hard = chance.random()
        for run in range(runs):
            agent = chance.randrange(agents)
            weak = agent / max(agents - 1, 1)
            probe = chance.random() < 0.4
            detour = chance.random() < (0.15 + 0.35 * hard + 0.35 * weak if confounded else 0.5)
            others = [f"tool_{n}" for n in range(6) if chance.random() < 0.4]
            names = ["open", *(["probe"] if probe else []), *(["detour"] if detour else []), *others]
            chance.shuffle(names)
            rate = 0.5 + effect * (probe - 0.4) + (0.35 * (0.5 - hard) + 0.3 * (0.5 - weak) if confounded else 0)
            steps = tuple(
                Step("tool", name, chance.random() > 0.1, 0.1, f"{chance.randrange(10**6)}") for name in names
            )
            good = chance.random() < min(max(rate, 0.02), 0.98)
            found.append(Record(f"{task}-{run}", AGENT_TYPE, f"task {task}", good, None, steps, agent=f"agent {agent}"))
    return found


def of_simulations(sets: int) -> None:
    """Print how often the true and the confounded behaviour are accepted, and anything else."""
    for title, shape in {
        "one run a task, one agent": {"tasks": 600, "runs": 1, "agents": 1, "confounded": False},
        "one run a task, four agents, confounded by agent": {"tasks": 600, "runs": 1, "agents": 4, "confounded": True},
        "six runs a task, four agents, confounded by both": {"tasks": 100, "runs": 6, "agents": 4, "confounded": True},
        "thirty runs a task, four agents, confounded": {"tasks": 40, "runs": 30, "agents": 4, "confounded": True},
    }.items():
        for effect in (0.0, 0.25):
            true = false = detour = accepted = held = 0
            for seed in range(sets):
                records = simulate(seed, effect=effect, **shape)  # type: ignore[arg-type]
                patterns = analyzed(records)[1].patterns
                about = ["probe" in p.key for p in patterns]
                true += any(about)
                detour += any("detour" in p.key and "probe" not in p.key for p in patterns)
                false += not all(about)
                got, good, *_ = replicated(records, 1)
                accepted, held = accepted + got, held + good
            line = f"  {title}; effect {effect}: true found {true}, anything else {false}, of that confounded {detour}"
            print(f"{line} of {sets} sets; halves: {held} of {accepted} hold", flush=True)


def of_speed(count: int = 100_000) -> None:
    """Print time and memory for many traces, and for a hundred more."""
    for runs, title in ((1, "each task once"), (10, "ten runs a task")):
        records = list(_many(count, runs))
        analyzer = PatternAnalyzer()
        start = time.perf_counter()
        analyzer.add(records)
        added = time.perf_counter() - start
        found = len(analyzer.analyze(AGENT_TYPE).patterns)
        whole = time.perf_counter() - start
        more = [dataclasses.replace(record, trace_id=f"more {record.trace_id}") for record in records[:100]]
        start = time.perf_counter()
        analyzer.add(more)
        analyzer.analyze(AGENT_TYPE)
        again = time.perf_counter() - start
        start = time.perf_counter()
        analyzer.analyze(AGENT_TYPE, fresh=True)
        anew = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  {count} traces, {title}: {whole:.1f} s ({added:.1f} s to take them in), {found} patterns", end="")
        print(f"; 100 more {again:.3f} s, judged anew {anew:.1f} s; peak {peak:.0f} MiB with the records")


def _many(count: int, runs: int) -> Iterator[Record]:
    chance = random.Random(1)
    tools = [f"tool_{n}" for n in range(12)]
    for number in range(count):
        names = chance.choices(tools, weights=range(12, 0, -1), k=5)
        steps: list[Step] = []
        for name in names:
            steps.append(Step("thinking", "think", text="x" * chance.randrange(20, 300)))
            steps.append(Step("tool", name, chance.random() > 0.1, chance.random(), f"{chance.randrange(1000)}"))
        good = chance.random() < (0.7 if "tool_3" in names else 0.5)
        yield Record(
            f"t{number}", AGENT_TYPE, f"task {number // runs}", good, None, tuple(steps), agent=f"a{number % 3}"
        )


def main() -> None:
    """Read the command line and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--shuffles", type=int, default=200)
    parser.add_argument("--sets", type=int, default=100)
    chosen = parser.parse_args()
    if not (chosen.files or chosen.simulated or chosen.speed):
        parser.error("name a trace file, or ask for --simulated or --speed")
    for path in chosen.files:
        of_file(path, chosen.splits, chosen.shuffles)
    if chosen.simulated:
        print("\nsimulated:")
        of_simulations(chosen.sets)
    if chosen.speed:
        print("\nspeed:")
        of_speed()


if __name__ == "__main__":
    main()
