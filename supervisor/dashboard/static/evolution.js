// Agents that appear, get better and go: the figures, what was decided and why, and what came of it.
import { can, paths, post } from "./api.js";
import { chart } from "./charts.js";
import { button, card, empty, facts, h, json, link, more, panel, state, table, tile } from "./dom.js";
import { count, moment, percent, seconds, share, when } from "./format.js";

const RANGES = [
  ["1", "1 day"],
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
];
const KINDS = { create: "create an agent", improve: "improve", prune: "retire", keep: "keep" };
const DAY = 86_400_000;
let days = "7";
let kind = "";

export function view(ctx, [cycle]) {
  return cycle ? one(ctx, cycle) : all(ctx);
}

function select(id, options, value, change) {
  return h(
    "select",
    { id, onchange: ({ target }) => change(target.value) },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
}

function all(ctx) {
  const glance = panel(ctx, () => ctx.get("api/evolution/status", { days }), drawStatus);
  const charts = panel(
    ctx,
    async () => {
      const [cycles, attempts] = await Promise.all([
        ctx.get("api/evolution/cycles", { limit: 500 }),
        ctx.get("api/evolution/decisions", { limit: 500, kind: "improve" }),
      ]);
      const since = Date.now() - Number(days) * DAY;
      return {
        cycles: cycles.filter((each) => each.ended_at && !each.error && Date.parse(each.ended_at) >= since).reverse(),
        attempts: attempts.filter((each) => each.ended_at && Date.parse(each.ended_at) >= since).reverse(),
      };
    },
    drawCharts,
  );
  const taken = panel(
    ctx,
    () => ctx.get("api/evolution/decisions", { limit: 100, kind }),
    (decisions) =>
      decisions.length ? drawDecisions(decisions) : empty(kind ? "None of this kind." : "Nothing was decided yet."),
  );
  const cycles = panel(ctx, () => ctx.get("api/evolution/cycles", { limit: 20 }), drawCycles);
  const panels = [glance, charts, taken, cycles];
  const refresh = () => panels.forEach((each) => each.refresh());
  refresh();
  ctx.follow(["evolution.", "agent.", "improvement.", "reopened"], refresh);
  ctx.every(refresh);
  const dry = h("div", { "aria-live": "polite" });
  return {
    nodes: [
      h(
        "div",
        { class: "row" },
        h(
          "label",
          {},
          "Figures of the last ",
          select("days", RANGES, days, (value) => {
            days = value;
            glance.refresh();
            charts.refresh();
          }),
        ),
        h("span", { class: "grow" }),
        can("control") ? button("What would a cycle do?", () => tryOut(ctx, dry)) : null,
        can("control") ? button("Run a cycle", () => run(ctx, refresh), "primary") : null,
      ),
      dry,
      glance.node,
      card("How it went", charts.node),
      h(
        "section",
        { class: "card" },
        h(
          "div",
          { class: "row" },
          h("h2", {}, "Decisions"),
          h(
            "label",
            { class: "grow end" },
            "Show ",
            select("kind", [["", "all"], ...Object.keys(KINDS).map((each) => [each, each])], kind, (value) => {
              kind = value;
              taken.refresh();
            }),
          ),
        ),
        taken.node,
      ),
      card("Cycles", cycles.node),
    ],
  };
}

function drawStatus(status) {
  const { lifecycle } = status;
  const kinds = Object.keys(lifecycle.decisions);
  const fitness = Object.entries(status.fitness).sort(([, a], [, b]) => a - b);
  return [
    h(
      "div",
      { class: "tiles" },
      tile("Agents created", `${lifecycle.created_per_day.toFixed(2)} a day`, `${count(lifecycle.created)} in all`),
      tile("Mean gain", share(lifecycle.improvement), `of ${count(lifecycle.improvements)} attempts to improve`),
      tile("Healthy deployments", share(lifecycle.healthy), `of ${count(lifecycle.deployments)} versions`),
      tile("Within constraints", share(status.within), "of agents in service"),
      tile("Without a person", share(lifecycle.automation.all), "of all decisions"),
      tile("Retired", count(lifecycle.pruned), "agents"),
    ),
    h(
      "div",
      { class: "columns" },
      card(
        "Now",
        facts([
          ["Runs", status.running ? state("running", "a cycle runs") : status.enabled ? "by itself" : "when asked to"],
          ["May do by itself", status.allowed.join(", ") || "nothing"],
          ["Cycles", `${count(status.cycles)}, failed: ${count(status.failed_cycles)}`],
          ["Last one ended", status.last_at ? when(status.last_at) : null],
          ["Median fitness", status.median === null ? null : status.median.toFixed(2)],
        ]),
      ),
      card(
        "Automation",
        kinds.length
          ? table(
              "Automation",
              ["Decision", "Taken", "Without a person"],
              kinds.map((each) => [
                KINDS[each] ?? each,
                count(lifecycle.decisions[each]),
                share(lifecycle.automation[each]),
              ]),
            )
          : empty("Nothing was decided in this time."),
      ),
    ),
    card(
      "Fitness",
      fitness.length
        ? table(
            "Fitness",
            ["Agent", "Fitness, 0 to 1"],
            fitness.map(([name, value]) => [link(name, "agents", name), value.toFixed(2)]),
          )
        : empty("No built agent is in service."),
    ),
  ];
}

const median = (values) => {
  const found = [...values].sort((a, b) => a - b);
  return found.length ? (found[(found.length - 1) >> 1] + found[found.length >> 1]) / 2 : null;
};

function drawCharts({ cycles, attempts }) {
  const xs = cycles.map((each) => Date.parse(each.ended_at) / 1_000);
  const fitness = cycles.map((each) => Object.values(each.fitness ?? {}));
  const part = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));
  return h(
    "div",
    { class: "charts" },
    chart({
      title: "Median fitness",
      xs,
      series: [{ label: "fitness", values: fitness.map(median) }],
      show: part,
      high: 1,
    }),
    chart({
      title: "Agents in service",
      xs,
      series: [{ label: "agents", values: fitness.map((each) => each.length) }],
      show: count,
    }),
    chart({
      title: "Decisions of a cycle",
      xs,
      series: [{ label: "decisions", values: cycles.map((each) => each.decisions) }],
      show: count,
    }),
    chart({
      title: "Gain of each attempt",
      xs: attempts.map((each) => Date.parse(each.ended_at) / 1_000),
      series: [{ label: "gain", values: attempts.map((each) => (each.gain ?? 0) * 100) }],
      show: percent,
    }),
  );
}

