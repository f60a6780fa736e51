// Roles and agents: how each does, and did.
import { can, paths, post } from "./api.js";
import { chart, spark } from "./charts.js";
import { arrows, button, card, empty, facts, h, link, panel, state, table } from "./dom.js";
import { ask } from "./dialog.js";
import { count, percent, seconds, share, when } from "./format.js";
import { drawVersions } from "./versions.js";

export function view(ctx, [name]) {
  return name ? one(ctx, name) : all(ctx);
}

function all(ctx) {
  const list = panel(
    ctx,
    async () => {
      const [agents, known] = await Promise.all([
        ctx.get("api/meta-agent/agent-performance"),
        ctx.get("api/agents", { limit: 500 }),
      ]);
      const versions = new Map(known.map(({ name, version }) => [name, version]));
      return agents.map((agent) => ({ ...agent, version: versions.get(agent.agent_name) ?? null }));
    },
    (agents) =>
      agents.length
        ? arrows(
            table(
              "Agents",
              ["Agent", "State", "Version", "Calls", "Success rate", "Response time", "Lately", "Last active"],
              agents.map((agent) => [
                stop(link(agent.agent_name, "agents", agent.agent_name)),
                standing(agent),
                agent.version ?? "–",
                count(agent.calls),
                share(agent.success_rate),
                seconds(agent.response_time),
                spark(agent.history.map((point) => point.response_time)),
                when(agent.last_active_at),
              ]),
            ),
          )
        : empty("No agent was registered yet."),
  );
  list.refresh();
  ctx.follow(["agent.", "system.", "reopened"], list.refresh);
  ctx.every(list.refresh);
  return { nodes: [card(null, list.node)] };
}

// A role that had too few calls lately is not judged: it is neither well nor ill.
function standing(agent) {
  if (!agent.enabled) return state("off", "switched off");
  return agent.health === "unknown" ? state("unknown", "too few calls") : state(agent.health);
}

function stop(node) {
  node.dataset.stop = "";
  return node;
}

function one(ctx, name) {
  const body = panel(
    ctx,
    async () => {
      const [found, known] = await Promise.all([
        ctx.get("api/meta-agent/agent-performance", { agent_name: name }),
        ctx.get(paths.agent(name)),
      ]);
      const built = known.version ? await ctx.optional(paths.agent(name, "versions")) : null;
      return { agent: found[0], known, built };
    },
    ({ agent, known, built }) => [
      draw(ctx, agent, known, body.refresh),
      built ? drawVersions(ctx, built, body.refresh) : null,
    ],
  );
  body.refresh();
  ctx.follow(["agent.", "system.", "reopened"], body.refresh);
  return { title: name, nodes: [h("p", {}, link("← All agents", "agents")), body.node] };
}

function draw(ctx, agent, known, refresh) {
  const xs = agent.history.map(({ timestamp }) => Date.parse(timestamp) / 1_000);
  const values = (key, factor = 1) => agent.history.map((point) => (point[key] === null ? null : point[key] * factor));
  return [
    card(
      "Now",
      h("p", {}, known.description),
      facts([
        ["State", standing({ ...agent, enabled: known.enabled })],
        ["Why", known.reason, true],
        ["Kind", known.kind],
        ["Version", known.version],
        ["Calls", count(agent.calls)],
        ["Errors", count(agent.errors)],
        ["Success rate", share(agent.success_rate)],
        ["Response time, mean", seconds(agent.response_time)],
        ["Last active", when(agent.last_active_at)],
        ["Tools", known.tools.join(", "), true],
        [
          "Improvements",
          agent.improvements.length ? agent.improvements.map((id) => [link(id, "improvements", id), " "]) : null,
        ],
      ]),
      can("control")
        ? h(
            "div",
            { class: "row" },
            known.enabled
              ? button("Switch off", () => disable(ctx, agent.agent_name, refresh), "danger")
              : button("Switch on again", () => restore(ctx, agent.agent_name, refresh), "primary"),
          )
        : null,
    ),
    card(
      "The last 24 hours",
      h(
        "div",
        { class: "charts" },
        chart({
          title: "Response time",
          xs,
          series: [{ label: "time", values: values("response_time") }],
          show: seconds,
        }),
        chart({
          title: "Success rate",
          xs,
          series: [{ label: "rate", values: values("success_rate", 100) }],
          show: percent,
          high: 100,
        }),
        chart({ title: "Calls in the window", xs, series: [{ label: "calls", values: values("calls") }], show: count }),
      ),
    ),
  ];
}

async function disable(ctx, name, refresh) {
  const given = await ask({
    title: `Switch ${name} off?`,
    text: "No request is routed to it any more, by any supervisor on this log, until it is switched on again.",
    fields: [{ name: "reason", label: "Reason", required: true, maxlength: 2000 }],
    action: "Switch off",
    danger: true,
  });
  if (
    given &&
    (await ctx.act(() => post(paths.agent(name, "disable"), given), `${name} is switched off.`, {
      undo: () => restore(ctx, name, refresh),
    }))
  )
    refresh();
}

async function restore(ctx, name, refresh) {
  if (await ctx.act(() => post(paths.agent(name, "restore")), `${name} is on again.`)) refresh();
}
