// What would make it better, the evidence for it, and a person's decision.
import { can, paths, post } from "./api.js";
import { arrows, button, card, empty, facts, h, json, link, more, panel, state, table } from "./dom.js";
import { ask, comment } from "./dialog.js";
import { count, figure, percent, when } from "./format.js";

const STATUSES = ["pending", "approved", "assigned", "completed", "failed", "rejected", "undone", "closed"];
let status = "pending";

export function view(ctx, [id]) {
  return id ? one(ctx, id) : all(ctx);
}

function all(ctx) {
  const list = panel(
    ctx,
    () => ctx.get("api/meta-agent/improvements", { status, limit: 100 }),
    (items) =>
      items.length
        ? arrows(h("ul", { class: "rows" }, items.map(row)))
        : empty(status ? `None is ${status}.` : "None was suggested yet."),
  );
  const filter = h(
    "select",
    {
      id: "status",
      onchange: ({ target }) => {
        status = target.value;
        list.refresh();
      },
    },
    [["", "all"], ...STATUSES.map((each) => [each, each])].map(([value, text]) =>
      h("option", { value, selected: value === status }, text),
    ),
  );
  list.refresh();
  ctx.follow(["improvement.", "reopened"], list.refresh);
  ctx.every(list.refresh);
  return {
    nodes: [
      h(
        "div",
        { class: "row" },
        h("label", {}, "Show ", filter),
        h("span", { class: "grow" }),
        can("control")
          ? button("Analyse now", () =>
              ctx.act(() => post("api/meta-agent/trigger-analysis"), "Analysed.").then(list.refresh),
            )
          : null,
      ),
      list.node,
    ],
  };
}

// What it tunes: each setting's page tells its bounds, and what holds now.
function settings({ arguments: { changes } }) {
  const keys = Object.keys(changes ?? {});
  return keys.length ? keys.map((key) => [link(key, "tuning", key), " "]) : null;
}

function row(item) {
  const go = link(item.title, "improvements", item.id);
  go.dataset.stop = "";
  return h(
    "li",
    { class: "card" },
    h("div", { class: "row" }, state(item.priority), go, h("span", { class: "grow" }), state(item.status)),
    h(
      "p",
      { class: "muted" },
      `${item.type}, ${item.affected_components.join(", ")}; confidence ${percent(item.confidence * 100, 0)}; `,
      `seen ${item.evidence_count === 1 ? "once" : `${count(item.evidence_count)} times`}, last `,
      when(item.last_seen_at),
    ),
  );
}

function one(ctx, id) {
  const body = panel(
    ctx,
    () => ctx.get(paths.improvement(id)),
    (item) => draw(ctx, item, body.refresh),
  );
  body.refresh();
  ctx.follow(["improvement.", "reopened"], body.refresh);
  return { title: "Improvement", nodes: [h("p", {}, link("← All improvements", "improvements")), body.node] };
}

function impact({ metric, before, after, low, high }) {
  if (!metric || before === null || after === null) return null;
  const range = low === null || high === null ? "" : ` (${figure(metric, low)} to ${figure(metric, high)})`;
  return `${figure(metric, before)} → ${figure(metric, after)}${range}`;
}

const measure = ({ metric }) => (metric ?? "").split("/").at(-1).replaceAll("_", " ");

function draw(ctx, item, refresh) {
  const plan = item.implementation_plan;
  return [
    h(
      "article",
      { class: "card" },
      h("h2", {}, item.title),
      h("p", {}, item.description),
      item.estimated_impact.text ? h("p", {}, item.estimated_impact.text) : null,
      facts([
        ["Status", state(item.status)],
        ["Priority", state(item.priority)],
        ["Type", item.type],
        ["Affects", item.affected_components.join(", ")],
        [`Expected ${measure(item.estimated_impact)}`, impact(item.estimated_impact)],
        ["Confidence", percent(item.confidence * 100, 0)],
        ["Found by", item.analyzer],
        ["Id", h("code", {}, item.id)],
        ["Suggested", when(item.created_at)],
        ["Last seen", when(item.last_seen_at)],
        [
          "Decided",
          item.decided_by
            ? [`${item.decided_by}${item.decided_why ? `: ${item.decided_why}` : ""}, `, when(item.decided_at)]
            : null,
          true,
        ],
        ["Carried out by", item.orphaned ? `${item.assigned_agent}, which is not there any more` : item.assigned_agent],
        ["Result", item.result, true],
        ["Settings", settings(plan), true],
        ["Earlier", item.previous ? link(item.previous, "improvements", item.previous) : null],
      ]),
      decisions(ctx, item, refresh),
    ),
    card(
      "Plan",
      plan.steps.length
        ? h(
            "ol",
            {},
            plan.steps.map((step) => h("li", {}, step)),
          )
        : null,
      plan.action
        ? facts([
            ["Done by", plan.specialist],
            ["Action", h("code", {}, plan.action)],
          ])
        : h("p", { class: "muted" }, "Only a person can carry this out."),
      plan.action ? more("Exactly what would be done", "plan", json(plan.arguments)) : null,
    ),
    card(
      `Evidence (${count(item.evidence_count)})`,
      h(
        "ul",
        { class: "rows" },
        [...item.evidence]
          .reverse()
          .map(({ text, figures, at }, place) =>
            h(
              "li",
              {},
              h("p", {}, text, " ", h("span", { class: "muted" }, when(at))),
              Object.keys(figures).length
                ? more("Figures", `evidence ${item.evidence.length - place}`, json(figures))
                : null,
            ),
          ),
      ),
    ),
    compare(item),
    card(
      "History",
      table(
        "History",
        ["When", "What", "By", "Why"],
        item.history.map((step) => [when(step.at), step.what, step.by, step.text]),
      ),
    ),
  ];
}

