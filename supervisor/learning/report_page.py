"""The report of learning as one page: no file beside it, nothing fetched, light and dark, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from supervisor.learning.plots import (
    COLOURS,
    EffectLine,
    SuccessChart,
    TrialChart,
    effect_bars,
    reliability_diagram,
    success_over_time,
    trial_sequence,
)
from supervisor.learning.reliability import ReliabilityBin

__all__ = ["LearningReport", "report_page"]


@dataclass(frozen=True, slots=True)
class LearningReport:
    """What the page shows. `calibration_error` belongs to `reliability`, which is of `judged` runs."""

    success: Sequence[SuccessChart] = ()
    effects: Sequence[EffectLine] = ()
    trials: Sequence[TrialChart] = ()
    reliability: Sequence[ReliabilityBin] = ()
    calibration_error: float = 0.0
    judged: int = 0
    notes: Sequence[str] = field(default_factory=tuple[str, ...])


def report_page(report: LearningReport, at: str) -> str:
    """The page; `at` tells when it was made."""
    parts = [
        "<h1>What was learned</h1>",
        f"<p>{escape(' '.join([at, *report.notes]))}</p>",
        "<h2>Success over time, by version</h2>",
        *_success(report.success),
        "<h2>Accepted patterns and their effects</h2>",
        *_effects(report.effects),
        "<h2>Trials</h2>",
        *_trials(report.trials),
        "<h2>Are predictions calibrated?</h2>",
        *_reliability(report),
        _METHODS,
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style><title>What was learned</title></head>'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _success(charts: Sequence[SuccessChart]) -> Iterable[str]:
    if not charts:
        yield "<p class='none'>No run with a known outcome yet.</p>"
        return
    yield '<div class="cards">'
    for chart in charts:
        rows = "".join(
            f'<tr><th><span class="key c{number % COLOURS}"></span>{escape(series.version)}</th>'
            f"<td>{series.runs}</td><td>{series.good / series.runs:.0%}</td>"
            f"<td>{series.low:.0%} to {series.high:.0%}</td></tr>"
            for number, series in enumerate(chart.series)
        )
        yield (
            f"<section><h3>{escape(chart.agent_type)}</h3>{success_over_time(chart)}"
            f"<table><tr><th>version</th><th>runs</th><th>success</th><th>95 %</th></tr>{rows}</table></section>"
        )
    yield "</div>"


def _effects(lines: Sequence[EffectLine]) -> Iterable[str]:
    if not lines:
        yield "<p class='none'>No pattern was accepted yet.</p>"
        return
    kinds = dict.fromkeys(line.agent_type for line in lines)
    images = dict(zip(map(id, lines), effect_bars(lines), strict=True))
    for kind in kinds:
        rows = "".join(
            f'<li><div class="said">{escape(line.label)}{_caution(line.caution)}</div>'
            f'<div class="drawn">{images[id(line)]}</div>'
            f'<div class="figures">{100 * line.effect:+.0f} points ({100 * line.low:+.0f} to {100 * line.high:+.0f})'
            f", {line.support} runs, confidence {line.confidence:.2f}</div></li>"
            for line in lines
            if line.agent_type == kind
        )
        yield f'<section><h3>{escape(kind)}</h3><ul class="effects">{rows}</ul></section>'


def _caution(caution: str) -> str:
    return f' <span class="caution">{escape(caution)}</span>' if caution else ""


def _trials(charts: Sequence[TrialChart]) -> Iterable[str]:
    if not charts:
        yield "<p class='none'>No trial was started yet.</p>"
        return
    yield '<div class="cards">'
    for chart in charts:
        kind = "open" if chart.is_good is None else "good" if chart.is_good else "bad"
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{good} of {runs}</td><td>{_share(good, runs)}</td></tr>"
            for name, runs, good in chart.arms
        )
        image = trial_sequence(chart) or "<p class='none'>No outcome was compared yet.</p>"
        yield (
            f'<section><h3>{escape(chart.title)}</h3><p class="verdict {kind}">{escape(chart.verdict)}</p>{image}'
            f"<table>{rows}</table></section>"
        )
    yield "</div>"


def _share(good: int, runs: int) -> str:
    return f"{good / runs:.0%}" if runs else "–"


def _reliability(report: LearningReport) -> Iterable[str]:
    if not report.reliability:
        yield "<p class='none'>Too few runs with a known outcome to say.</p>"
        return
    rows = "".join(
        f"<tr><td>{each.said:.0%}</td><td>{each.was:.0%}</td><td>{each.low:.0%} to {each.high:.0%}</td>"
        f"<td>{each.runs}</td></tr>"
        for each in report.reliability
    )
    yield (
        '<div class="cards"><section>'
        f"{reliability_diagram(report.reliability)}</section><section><p>Of {report.judged} runs, each predicted from "
        f"tasks other than its own: expected calibration error {report.calibration_error:.3f}.</p>"
        f"<table><tr><th>expected</th><th>was</th><th>95 %</th><th>runs</th></tr>{rows}</table></section></div>"
    )


_METHODS = """<h2>How to read this</h2><p>Success over time: the share of runs that went well, with Wilson's interval of
95 %. Versions served at different times met different requests, so that two of them are compared by trials, not here.
Patterns: the difference in success between runs that show the pattern and runs that do not, within tasks and agents,
with its interval; filled marks lie clear of zero. Trials: the difference of the candidate from what was in service,
within a confidence sequence, which holds at all times together, however often one looks. Predictions: on the dashed
line what was expected is what came; bars are Wilson's intervals.</p>"""

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--panel:#f5f7f9;
--good:#1a7f48;--bad:#b3261e;--open:#6b7684;
--c0:#1f6feb;--c1:#b35900;--c2:#1a7f48;--c3:#8e44ad;--c4:#a1195b;--c5:#4d5a69}
@media(prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e6eaf0;--soft:#9aa5b4;--line:#303844;--panel:#1a2029;
--good:#63c08a;--bad:#ff8b7e;--open:#9aa5b4;
--c0:#6aa8ff;--c1:#f0a04b;--c2:#63c08a;--c3:#c493e6;--c4:#ff7fb5;--c5:#b4bfcc}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1000px;margin:1.5rem auto;
padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin:.1rem 0 .5rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:1rem}
section{background:var(--panel);border-radius:8px;padding:.8rem 1rem;min-width:0;margin-bottom:1rem}
.cards section{margin:0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin-top:.4rem}
td,th{padding:.15rem .8rem .15rem 0;text-align:left;font-weight:400;white-space:nowrap}th{color:var(--soft)}
th:first-child{white-space:normal}td:last-child,th:last-child{padding-right:0}
svg{display:block;width:100%;max-width:460px;height:auto;font:12px system-ui,sans-serif}
.grid{stroke:var(--line);stroke-width:.7}.zero{stroke:var(--soft);stroke-dasharray:4 3}
.tick{fill:var(--soft);font-size:11px}.axis{fill:var(--soft);font-size:11px}
.line{fill:none;stroke-width:1.6}.whisker{stroke-width:1.4;stroke-opacity:.55}
.bar{stroke-width:3}.mark{stroke-width:2}.band{fill-opacity:.16;stroke:none}
.line.good,.bar.good,.mark{stroke:var(--good)}.line.bad,.bar.bad,.mark.bad{stroke:var(--bad)}
.line.open,.bar.open,.mark.open{stroke:var(--open)}
.mark.good,.band.good{fill:var(--good)}.mark.bad,.band.bad{fill:var(--bad)}.mark.open{fill:var(--panel)}
.band.open{fill:var(--open)}
.line.c0,.whisker.c0{stroke:var(--c0)}.line.c1,.whisker.c1{stroke:var(--c1)}.line.c2,.whisker.c2{stroke:var(--c2)}
.line.c3,.whisker.c3{stroke:var(--c3)}.line.c4,.whisker.c4{stroke:var(--c4)}.line.c5,.whisker.c5{stroke:var(--c5)}
.point.c0,.key.c0{fill:var(--c0);background:var(--c0)}.point.c1,.key.c1{fill:var(--c1);background:var(--c1)}
.point.c2,.key.c2{fill:var(--c2);background:var(--c2)}.point.c3,.key.c3{fill:var(--c3);background:var(--c3)}
.point.c4,.key.c4{fill:var(--c4);background:var(--c4)}.point.c5,.key.c5{fill:var(--c5);background:var(--c5)}
.key{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin-right:.4rem}
.verdict{margin:.1rem 0 .4rem;font-weight:600}.verdict.good{color:var(--good)}.verdict.bad{color:var(--bad)}
.verdict.open,.none,.figures,.caution{color:var(--soft)}.caution{font-size:.85rem}.figures{font-size:.85rem}
.effects{list-style:none;padding:0;margin:0}
.effects li{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 1rem;align-items:center;
border-top:1px solid var(--line);padding:.4rem 0}
.effects li:first-child{border-top:0}.figures{grid-column:2}.drawn{grid-column:2;grid-row:1}
@media(max-width:640px){body{padding:0 .7rem}section{padding:.7rem .8rem}table{font-size:.85rem}
.effects li{grid-template-columns:minmax(0,1fr)}.figures,.drawn{grid-column:1;grid-row:auto}}
"""
