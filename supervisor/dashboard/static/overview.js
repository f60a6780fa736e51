// How it stands at a glance, and how it went.
import { chart } from "./charts.js";
import { card, empty, facts, h, link, more, panel, state, table, tile } from "./dom.js";
import { address } from "./api.js";
import { bytes, count, figure, percent, moment, seconds, share, when } from "./format.js";

const RANGES = [
  ["1", "1 hour"],
  ["6", "6 hours"],
  ["24", "24 hours"],
  ["168", "7 days"],
];
const PARTS = { success: "success", speed: "speed", health: "health of components", room: "room on the machine" };
let hours = "24";

export function view(ctx) {
  const glance = panel(
    ctx,
    async () => {
      const [status, health, waiting] = await Promise.all([
        ctx.get("api/meta-agent/status"),
        ctx.get("api/meta-agent/health"),
        ctx.page("api/approvals", { tenant: ctx.tenant() }),
      ]);
      return { status, health, waiting: waiting.data.length };
    },
    drawGlance,
  );
  const charts = panel(ctx, () => ctx.get("api/meta-agent/metrics", { hours }), drawCharts);
  const reports = panel(
    ctx,
    async () => (await ctx.page("api/meta-agent/reports", { limit: 20 })).data ?? [],
    drawReports,
  );
  const range = h(
    "select",
    {
      id: "range",
      onchange: ({ target }) => {
        hours = target.value;
        charts.refresh();
      },
    },
    RANGES.map(([value, text]) => h("option", { value, selected: value === hours }, text)),
  );
  const all = () => {
    glance.refresh();
    charts.refresh();
  };
  all();
  reports.refresh();
  ctx.follow(["system.", "reopened"], all);
  ctx.follow(["improvement.", "intent.", "trace.ended"], glance.refresh);
  ctx.every(all);
  return {
    title: "Overview",
    nodes: [
      glance.node,
      h(
        "section",
        { class: "card" },
        h(
          "div",
          { class: "row" },
          h("h2", {}, "How it went"),
          h("label", { class: "grow end" }, "Show the last ", range),
        ),
        charts.node,
      ),
      card("Reports", reports.node),
    ],
  };
}

function drawGlance({ status, health, waiting }) {
  const score = status.performance_score;
  const { figures } = status;
  return [
    h(
      "div",
      { class: "tiles" },
      tile(
        "Health",
        state(health.health),
        status.sampled_at ? ["seen ", when(status.sampled_at)] : "measured just now",
      ),
      h(
        "div",
        { class: "tile" },
        h("span", { class: "muted" }, "Performance score"),
        h("strong", {}, score === null ? "–" : `${Math.round(score)} of 100`),
        score === null
          ? null
          : h(
              "meter",
              { min: 0, max: 100, low: 50, high: 80, optimum: 100, value: score, "aria-label": "Performance score" },
              String(score),
            ),
      ),
      tile("Requests", count(figures.requests), "lately"),
      tile("Response time", seconds(figures.response_time), "mean"),
      tile("Success rate", share(figures.success_rate), "of requests"),
      tile(
        "Agents",
        figures.total_agents === undefined ? "–" : `${count(figures.active_agents)} of ${count(figures.total_agents)}`,
        "switched on",
      ),
      tile("Waiting approvals", link(count(waiting), "approvals")),
      tile(
        "Pending improvements",
        link(count(status.pending_improvements), "improvements"),
        `${count(status.completed_improvements)} completed`,
      ),
    ),
    h(
      "div",
      { class: "columns" },
      card(
        "Components",
        table(
          "Components",
          ["Component", "State", "Since", "Why"],
          health.components.map((each) => [
            each.component,
            state(each.health),
            when(each.since),
            each.reasons.join("; ") || "–",
          ]),
        ),
      ),
      card(
        "Behind it",
        facts([
          ["Monitoring", status.meta_agent_active ? "runs" : "does not run"],
          ["Node", status.node],
          ...Object.entries(status.score_parts).map(([name, value]) => [`Score: ${PARTS[name] ?? name}`, share(value)]),
        ]),
        Object.keys(health.nodes).length > 1
          ? facts(Object.entries(health.nodes).map(([name, word]) => [`Node ${name}`, state(word)]))
          : null,
        more(
          "All figures of the last sample",
          "figures",
          facts(Object.entries(health.figures).map(([name, value]) => [name, figure(name, value)])),
          Object.keys(health.absent).length ? [h("h3", {}, "Not there"), facts(Object.entries(health.absent))] : null,
        ),
      ),
    ),
  ];
}

function drawCharts({ samples }) {
  const xs = samples.map(({ timestamp }) => Date.parse(timestamp) / 1_000);
  const line = (label, key) => ({ label, values: samples.map((sample) => sample[key]) });
  const nodes = [...new Set(samples.map(({ node }) => node))];
  const byNode = (key) =>
    nodes.map((node) => ({
      label: nodes.length > 1 ? node : "used",
      values: samples.map((sample) => (sample.node === node ? sample[key] : null)),
    }));
  const rates = samples.map(({ avg_success_rate: rate }) => (rate === null ? null : rate * 100));
  const errors = samples.map(({ total_errors: total }, at) =>
    at && total !== null && samples[at - 1].total_errors !== null
      ? Math.max(0, total - samples[at - 1].total_errors)
      : null,
  );
  const memory = samples.map(({ figures }) => figures.process_memory ?? null);
  return h(
    "div",
    { class: "charts" },
    chart({ title: "Response time, mean", xs, series: [line("time", "avg_response_time")], show: seconds }),
    chart({ title: "Success rate", xs, series: [{ label: "rate", values: rates }], show: percent, high: 100 }),
    chart({
      title: "Failed requests between samples",
      xs,
      series: [{ label: "failed", values: errors }],
      show: count,
      high: Math.max(...errors, 3) * 1.08,
    }),
    chart({ title: "CPU of the machine", xs, series: byNode("system_cpu_usage"), show: percent, high: 100 }),
    chart({ title: "Memory of the machine", xs, series: byNode("system_memory_usage"), show: percent, high: 100 }),
    chart({ title: "Memory of the process", xs, series: [{ label: "resident", values: memory }], show: bytes }),
  );
}

const file = (name, text) =>
  h(
    "a",
    { href: address(`api/meta-agent/reports/${encodeURIComponent(name)}`).href, target: "_blank", rel: "noopener" },
    text,
  );

function drawReports(reports) {
  if (!reports.length) return empty("No report was written yet.");
  return h(
    "ul",
    { class: "plain" },
    reports
      .slice(0, 10)
      .map(({ name, at, size, html }) =>
        h(
          "li",
          {},
          html ? [file(html, moment(at)), " "] : null,
          h("span", { class: "muted" }, when(at), ", "),
          file(name, `JSON, ${bytes(size)}`),
        ),
      ),
  );
}