// What came of a decision, by a word: a person decides, it is under way, or how it ended.
function outcome(decision) {
  if (decision.ended) {
    if (!decision.ok) return state("failed");
    return decision.changed ? state("completed", "done") : state("none", "nothing changed");
  }
  if (!decision.by_itself) return state("pending", "a person decides");
  return state("running", "under way");
}

function decider({ by_itself, improvement }) {
  if (by_itself) return "itself";
  return improvement ? link("a person", "improvements", improvement) : "a person";
}

function subject(decision) {
  if (decision.agent) return link(decision.agent, "agents", decision.agent);
  if (decision.kind === "create") return decision.improvement ? "–" : `need ${decision.subject.slice(0, 8)}`;
  return link(decision.subject, "agents", decision.subject);
}

function drawDecisions(decisions) {
  return table(
    "Decisions",
    ["When", "What", "Agent", "Why", "Decided by", "What came of it"],
    decisions.map((each) => [
      link(moment(each.taken_at), "evolution", each.cycle),
      KINDS[each.kind] ?? each.kind,
      subject(each),
      each.why,
      decider(each),
      [outcome(each), each.result ? ` ${each.result}` : ""],
    ]),
  );
}

function drawCycles(cycles) {
  return cycles.length
    ? table(
        "Cycles",
        ["Began", "By", "State", "Needs", "Decisions", "Took"],
        cycles.map((each) => [
          link(moment(each.started_at), "evolution", each.cycle),
          each.by,
          standing(each),
          count(each.needs),
          count(each.decisions),
          each.ended_at ? seconds(each.seconds) : "–",
        ]),
      )
    : empty("No cycle ran yet.");
}

