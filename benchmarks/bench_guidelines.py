"""Guidelines from traces: what is proposed on a file as it is, and how often anything is on shuffled outcomes.

    python -m benchmarks.bench_guidelines FILE… [--shuffles N (200)] [--first N (0)]

Outcomes are shuffled within the file, so that nothing in them follows from behaviour: each proposal is a false one.
`--first` is the number of the first shuffle, so that a long run can be done in pieces.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench_patterns import AGENT_TYPE, analyzed, read
from supervisor.learning.guideline_generator import Draft, GuidelineGenerator
from supervisor.learning.records import Record


def drafted(records: Sequence[Record]) -> Draft | None:
    """What would be proposed to an agent type without a guideline."""
    return GuidelineGenerator().draft(AGENT_TYPE, analyzed(records)[1], ())


def shuffled(records: Sequence[Record], seed: int) -> list[Record]:
    """The records with each other's outcomes."""
    outcomes = [record.success for record in records]
    random.Random(seed).shuffle(outcomes)
    return [dataclasses.replace(record, success=good) for record, good in zip(records, outcomes, strict=True)]


def of_file(path: Path, first: int, shuffles: int) -> None:
    """Print the figures of one file."""
    records = list(read(path))
    draft = drafted(records)
    print(f"\n{path.name}: {len(records)} traces, {len(draft.rules) if draft else 0} rules proposed", flush=True)
    for rule in draft.rules if draft else ():
        print(f"  {rule.text}\n    {rule.evidence}", flush=True)
    start = time.perf_counter()
    proposed = [seed for seed in range(first, first + shuffles) if drafted(shuffled(records, seed)) is not None]
    share = len(proposed) / shuffles if shuffles else 0.0
    print(
        f"  outcomes shuffled: proposals in {len(proposed)} of {shuffles} ({share:.1%}), "
        f"in those numbered {proposed or 'none'}; {time.perf_counter() - start:.0f} s",
        flush=True,
    )


def main() -> None:
    """Read the command line and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--shuffles", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    for path in chosen.files:
        of_file(path, chosen.first, chosen.shuffles)


if __name__ == "__main__":
    main()
