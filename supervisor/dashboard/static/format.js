// Numbers with their units, times as people say them.
import { h } from "./dom.js";

const none = "–";
const known = (value) => typeof value === "number" && Number.isFinite(value);
const number = (value, digits) => value.toLocaleString("en", { maximumFractionDigits: digits });

export const count = (value) => (known(value) ? number(value, 0) : none);
export const percent = (value, digits = 1) => (known(value) ? `${number(value, digits)} %` : none);
export const share = (value) => (known(value) ? percent(value * 100) : none);
export const signed = (value) => (known(value) ? `${value > 0 ? "+" : ""}${number(value * 100, 1)}` : none);
export const points = (value) => (known(value) ? `${signed(value)} points` : none);
export const money = (value) => (known(value) ? `$${value.toFixed(value && value < 1 ? 4 : 2)}` : none);

export function seconds(value) {
  if (!known(value)) return none;
  const size = Math.abs(value);
  if (size < 0.001) return value ? `${number(value * 1e6, 0)} µs` : "0 s";
  if (size < 1) return `${number(value * 1_000, size < 0.01 ? 1 : 0)} ms`;
  if (size < 120) return `${number(value, size < 10 ? 2 : 1)} s`;
  return size < 7_200 ? `${number(value / 60, 1)} min` : `${number(value / 3_600, 1)} h`;
}

export function bytes(value) {
  if (!known(value)) return none;
  const step =
    value >= 2 ** 30
      ? [2 ** 30, "GiB"]
      : value >= 2 ** 20
        ? [2 ** 20, "MiB"]
        : value >= 1_024
          ? [1_024, "KiB"]
          : [1, "B"];
  return `${number(value / step[0], 1)} ${step[1]}`;
}

const FIGURES = {
  cpu_usage: percent,
  memory_usage: percent,
  disk_usage: percent,
  process_cpu: percent,
  store_queue_usage: percent,
  file_descriptor_usage: percent,
  process_memory: bytes,
  memory_available: bytes,
  disk_free: bytes,
  loop_lag: seconds,
  process_uptime: seconds,
  response_time: seconds,
  success_rate: share,
  error_rate: share,
  cost: money,
};

// A figure of monitoring by its name (such as tool:x/response_time), with its unit.
export const figure = (name, value) => (FIGURES[name.slice(name.lastIndexOf("/") + 1)] ?? ((each) => (known(each) ? number(each, 2) : none)))(value);

const STEPS = [
  [60, 1, "second"],
  [3_600, 60, "minute"],
  [86_400, 3_600, "hour"],
  [2_592_000, 86_400, "day"],
  [Infinity, 2_592_000, "month"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function told(at) {
  const away = (at - Date.now()) / 1_000;
  if (Math.abs(away) < 5) return "just now";
  const [, unit, name] = STEPS.find(([below]) => Math.abs(away) < below);
  return relative.format(Math.round(away / unit), name);
}

export function when(text) {
  if (!text) return none;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  return h("time", { datetime: at.toISOString(), title: moment(at, "long") }, told(at));
}

export const moment = (at, timeStyle = "medium") =>
  new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle });

export const clock = (at) => new Date(at).toLocaleTimeString("en-GB");

setInterval(() => {
  for (const node of document.querySelectorAll("time[datetime]")) {
    const text = told(new Date(node.dateTime));
    if (node.textContent !== text) node.textContent = text;
  }
}, 10_000);
