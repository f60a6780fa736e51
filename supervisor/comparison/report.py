"""The report of a comparison as one page: no file beside it, nothing fetched, light and dark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from common.comparison import ComparedSide
from supervisor.comparison.plots import Interval, forest, outcomes, scatter
from supervisor.comparison.style import STYLE
from supervisor.comparison.summary import is_fine

__all__ = ["chance_text", "difference_text", "figure_text", "html_report"]

Json = Mapping[str, Any]

_CLEAR = frozenset({"lower", "higher"})


def html_report(comparison: Json, at: str) -> str:
    """The page for what `Comparison.as_json` gives; `at` tells when it was made."""
    names: tuple[str, str] = (comparison["engines"][0], comparison["engines"][1])
    sides = [(_side(result["first"]), _side(result["second"])) for result in comparison["results"]]
    parts = [
        f"<h1>{escape(names[0])} and {escape(names[1])} compared</h1>",
        f"<p>{escape(' '.join([*_setting(comparison), at]))}</p>",
        _metrics(comparison["metrics"], names),
        '<div class="plots">',
        _outcome_plot(sides, names),
        forest(_intervals(comparison["metrics"])),
        '</div><div class="plots">',
        scatter("Time", "seconds", [(first.seconds, second.seconds) for first, second in sides], names),
        scatter("Tokens", "", [(_tokens(first), _tokens(second)) for first, second in sides], names),
        "</div>",
        _skipped(comparison["skipped"]),
        "<h2>Request by request</h2>",
        *(_request(number, result, names) for number, result in enumerate(comparison["results"], 1)),
        _METHODS,
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
    title = f"<title>Comparison {escape(str(comparison['id'])[:8])}</title>"
    return f'<!doctype html><html lang="en"><head>{head}{title}</head><body>{"".join(parts)}</body></html>\n'


def figure_text(figure: float | None, unit: str) -> str:
    """A figure as people read it; `unit` is that of a metric."""
    if figure is None:
        return "–"
    match unit:
        case "share":
            return f"{100 * figure:.0f} %"
        case "s":
            return f"{figure:.3g} s" if abs(figure) < 100 else f"{figure:.0f} s"
        case "$":
            return f"${figure:.4f}"
        case _:
            return f"{figure:,.0f}" if abs(figure) >= 100 or figure == int(figure) else f"{figure:.3g}"


def difference_text(metric: Json) -> str:
    """A metric's difference with its interval."""
    if metric["difference"] is None:
        return "–"
    low, value, high = (figure_text(metric[name], metric["unit"]) for name in ("low", "difference", "high"))
    return f"{'+' if metric['difference'] > 0 else ''}{value} ({low} to {high})"


_METHODS = """<h2>How to read this</h2><p>Success means that the engine answered by itself: a request that another
engine had to stand in for counts as failed. Times end when an engine has collected its intents.
Differences are the second engine's less the first's: of shares of success with Newcombe's interval for
pairs, else the Hodges–Lehmann estimate with the interval of the signed-rank test. P-values are
McNemar's exact and Wilcoxon's signed-rank, corrected after Holm for all metrics together; below 0.05 a
difference counts as significant. With too few requests not even a difference in every single one could
be, and the report says so.</p>"""


def _setting(comparison: Json) -> list[str]:
    real, number = comparison["real"], comparison["requests"]
    requests = f"{number} request{'' if number == 1 else 's'}."
    if real is None:
        return [requests, "Both engines ran dry, in random order: nothing was carried out."]
    return [requests, f"What {real} wanted was carried out; the other engine ran dry, and before it."]


def _metrics(metrics: Sequence[Json], names: tuple[str, str]) -> str:
    rows = "".join(map(_row, metrics))
    head = "".join(
        f"<th>{escape(cell)}</th>" for cell in ("", *names, "difference (95 %)", "p, corrected", f"{names[1]} is")
    )
    return f'<div class="wide"><table class="metrics"><tr>{head}</tr>{rows}</table></div>'


