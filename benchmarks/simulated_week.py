"""A week of evolution with the clock and the people simulated, and everything else real (docs/evolution.md).

    python -m benchmarks.simulated_week [--days 7] [--per-day 12] [--seed 7] [--folder DIR] [--json]

Builds some eighty agents in the sandbox, and asks some three thousand questions. `--per-day` is how much begins to be
wanted on each day. With `--folder` the log stays, and what was stopped there is gone on with. Exit code 1 where a goal
was missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import anyio

from benchmarks.week.running import Plan, run_week
from benchmarks.week.telling import figures, lines, missed


def main() -> int:
    """Run, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--per-day", type=int, default=14)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true", help="the figures as one JSON document, after the progress")
    options = parser.parse_args()
    plan = Plan(days=options.days, per_day=options.per_day, seed=options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        told = figures(anyio.run(run_week, options.folder or Path(temporary), plan))
    print(json.dumps(told, indent=1) if options.json else "\n".join(["", *lines(told)]))
    for goal in missed(told):
        print(f"missed: {goal}", file=sys.stderr)
    return 1 if missed(told) else 0


if __name__ == "__main__":
    sys.exit(main())
