// Feature flags: what a request gets and why, and changes of that.
import { can, paths, post } from "./api.js";
import { card, empty, facts, h, json, more, panel, state, table } from "./dom.js";
import { ask } from "./dialog.js";
import { when } from "./format.js";

export function view(ctx) {
  const flags = panel(
    ctx,
    () => ctx.get("api/flags", { tenant: ctx.tenant() }),
    (report) => [
      report.fault
        ? h(
            "div",
            { class: "problem", role: "alert" },
            h("strong", {}, "The definitions are not right; the last good ones hold."),
            json(report.fault),
          )
        : null,
      report.flags.map((flag) => draw(ctx, flag, report.definitions[flag.key], refresh)),
    ],
  );
  const history = panel(
    ctx,
    () => ctx.get("api/flags/history", { limit: 50 }),
    (steps) =>
      steps.length
        ? table(
            "Changes",
            ["When", "Flag", "By", "Why", "Before", "After"],
            steps.map((step) => [when(step.at), step.key, step.by, step.reason, brief(step.before), brief(step.after)]),
          )
        : empty("Nothing was changed yet."),
  );
  const refresh = () => {
    flags.refresh();
    history.refresh();
  };
  refresh();
  ctx.follow(["flag.", "reopened"], refresh);
  ctx.every(flags.refresh);
  return { nodes: [flags.node, card("Changes", history.node)] };
}

const brief = (value) => (value === null ? "–" : h("code", {}, JSON.stringify(value).slice(0, 160)));
const word = (value) => (value === true ? state("on") : value === false ? state("off") : h("code", {}, String(value)));

function draw(ctx, flag, definition, refresh) {
  return h(
    "article",
    { class: "card", "aria-label": flag.key },
    h(
      "div",
      { class: "row" },
      h("h2", {}, h("code", {}, flag.key)),
      word(flag.value),
      h("span", { class: "grow" }),
      can("control")
        ? h(
            "button",
            {
              type: "button",
              "data-key": `change ${flag.key}`,
              "aria-label": `Change ${flag.key}`,
              onclick: () => change(ctx, flag, definition, refresh),
            },
            "Change…",
          )
        : null,
    ),
    h("p", {}, flag.description),
    facts([
      ["Variant", flag.variant],
      ["Reason", flag.reason.toLowerCase().replaceAll("_", " ")],
      ["Default", String(flag.default)],
      ["Told by", flag.provider],
      ["Error", flag.error],
    ]),
    definition ? more("Definition", `definition ${flag.key}`, json(definition)) : null,
  );
}

async function change(ctx, flag, definition, refresh) {
  const variants = Object.keys(definition?.variants ?? {});
  const fields = [
    {
      name: "percent",
      label: "Share of requests that get “on”, in percent",
      kind: "number",
      min: "0",
      max: "100",
      step: "any",
      inputmode: "decimal",
      hint: "Empty: as it is.",
    },
  ];
  if (variants.length)
    fields.push({
      name: "variant",
      label: "Variant for everybody else",
      options: [["", "as it is"], ...variants.map((each) => [each, each])],
    });
  fields.push(
    {
      name: "enabled",
      label: "The flag",
      options: [
        ["", "as it is"],
        ["true", "is evaluated"],
        ["false", "is out of use: its default holds"],
      ],
    },
    { name: "reason", label: "Reason", required: true, maxlength: 2000 },
  );
  const given = await ask({
    title: `Change ${flag.key}`,
    text: flag.description,
    fields: flag.type === "boolean" || flag.type === "bool" ? fields : fields.slice(1),
    action: "Change",
  });
  if (!given) return;
  const body = { reason: given.reason };
  if (given.percent) body.percent = Number(given.percent);
  if (given.variant) body.variant = given.variant;
  if (given.enabled) body.enabled = given.enabled === "true";
  await ctx.act(
    () => post(paths.flag(flag.key), body),
    ({ changed }) => (changed ? `${flag.key} is changed.` : `${flag.key} is as it was.`),
  );
  refresh();
}
