"""A system report as a page that stands by itself: no script, nothing loaded, light or dark as the reader has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["report_page"]

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --warn: #9a6700; --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --warn: #d29922; --bad: #f85149; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } .healthy { color: var(--good); } .degraded { color: var(--warn); }
.unhealthy { color: var(--bad); } svg { width: 100%; height: 4rem; } polyline { fill: none; stroke: currentColor; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
""".strip()
_CHARTS = (
    ("performance_score", "Performance score (0 to 100)"),
    ("avg_response_time", "Response time (seconds)"),
    ("avg_success_rate", "Success rate (share)"),
    ("system_cpu_usage", "CPU (percent)"),
    ("system_memory_usage", "Memory (percent)"),
)


def report_page(report: Mapping[str, Any]) -> str:
    """The page of a report, as `supervisor.monitoring.reports.build_report` makes it."""
    status, health = report["status"], report["health"]
    body = [
        f"<h1>System report of {_text(report['at'])}</h1>",
        _pairs(
            {
                "node": status["node"],
                "health": f'<span class="{_text(health["health"])}">{_text(health["health"])}</span>',
                "performance score": _number(status["performance_score"]),
                "improvements": f"{status['pending_improvements']} pending, {status['completed_improvements']} "
                f"completed, {status['total_improvements']} in all",
            }
        ),
        *_charts(report["metrics"]),
        _components(health["components"]),
        _agents(report["agents"]),
        _improvements(report["improvements"]),
        _forecasts(report["forecasts"]),
        _figures(health["figures"], health["absent"]),
    ]
    title = escape(f"System report {report['at']}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _charts(samples: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for name, caption in _CHARTS:
        values = [float(sample[name]) for sample in samples if sample[name] is not None]
        if len(values) < 2:
            continue
        low, high = min(values), max(values)
        span = (high - low) or 1.0
        points = " ".join(
            f"{1000 * number / (len(values) - 1):.1f},{95 - 90 * (value - low) / span:.1f}"
            for number, value in enumerate(values)
        )
        told = f"{caption}: now {values[-1]:.4g}, from {low:.4g} to {high:.4g}"
        yield (
            f'<figure><figcaption>{escape(told)}</figcaption><svg viewBox="0 0 1000 100" role="img" '
            f'preserveAspectRatio="none" aria-label="{escape(told)}"><polyline vector-effect="non-scaling-stroke" '
            f'points="{points}"/></svg></figure>'
        )


def _components(components: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _text(part["component"]),
            f'<span class="{_text(part["health"])}">{_text(part["health"])}</span>',
            _text(part["since"] or ""),
            _text("; ".join(part["reasons"])),
        )
        for part in components
    ]
    return _table("Components", ("component", "health", "since", "why"), rows)


def _agents(agents: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _text(agent["agent_name"]),
            _text(agent["health"]),
            _number(agent["calls"]),
            _number(agent["success_rate"]),
            _number(agent["response_time"]),
            _text(agent["last_active_at"] or ""),
        )
        for agent in agents
    ]
    return _table("Agents", ("agent", "health", "calls", "success rate", "mean seconds", "last active"), rows)


def _improvements(improvements: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (_text(each["id"]), _text(each["priority"]), _text(each["type"]), _text(each["title"]), _text(each["status"]))
        for each in improvements
    ]
    return _table("Improvements", ("id", "priority", "type", "title", "status"), rows)


def _forecasts(forecasts: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (_text(each["series"]), _number(each["now"]), _number(each["limit"]), _text(each["at"] or "not foreseen"))
        for each in forecasts
    ]
    return _table("Forecasts", ("figure", "now", "limit", "reached"), rows)


def _figures(figures: Mapping[str, float], absent: Mapping[str, str]) -> str:
    rows = [(_text(name), _number(value)) for name, value in sorted(figures.items())]
    rows += [(_text(name), f"absent: {_text(why)}") for name, why in sorted(absent.items())]
    return _table("Figures", ("figure", "value"), rows)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return f"<h2>{escape(title)}</h2><p>None.</p>"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<h2>{escape(title)}</h2><div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _pairs(pairs: Mapping[str, str]) -> str:
    """`pairs` by name; values are HTML."""
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{value}</dd>' for name, value in pairs.items())}</dl>"


def _text(value: object) -> str:
    return escape(str(value))


def _number(value: float | None) -> str:
    return "" if value is None else escape(f"{value:.4g}" if isinstance(value, float) else str(value))
