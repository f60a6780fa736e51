"""A system report as a page that stands by itself: no script, nothing loaded, light or dark as the reader has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

__all__ = ["report_page"]

_STYLE = """
:root { color-scheme: light dark; --bg: #f4f6f9; --card: #fff; --edge: #d5dbe3; --muted: #536071; --line: #1b57c2;
  --good: #13703a; --warn: #8a5200; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bg: #11151b; --card: #1a2028; --edge: #313b48; --muted: #9dabbc;
  --line: #8ab4ff; --good: #63d391; --warn: #f2bd55; --bad: #ff938a; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 1.5rem auto; padding: 0 1rem;
  background: var(--bg); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1 { font-size: 1.45rem; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
section, dl > div, figure { background: var(--card); border: 1px solid var(--edge); border-radius: 10px;
  padding: .8rem 1rem; margin: 0 0 1rem; }
dl, .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); gap: 0 1rem;
  margin: 0; }
.charts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
dt, thead th, figcaption span { color: var(--muted); font-weight: 500; }
dd { margin: 0; font-size: 1.25rem; font-weight: 650; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; } .scroll { overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-top: 1px solid var(--edge);
  overflow-wrap: normal; }
thead th { border: 0; } p { margin: 0; color: var(--muted); }
.healthy { color: var(--good); } .degraded { color: var(--warn); } .unhealthy { color: var(--bad); }
figcaption { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; }
svg { width: 100%; height: 4rem; display: block; } polyline { fill: none; stroke: var(--line); stroke-width: 1.75; }
""".strip()
_SIGNS = {"healthy": "●", "degraded": "▲", "unhealthy": "■"}
_CHARTS = (
    ("performance_score", "Performance score"),
    ("avg_response_time", "Response time"),
    ("avg_success_rate", "Success rate"),
    ("system_cpu_usage", "CPU"),
    ("system_memory_usage", "Memory"),
)
_PERCENT = frozenset(
    {"cpu_usage", "memory_usage", "disk_usage", "process_cpu", "file_descriptor_usage", "store_queue_usage",
     "system_cpu_usage", "system_memory_usage"}
)  # fmt: skip
_BYTES = frozenset({"process_memory", "memory_available", "disk_free"})
_SECONDS = frozenset({"response_time", "avg_response_time", "loop_lag", "process_uptime"})
_SHARES = frozenset({"success_rate", "avg_success_rate", "error_rate"})


def report_page(report: Mapping[str, Any]) -> str:
    """The page of a report, as `Monitoring.write_report` gathers it."""
    status, health = report["status"], report["health"]
    body = [
        f"<h1>System report, {_when(report['at'])}</h1>",
        _pairs(
            {
                "health": _health(health["health"]),
                "performance score": _number(status["performance_score"]),
                "improvements": f"{status['pending_improvements']} pending, {status['completed_improvements']} "
                f"completed, {status['total_improvements']} in all",
                "node": _text(status["node"]),
            }
        ),
        f'<div class="charts">{"".join(_charts(report["metrics"]))}</div>',
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
            f"{1000 * number / (len(values) - 1):.1f},{95 - 90 * (value - low) / span if high > low else 50:.1f}"
            for number, value in enumerate(values)
        )
        now, between = _figure(name, values[-1]), f"{_figure(name, low)} to {_figure(name, high)}"
        yield (
            f"<figure><figcaption><strong>{escape(caption)}: {now}</strong><span>{between}</span></figcaption>"
            f'<svg viewBox="0 0 1000 100" role="img" preserveAspectRatio="none" '
            f'aria-label="{escape(caption)}: now {now}, from {between}">'
            f'<polyline vector-effect="non-scaling-stroke" points="{points}"/></svg></figure>'
        )


def _components(components: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _text(part["component"]),
            _health(part["health"]),
            _when(part["since"]),
            _text("; ".join(part["reasons"])),
        )
        for part in components
    ]
    return _table("Components", ("component", "health", "since", "why"), rows)


def _agents(agents: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _text(agent["agent_name"]),
            _health(agent["health"]),
            _number(agent["calls"]),
            _figure("success_rate", agent["success_rate"]),
            _figure("response_time", agent["response_time"]),
            _when(agent["last_active_at"]),
        )
        for agent in agents
    ]
    return _table("Agents", ("agent", "health", "calls", "success rate", "response time", "last active"), rows)


def _improvements(improvements: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (_text(each["id"]), _text(each["priority"]), _text(each["type"]), _text(each["title"]), _text(each["status"]))
        for each in improvements
    ]
    return _table("Pending improvements", ("id", "priority", "type", "title", "status"), rows)


def _forecasts(forecasts: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _text(each["series"]),
            _figure(each["series"], each["now"]),
            _figure(each["series"], each["limit"]),
            _when(each["at"]) or "not foreseen",
        )
        for each in forecasts
    ]
    return _table("Forecasts", ("figure", "now", "limit", "reached"), rows)


def _figures(figures: Mapping[str, float], absent: Mapping[str, str]) -> str:
    rows = [(_text(name), _figure(name, value)) for name, value in sorted(figures.items())]
    rows += [(_text(name), f"absent: {_text(why)}") for name, why in sorted(absent.items())]
    return _table("Figures", ("figure", "value"), rows)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return f"<section><h2>{escape(title)}</h2><p>None.</p></section>"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<section><h2>{escape(title)}</h2><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(title)}"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div></section>'
    )


def _pairs(pairs: Mapping[str, str]) -> str:
    """`pairs` by name; values are HTML."""
    lines = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in pairs.items())
    return f"<dl>{lines}</dl>"


def _health(word: object) -> str:
    """A state, told by its word and its sign; colour only repeats it."""
    sign = _SIGNS.get(str(word), "○")
    return f'<span class="{_text(word)}"><span aria-hidden="true">{sign} </span>{_text(word)}</span>'


def _when(at: object) -> str:
    """A time of the report (ISO 8601) to the second, in UTC; empty for none."""
    if not at:
        return ""
    moment = datetime.fromisoformat(str(at)).astimezone(UTC)
    return f'<time datetime="{_text(at)}">{moment:%Y-%m-%d %H:%M:%S} UTC</time>'


def _text(value: object) -> str:
    return escape(str(value))


def _figure(name: str, value: float | None) -> str:
    """A figure with the unit that its name (such as ``tool:x/response_time``) tells."""
    kind = name.rpartition("/")[2]
    if value is None:
        return ""
    if kind in _SHARES:
        return f"{100 * value:.4g} %"
    if kind in _PERCENT:
        return f"{value:.4g} %"
    if kind in _SECONDS:
        return f"{1_000 * value:.3g} ms" if abs(value) < 1 else f"{value:.4g} s"
    if kind in _BYTES:
        return f"{value / 2**30:.3g} GiB" if value >= 2**30 else f"{value / 2**20:.4g} MiB"
    return _number(value)


def _number(value: float | None) -> str:
    return "" if value is None else escape(f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}")