function standing(cycle) {
  if (!cycle.ended_at) return state("running", "not ended");
  return cycle.error ? [state("failed"), ` ${cycle.error}`] : state("completed");
}

async function run(ctx, refresh) {
  await ctx.act(
    () => post("api/evolution/cycles"),
    ({ cycle }) => `Cycle ${cycle.slice(0, 8)} has begun.`,
  );
  refresh();
}

async function tryOut(ctx, node) {
  node.replaceChildren(h("p", { class: "muted" }, "Looking…"));
  let found = null;
  await ctx.act(
    async () => (found = await post("api/evolution/dry-run")),
    ({ decisions }) => `A cycle would decide on ${count(decisions.length)}; nothing was changed.`,
  );
  node.replaceChildren();
  if (!found) return;
  node.append(
    card(
      "A cycle would",
      found.decisions.length
        ? table(
            "What a cycle would do",
            ["What", "Why", "Decided by"],
            found.decisions.map((each) => [
              KINDS[each.kind] ?? each.kind,
              each.why,
              each.by_itself ? "itself" : "a person",
            ]),
          )
        : empty("There is nothing to do."),
      found.notes.map((note) => h("p", { class: "muted" }, note)),
    ),
  );
}

function one(ctx, id) {
  const body = panel(ctx, () => ctx.get(paths.cycle(id)), drawCycle);
  body.refresh();
  ctx.follow(["evolution.", "build.", "reopened"], body.refresh);
  ctx.every(body.refresh);
  return { title: "Cycle of evolution", nodes: [h("p", {}, link("← Evolution", "evolution")), body.node] };
}

function drawCycle(cycle) {
  const fitness = Object.entries(cycle.fitness ?? {});
  return [
    card(
      "The cycle",
      facts([
        ["State", standing(cycle)],
        ["Begun by", cycle.by],
        ["Began", when(cycle.started_at)],
        ["Took", cycle.ended_at ? seconds(cycle.seconds) : null],
        ["Needs found", count(cycle.needs)],
        ["Model calls", count(cycle.model_calls)],
        ["Id", h("code", {}, cycle.cycle), true],
      ]),
      cycle.notes.map((note) => h("p", { class: "muted" }, note)),
    ),
    cycle.taken.length ? cycle.taken.map(drawDecision) : card(null, empty("Nothing was decided.")),
    fitness.length
      ? card(
          "Fitness at its end",
          table(
            "Fitness at its end",
            ["Agent", "Fitness, 0 to 1"],
            fitness.map(([name, value]) => [link(name, "agents", name), value.toFixed(2)]),
          ),
        )
      : null,
  ];
}

function drawDecision(decision) {
  const { improvement, build } = decision;
  const causes = decision.causes.map((each) => [
    each === improvement ? link(each, "improvements", each) : link(each.slice(0, 12), "traces", each),
    " ",
  ]);
  return card(
    `${decision.number}. ${KINDS[decision.kind] ?? decision.kind}`,
    h("p", {}, decision.why),
    facts([
      ["What came of it", outcome(decision)],
      ["Agent", subject(decision)],
      ["Version", decision.agent_version],
      ["Decided by", decider(decision)],
      ["Gain", decision.gain === null ? null : share(decision.gain)],
      ["Well", decision.healthy === null ? null : decision.healthy ? "yes" : "no"],
      ["Within constraints", decision.within === null ? null : decision.within ? "yes" : "no"],
      ["Build", decision.kind === "create" && build ? link(build.slice(0, 12), "builds", build) : null],
      ["Result", decision.result, true],
      ["Causes", causes.length ? causes : null, true],
    ]),
    Object.keys(decision.figures).length ? more("Figures", `figures ${decision.number}`, json(decision.figures)) : null,
  );
}
