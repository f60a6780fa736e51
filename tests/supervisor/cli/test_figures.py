"""Figures with their units."""

from __future__ import annotations

from supervisor.cli.figures import figure_lines


def test_every_figure_has_its_unit() -> None:
    figures = {
        "seconds": 1.234, "peak_memory": 50_675_712, "coverage": 0.9474, "instantiation_us": 0.18, "memory_kib": 0.0477,
        "tests": 12_345, "warm_up_ms": 3.0, "in_sandbox": True, "backend": "bubblewrap", "rest": [1, 2],
    }  # fmt: skip
    assert figure_lines(figures) == [
        "the checks took: 1.23 s",
        "most memory of the checks: 48.3 MiB",
        "coverage of the code by its tests: 94.7 %",
        "making an instance: 0.18 µs",
        "memory of an instance: 0.0477 KiB",
        "tests: 12,345",
        "warm up: 3 ms",
        "in sandbox: true",
        "backend: bubblewrap",
        "rest: [1, 2]",
    ]
