"""The Grafana dashboard and the Prometheus rules under docs/ops name only what is exported."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from events.state.improvement import ImprovementStatus
from supervisor import Supervisor
from supervisor.testing import offline_settings

OPS = Path(__file__).parents[1] / "docs" / "ops"
RULES = OPS / "prometheus-alerts.yml"
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
ADDED = {"job", "instance", "le"}
"""Labels that Prometheus adds, and that of a histogram's buckets."""


def dashboard() -> dict[str, Any]:
    return json.loads((OPS / "grafana-dashboard.json").read_text())


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())]
    return [*panels, *(rule["expr"] for rule in rules())]


@pytest.fixture
async def exported(tmp_path: Path) -> tuple[Mapping[str, set[str]], set[str]]:
    """The labels of every series by its name, and the figures of a sample."""
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        await supervisor.monitoring.sample()
        sample = await supervisor.monitoring.sample()
        figures = {*sample.figures, *sample.absent}
        registry = supervisor.metrics_registry
        kept = list(registry._collector_to_names)
        families = list(registry.collect())
    series: dict[str, set[str]] = {}
    labels = {each._name: set(each._labelnames) for each in kept if isinstance(each, MetricWrapperBase)}
    for family in families:
        own: set[str] = labels.get(family.name) or _labels(family)
        for suffix in SUFFIXES[family.type]:
            series[family.name + suffix] = own
    return series, figures


def _labels(family: Metric) -> set[str]:
    return set(getattr(family, "_labelnames", ()))


def test_there_is_something_to_check() -> None:
    assert len(expressions()) > 40
    assert len(rules()) > 10


async def test_every_metric_and_label_is_exported(exported: tuple[Mapping[str, set[str]], set[str]]) -> None:
    series, figures = exported
    for expression in expressions():
        for name, selector in re.findall(r"\b(supervisor_\w+)(?:\{([^}]*)\})?", expression):
            assert name in series, f"{name} in {expression}"
            for label, _, value in re.findall(r"(\w+)(=~|!=|=)\"([^\"]*)\"", selector):
                assert label in series[name] | ADDED, f"{label} of {name} in {expression}"
                if label == "figure":
                    assert set(value.split("|")) <= figures, expression
                if (name, label) == ("supervisor_improvements", "status"):
                    assert value in set(ImprovementStatus), expression
        for by in re.findall(r"\bby \(([^)]*)\)", expression):
            named = [series[name] for name, _ in re.findall(r"\b(supervisor_\w+)(\{|\[|\)|$|\s)", expression)]
            for label in by.split(","):
                assert all(label.strip() in labels | ADDED for labels in named), f"{label} in {expression}"


async def test_variables_of_the_dashboard_name_a_metric_that_is_always_there(
    exported: tuple[Mapping[str, set[str]], set[str]],
) -> None:
    queries = [each["query"]["query"] for each in dashboard()["templating"]["list"] if each["type"] == "query"]
    assert queries
    for query in queries:
        assert re.findall(r"supervisor_\w+", query)[0] in exported[0]


def test_the_dashboard_can_be_imported_anywhere() -> None:
    found = dashboard()
    numbers = [panel["id"] for panel in found["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in found["panels"] if panel["type"] != "row")
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in found["panels"]):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_brackets_are_closed() -> None:
    for expression in expressions():
        for one, other in ("()", "{}", "[]"):
            assert expression.count(one) == expression.count(other), expression


def test_promtool_has_nothing_against_the_rules(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool (Debian: the package prometheus)")
    panels = {"groups": [{"name": "panels", "rules": [
        {"record": f"panel:number_{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions())
    ]}]}  # fmt: skip
    written = tmp_path / "panels.yml"
    written.write_text(yaml.safe_dump(panels))
    done = subprocess.run(
        [promtool, "check", "rules", str(RULES), str(written)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
