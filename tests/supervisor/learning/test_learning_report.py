"""The page of plots: what it shows, that it holds on its own, and that text in it stays text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from supervisor.cli.learn_report import report
from supervisor.cli.main import main
from supervisor.learning.plots import EffectLine, TrialChart, effect_bars, reliability_diagram, trial_sequence
from supervisor.learning.reliability import reliability
from supervisor.learning.report_page import LearningReport, report_page
from supervisor.learning.report_sources import JudgedRun, success_charts, trial_chart
from supervisor.learning.trial_reports import ArmReport, TrialReport, TrialState

HOSTILE = '<script>alert("x")</script>&'


def judged(count: int, good: int, version: str = "", *, kind: str = "worker", timed: bool = True) -> list[JudgedRun]:
    return [JudgedRun(kind, version, n < good, 1_790_000_000.0 + 60 * n if timed else None, n) for n in range(count)]


def path(low: float, high: float) -> list[tuple[int, float, float, float]]:
    return [(n, (low + high) / 2, low - 1 / n, high + 1 / n) for n in range(1, 40)]


class Page(HTMLParser):
    """Elements that are open at the end, and everything that would be fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.words = ""
        self.kinds: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kinds.append(tag)
        self.fetched += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kinds.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data + "\n"


def whole() -> LearningReport:
    chances = [n / 200 for n in range(200)]
    return LearningReport(
        success=success_charts([*judged(60, 40), *judged(60, 50, "1.0.0"), *judged(9, 9, kind=HOSTILE)]),
        effects=[
            EffectLine("worker", HOSTILE, -0.2, -0.3, -0.1, 40, 0.8, HOSTILE),
            EffectLine("b", "calls x", 0, -1, 1, 9, 0.7),
        ],
        trials=[TrialChart(HOSTILE, "rejected: it does harm", False, path(-0.4, -0.1), [("1", 39, 10), ("0", 39, 30)])],
        reliability=reliability(chances, [n % 200 < 100 for n in range(200)]),
        calibration_error=0.25,
        judged=200,
    )


def test_the_page_is_well_formed_and_fetches_nothing() -> None:
    text = report_page(whole(), "Made now.")
    page = Page(text)
    assert page.open == []
    assert page.fetched == []
    assert not re.search(r"url\(|@import|https?:", text)
    assert "script" not in page.kinds
    assert page.words.count(HOSTILE) >= 3
    assert "prefers-color-scheme:dark" in text
    assert page.kinds.count("svg") == 2 + 2 + 1 + 1


def test_an_empty_report_says_what_is_not_there_yet() -> None:
    page = Page(report_page(LearningReport(), "Made now."))
    assert page.open == []
    assert "svg" not in page.kinds
    for words in ("No run with a known outcome", "No pattern was accepted", "No trial was started", "Too few runs"):
        assert words in page.words


def test_success_is_counted_by_version() -> None:
    (chart,) = success_charts([*judged(60, 30), *judged(40, 40, "1.0.0")])
    assert chart.timed
    assert [(series.version, series.runs, series.good) for series in chart.series] == [
        ("no guideline", 60, 30),
        ("1.0.0", 40, 40),
    ]
    for series in chart.series:
        assert sum(point.runs for point in series.points) == series.runs
        assert sum(point.runs * point.rate for point in series.points) == pytest.approx(series.good)
        assert [point.at for point in series.points] == sorted(point.at for point in series.points)
    (untimed,) = success_charts([*judged(30, 10), *judged(30, 10, "2.0.0", timed=False)])
    assert not untimed.timed
    assert untimed.series[-1].points[-1].at <= 60


def coordinates(image: str, kind: str) -> tuple[float, float]:
    found = re.search(rf'class="bar {kind}" x1="([\d.]+)" x2="([\d.]+)"', image)
    assert found is not None, image
    return float(found[1]), float(found[2])


def test_effects_stand_on_one_scale() -> None:
    lines = [EffectLine("a", "x", effect, effect - 0.1, effect + 0.1, 9, 0.7) for effect in (0.3, -0.3, 0.0)]
    good, bad, unclear = effect_bars(lines)
    (low, high), (other_low, other_high) = coordinates(good, "good"), coordinates(bad, "bad")
    assert other_low < other_high < low < high
    middle = coordinates(unclear, "open")
    assert other_high < sum(middle) / 2 < low
    assert high - low == pytest.approx(other_high - other_low, abs=0.2)


@pytest.mark.parametrize(
    ("state", "why", "good", "verdict"),
    [
        ("promoted", "better", True, "promoted: it does better"),
        ("rejected", "harm", False, "rejected: it does harm"),
        ("running", "", None, "goes on"),
        ("waiting", "better", None, "waits for a person: it does better"),
    ],
)
def test_a_trial_tells_its_decision(state: TrialState, why: str, good: bool | None, verdict: str) -> None:
    now = datetime(2026, 11, 16, tzinfo=UTC)
    trial = TrialReport(
        "worker", "1.1.0", None, 0.5, state, why, 0.05, 0.1, None, now, None, None, ArmReport(40, 39, 30),
        ArmReport(40, 39, 20), 0.25, 0.1, 0.4, 21.0, 0.1, path(0.1, 0.4),
    )  # fmt: skip
    chart = trial_chart(trial)
    assert (chart.title, chart.verdict, chart.is_good) == ("worker 1.1.0 against no guideline", verdict, good)
    assert verdict in trial_sequence(chart)
    assert list(chart.arms) == [("1.1.0", 39, 30), ("no guideline", 39, 20)]


def test_nothing_to_draw_is_no_image() -> None:
    assert trial_sequence(TrialChart("t", "goes on", None, [])) == ""
    assert reliability_diagram([]) == ""
    assert effect_bars([]) == []
    assert success_charts([]) == []


def test_the_command_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    for _ in range(2):
        assert main(["ask", "--quiet", "how are you?"]) == 0
    assert report(html=tmp_path / "page.html") == 0
    assert "page.html" in capsys.readouterr().err
    page = Page((tmp_path / "page.html").read_text())
    assert "conversation" in page.words
    assert (tmp_path / "page.html").stat().st_mode & 0o077 == 0
    with pytest.raises(Exception, match="can't be written"):
        report(html=tmp_path / "nowhere" / "page.html")
