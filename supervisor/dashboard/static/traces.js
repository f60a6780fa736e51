// Requests as they come, and one of them step by step.
import { paths } from "./api.js";
import { arrows, button, card, empty, facts, h, json, link, more, panel, state, swap } from "./dom.js";
import { count, money, seconds, when } from "./format.js";
import { timeline } from "./timeline.js";

const MOST = 100;
const OUTCOMES = ["success", "partial", "failure", "awaiting_approval", "cancelled", "interrupted"];
let outcome = "";

export function view(ctx, [id, tenant]) {
  return id ? one(ctx, id, tenant) : all(ctx);
}

function all(ctx) {
  const rows = new Map(); // newest first, by id
  let next = null;
  let timer = 0;
  const fits = (trace) => !outcome || trace.outcome === outcome;
  const list = panel(
    ctx,
    async () => {
      const found = await ctx.page("api/traces", { tenant: ctx.tenant(), outcome, limit: 50 });
      rows.clear();
      for (const trace of found.data) rows.set(trace.trace_id, trace);
      next = found.page.next;
      return [...rows.values()];
    },
    () => draw(),
  );
  function draw() {
    const shown = [...rows.values()].filter(fits);
    return shown.length
      ? [
          arrows(h("ul", { class: "rows traces", "aria-label": "Traces" }, shown.map(row))),
          next ? button("Show older ones", older) : null,
        ]
      : empty(
          outcome
            ? `No request ended as “${outcome.replaceAll("_", " ")}”.`
            : "No request was handled yet. It appears here as soon as one comes.",
        );
  }
  async function older() {
    const found = await ctx.page("api/traces", { tenant: ctx.tenant(), outcome, limit: 50, cursor: next });
    for (const trace of found.data) rows.set(trace.trace_id, trace);
    next = found.page.next;
    swap(list.node, draw());
  }
  ctx.on(["trace."], (topic, event) => {
    if (event.header.tenant !== ctx.seen() || !take(rows, topic, event)) return;
    timer ||= setTimeout(() => {
      timer = 0;
      if (!ctx.signal.aborted) swap(list.node, draw());
    }, 250); // a burst is drawn once
  });
  ctx.follow(["reopened", "outcome."], list.refresh);
  const filter = h(
    "select",
    {
      id: "outcome",
      onchange: ({ target }) => {
        outcome = target.value;
        list.refresh();
      },
    },
    [["", "all"], ...OUTCOMES.map((each) => [each, each.replaceAll("_", " ")])].map(([value, text]) =>
      h("option", { value, selected: value === outcome }, text),
    ),
  );
  list.refresh();
  return { nodes: [h("div", { class: "row" }, h("label", {}, "Show ", filter)), list.node] };
}

// What an event changes of the list; false for nothing.
function take(rows, topic, { stream, header, payload, position }) {
  const id = stream.slice(stream.indexOf("/") + 1);
  const known = rows.get(id);
  if (topic === "trace.started") {
    const trace = known ?? {
      trace_id: id,
      tenant: header.tenant,
      user: payload.user,
      request: payload.request,
      started_at: header.recorded_at,
      outcome: null,
      tool_calls: 0,
      model_calls: 0,
      position,
    };
    const before = [...rows];
    rows.clear();
    rows.set(id, trace);
    for (const [each, row] of before.slice(0, MOST - 1)) if (each !== id) rows.set(each, row);
    return true;
  }
  if (!known) return false;
  if (topic === "trace.routed") Object.assign(known, { approach: payload.approach, route: payload.route });
  else if (topic === "trace.tool_called") known.tool_calls += 1;
  else if (topic === "trace.model_called") known.model_calls += 1;
  else if (topic === "trace.ended") Object.assign(known, { outcome: payload.outcome, ended_at: header.recorded_at });
  else return false;
  return true;
}

// Events that were written at once have one time: then it was fast, and nothing more is known without the response.
const lasted = ({ started_at, ended_at }) =>
  ended_at && ended_at !== started_at ? seconds((Date.parse(ended_at) - Date.parse(started_at)) / 1_000) : null;

const took = (trace) => {
  const milliseconds = trace.events.findLast(({ topic }) => topic === "trace.ended")?.payload.response?.duration_ms;
  return milliseconds ? seconds(milliseconds / 1_000) : lasted(trace);
};

const many = (number, what) => (number ? `${count(number)} ${what}${number === 1 ? "" : "s"}` : "");

function row(trace) {
  const go = link(trace.request, "traces", trace.trace_id, trace.tenant);
  go.dataset.stop = "";
  const what = [
    trace.route,
    many(trace.tool_calls, "tool call"),
    many(trace.model_calls, "model call"),
    lasted(trace),
    trace.user,
  ].filter(Boolean);
  return h(
    "li",
    {},
    state(trace.outcome ?? "running"),
    go,
    h("span", { class: "muted" }, what.join(" · "), " · ", when(trace.started_at)),
  );
}

function one(ctx, id, tenant = ctx.tenant()) {
  const body = panel(ctx, () => ctx.get(paths.trace(id), { tenant }), drawOne);
  body.refresh();
  ctx.on(
    ["trace.", "intent."],
    (() => {
      let timer = 0;
      return (_, event) => {
        if (event && event.header.correlation !== id && !event.stream.endsWith(id)) return;
        timer ||= setTimeout(() => {
          timer = 0;
          body.refresh();
        }, 300);
      };
    })(),
  );
  ctx.follow(["reopened"], body.refresh);
  return { title: "Trace", nodes: [h("p", {}, link("← All traces", "traces")), body.node] };
}

function after({ header }, { started_at }) {
  const passed = (Date.parse(header.recorded_at) - Date.parse(started_at)) / 1_000;
  return h("span", { class: "muted" }, passed > 0 ? `+${seconds(passed)}` : "at its start");
}

function drawOne(trace) {
  return [
    h(
      "article",
      { class: "card" },
      h("h2", {}, trace.request),
      h("p", {}, trace.answer),
      facts([
        ["Outcome", state(trace.outcome ?? "running")],
        ["Error", trace.error],
        ["Way", trace.approach?.replaceAll("_", " ")],
        ["Route", trace.route],
        ["Took", took(trace)],
        ["Began", when(trace.started_at)],
        ["Model calls", count(trace.model_calls)],
        ["Tool calls", count(trace.tool_calls)],
        ["Tokens", `${count(trace.input_tokens)} in, ${count(trace.output_tokens)} out`],
        ["Cost", money(trace.cost)],
        ["For", `${trace.user} (${trace.tenant})`],
        ["Session", trace.session],
        ["Id", h("code", {}, trace.trace_id), true],
      ]),
    ),
    card("Timeline", timeline(trace)),
    card(
      `Events (${trace.events.length})`,
      h(
        "div",
        { class: "events" },
        trace.events.map((event) =>
          more(
            [h("code", {}, event.topic), " ", after(event, trace)],
            `event ${event.position}`,
            json(event.payload),
          ),
        ),
      ),
    ),
  ];
}