def _row(metric: Json) -> str:
    told = [
        figure_text(metric["first"], metric["unit"]),
        figure_text(metric["second"], metric["unit"]),
        difference_text(metric),
        chance_text(metric["p_holm"]),
    ]
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in told)
    verdict = f"<td class='{_kind(metric)}'>{escape(metric['verdict'])}</td>"
    return f"<tr><th>{escape(metric['name'])}</th>{cells}{verdict}</tr>"


def _kind(metric: Json) -> str:
    return "told" if metric["verdict"] in _CLEAR else "untold"


def chance_text(p: float | None) -> str:
    """A p-value; what is too small to be told apart from nothing is said to be so."""
    return "–" if p is None else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _intervals(metrics: Sequence[Json]) -> list[Interval]:
    """Differences in percent of the first engine's median; those of success in percentage points."""
    lines: list[Interval] = []
    for metric in metrics:
        base = 1.0 if metric["unit"] == "share" else metric["first"]
        if base and metric["difference"] is not None:
            value, low, high = (100 * metric[name] / base for name in ("difference", "low", "high"))
            lines.append(Interval(metric["name"], value, low, high, metric["verdict"] in _CLEAR))
    return lines


def _outcome_plot(sides: Sequence[tuple[ComparedSide, ComparedSide]], names: tuple[str, str]) -> str:
    fine = [(is_fine(first), is_fine(second)) for first, second in sides]
    both, neither = fine.count((True, True)), fine.count((False, False))
    return outcomes(both, fine.count((True, False)), fine.count((False, True)), neither, names)


def _tokens(side: ComparedSide) -> int:
    return side.input_tokens + side.output_tokens


def _side(side: Json) -> ComparedSide:
    return ComparedSide.model_validate(side)


def _skipped(skipped: Sequence[Json]) -> str:
    if not skipped:
        return ""
    lines = "".join(
        f"<li>{_place(entry['line'])}{escape(entry['problem'])} <code>{escape(entry['text'])}</code></li>"
        for entry in skipped
    )
    return f"<h2>Not compared</h2><ul>{lines}</ul>"


def _place(line: int | None) -> str:
    return "" if line is None else f"line {line}: "


def _request(number: int, result: Json, names: tuple[str, str]) -> str:
    sides = (result["first"], result["second"])
    outcome = " / ".join(str(side["outcome"]) for side in sides)
    kind = "told" if len({side["outcome"] for side in sides}) > 1 else "untold"
    columns = "".join(_column(side, name) for side, name in zip(sides, names, strict=True))
    return (
        f'<details><summary><span class="number">{number}</span> {escape(result["request"][:300])} '
        f'<span class="{kind}">{escape(outcome)}</span></summary><div class="sides">{columns}</div></details>'
    )


def _column(side: Json, name: str) -> str:
    rows = [
        ("outcome", side["outcome"]),
        ("time", figure_text(side["seconds"], "s") + f" (ran {'first' if side['place'] == 1 else 'second'})"),
        ("tokens", f"{side['input_tokens']:,} in, {side['output_tokens']:,} out"),
        ("cost", figure_text(side["cost"], "$")),
        ("calls", f"{side['model_calls']} of models, {side['tool_calls']} of tools"),
        ("selected", ", ".join(side["tools_selected"]) or "–"),
        ("used", ", ".join(side["tools_used"]) or "–"),
        ("error", side["error"]),
        ("fallback", side["fallback"]),
        ("trace", None if side["dry"] else side["trace_id"]),
    ]
    table = "".join(f"<tr><th>{label}</th><td>{escape(str(told))}</td></tr>" for label, told in rows if told)
    intents = "".join(
        f"<li>{escape(intent['summary'])} <em>{escape(intent['status'])}</em>"
        f"<pre>{escape(json.dumps(intent['arguments'], ensure_ascii=False))}</pre></li>"
        for intent in side["intents"]
    )
    dry = " (dry)" if side["dry"] else " (carried out)"
    return (
        f'<section><h3>{escape(name)}{dry}</h3><p class="answer">{escape(side["text"])}</p><table>{table}</table>'
        f"<h4>Intents</h4>{f'<ul>{intents}</ul>' if intents else '<p>none</p>'}</section>"
    )