// A specialist's measurement as people read it, with its units; figures of another form as they are.
function measured(figures) {
  const { metric, mean, low, high, count: counted, errors, ...rest } = figures ?? {};
  const known = {};
  if (metric) known[`${metric.replaceAll("_", " ")}, mean`] = figure(metric, mean);
  if (metric && typeof low === "number") known["95 % interval"] = `${figure(metric, low)} to ${figure(metric, high)}`;
  if (counted !== undefined) known["measured on"] = count(counted);
  if (errors?.calls !== undefined) known["failed calls"] = `${count(errors.failed)} of ${count(errors.calls)}`;
  for (const [name, value] of Object.entries(rest))
    known[name] = typeof value === "number" ? figure(name, value) : typeof value === "string" ? value : json(value);
  return known;
}

function compare(item) {
  const [before, after] = [measured(item.before), measured(item.after)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.length
    ? card(
        "Before and after",
        table(
          "Before and after",
          ["Figure", "Before", "After"],
          names.map((name) => [name, before[name] ?? "–", after[name] ?? "–"]),
        ),
      )
    : null;
}

function decisions(ctx, item, refresh) {
  if (item.status === "pending" && can("approve")) {
    return h(
      "div",
      { class: "row" },
      button("Approve", () => decide(ctx, item, "approve", refresh), "primary"),
      button("Reject", () => decide(ctx, item, "reject", refresh), "danger"),
    );
  }
  const nobodys = item.status === "approved" ? !item.implementation_plan.action : item.orphaned;
  if (nobodys && can("approve"))
    return h(
      "div",
      { class: "row" },
      button("Carried out…", () => byHand(ctx, item, "done", refresh), "primary"),
      button("Can't be done…", () => byHand(ctx, item, "failed", refresh), "danger"),
    );
  if (item.status === "completed" && item.undo !== null && can("approve"))
    return h(
      "div",
      { class: "row" },
      button("Undo", () => decide(ctx, item, "undo", refresh), "danger"),
    );
  return null;
}

const TEXTS = {
  approve: ["Approve this improvement?", "Its plan, exactly as it is shown, may then be carried out.", "Approved."],
  reject: ["Reject this improvement?", "It will not be carried out, and not suggested again for a while.", "Rejected."],
  undo: ["Undo this improvement?", "What was changed is taken back.", "Undone."],
};

// What no specialist does, a person does; then it is a person who says how it ended.
async function byHand(ctx, item, what, refresh) {
  const done = what === "done";
  const given = await ask({
    title: done ? "Was it carried out?" : "Can it not be done?",
    text: `${item.title}. ${done ? "It is completed then." : "It is failed then."}`,
    fields: [{ name: "note", label: done ? "What was done" : "Why not", kind: "long", required: true }],
    action: done ? "Carried out" : "Can't be done",
    danger: !done,
  });
  if (!given) return;
  await ctx.act(() => post(paths.improvement(item.id, what), given), done ? "Completed." : "Failed.");
  refresh();
}

async function decide(ctx, item, what, refresh) {
  const [title, text, done] = TEXTS[what];
  const given = await ask({
    title,
    text: `${item.title}. ${text}`,
    fields: [comment(what === "approve" ? "Comment" : "Reason")],
    action: what[0].toUpperCase() + what.slice(1),
    danger: what !== "approve",
  });
  if (!given) return;
  await ctx.act(
    () => post(paths.improvement(item.id, what), what === "approve" ? { ...given, plan_hash: item.plan_hash } : given),
    done,
  );
  refresh();
}
