"""Trials of guidelines, simulated: how often they are wrong, and how many outcomes they take.

    python -m benchmarks.bench_trials [--runs 10000] [--only trials | intervals | service]

Every run is a trial with outcomes drawn by a computer; the bets, the blocks and the thresholds are those of
`supervisor.learning.sequential_test`, computed for all runs at once, and compared with that class on the first runs.
Looked at after every outcome, up to `--most` outcomes of the candidate. The part on service uses
`supervisor.learning.drop_test` itself, with fewer runs.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from supervisor.learning.drop_test import DropTest
from supervisor.learning.sequential_test import BETS, SequentialTest, block_of

ALPHA, HARM = 0.05, 0.1
NEVER = 10**9
SERVICE = 40.0
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shape:
    """Success rates of incumbent and candidate, the candidate's share, and how the rates move over the blocks."""

    name: str
    incumbent: float
    candidate: float
    share: float = 0.5
    drift: str = ""


EQUAL = (
    *(Shape(f"equal at {rate:.2f}", rate, rate) for rate in (0.05, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95)),
    Shape("equal at 0.80, a share of 10 %", 0.8, 0.8, 0.1),
    Shape("equal at 0.80, a share of 25 %", 0.8, 0.8, 0.25),
    Shape("equal at 0.50, a share of 80 %", 0.5, 0.5, 0.8),
    Shape("worse: 0.80 to 0.78", 0.8, 0.78),
    Shape("equal, both fall from 0.9 to 0.3 and rise again", 0.6, 0.6, 0.5, "wave"),
    Shape("equal, an outage of both every 100 blocks", 0.9, 0.9, 0.5, "outage"),
)
BETTER = (
    Shape("0.60 to 0.80", 0.6, 0.8),
    Shape("0.80 to 0.90", 0.8, 0.9),
    Shape("0.70 to 0.80", 0.7, 0.8),
    Shape("0.60 to 0.80, a share of 10 %", 0.6, 0.8, 0.1),
)
WORSE = (
    Shape("0.80 to 0.60", 0.8, 0.6),
    Shape("0.90 to 0.80", 0.9, 0.8),
    Shape("0.95 to 0.30", 0.95, 0.3),
    Shape("0.80 to 0.60, a share of 10 %", 0.8, 0.6, 0.1),
)


def moved(shape: Shape, block: int) -> float:
    """What is added to both rates in a block."""
    if shape.drift == "wave":
        return 0.3 * math.cos(block / 40)
    return -0.6 if shape.drift == "outage" and block % 100 >= 80 else 0.0


