"""The plots of learning: small SVG images that take the colours of the page they stand in.

Each is drawn 360 units wide, so that on a phone its letters have the size they are drawn with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from math import ceil

from supervisor.learning.reliability import ReliabilityBin

__all__ = [
    "COLOURS",
    "EffectLine",
    "SuccessChart",
    "SuccessPoint",
    "SuccessSeries",
    "TrialChart",
    "effect_bars",
    "reliability_diagram",
    "success_over_time",
    "trial_sequence",
]

COLOURS = 6
"""Classes `c0` to `c5` that tell series apart; a further series takes the first again."""

_WIDTH, _HEIGHT = 360.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 10.0, 34.0
_MARKS = ("circle", "square", "diamond")


@dataclass(frozen=True, slots=True)
class SuccessPoint:
    """Runs of one stretch of time: `at` is its middle (a time, or a number of runs), rates are 0 to 1."""

    at: float
    rate: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True, slots=True)
class SuccessSeries:
    """One version over time, and over all of it: `runs` of which `good` went well, with the interval of their share."""

    version: str
    points: Sequence[SuccessPoint]
    runs: int
    good: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SuccessChart:
    """The versions of an agent type. With `timed`, points are at POSIX times, else at numbers of runs."""

    agent_type: str
    series: Sequence[SuccessSeries]
    timed: bool


@dataclass(frozen=True, slots=True)
class EffectLine:
    """An accepted pattern: by how much success differs where it is shown (-1 to 1), with its interval."""

    agent_type: str
    label: str
    effect: float
    low: float
    high: float
    support: int
    confidence: float
    caution: str = ""


@dataclass(frozen=True, slots=True)
class TrialChart:
    """A trial's confidence sequence: outcomes of the candidate by then, difference, low, high (-1 to 1).

    `verdict` is what it came to, in words; `is_good` whether that put the candidate into service, None while open.
    """

    title: str
    verdict: str
    is_good: bool | None
    path: Sequence[tuple[int, float, float, float]]
    arms: Sequence[tuple[str, int, int]] = field(default_factory=tuple[tuple[str, int, int], ...])


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where figures stand: `x` and `y` are (lowest, highest)."""

    x: tuple[float, float]
    y: tuple[float, float]
    height: float = _HEIGHT

    def across(self, value: float) -> float:
        low, high = self.x
        return _LEFT + (value - low) / (high - low or 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        low, high = self.y
        share = (min(max(value, low), high) - low) / (high - low or 1.0)
        return self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM)

    def grid(self, rows: Sequence[tuple[float, str]], columns: Sequence[tuple[float, str]], label: str) -> list[str]:
        """Lines and figures of both axes, and the words below."""
        bottom = self.height - _BOTTOM
        parts: list[str] = []
        for value, text in rows:
            y = self.up(value)
            parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>')
        for place, (value, text) in enumerate(columns):
            anchor = "start" if place == 0 else "end" if place == len(columns) - 1 else "middle"
            x = self.across(value)
            parts.append(
                f'<text class="tick" x="{x:.1f}" y="{bottom + 14}" text-anchor="{anchor}">{escape(text)}</text>'
            )
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts.append(
            f'<text class="axis" x="{middle}" y="{self.height - 4}" text-anchor="middle">{escape(label)}</text>'
        )
        return parts


_SHARES = tuple((share / 4, f"{share * 25} %") for share in range(5))


def success_over_time(chart: SuccessChart) -> str:
    """The success rate of each version, stretch by stretch, with intervals of 95 %. Empty without any point."""
    ats = [point.at for series in chart.series for point in series.points]
    if not ats:
        return ""
    low, high = min(ats), max(ats)
    room = (high - low) * 0.04 or 1.0
    frame = _Frame((low - room, high + room), (0.0, 1.0))
    ends = [(low, _when(low, chart.timed))] if low == high else [(at, _when(at, chart.timed)) for at in (low, high)]
    parts = frame.grid(_SHARES, ends, "time" if chart.timed else "runs in their order")
    for number, series in enumerate(chart.series):
        colour = f"c{number % COLOURS}"
        places = [(frame.across(point.at), point) for point in series.points]
        line = " ".join(f"{x:.1f},{frame.up(point.rate):.1f}" for x, point in places)
        parts.append(f'<polyline class="line {colour}" points="{line}"/>')
        for x, point in places:
            parts.append(
                f'<line class="whisker {colour}" x1="{x:.1f}" x2="{x:.1f}" y1="{frame.up(point.low):.1f}" '
                f'y2="{frame.up(point.high):.1f}"/>'
            )
            words = f"{series.version}: {point.rate:.0%} of {point.runs} runs ({point.low:.0%} to {point.high:.0%})"
            parts.append(_mark(number, x, frame.up(point.rate), words))
    return _svg(parts, frame.height, f"Success of {chart.agent_type} over time")


