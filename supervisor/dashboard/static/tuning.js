// Settings that change while supervisors run: what holds, within which bounds, who tuned it, and changes of that.
import { can, paths, post } from "./api.js";
import { arrows, button, card, empty, facts, h, link, panel, state, table } from "./dom.js";
import { ask } from "./dialog.js";
import { when } from "./format.js";

const GROUPS = [
  ["requests.", "Requests"],
  ["monitoring.", "Monitoring"],
];
const OF_TOOLS = [
  ["timeout", "A call may take"],
  ["cache", "Answers are kept"],
  ["breaker", "Left alone after five failures"],
];
const isTuned = ({ tuned, problem }) => tuned || Boolean(problem);
const told = (value, unit) => `${value.toLocaleString("en", { maximumFractionDigits: 6 })}${unit ? `\u00a0${unit}` : ""}`;
const bounds = ({ low, high, unit }) => `${told(low, "")} to ${told(high, unit)}`;
let wanted = "";

export function view(ctx, [key]) {
  return key ? one(ctx, key) : all(ctx);
}

async function everything(ctx) {
  const found = [];
  let cursor = null;
  do {
    const { data, page } = await ctx.page("api/tuning", { limit: 500, cursor });
    found.push(...data);
    cursor = page.next;
  } while (cursor);
  return found;
}

function all(ctx) {
  const list = panel(
    ctx,
    () => everything(ctx),
    (settings) => draw(settings.filter(({ key }) => key.includes(wanted))),
  );
  const find = h("input", {
    id: "find",
    type: "search",
    value: wanted,
    maxlength: "200",
    autocomplete: "off",
    spellcheck: "false",
    oninput: ({ target }) => {
      wanted = target.value.trim();
      list.redraw();
    },
  });
  list.refresh();
  ctx.follow(["tuning.", "reopened"], list.refresh);
  ctx.every(list.refresh);
  return {
    nodes: [
      h(
        "p",
        { class: "muted" },
        "What is set here holds in every supervisor on this log within a second, on top of the configuration, until it is reset.",
      ),
      h("div", { class: "row" }, h("label", {}, "Find ", find)),
      list.node,
    ],
  };
}

function draw(settings) {
  const tuned = settings.filter(isTuned);
  return [
    card(
      "Tuned",
      tuned.length
        ? arrows(
            table(
              "Tuned",
              ["Setting", "Value", "Configured", "By", "Why", "When"],
              tuned.map((each) => [
                named(each),
                each.problem ? [told(each.value, each.unit), " ", state("failed", "not used")] : told(each.value, each.unit),
                told(each.configured, each.unit),
                each.improvement ? link(each.improvement, "improvements", each.improvement) : each.by,
                each.problem || each.reason,
                when(each.at),
              ]),
            ),
          )
        : empty(wanted ? "None of these is tuned." : "Everything is as configured."),
    ),
    GROUPS.map(([prefix, title]) => {
      const rest = settings.filter((each) => each.key.startsWith(prefix) && !isTuned(each));
      return rest.length
        ? card(
            title,
            arrows(
              table(
                title,
                ["Setting", "Value", "Bounds", "What it is"],
                rest.map((each) => [named(each), told(each.value, each.unit), bounds(each), each.about]),
              ),
            ),
          )
        : null;
    }),
    tools(settings.filter(({ key }) => key.startsWith("tool."))),
  ];
}

// One row for a tool: its settings have the same names with every tool.
function tools(settings) {
  const found = new Map();
  for (const each of settings) {
    const end = each.key.lastIndexOf(".");
    const name = each.key.slice("tool.".length, end);
    found.set(name, { ...found.get(name), [each.key.slice(end + 1)]: each });
  }
  if (!found.size) return null;
  const cell = (each) => {
    if (!each) return "–";
    const go = named(each, told(each.value, each.unit));
    go.ariaLabel = `${each.key}: ${go.textContent}`;
    return go;
  };
  return card(
    "Tools",
    arrows(
      table(
        "Tools",
        ["Tool", ...OF_TOOLS.map(([, title]) => title)],
        [...found].map(([name, own]) => [name, ...OF_TOOLS.map(([what]) => cell(own[what]))]),
      ),
    ),
  );
}

function named({ key }, text = key) {
  const go = link(text, "tuning", key);
  go.dataset.stop = "";
  return go;
}

function one(ctx, key) {
  const body = panel(
    ctx,
    async () => {
      const [setting, changes] = await Promise.all([
        ctx.get(paths.tuning(key)),
        ctx.get(paths.tuning(key, "history"), { limit: 100 }),
      ]);
      return { setting, changes };
    },
    ({ setting, changes }) => drawOne(ctx, setting, changes, body.refresh),
  );
  body.refresh();
  ctx.follow(["tuning.", "reopened"], body.refresh);
  ctx.every(body.refresh);
  return { title: key, nodes: [h("p", {}, link("← All settings", "tuning")), body.node] };
}

function drawOne(ctx, setting, changes, refresh) {
  const { unit } = setting;
  const value = (each) => (each === null ? "as configured" : told(each, unit));
  return [
    card(
      "Now",
      h("p", {}, setting.about),
      setting.problem ? h("div", { class: "problem", role: "alert" }, `It is not used: ${setting.problem}`) : null,
      facts([
        ["Value", told(setting.value, unit)],
        ["Configured", told(setting.configured, unit)],
        ["Bounds", bounds(setting)],
        ["Tuned by", setting.by, true],
        ["Why", setting.reason, true],
        ["When", setting.at ? when(setting.at) : null],
        ["Improvement", setting.improvement ? link(setting.improvement, "improvements", setting.improvement) : null],
      ]),
      can("control")
        ? h(
            "div",
            { class: "row" },
            button("Change…", () => change(ctx, setting, refresh), "primary"),
            isTuned(setting) ? button("Reset", () => reset(ctx, setting, refresh), "danger") : null,
          )
        : null,
    ),
    card(
      "History",
      changes.length
        ? table(
            "History",
            ["When", "From", "To", "By", "Why"],
            changes.map((each) => [when(each.at), value(each.before), value(each.value), each.by, each.reason]),
          )
        : empty("It was never tuned."),
    ),
  ];
}

const REASON = { name: "reason", label: "Reason", required: true, maxlength: 2000 };

async function change(ctx, setting, refresh) {
  const { key, unit, value, low, high } = setting;
  const given = await ask({
    title: `Change ${key}`,
    text: setting.about,
    fields: [
      {
        name: "value",
        label: unit ? `Value, in ${unit}` : "Value",
        kind: "number",
        value: String(value),
        min: String(low),
        max: String(high),
        step: "any",
        inputmode: "decimal",
        required: true,
        hint: `${bounds(setting)}; configured: ${told(setting.configured, unit)}.`,
      },
      REASON,
    ],
    action: "Change",
  });
  if (!given) return;
  const body = { value: Number(given.value), reason: given.reason };
  await ctx.act(
    () => post(paths.tuning(key), body),
    (now) => `${key} is ${told(now.value, unit)} now.`,
  );
  refresh();
}

async function reset(ctx, setting, refresh) {
  const given = await ask({
    title: `Reset ${setting.key}?`,
    text: `It is ${told(setting.configured, setting.unit)} again, as configured.`,
    fields: [REASON],
    action: "Reset",
    danger: true,
  });
  if (!given) return;
  await ctx.act(() => post(paths.tuning(setting.key, "reset"), given), `${setting.key} is as configured.`);
  refresh();
}
