// A trace as bars over time: the request, its tasks, and under each the tool calls, model calls and intents.
import { arrows, empty, h, json, state } from "./dom.js";
import { seconds } from "./format.js";

const SETTLED = new Set(["processed", "denied", "failed"]);

export function timeline(trace) {
  const spans = spansOf(trace);
  const from = Math.min(...spans.map(({ start }) => start));
  const ended = trace.ended_at ? Date.parse(trace.ended_at) : Date.now();
  // What waits for a person may take days: the axis is that of the request and its work.
  const to = Math.max(ended, ...spans.filter(({ kind }) => kind !== "intent").map(({ end }) => end), from + 1);
  if (!spans.length) return empty("It has no events.");
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return arrows(
    h(
      "div",
      { class: "gantt" },
      h(
        "div",
        { class: "axis", "aria-hidden": "true" },
        h("span", {}),
        h(
          "div",
          {},
          ticks.map((part) =>
            h("span", { style: { left: `${part * 100}%` } }, part ? seconds(((to - from) * part) / 1_000) : "0"),
          ),
        ),
        h("span", {}),
      ),
      spans.map((span, at) => bar(span, at, from, to)),
    ),
  );
}

function bar(span, at, from, to) {
  const left = clamp((span.start - from) / (to - from));
  const right = clamp((span.end - from) / (to - from));
  const took = span.instant ? "" : seconds((span.end - span.start) / 1_000);
  return h(
    "details",
    { class: `span ${span.kind}`, "data-key": `span ${at}` },
    h(
      "summary",
      { "data-stop": true, "data-key": `bar ${at}`, style: { "--depth": span.depth } },
      h("span", { class: "name" }, h("span", { class: "kind" }, span.kind), " ", span.label),
      h(
        "span",
        { class: "track", "aria-hidden": "true" },
        h("span", {
          class: `bar ${span.bad ? "bad" : ""} ${span.end > to ? "goes-on" : ""}`,
          style: { left: `${left * 100}%`, width: `${(right - left) * 100}%` },
        }),
      ),
      h("span", { class: "took" }, span.status ? [state(span.status), " "] : null, took),
    ),
    json(span.detail),
  );
}

const clamp = (part) => Math.min(1, Math.max(0, part));
const time = (event) => Date.parse(event.header.recorded_at);

function spansOf(trace) {
  const now = Date.now();
  const begun = Date.parse(trace.started_at);
  const spans = [
    {
      kind: "request",
      label: trace.route ?? "",
      start: begun,
      end: trace.ended_at ? Date.parse(trace.ended_at) : now,
      depth: 0,
      status: trace.outcome ?? "running",
      bad: trace.outcome === "failure",
      detail: { request: trace.request, answer: trace.answer },
    },
  ];
  const tasks = new Map();
  const rest = [];
  for (const event of trace.events) {
    const { payload } = event;
    const short = event.topic.replace("trace.", "");
    if (short === "task_started")
      tasks.set(payload.task, {
        ...tasks.get(payload.task),
        start: tasks.get(payload.task)?.start ?? time(event),
        started: payload,
      });
    else if (short === "task_finished") {
      const known = tasks.get(payload.task);
      const began = time(event) - payload.seconds * 1_000;
      tasks.set(payload.task, {
        ...known,
        start: Math.min(began, known?.start ?? began),
        end: time(event),
        finished: payload,
      });
    } else if (short === "tool_called" || short === "model_called") rest.push(call(short, event));
    else if (
      [
        "routed",
        "agent_configured",
        "task_graph_planned",
        "fallback_taken",
        "thinking_recorded",
        "follow_up_read",
        "guidelines_drawn",
      ].includes(short)
    ) {
      rest.push({
        kind: "step",
        label: short.replaceAll("_", " "),
        start: time(event),
        end: time(event),
        instant: true,
        task: payload.task,
        detail: payload,
      });
    }
  }
  for (const intent of trace.intents ?? []) {
    const start = Date.parse(intent.registered_at);
    rest.push({
      kind: "intent",
      label: `${intent.type}: ${intent.summary}`,
      start,
      end: SETTLED.has(intent.status) ? Math.max(start, Date.parse(intent.updated_at)) : now,
      task: intent.task,
      status: intent.status,
      bad: intent.status === "failed",
      detail: intent,
    });
  }
  const byStart = (one, other) => one.start - other.start;
  const under = (task, depth) =>
    rest
      .filter((span) => (tasks.has(span.task) ? span.task : "") === task)
      .sort(byStart)
      .map((span) => ({ ...span, depth }));
  spans.push(...under("", 1));
  for (const [name, { start, end = trace.ended_at ? Date.parse(trace.ended_at) : now, started, finished }] of [
    ...tasks,
  ].sort(([, one], [, other]) => byStart(one, other))) {
    const status = finished ? (finished.ok ? (finished.partly ? "partial" : null) : "failed") : "running";
    spans.push(
      {
        kind: "task",
        label: `${name} (${started?.role ?? finished?.role ?? ""})`,
        start,
        end,
        depth: 1,
        status,
        bad: finished?.ok === false,
        detail: { started, finished },
      },
      ...under(name, 2),
    );
  }
  return spans;
}

function call(short, event) {
  const { payload } = event;
  const tool = short === "tool_called";
  const end = time(event);
  const bad = tool ? !payload.ok : Boolean(payload.error);
  return {
    kind: tool ? "tool" : "model",
    label: tool ? payload.tool : [payload.model, payload.purpose].filter(Boolean).join(", "),
    start: end - payload.seconds * 1_000,
    end,
    task: payload.task,
    status: bad ? "failed" : null,
    bad,
    detail: payload,
  };
}
