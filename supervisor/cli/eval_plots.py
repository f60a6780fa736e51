"""The pictures of `eval routing`: a reliability diagram and a confusion matrix, as PNG files."""

from __future__ import annotations

from pathlib import Path

from common.errors import ConfigurationError
from common.raster import Raster
from roles.scorer.evaluation import RoutingReport

__all__ = ["confusion_matrix", "reliability_diagram", "write_plots"]

_INK, _SOFT, _GRID = (28, 36, 48), (91, 102, 117), (217, 222, 229)
_BLUE = (31, 111, 235)
_SIZE, _LEFT, _TOP = 480, 90, 50
_CELL, _ROW = 110, 56


def write_plots(report: RoutingReport, prefix: Path) -> tuple[Path, Path]:
    """Write ``PREFIX-reliability.png`` and ``PREFIX-confusion.png``. Raises `ConfigurationError` where that fails."""
    found: list[Path] = []
    for kind, picture in (("reliability", reliability_diagram(report)), ("confusion", confusion_matrix(report))):
        path = prefix.with_name(f"{prefix.name}-{kind}.png")
        try:
            path.write_bytes(picture.png())
        except OSError as error:
            raise ConfigurationError(
                f"the picture can't be written: {error.strerror or error}",
                where=str(path),
                todo="Give --png-prefix a folder that is there and can be written to.",
            ) from None
        found.append(path)
    return found[0], found[1]


def reliability_diagram(report: RoutingReport) -> Raster:
    """Confidence to the right, the share that was right upwards; on the diagonal the two agree."""
    page = Raster(_LEFT + _SIZE + 40, _TOP + _SIZE + 70)
    bottom = _TOP + _SIZE
    for tick in range(0, 11, 2):
        offset = _SIZE * tick // 10
        page.line(_LEFT + offset, _TOP, _LEFT + offset, bottom, _GRID)
        page.line(_LEFT, bottom - offset, _LEFT + _SIZE, bottom - offset, _GRID)
        label = f"{tick / 10:.1f}"
        page.text(_LEFT + offset - 16, bottom + 10, label, _SOFT)
        page.text(_LEFT - 44, bottom - offset - 7, label, _SOFT)
    for each in report.reliability:
        left = _LEFT + round(_SIZE * each.low)
        width = round(_SIZE * (each.high - each.low)) - 2
        height = round(_SIZE * each.accuracy)
        page.fill(left + 1, bottom - height, width, height, _shade(0.35))
        at = round(_SIZE * each.confidence)
        page.fill(_LEFT + at - 3, bottom - height - 3, 7, 7, _BLUE)
        page.text(left + 2, bottom - height - 16, str(each.count), _SOFT, 1)
    page.line(_LEFT, bottom, _LEFT + _SIZE, _TOP, _INK)
    page.text(_LEFT, 16, f"right by confidence, ece {report.ece:.3f}, {report.rows} rows", _INK)
    page.text(_LEFT + _SIZE // 2 - Raster.text_width("confidence") // 2, bottom + 40, "confidence", _INK)
    return page


def confusion_matrix(report: RoutingReport) -> Raster:
    """A row for each role that was wanted, a column for each that was predicted, with counts; darker is a larger share
    of the row."""
    names = sorted({*report.confusion, *(name for row in report.confusion.values() for name in row)})
    left = 40 + max((Raster.text_width(name) for name in names), default=0)
    page = Raster(left + _CELL * len(names) + 30, _TOP + _ROW * (len(names) + 1) + 20)
    page.text(20, 16, "wanted (rows), predicted (columns)", _INK)
    for column, name in enumerate(names):
        page.text(left + _CELL * column + 4, _TOP + _ROW // 2, name, _SOFT, 2 if len(name) < 9 else 1)
    for number, wanted in enumerate(names):
        counts = report.confusion.get(wanted, {})
        total = sum(counts.values()) or 1
        top = _TOP + _ROW * (number + 1)
        page.text(20, top + 20, wanted, _SOFT)
        for column, predicted in enumerate(names):
            count = counts.get(predicted, 0)
            share = count / total
            page.fill(left + _CELL * column, top, _CELL - 2, _ROW - 2, _shade(share))
            page.text(left + _CELL * column + 10, top + 20, str(count), (255, 255, 255) if share > 0.5 else _INK)
    return page


def _shade(share: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 + (part - 255) * (0.06 + 0.94 * share)) for part in _BLUE)
    return red, green, blue
