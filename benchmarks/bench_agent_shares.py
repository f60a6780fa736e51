"""How shares of improved agents end, simulated: promoted, taken back on trial, or after it.

    python -m benchmarks.bench_agent_shares [--trials 200] [--calls 500]

Calls of both versions at given shares of failures, a fifth of them of the improved one; their times are log-normal, and
those of the improved one longer by a factor. It is judged after each of its calls, with the settings' defaults.
"""

from __future__ import annotations

import argparse

from tests.supervisor.evolution.test_trial_judgement import trials

SCENARIOS = (
    ("as good, 2 % fail", 0.02, 0.02, 1.0),
    ("as good, 10 % fail", 0.10, 0.10, 1.0),
    ("10 % fail, before 2 %", 0.10, 0.02, 1.0),
    ("20 % fail, before 2 %", 0.20, 0.02, 1.0),
    ("half fail, before 2 %", 0.50, 0.02, 1.0),
    ("twice as slow", 0.02, 0.02, 2.0),
    ("three times as slow", 0.02, 0.02, 3.0),
)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--calls", type=int, default=500)
    given = parser.parse_args()
    print(f"{'the improved version':26} promoted  then taken back  taken back on trial  still on trial")
    for name, bad, good, slower in SCENARIOS:
        found = trials(given.trials, given.calls, bad, good, slower=slower, seed=7)
        shares = [
            100 * sum(one == end for one in found) / len(found)
            for end in ("promoted", "promoted rolled back", "rolled back", "")
        ]
        print(f"{name:26} {shares[0]:7.1f}% {shares[1]:15.1f}% {shares[2]:19.1f}% {shares[3]:14.1f}%", flush=True)


if __name__ == "__main__":
    main()
