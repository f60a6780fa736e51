// The rules agents work by: versions, what differs, how they came to be, and how their trials stand.
import { can, paths, post } from "./api.js";
import { chart } from "./charts.js";
import { arrows, button, card, empty, facts, h, json, link, more, panel, state, table } from "./dom.js";
import { ask } from "./dialog.js";
import { count, points, share, signed, when } from "./format.js";

export function view(ctx, [type, version]) {
  return type ? one(ctx, type, version) : all(ctx);
}

function all(ctx) {
  const list = panel(
    ctx,
    () => ctx.get("api/guidelines", { limit: 500 }),
    (records) => {
      if (!records.length) return empty("No guideline was proposed yet.");
      const types = Map.groupBy ? Map.groupBy(records, (record) => record.agent_type) : grouped(records);
      return arrows(
        table(
          "Guidelines",
          ["Agent type", "In service", "On trial", "Proposed", "Versions"],
          [...types].map(([type, versions]) => {
            const go = link(type, "guidelines", type);
            go.dataset.stop = "";
            const named = (word) =>
              versions
                .filter(({ status }) => status === word)
                .map((each) => each.version)
                .join(", ") || "–";
            return [go, named("active"), named("trial"), named("proposed"), count(versions.length)];
          }),
        ),
      );
    },
  );
  list.refresh();
  ctx.follow(["guideline.", "reopened"], list.refresh);
  return { nodes: [card(null, list.node)] };
}

function grouped(records) {
  const found = new Map();
  for (const record of records) found.set(record.agent_type, [...(found.get(record.agent_type) ?? []), record]);
  return found;
}

function one(ctx, type, version) {
  const body = panel(
    ctx,
    async () => {
      const [versions, history, trials] = await Promise.all([
        ctx.get("api/guidelines", { agent_type: type, limit: 500 }),
        ctx.get(paths.guideline(type, "history"), { limit: 500 }),
        ctx.optional("api/learning/trials", { agent_type: type }),
      ]);
      return { versions, history, trials: trials ?? [] };
    },
    (found) => draw(ctx, type, version, found, body.refresh),
  );
  body.refresh();
  ctx.follow(["guideline.", "reopened"], body.refresh);
  ctx.every(body.refresh);
  return { title: `Guideline: ${type}`, nodes: [h("p", {}, link("← All guidelines", "guidelines")), body.node] };
}

function draw(ctx, type, version, { versions, history, trials }, refresh) {
  const shown =
    versions.find((each) => each.version === version) ??
    versions.find(({ status }) => status === "active") ??
    versions.at(-1);
  if (!shown) return empty("There is no such guideline.");
  const go = (each) => {
    const found = link(each.version, "guidelines", type, each.version);
    found.dataset.stop = "";
    if (each === shown) found.ariaCurrent = "true";
    return found;
  };
  return [
    card(
      "Versions",
      arrows(
        table(
          "Versions",
          ["Version", "State", "From", "Proposed", "By", "Why"],
          [...versions]
            .reverse()
            .map((each) => [
              go(each),
              state(each.status),
              each.base_version ?? "none",
              when(each.proposed_at),
              each.proposed_by,
              each.proposed_why,
            ]),
        ),
      ),
    ),
    h(
      "article",
      { class: "card" },
      h("h2", {}, `Version ${shown.version} `, state(shown.status)),
      facts([
        [
          "Decided",
          shown.decided_by
            ? [`${shown.decided_by}${shown.decided_why ? `: ${shown.decided_why}` : ""}, `, when(shown.decided_at)]
            : null,
          true,
        ],
        ["Share of requests", shown.share === null ? null : share(shown.share)],
        ["Patterns", shown.patterns.join(", ")],
      ]),
      h("h3", {}, shown.base_version ? `What differs from ${shown.base_version}` : "What it adds"),
      difference(shown.diff),
      more(
        shown.rules.length === 1 ? "Its one rule" : `All ${shown.rules.length} rules`,
        "rules",
        h(
          "ol",
          {},
          shown.rules.map((rule) =>
            h("li", {}, rule.text, rule.origin ? h("small", { class: "muted" }, ` (${rule.origin})`) : null),
          ),
        ),
      ),
      shown.evidence === null ? null : more("Evidence", "evidence", json(shown.evidence)),
      decisions(ctx, type, shown, refresh),
    ),
    trials.map((trial) => drawTrial(trial)).reverse(),
    card(
      "History",
      table(
        "History",
        ["When", "What", "Version", "By", "Why"],
        [...history]
          .reverse()
          .map((step) => [
            when(step.at),
            step.what,
            step.other ? `${step.version} (${step.other})` : step.version,
            step.by,
            step.reason,
          ]),
      ),
    ),
  ];
}