def play(shape: Shape, runs: int, most: int, seed: int) -> tuple[Counts, Counts]:
    """By run: 1 promoted, -1 stopped as harmful, 0 neither; and after how many outcomes of the candidate.

    The outcomes come by lot, so that some of an arm wait for their block: they count as the candidate's as well.
    """
    drawn = np.random.default_rng(seed)
    size, other = block_of(shape.share)
    bets = np.array(list(BETS))
    shares = np.log(np.array(list(BETS.values())))
    won, lost = np.tile(shares, (runs, 1)), np.tile(shares, (runs, 1))
    decided, after = np.zeros(runs, np.int64), np.full(runs, NEVER)
    ours, theirs = np.zeros(runs, np.int64), np.zeros(runs, np.int64)
    for block in range(most // size):
        extra = moved(shape, block)
        good = drawn.binomial(size, shape.candidate + extra, runs) / size
        score = good - drawn.binomial(other, shape.incumbent + extra, runs) / other
        won += np.log1p(np.outer(score, bets))
        lost += np.log1p(np.outer(-score, bets))
        # when the block is full: the candidate's and the other's outcomes come as the lot falls
        ours, theirs = _arrive(drawn, shape.share, ours, theirs, (block + 1) * size, (block + 1) * other)
        for capital, needed, what in ((won, ALPHA, 1), (lost, HARM, -1)):
            hit = (decided == 0) & (_log_sum(capital) >= -math.log(needed))
            decided[hit], after[hit] = what, ours[hit]
        if decided.all():
            break
    return decided, after


def _arrive(
    drawn: np.random.Generator, share: float, ours: Counts, theirs: Counts, size: int, other: int
) -> tuple[Counts, Counts]:
    """Have outcomes arrive until each arm has as many as the block takes."""
    ours, theirs = ours.copy(), theirs.copy()
    while True:
        lacking = (ours < size) | (theirs < other)
        if not lacking.any():
            return ours, theirs
        lot = drawn.random(ours.shape) < share
        ours += lacking & lot
        theirs += lacking & ~lot


def _log_sum(capital: Floats) -> Floats:
    highest = capital.max(axis=1)
    return highest + np.log(np.exp(capital - highest[:, None]).sum(axis=1))


def check_against_class(shape: Shape, seed: int) -> None:
    """The class decides as the arrays do, on the same outcomes."""
    drawn = random.Random(seed)
    test = SequentialTest(ALPHA, harm_alpha=HARM, share=shape.share, most=None)
    size, other = test.block
    bets, shares = np.array(list(BETS)), np.log(np.array(list(BETS.values())))
    won, lost = shares.copy(), shares.copy()
    for _ in range(300):
        ours = [drawn.random() < shape.candidate for _ in range(size)]
        theirs = [drawn.random() < shape.incumbent for _ in range(other)]
        for success in ours:
            test.update("candidate", success)
        for success in theirs:
            test.update("incumbent", success)
        score = sum(ours) / size - sum(theirs) / other
        won, lost = won + np.log1p(bets * score), lost + np.log1p(-bets * score)
        up, down = (float(_log_sum(capital[None, :])[0]) for capital in (won, lost))
        decision = "promote" if up >= -math.log(ALPHA) else "reject" if down >= -math.log(HARM) else "go_on"
        if decision != test.decision:
            raise AssertionError(f"{shape.name}: the class says {test.decision}, the arrays {decision}")
        if decision != "go_on":
            return


def trials(runs: int, most: int) -> None:
    """Print error rates and speed."""
    print(f"{runs:,} trials each, looked at after every outcome up to {most:,} of the candidate")
    print("no better: promoted (at most 5 %), stopped as harmful (of equal ones at most 10 %)")
    for place, shape in enumerate(EQUAL):
        check_against_class(shape, place)
        decided, _ = play(shape, runs, most, place)
        print(f"  {shape.name:48} {(decided == 1).mean():6.2%} {(decided == -1).mean():7.2%}", flush=True)
    for what, shapes, sign in (("promoted", BETTER, 1), ("stopped", WORSE, -1)):
        print(f"{what}: outcomes of the candidate until then, median and 90 % of them; decided wrongly; undecided")
        for place, shape in enumerate(shapes):
            check_against_class(shape, place)
            decided, after = play(shape, runs, most, 100 + place)
            wrong, undecided = (decided == -sign).mean(), (decided == 0).mean()
            right = np.where(decided == sign, after, NEVER)
            high = np.quantile(right, 0.9)
            told = f"{high:6.0f}" if high < NEVER else "     –"
            print(
                f"  {shape.name:48} {np.median(right):6.0f} {told} {wrong:7.2%} {undecided:7.2%}",
                flush=True,
            )


def intervals(runs: int) -> None:
    """Print how often the confidence sequence is ever on the wrong side of the difference."""
    print(f"confidence sequence: ever wrong in 1,000 outcomes of the candidate, of {runs:,} (at most 5 % each side)")
    for place, (incumbent, candidate) in enumerate(((0.6, 0.8), (0.8, 0.6), (0.5, 0.5), (0.95, 0.9), (0.3, 0.35))):
        drawn, difference = np.random.default_rng(200 + place), candidate - incumbent
        bets, shares = np.array(list(BETS)), np.log(np.array(list(BETS.values())))
        above, below = np.tile(shares, (runs, 1)), np.tile(shares, (runs, 1))
        low, high = np.zeros(runs, bool), np.zeros(runs, bool)
        for _ in range(1_000):
            score = (drawn.random(runs) < candidate).astype(float) - (drawn.random(runs) < incumbent)
            above += np.log1p(np.outer((score - difference) / (1 + difference), bets))
            below += np.log1p(np.outer((difference - score) / (1 - difference), bets))
            low |= _log_sum(above) >= -math.log(ALPHA)
            high |= _log_sum(below) >= -math.log(ALPHA)
        print(f"  {incumbent:.2f} to {candidate:.2f}: low {low.mean():6.2%}, high {high.mean():6.2%}", flush=True)


def service(runs: int) -> None:
    """Print false roll-backs, and how soon a drop is found."""
    print(f"in service: ever rolled back in 2,000 outcomes though nothing changed, of {runs:,} (at most 2.5 %)")
    for rate, reference in ((0.6, 60), (0.8, 60), (0.8, 200), (0.95, 60)):
        found = sum(_drop(rate, rate, reference, 0, 2_000, seed) < NEVER for seed in range(runs))
        print(f"  at {rate:.2f}, a reference of {reference:3}: {found / runs:6.2%} ({found})", flush=True)
    print("drops: outcomes from the drop until the roll-back, median (– not within 1,000); found")
    for before, after in ((0.8, 0.6), (0.9, 0.6), (0.8, 0.3)):
        for reference, at in ((60, 0), (200, 0), (60, 300)):
            times = [_drop(before, after, reference, at, at + 1_000, seed) for seed in range(max(50, runs // 10))]
            middle, found = median(times), sum(each < NEVER for each in times)
            told = f"{middle:4.0f}" if middle < NEVER else "   –"
            name = f"{before:.2f} to {after:.2f}, a reference of {reference}, after {at} in service"
            print(f"  {name:56} {told} {found / len(times):6.0%}", flush=True)


def _drop(before: float, after: float, reference: int, at: int, most: int, seed: int) -> int:
    drawn = random.Random(f"{before} {after} {reference} {at} {seed}")
    test = DropTest(reference, sum(drawn.random() < before for _ in range(reference)))
    for number in range(most):
        if test.update(drawn.random() < (before if number < at else after)) >= math.log(SERVICE):
            return number + 1 - at
    return NEVER


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--most", type=int, default=1_000)
    parser.add_argument("--only", choices=("trials", "intervals", "service"))
    options = parser.parse_args()
    started = time.perf_counter()
    if options.only in (None, "trials"):
        trials(options.runs, options.most)
    if options.only in (None, "intervals"):
        intervals(options.runs)
    if options.only in (None, "service"):
        service(max(100, options.runs // 10))
    print(f"took {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
