// What agents want to do, and wait for a person's word.
import { can, paths, post } from "./api.js";
import { empty, facts, h, json, link, more, panel } from "./dom.js";
import { ask, comment } from "./dialog.js";
import { when } from "./format.js";

export function view(ctx) {
  const list = panel(
    ctx,
    async () => (await ctx.page("api/approvals", { tenant: ctx.tenant(), limit: 100 })).data,
    (waiting) =>
      waiting.length
        ? waiting.map((intent) => draw(ctx, intent, list.refresh))
        : empty("Nothing waits for an approval."),
  );
  list.refresh();
  ctx.follow(["intent.", "reopened"], list.refresh);
  ctx.every(list.refresh);
  return {
    nodes: [
      can("approve")
        ? null
        : h("p", { class: "notice" }, "Your token may look, not decide (it has no scope “approve”)."),
      list.node,
    ],
  };
}

function draw(ctx, intent, refresh) {
  const title = `${intent.type}: ${intent.summary}`;
  return h(
    "article",
    { class: "card", "aria-label": title },
    h("h2", {}, intent.summary),
    facts([
      ["Kind", intent.type],
      ["For", `${intent.user} (${intent.tenant})`],
      ["Asked", when(intent.registered_at)],
      ["Ends", intent.expires_at ? when(intent.expires_at) : null],
      ["Trace", intent.trace_id ? link(intent.trace_id.slice(0, 12), "traces", intent.trace_id, intent.tenant) : null],
    ]),
    more("Exactly what would be carried out", `arguments ${intent.intent_id}`, json(intent.arguments)),
    can("approve")
      ? h(
          "div",
          { class: "row" },
          h(
            "button",
            {
              type: "button",
              class: "primary",
              "data-key": `approve ${intent.intent_id}`,
              onclick: () => decide(ctx, intent, true, refresh),
            },
            "Approve",
          ),
          h(
            "button",
            {
              type: "button",
              class: "danger",
              "data-key": `deny ${intent.intent_id}`,
              onclick: () => decide(ctx, intent, false, refresh),
            },
            "Deny",
          ),
        )
      : null,
  );
}

async function decide(ctx, intent, yes, refresh) {
  const given = await ask({
    title: yes ? "Approve this?" : "Deny this?",
    text: intent.summary,
    fields: [comment(yes ? "Comment" : "Reason")],
    action: yes ? "Approve" : "Deny",
    danger: !yes,
  });
  if (!given) return;
  const body = { ...given, tenant: intent.tenant, user: intent.user };
  const done = (report) => (yes ? `Approved: ${report.detail || report.status}.` : "Denied.");
  await ctx.act(() => post(paths.approval(intent.intent_id, yes ? "approve" : "deny"), body), done);
  refresh();
}