def effect_bars(lines: Sequence[EffectLine]) -> list[str]:
    """One bar a pattern, all on one scale; what stands beside them is up to the page."""
    reach = max([0.1, *(min(1.0, abs(bound)) for line in lines for bound in (line.low, line.high))])
    images: list[str] = []
    for line in lines:
        frame = _Frame((-reach, reach), (0.0, 1.0), 30.0)
        at = [frame.across(min(max(value, -reach), reach)) for value in (line.low, line.effect, line.high)]
        zero = frame.across(0.0)
        kind = "good" if line.low > 0 else "bad" if line.high < 0 else "open"
        words = f"{line.effect:+.0%} ({line.low:+.0%} to {line.high:+.0%})"
        parts = [
            f'<line class="zero" x1="{zero:.1f}" x2="{zero:.1f}" y1="2" y2="28"/>',
            f'<line class="bar {kind}" x1="{at[0]:.1f}" x2="{at[2]:.1f}" y1="15" y2="15"/>',
            f'<circle class="mark {kind}" cx="{at[1]:.1f}" cy="15" r="5"><title>{words}</title></circle>',
        ]
        images.append(_svg(parts, 30.0, words))
    return images


def trial_sequence(chart: TrialChart) -> str:
    """The difference between the arms, outcome by outcome, within its confidence sequence. Empty without a path."""
    if not chart.path:
        return ""
    later = chart.path[len(chart.path) // 4 :]  # at its beginning a sequence is as wide as can be
    widest = max(min(1.0, abs(value)) for _, *values in later for value in values)
    reach = max(1, ceil(widest * 5)) / 5
    last = chart.path[-1]
    first = chart.path[0][0]
    frame = _Frame((min(first, last[0] - 1), last[0]), (-reach, reach))
    rows = [(share * reach, f"{100 * share * reach:+.0f}" if share else "0") for share in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    columns = [(float(first), str(first)), (float(last[0]), str(last[0]))] if first != last[0] else [(float(first), "")]
    parts = frame.grid(rows, columns, "outcomes of the candidate; upwards: points of difference")
    upper = [(frame.across(n), frame.up(high)) for n, _, _, high in chart.path]
    lower = [(frame.across(n), frame.up(low)) for n, _, low, _ in chart.path]
    band = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*upper, *reversed(lower)))
    line = " ".join(f"{frame.across(n):.1f},{frame.up(value):.1f}" for n, value, *_ in chart.path)
    kind = "open" if chart.is_good is None else "good" if chart.is_good else "bad"
    zero = frame.up(0.0)
    words = f"{last[1]:+.0%} ({last[2]:+.0%} to {last[3]:+.0%}): {chart.verdict}"
    parts += [
        f'<polygon class="band {kind}" points="{band}"/>',
        f'<line class="zero" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}"/>',
        f'<polyline class="line {kind}" points="{line}"/>',
        f'<circle class="mark {kind}" cx="{frame.across(last[0]):.1f}" cy="{frame.up(last[1]):.1f}" r="5">'
        f"<title>{escape(words)}</title></circle>",
    ]
    return _svg(parts, frame.height, f"Trial of {chart.title}: {words}")


def reliability_diagram(bins: Sequence[ReliabilityBin]) -> str:
    """What was said against what came of it; on the diagonal, predictions are calibrated. Empty without bins."""
    if not bins:
        return ""
    height = _WIDTH - _LEFT - _RIGHT + _TOP + _BOTTOM
    frame = _Frame((0.0, 1.0), (0.0, 1.0), height)
    parts = frame.grid(_SHARES, _SHARES, "expected success")
    parts.append(
        f'<line class="zero" x1="{frame.across(0):.1f}" y1="{frame.up(0):.1f}" x2="{frame.across(1):.1f}" '
        f'y2="{frame.up(1):.1f}"/>'
    )
    for each in bins:
        x = frame.across(each.said)
        parts.append(
            f'<line class="whisker c0" x1="{x:.1f}" x2="{x:.1f}" y1="{frame.up(each.low):.1f}" '
            f'y2="{frame.up(each.high):.1f}"/>'
        )
        words = f"expected {each.said:.0%}, was {each.was:.0%} of {each.runs} runs"
        parts.append(_mark(0, x, frame.up(each.was), words))
    return _svg(parts, height, "Expected success against what came of it")


def _mark(number: int, x: float, y: float, words: str) -> str:
    """A point whose shape and colour tell its series."""
    title, kind = f"<title>{escape(words)}</title>", f'class="point c{number % COLOURS}"'
    match _MARKS[number % len(_MARKS)]:
        case "circle":
            return f'<circle {kind} cx="{x:.1f}" cy="{y:.1f}" r="4">{title}</circle>'
        case "square":
            return f'<rect {kind} x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7">{title}</rect>'
        case _:
            corners = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}"
            return f'<polygon {kind} points="{corners}">{title}</polygon>'


def _svg(parts: Sequence[str], height: float, title: str) -> str:
    size = f'viewBox="0 0 {_WIDTH:.0f} {height:.0f}"'
    return f'<svg {size} role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _when(at: float, timed: bool) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y %H:%M UTC") if timed else f"{at:.0f}"
