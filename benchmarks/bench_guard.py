"""Plays requests to the guard of variants: how soon it stops a bad one, and how often it stops one that is not.

    python -m benchmarks.bench_guard [--runs 500] [--only errors]

Each run is a rollout of its own, drawn by a seed. "Of its own" are the requests of the bad variant, from the moment
when it turned bad until it was turned off, "of all" those of the reference meanwhile as well. A false stop is one of a
variant that is just like the reference.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from common.rollout_settings import GuardSettings
from supervisor.comparison.statistics import wilson
from supervisor.guard.judgement import judge
from supervisor.guard.record import FlagRecord, Slowness

SETTINGS = GuardSettings()
SLOWNESS = Slowness(SETTINGS.slow_factor, SETTINGS.slow_seconds)
NEVER = 1_000_000
LONG = 10_000


@dataclass(frozen=True, slots=True)
class Rollout:
    """`share` of the requests get the variant; it fails like the reference (`good`) until it turns bad.

    `history` are requests of the reference beforehand, `bad_from` is the request at which it happens. `slower` is by
    how many times it gets slower then; `common` says that all of it strikes the reference, too.
    """

    name: str
    share: float
    history: int = 0
    bad_from: int = 0
    good: float = 0.02
    bad: float = 0.3
    slower: float = 1.0
    common: bool = False


RISING = (
    Rollout("canary 10 %, bad from its first request", 0.1),
    Rollout("canary 10 %, bad after 500 requests", 0.1, bad_from=500),
    Rollout("half and half, bad after 500 requests", 0.5, bad_from=500),
    Rollout("half and half, bad after 5,000 requests", 0.5, bad_from=5_000),
    Rollout("all of it, the reference has 200 requests", 1.0, history=200),
    Rollout("half and half from the first request, nothing known", 0.5),
)
SLOWING = (
    Rollout("half and half, 3 times slower after 500", 0.5, bad_from=500, bad=0.02, slower=3.0),
    Rollout("half and half, 10 times slower after 500", 0.5, bad_from=500, bad=0.02, slower=10.0),
)
EQUAL = tuple(
    Rollout(f"equal, {100 * rate:g} % fail, {name}", share, good=rate, bad=rate)
    for rate in (0.001, 0.02, 0.1, 0.3)
    for name, share in (("half and half", 0.5), ("canary 10 %", 0.1))
)
OUTAGE = (
    Rollout("both rise from 2 to 30 % at once, half and half", 0.5, bad_from=500, common=True),
    Rollout("both rise from 2 to 30 % at once, canary 10 %", 0.1, bad_from=500, common=True),
)


def play(rollout: Rollout, drawn: random.Random, requests: int) -> tuple[int, int]:
    """Requests of the variant, and all requests, from its turning bad to its being stopped; `NEVER` for none."""
    record, served = FlagRecord(), 0
    for number in range(-rollout.history, requests):
        of_variant = number >= 0 and drawn.random() < rollout.share
        is_bad = number >= rollout.bad_from and (of_variant or rollout.common)
        served += of_variant and is_bad
        failed = drawn.random() < (rollout.bad if is_bad else rollout.good)
        seconds = drawn.lognormvariate(0, 0.5) * (rollout.slower if is_bad else 1.0)
        record.count("on" if of_variant else "off", not of_variant, failed, seconds, SLOWNESS)
        if of_variant and judge(record, SETTINGS) is not None:
            return served, number - rollout.bad_from + 1
    return NEVER, NEVER


def stopping(rollouts: tuple[Rollout, ...], runs: int) -> None:
    """Print how soon bad variants are stopped."""
    for rollout in rollouts:
        drawn = random.Random(rollout.name)
        played = [play(rollout, drawn, rollout.bad_from + 6_000) for _ in range(runs)]
        stopped = [own for own, _ in played]
        never = stopped.count(NEVER)
        ninety = quantiles(stopped, n=10)[8]
        print(
            f"  {rollout.name:52} median {median(stopped):5.0f} of its own ({median(every for _, every in played):.0f} "
            f"of all), nine in ten within {ninety:5.0f}{f', never in {never}' if never else ''} ({runs} runs)",
            flush=True,
        )


def false_stops(rollouts: tuple[Rollout, ...], runs: int, requests: Callable[[Rollout], int]) -> None:
    """Print how often a variant is stopped that is no worse than the reference."""
    for rollout in rollouts:
        drawn = random.Random(rollout.name)
        stops = sum(play(rollout, drawn, requests(rollout))[0] != NEVER for _ in range(runs))
        low, high = wilson(stops, runs)
        print(
            f"  {rollout.name:52} {stops} of {runs} runs of {requests(rollout):,} requests stopped "
            f"(95 %: {100 * low:.2f} to {100 * high:.2f} %)",
            flush=True,
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--only", choices=("errors", "latency", "equal", "outage"))
    options = parser.parse_args()
    started = time.perf_counter()
    if options.only in (None, "errors"):
        print("errors rise from 2 to 30 %:")
        stopping(RISING, options.runs)
    if options.only in (None, "latency"):
        print("latency rises:")
        stopping(SLOWING, options.runs)
    if options.only in (None, "equal"):
        print("equal variants:")
        false_stops(EQUAL, options.runs, lambda _: LONG)
    if options.only in (None, "outage"):
        print("an outage that strikes both:")
        false_stops(OUTAGE, options.runs, lambda rollout: rollout.bad_from + 1_000)
    print(f"took {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
