"""What monitoring costs: the CPU time of one sample, of an analysis, and what that is of a core.

    python -m benchmarks.bench_monitoring [--samples 200] [--load 20]

A supervisor on an SQLite log handles `--load` requests between two samples, which are not counted; each sample reads
everything and is durable in the log. `--days` fills the log with so many days of samples first.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

import anyio

from common.settings import StoreSettings
from events.catalogue.system import SystemSampled
from supervisor import Supervisor
from supervisor.testing import offline_settings

REQUESTS = ("set a timer for 5 minutes", "turn on the kitchen light", "what is 2+2")


async def measure(samples: int, load: int, days: float) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        store = StoreSettings(url=f"sqlite:///{Path(folder) / 'log.db'}")
        settings = offline_settings(Path(folder)).model_copy(update={"store": store})
        async with Supervisor(settings, background=False) as supervisor:
            for number in range(5):
                supervisor.metric(f"own_{number}", lambda: 1.0)
            await supervisor.process_request(REQUESTS[0])
            first = await supervisor.monitoring.sample()
            await fill(supervisor, first, days)
            spent: list[float] = []
            for _ in range(samples):
                for number in range(load):
                    await supervisor.process_request(REQUESTS[number % len(REQUESTS)])
                await supervisor.views.catch_up()  # which a loop of its own does
                before = time.process_time()
                await supervisor.monitoring.sample()
                spent.append(time.process_time() - before)
            every = settings.monitoring.sample_every
            middle, worst = median(spent), quantiles(spent, n=20)[-1]
            print(f"sample: {middle * 1e3:.2f} ms of CPU (p95 {worst * 1e3:.2f}), {middle / every:.4%} of a core")
            size = len(first.model_dump_json())
            print(f"        an event of about {size:,} bytes, {size * 86_400 / every / 1e6:.1f} MB a day")
            for name in ("first analysis", "analysis"):
                before = time.process_time()
                report = await supervisor.monitoring.trigger_analysis()
                told = time.process_time() - before
                share = told / settings.monitoring.analyze_every
                print(f"{name}: {told:.3f} s of CPU, {share:.3%} of a core; failed: {dict(report.failed)}")


async def fill(supervisor: Supervisor, sample: SystemSampled, days: float) -> None:
    """Put samples of the past into the log."""
    every = timedelta(seconds=30)
    count = int(days * 86_400 / 30)
    made = [sample.model_copy(update={"at": sample.at - every * (count - number)}) for number in range(count)]
    for start in range(0, count, 500):
        await supervisor.store.append(f"system/{sample.node}", made[start : start + 500])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--load", type=int, default=20)
    parser.add_argument("--days", type=float, default=2.0)
    given = parser.parse_args()
    anyio.run(measure, given.samples, given.load, given.days)
