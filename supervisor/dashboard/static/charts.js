// Line charts by uPlot, each with the same figures as a table beside it.
import { bytes, clock } from "./format.js";
import { h, more, table } from "./dom.js";

const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6"];
const HEIGHT = 150;
const ROWS = 30;
const BINARY = Array.from({ length: 45 }, (_, power) => 2 ** power);
const MINUTE = 60;
const DAY = 86_400;

function colour(name) {
  const probe = h("span", { style: { color: `var(${name})` } });
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// `xs` are seconds since 1970, or counts with `counts`; `series` [{label, values}]; `show` gives a value its unit.
export function chart({
  title,
  xs,
  series,
  show,
  low = 0,
  high = null,
  counts = false,
  xLabel = "Time",
  band = false,
  tick = show,
}) {
  const last = [...(series[0]?.values ?? [])].reverse().find((value) => value !== null);
  const canvas = h("div", { class: "plot", role: "img", "aria-label": summary(title, series, show) });
  const reading = h("strong", {}, show(last));
  const measured = series.some(({ values }) => values.some((value) => value !== null));
  // one moment has no scale, however many points it has, and neither has what was never measured
  const plotted = counts ? xs.length > 0 : xs.at(-1) - xs[0] >= 1 && measured;
  const node = h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("span", {}, title), reading),
    plotted ? canvas : h("p", { class: "empty" }, counts ? "Nothing was compared yet." : nothing(xs, measured)),
    plotted ? rows(title, xs, series, show, counts, xLabel) : null,
  );
  const read = (at) => {
    // what is under the pointer, else the last value
    reading.textContent =
      at === null || at === undefined
        ? show(last)
        : `${show(series[0].values[at])} ${counts ? `after ${xs[at]}` : `at ${clock(xs[at] * 1_000)}`}`;
  };
  if (plotted) draw(canvas, { xs, series, show, low, high, counts, band, tick, read });
  return node;
}

function nothing(xs, measured) {
  if (!xs.length) return "No samples in this time yet.";
  if (!measured) return "There was nothing to measure in this time yet.";
  return xs.length > 1 ? "All of it was in one moment so far." : "One sample so far.";
}

function summary(title, series, show) {
  const parts = series.map(({ label, values }) => {
    const found = values.filter((value) => value !== null);
    return found.length
      ? `${label}: last ${show(found.at(-1))}, from ${show(Math.min(...found))} to ${show(Math.max(...found))}`
      : `${label}: none`;
  });
  return `${title}. ${parts.join("; ")}`;
}

function rows(title, xs, series, show, counts, xLabel) {
  const first = Math.max(0, xs.length - ROWS);
  const body = xs
    .slice(first)
    .map((x, at) => [counts ? String(x) : clock(x * 1_000), ...series.map(({ values }) => show(values[first + at]))]);
  return more(
    "As a table",
    `table ${title}`,
    table(`${title}, the last ${body.length}`, [xLabel, ...series.map(({ label }) => label)], body.reverse()),
  );
}

// Seconds within minutes, hours within two days, dates beyond.
function times(ticks) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : MINUTE;
  const form =
    step >= DAY
      ? { day: "numeric", month: "short" }
      : { hour: "2-digit", minute: "2-digit", ...(step < MINUTE ? { second: "2-digit" } : {}) };
  return ticks.map((tick) => new Date(tick * 1_000).toLocaleString("en-GB", form));
}

function draw(canvas, { xs, series, show, low, high, counts, band, tick, read }) {
  const UPlot = globalThis.uPlot;
  if (!UPlot) {
    canvas.replaceChildren(
      h("p", { class: "empty" }, "Charts need the browser code that “make setup” fetches; the table has them."),
    );
    return;
  }
  let plot = null;
  const make = () => {
    plot?.destroy();
    const [ink, grid] = [colour("--muted"), colour("--grid")];
    const axis = {
      stroke: ink,
      grid: { stroke: grid, width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    const top = Math.max(
      low + 1e-9,
      high ?? -Infinity,
      ...series.flatMap(({ values }) => values.filter((value) => value !== null)),
    );
    plot = new UPlot(
      {
        width: Math.max(220, canvas.clientWidth),
        height: HEIGHT,
        scales: { x: { time: !counts }, y: { range: [low, high ?? top * 1.08] } },
        axes: [
          { ...axis, size: 26, space: 70, ...(counts ? {} : { values: (_, ticks) => times(ticks) }) },
          {
            ...axis,
            size: 68,
            values: (_, ticks) => ticks.map((each) => tick(each)),
            ...(show === bytes ? { incrs: BINARY } : {}),
          },
        ],
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { show: series.length > 1 },
        hooks: { setCursor: [({ cursor }) => read(cursor.idx)] },
        series: [
          counts ? { label: "After" } : { value: (_, x) => (x === null ? "–" : clock(x * 1_000)) },
          ...series.map((each, at) => ({
            label: each.label,
            stroke: colour(band && at ? "--muted" : COLOURS[at % COLOURS.length]),
            width: band && at ? 1 : 1.75,
            dash: band && at ? [4, 3] : at >= COLOURS.length ? [6, 3] : undefined,
            spanGaps: series.length > 1,
            points: { show: xs.length < 3 },
            value: (_, value) => show(value),
          })),
        ],
        bands: band ? [{ series: [3, 2], fill: colour("--band") }] : [],
      },
      [xs, ...series.map(({ values }) => values)],
      canvas,
    );
  };
  const size = new ResizeObserver(() => {
    if (!canvas.isConnected) return;
    if (!plot) make();
    else if (Math.abs(plot.width - canvas.clientWidth) > 2)
      plot.setSize({ width: Math.max(220, canvas.clientWidth), height: HEIGHT });
  });
  size.observe(canvas);
  const again = () => {
    if (canvas.isConnected) {
      if (plot) make();
      return;
    }
    plot?.destroy();
    size.disconnect();
    document.removeEventListener("colours", again);
  };
  document.addEventListener("colours", again);
}

// A small line without axes, as a hint beside a row; the figures stand in the row.
export function spark(values) {
  const found = values.filter((value) => value !== null);
  if (found.length < 2) return null;
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of [
    ["viewBox", "0 0 100 24"],
    ["class", "spark"],
    ["aria-hidden", "true"],
    ["preserveAspectRatio", "none"],
  ])
    box.setAttribute(name, value);
  const [least, most] = [Math.min(...found), Math.max(...found)];
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute(
    "points",
    found
      .map((value, at) => `${(at / (found.length - 1)) * 100},${22 - ((value - least) / (most - least || 1)) * 20}`)
      .join(" "),
  );
  box.append(line);
  return box;
}
