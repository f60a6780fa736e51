"""The report's plots: small SVG images that stand in the page and take its colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Interval", "forest", "outcomes", "scatter"]

_SIZE = 300
_MARGIN = 60


@dataclass(frozen=True, slots=True)
class Interval:
    """A line of a forest plot: a difference in percent with its interval; `is_clear` where it is significant."""

    label: str
    value: float
    low: float
    high: float
    is_clear: bool


def scatter(title: str, unit: str, points: Sequence[tuple[float, float]], names: tuple[str, str]) -> str:
    """Each request as a point: the first engine's figure to the right, the second's upwards, both logarithmic.

    Above the diagonal the second engine needed more. Empty where there is nothing to show.
    """
    shown = [(first, second) for first, second in points if first > 0 and second > 0]
    if not shown:
        return ""
    figures = [figure for point in shown for figure in point]
    low, high = math.log10(min(figures)) - 0.08, math.log10(max(figures)) + 0.08
    span = max(high - low, 0.2)

    def at(figure: float) -> float:
        return _MARGIN + (math.log10(figure) - low) / span * _SIZE

    bottom = _MARGIN / 2 + _SIZE
    parts = [f'<rect class="frame" x="{_MARGIN}" y="{_MARGIN / 2}" width="{_SIZE}" height="{_SIZE}"/>']
    for tick in _ticks(10**low, 10 ** (low + span)):
        place, label = at(tick), escape(_short(tick))
        upwards = bottom + _MARGIN - place
        parts.append(f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="{_MARGIN / 2}" y2="{bottom}"/>')
        parts.append(
            f'<line class="grid" x1="{_MARGIN}" x2="{_MARGIN + _SIZE}" y1="{upwards:.1f}" y2="{upwards:.1f}"/>'
        )
        parts.append(f'<text class="tick" x="{place:.1f}" y="{bottom + 16}" text-anchor="middle">{label}</text>')
        parts.append(f'<text class="tick" x="{_MARGIN - 6}" y="{upwards + 4:.1f}" text-anchor="end">{label}</text>')
    parts.append(f'<line class="even" x1="{_MARGIN}" y1="{bottom}" x2="{_MARGIN + _SIZE}" y2="{_MARGIN / 2}"/>')
    parts += [
        f'<circle class="dot" cx="{at(first):.1f}" cy="{bottom + _MARGIN - at(second):.1f}" r="4"/>'
        for first, second in shown
    ]
    legend = f" in {unit}" if unit else ""
    middle = _MARGIN + _SIZE / 2
    parts.append(f'<text class="axis" x="{middle}" y="{bottom + 36}" text-anchor="middle">{escape(names[0])}</text>')
    parts.append(
        f'<text class="axis" x="12" y="{_MARGIN / 2 + _SIZE / 2}" text-anchor="middle" '
        f'transform="rotate(-90 12 {_MARGIN / 2 + _SIZE / 2})">{escape(names[1])}</text>'
    )
    return _figure(f"{title}{legend}, request by request", _svg(_SIZE + _MARGIN + 16, bottom + 44, parts, title))


def forest(lines: Sequence[Interval]) -> str:
    """Differences with their intervals, on one scale in percent. Empty where there is nothing to show."""
    if not lines:
        return ""
    reach = max([10.0, *(min(400.0, abs(bound)) for line in lines for bound in (line.low, line.high))])
    left, width, height = 110, 480, 30
    middle = left + width / 2

    def at(percent: float) -> float:
        return middle + max(-1.0, min(1.0, percent / reach)) * width / 2

    bottom = 20 + height * len(lines)
    parts = [f'<line class="even" x1="{middle}" x2="{middle}" y1="10" y2="{bottom}"/>']
    for row, line in enumerate(lines):
        y = 20 + height * row + height / 2
        kind = "clear" if line.is_clear else "unclear"
        parts.append(f'<text class="axis" x="{left - 10}" y="{y + 4}" text-anchor="end">{escape(line.label)}</text>')
        parts.append(f'<line class="bar {kind}" x1="{at(line.low):.1f}" x2="{at(line.high):.1f}" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle class="mark {kind}" cx="{at(line.value):.1f}" cy="{y}" r="5"/>')
    for share in (-1, -0.5, 0, 0.5, 1):
        label = f"{share * reach:+.0f} %" if share else "0"
        parts.append(
            f'<text class="tick" x="{at(share * reach):.1f}" y="{bottom + 16}" text-anchor="middle">{label}</text>'
        )
    return _figure(
        "The second engine against the first, with intervals of 95 %; hollow: not significant",
        _svg(left + width + 40, bottom + 26, parts, "Differences with intervals"),
    )


def outcomes(both: int, only_first: int, only_second: int, neither: int, names: tuple[str, str]) -> str:
    """Which of the engines succeeded, as one divided bar."""
    total = both + only_first + only_second + neither
    if not total:
        return ""
    shares = (
        ("both", "both", both),
        ("first", f"only {names[0]}", only_first),
        ("second", f"only {names[1]}", only_second),
        ("neither", "neither", neither),
    )
    parts: list[str] = []
    x = 0.0
    for kind, _, number in shares:
        width = 700 * number / total
        if number:
            parts.append(f'<rect class="share {kind}" x="{x:.1f}" y="0" width="{width:.1f}" height="26"/>')
        x += width
    place = 0.0
    for kind, label, number in shares:
        parts.append(f'<rect class="share {kind}" x="{place:.0f}" y="38" width="12" height="12"/>')
        parts.append(f'<text class="axis" x="{place + 18:.0f}" y="49">{escape(label)}: {number}</text>')
        place += 190
    return _figure("Who succeeded", _svg(760, 56, parts, "Who succeeded"))


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
    return f'<svg {size} role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _figure(caption: str, image: str) -> str:
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def _ticks(low: float, high: float) -> list[float]:
    """Round figures between two others: powers of ten, with 2 and 5 where there are few of them."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        ticks = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(ticks) >= 3:
            break
    return ticks


def _short(figure: float) -> str:
    return f"{figure / 1000:g}k" if figure >= 1_000 else f"{figure:g}"