function difference(changes) {
  const line = (sign, word, text) =>
    h(
      "li",
      { class: `change ${word}` },
      h("span", { "aria-hidden": "true" }, sign),
      h("span", { class: "unseen" }, `${word}: `),
      h("span", {}, text),
    );
  if (!changes.length) return empty("Nothing.");
  const lines = changes.map(({ before, after }) => [
    before ? line("−", "removed", before) : null,
    after ? line("+", "added", after) : null,
  ]);
  return h("ul", { class: "diff" }, lines);
}

function drawTrial(trial) {
  const path = trial.path ?? [];
  const arm = (name, { outcomes, successes, rate, waiting }) => [
    name,
    share(rate),
    count(successes),
    count(outcomes),
    count(waiting),
  ];
  const column = (at) => path.map((point) => point[at] * 100);
  // The first bounds are far apart: the scale is that of the later ones.
  const later = path.slice(path.length >> 2).flatMap(([, ...bounds]) => bounds.map(Math.abs));
  const reach = Math.min(100, Math.max(10, ...later.map((value) => value * 110)));
  return card(
    null,
    h(
      "h2",
      {},
      `Trial of ${trial.version} against ${trial.against ?? "no guideline"} `,
      state(trial.state === "promoted" ? "success" : trial.state, trial.state),
    ),
    facts([
      ["Began", when(trial.started_at)],
      ["Ended", trial.ended_at ? when(trial.ended_at) : null],
      ["Share", share(trial.share)],
      ["Difference", `${points(trial.difference)} (${signed(trial.low)} to ${signed(trial.high)})`],
      ["Evidence that it is better", `${count(trial.evidence)} of ${count(1 / trial.alpha)} needed`],
    ]),
    table(
      "Arms",
      ["Arm", "Success rate", "Went well", "Compared", "Waiting"],
      [arm(trial.version, trial.candidate), arm(trial.against ?? "no guideline", trial.incumbent)],
    ),
    chart({
      title: "Difference in success rate, with its confidence sequence",
      xs: path.map(([n]) => n),
      counts: true,
      xLabel: "Outcomes",
      low: -reach,
      high: reach,
      band: true,
      series: [
        { label: "difference", values: column(1) },
        { label: "low", values: column(2) },
        { label: "high", values: column(3) },
      ],
      show: (value) => (typeof value === "number" ? points(value / 100) : "–"),
      tick: (value) => signed(value / 100),
    }),
  );
}

function decisions(ctx, type, record, refresh) {
  if (!can("approve")) return null;
  const decide = async (what, title, path, danger) => {
    const given = await ask({
      title,
      fields: [{ name: "reason", label: "Reason", required: true, maxlength: 2000 }],
      action: what,
      danger,
    });
    if (!given) return;
    await ctx.act(
      () => post(path, given),
      ({ active }) => `In service now: ${active ?? "no guideline"}.`,
    );
    refresh();
  };
  const { version, status } = record;
  if (status === "active")
    return h(
      "div",
      { class: "row" },
      button(
        "Roll back",
        () => decide("Roll back", `Take ${version} out of service?`, paths.guideline(type, "rollback"), true),
        "danger",
      ),
    );
  return h(
    "div",
    { class: "row" },
    button(
      "Put into service",
      () => decide("Put into service", `Put ${version} into service?`, paths.guideline(type, version, "activate")),
      "primary",
    ),
    ["proposed", "trial"].includes(status)
      ? button(
          "Reject",
          () => decide("Reject", `Reject ${version}?`, paths.guideline(type, version, "reject"), true),
          "danger",
        )
      : null,
  );
}
